"""Programs and whom they belong to: process groups, users, shared memory, a stack for handlers."""

from __future__ import annotations

from lkmtools.abi.signal import SIGTERM
from lkmtools.abi.syscall import SYS___setlogin
from support.lab import Lab
from support.programs import Runner, spawn_main


def test_a_group_is_signalled_and_waited_for(runner: Runner) -> None:
    """Two children in a group of their own die of one kill(-pgid); a third does not."""
    ran = runner.main(
        """
        pid_t a, b, c; int st, n = 0;
        if ((a = fork()) == 0) for (;;) pause_a_little();
        setpgid(a, a);
        if ((b = fork()) == 0) for (;;) pause_a_little();
        setpgid(b, a);
        if ((c = fork()) == 0) { struct timespec t = { 0, 50000000 }; nanosleep(&t, NULL); _exit(7); }
        printf("%d %d\\n", getpgrp() == getpid(), setpgid(c, 31000));
        killpg(a, SIGTERM);
        while (waitpid(-a, &st, 0) > 0) n += WTERMSIG(st) == SIGTERM;
        printf("%d %d ", n, errno);
        printf("%d", waitpid(0, &st, 0) == c);
        printf(" %d\\n", WEXITSTATUS(st));
        """,
        before="static void pause_a_little(void) { struct timespec t = { 1, 0 }; nanosleep(&t, NULL); }",
    )
    assert ran.out == "1 -1\n2 10 1 7\n"


def test_a_session_leader_has_a_group_of_its_own(runner: Runner) -> None:
    """setsid() in a child works once; who leads a group cannot."""
    ran = runner.main(
        """
        int st; pid_t me = getpid();
        printf("%d", (int)setsid()); printf(" %d\\n", errno); fflush(stdout);
        if (fork() == 0) {
            pid_t sid = setsid();
            _exit(sid == getpid() && getpgrp() == sid && setsid() == -1 && setpgid(0, me) == -1);
        }
        wait(&st); printf("%d\\n", WEXITSTATUS(st));
        """
    )
    assert (ran.status, ran.out, ran.reason) == (0, "-1 1\n1\n", "")


def test_a_module_signals_a_group(lab: Lab) -> None:
    """gsignal() of NetBSD 4.0 and pgsignal(): the processes of one group, never of group 0."""
    lab.load(
        """
        #include <sys/signalvar.h>
        int send(int pgid, int signo);
        int send(int pgid, int signo) { gsignal(pgid, signo); return 0; }
        int psend(int pgid, int signo, int tty);
        int psend(int pgid, int signo, int tty)
        {
            pgsignal(pg_find(pgid, PFIND_UNLOCK), signo, tty);
            pgsignal(NULL, signo, tty);
            return 0;
        }
        """,
    )
    other, _ = spawn_main(lab, "pause();")
    for call, after in (
        ("int send(int pgid, int signo)", ()),
        ("int psend(int pgid, int signo, int tty)", (0,)),
    ):
        ended, proc = spawn_main(
            lab, "int st; if (fork() == 0) pause(); signal(15, SIG_IGN); wait(&st); return st;"
        )
        lab.call(call, 0, SIGTERM, *after)
        if after:
            lab.call(call, proc.pgid, SIGTERM, 1)
        lab.settle()
        assert not ended
        lab.call(call, proc.pgid, SIGTERM, *after)
        lab.settle()
        assert [end.status >> 8 for end in ended] == [SIGTERM]  # which ended its child
    assert not other


def test_the_login_name_of_a_session(runner: Runner) -> None:
    """All processes of a session have one login name; root sets it, and a new session begins with a copy."""
    ran = runner.main(
        """
        int st; char two[2];
        printf("%s ", getlogin());
        if (fork() == 0) { setlogin("moe"); _exit(strcmp(getlogin(), "moe")); }
        wait(&st); printf("%d %s\\n", WEXITSTATUS(st), getlogin());
        fflush(stdout);
        if (fork() == 0) {
            setsid(); printf("%s ", getlogin()); setlogin("larry"); printf("%s ", getlogin()); fflush(stdout);
            _exit(0);
        }
        wait(&st); printf("%s\\n", getlogin());
        printf("%d ", setlogin("sixteen letters!")); printf("%d ", errno == EINVAL);
        printf("%d ", setlogin((char *)8)); printf("%d ", errno == EFAULT);
        printf("%d %.2s ", (int)syscall(SYS___getlogin, two, sizeof(two)), two);
        printf("%d\\n", (int)syscall(SYS___getlogin, (char *)8, 16) == -1 && errno == EFAULT);
        printf("%d ", setlogin("fifteen letters")); printf("%s ", getlogin());
        printf("%d ", setlogin("")); printf("%d ", getlogin() == NULL);
        setuid(7); printf("%d ", setlogin("root")); printf("%d\\n", errno == EPERM);
        """
    )
    assert ran.out == ("root 0 moe\nmoe larry moe\n-1 1 -1 1 0 mo 1\n0 fifteen letters 0 1 -1 1\n"), (
        ran.reason
    )


def test_a_module_reads_the_login_name(lab: Lab) -> None:
    """s_login follows setlogin(2), in every process of the session."""
    lab.load(
        """
        int letter(int i);
        int letter(int i) { return curproc->p_session->s_login[i]; }
        """
    )
    assert chr(lab.call("int letter(int i)", 3)) == "t"
    lab.p.syscall(SYS___setlogin, "hank")
    assert chr(lab.call("int letter(int i)", 3)) == "k"


def test_root_becomes_another_user_and_not_back(runner: Runner) -> None:
    """seteuid goes there and back, setuid does not; a child has its parent's ids."""
    ran = runner.main(
        """
        int st;
        seteuid(5); printf("%d %d ", getuid(), geteuid());
        seteuid(0); printf("%d ", geteuid());
        setgid(9); setuid(7); printf("%d %d %d ", getuid(), geteuid(), getgid());
        printf("%d ", setuid(0)); printf("%d ", errno); fflush(stdout);
        if (fork() == 0) _exit(getuid() * 10 + getegid());
        wait(&st); printf("%d\\n", WEXITSTATUS(st));
        """
    )
    assert (ran.status, ran.out, ran.reason) == (0, "0 5 0 7 7 9 -1 1 79\n", "")


def test_shared_anonymous_memory_is_shared_with_a_child(runner: Runner) -> None:
    """What either writes after fork the other sees; private memory beside it stays apart."""
    ran = runner.main(
        """
        int st;
        volatile int *s = mmap(0, 8192, PROT_READ | PROT_WRITE, MAP_ANON | MAP_SHARED, -1, 0);
        volatile int *p = mmap(0, 4096, PROT_READ | PROT_WRITE, MAP_ANON | MAP_PRIVATE, -1, 0);
        s[0] = p[0] = 1;
        if (fork() == 0) { s[1500] = s[0] + 41; p[0] = 2; _exit(0); }
        wait(&st);
        printf("%d %d ", s[1500], p[0]); printf("%d\\n", munmap((void *)s, 8192));
        """
    )
    assert (ran.status, ran.out, ran.reason) == (0, "42 1 0\n", "")


def test_a_handler_runs_on_its_own_stack(runner: Runner) -> None:
    """After endless recursion too: SA_ONSTACK is why it can."""
    ran = runner.main(
        """
        static char other[16384];
        stack_t ss = { other, sizeof other, 0 }, old;
        struct sigaction sa = { .sa_flags = SA_ONSTACK };
        sa.sa_handler = overflow;
        printf("%d ", sigaltstack(&ss, NULL)); sigaltstack(NULL, &old);
        printf("%d %d\\n", old.ss_sp == other, old.ss_flags);
        lo = other; hi = other + sizeof other; fflush(stdout);
        sigaction(SIGSEGV, &sa, NULL);
        printf("%d", deep(1));
        """,
        before="""
        static char *lo, *hi;
        static void overflow(int s) { char here; stack_t now; sigaltstack(NULL, &now);
            printf("%d %d\\n", &here > lo && &here < hi, now.ss_flags); fflush(stdout); _exit(3); }
        static int deep(int n) { volatile char room[4096]; room[0] = n; return deep(n + 1) + room[0]; }
        """,
    )
    assert (ran.status, ran.out) == (3, "0 1 0\n1 1\n")
