"""Programs run inside the kernel, on both machines: arguments, processes, pipes, memory, signals, time."""

from __future__ import annotations

import pytest

from lkmtools import modules
from lkmtools.abi.errno import E2BIG, ENOEXEC, strerror
from support.compiling import Compile
from support.programs import Runner


def test_arguments_environment_and_exit_status(runner: Runner) -> None:
    """argv, environ and the value main returns."""
    ran = runner.main(
        'printf("%d %s %s %s\\n", argc, argv[0], argv[1], getenv("HOME")); return 42;',
        "one word",
        env={"HOME": "/root"},
    )
    assert (ran.status, ran.out) == (42, "2 prog one word /root\n")


def test_standard_input_is_read_to_its_end(runner: Runner) -> None:
    """The caller's descriptor, whole."""
    data = bytes(range(256)) * 300
    body = "char b[777]; long n, t = 0; while ((n = read(0, b, sizeof b)) > 0) t += n;"
    assert runner.main(body + 'printf("%ld %ld\\n", t, n);', stdin=data).out == "76800 0\n"


def test_fork_wait_and_pipe(runner: Runner) -> None:
    """A child writes, the parent reads to the end and gets the exit status; then there is no child."""
    ran = runner.main(
        """
        int fd[2], st; char b[32]; pid_t p, q;
        pipe(fd);
        if ((p = fork()) == 0) { close(fd[0]); write(fd[1], "hello", 5); _exit(getppid() > 1 ? 5 : 6); }
        close(fd[1]);
        long n = read(fd[0], b, sizeof b), m = read(fd[0], b + n, sizeof b - n);
        q = wait(&st);
        printf("%ld %.5s %ld %d %d\\n", n, b, m, q == p, WEXITSTATUS(st));
        q = wait(&st);
        printf("%d %d\\n", (int)q, errno);
        """
    )
    assert ran.out == "5 hello 0 1 5\n-1 10\n"


def test_a_full_pipe_makes_the_writer_wait(runner: Runner) -> None:
    """More than a pipe holds arrives whole and in order."""
    ran = runner.main(
        """
        int fd[2], i; static unsigned char b[100000]; long n, t = 0, bad = 0;
        pipe(fd);
        if (fork() == 0) {
            for (i = 0; i < 100000; i++) b[i] = i * 7 % 251;
            close(fd[0]); _exit(write(fd[1], b, 100000) != 100000);
        }
        close(fd[1]);
        while ((n = read(fd[0], b, 999)) > 0) {
            for (i = 0; i < n; i++) bad += b[i] != (t + i) * 7 % 251;
            t += n;
        }
        wait(&i);
        printf("%ld %ld %d\\n", t, bad, i);
        """
    )
    assert ran.out == "100000 0 0\n"


def test_memory_of_parent_and_child_is_apart_after_fork(runner: Runner) -> None:
    """Copy on write in both directions, in data, heap and mmap."""
    ran = runner.main(
        """
        static int data = 1; int st; int *heap = malloc(4);
        int *map = mmap(NULL, 8192, PROT_READ | PROT_WRITE, MAP_ANON | MAP_PRIVATE, -1, 0);
        *heap = *map = 1;
        if (fork() == 0) { data = *heap = *map = 2; _exit(data + *heap + *map); }
        wait(&st);
        printf("%d %d\\n", WEXITSTATUS(st), data + *heap + *map);
        """
    )
    assert ran.out == "6 3\n"


def test_execve_of_itself_keeps_descriptors_but_not_close_on_exec(runner: Runner) -> None:
    """New arguments and environment; FD_CLOEXEC closes."""
    ran = runner.main(
        """
        if (argc > 1) {
            printf("%s %s %d %d\\n", argv[1], getenv("X"), fcntl(3, F_GETFD), fcntl(4, F_GETFD));
            return 9;
        }
        char *a[] = { "prog", "again", NULL }, *e[] = { "X=y", NULL };
        dup2(1, 3); dup2(1, 4); fcntl(4, F_SETFD, FD_CLOEXEC);
        execve("prog", a, e);
        """
    )
    assert (ran.status, ran.out) == (9, "again y 0 -1\n")


def test_a_failed_execve_returns(runner: Runner) -> None:
    """ENOENT, and a device is no file to execute (EACCES); the old program runs on."""
    ran = runner.main(
        """
        char *a[] = { "x", NULL };
        int r = execve("/nothing", a, a); printf("%d %d\\n", r, errno);
        r = execve("/dev/null", a, a); printf("%d %d\\n", r, errno);
        """
    )
    assert ran.out == "-1 2\n-1 13\n"


HANDLER = (
    "static volatile int got; static siginfo_t info;\n"
    + """
static void on(int s) { got = s; }
static void act(int s, siginfo_t *i, void *u) { got = s; info = *i; }
"""
)


def test_a_handler_runs_and_returns(runner: Runner) -> None:
    """Registers survive, also those of the floating-point unit; the handler is asked once a signal."""
    ran = runner.main(
        """
        volatile double d = 1.5; int i;
        signal(SIGUSR1, on);
        for (i = 0; i < 100; i++) {
            got = 0; kill(getpid(), SIGUSR1); d = d * 2 / 2;
            if (got != SIGUSR1) return 1;
        }
        printf("%d %d\\n", i, (int)(d * 4));
        """,
        before=HANDLER,
    )
    assert (ran.status, ran.out) == (0, "100 6\n")


def test_a_fault_can_be_caught_with_its_address(runner: Runner) -> None:
    """SIGSEGV with siginfo; the page is made accessible and the instruction goes on."""
    ran = runner.main(
        """
        struct sigaction sa = { .sa_sigaction = seg, .sa_flags = SA_SIGINFO };
        page = mmap(NULL, 4096, PROT_NONE, MAP_ANON | MAP_PRIVATE, -1, 0);
        sigaction(SIGSEGV, &sa, NULL);
        ((char *)page)[5] = 7;
        printf("%d %d\\n", ((char *)page)[5], where == (char *)page + 5);
        """,
        before="""static void *page, *where;
        static void seg(int s, siginfo_t *i, void *u)
        { where = i->si_addr; mprotect(page, 4096, PROT_READ | PROT_WRITE); }
        """,
    )
    assert (ran.status, ran.out) == (0, "7 1\n")


def test_blocked_signals_wait(runner: Runner) -> None:
    """sigprocmask, sigpending, sigsuspend."""
    ran = runner.main(
        """
        sigset_t set, old, none; sigemptyset(&set); sigemptyset(&none); sigaddset(&set, SIGUSR2);
        signal(SIGUSR2, on);
        sigprocmask(SIG_BLOCK, &set, &old); raise(SIGUSR2);
        sigpending(&old); printf("%d %d\\n", got, sigismember(&old, SIGUSR2));
        int r = sigsuspend(&none); printf("%d %d %d\\n", r, errno, got);
        sigprocmask(SIG_BLOCK, NULL, &old); printf("%d\\n", sigismember(&old, SIGUSR2));
        """,
        before=HANDLER,
    )
    assert ran.out == "0 1\n-1 4 31\n1\n"


def test_an_interrupted_read_is_restarted_or_not(runner: Runner) -> None:
    """SA_RESTART decides; without it EINTR."""
    body = """
        int fd[2], st; char c; pid_t p = getpid();
        struct sigaction sa = { .sa_handler = on, .sa_flags = %s };
        pipe(fd); sigaction(SIGUSR1, &sa, NULL);
        if (fork() == 0) {
            for (int i = 0; i < 200; i++) sched_yield();  /* until the parent is in read() */
            kill(p, SIGUSR1); sched_yield(); sched_yield(); write(fd[1], "x", 1); _exit(0);
        }
        long n = read(fd[0], &c, 1); int e = errno;
        printf("%%ld %%d %%d\\n", n, got, n < 0 ? e : 0); wait(&st);
    """
    assert runner.main(body % "SA_RESTART", before=HANDLER).out == "1 30 0\n"
    assert runner.main(body % "0", before=HANDLER).out == "-1 30 4\n"


def test_a_runaway_child_is_killed_and_others_run_meanwhile(runner: Runner) -> None:
    """An endless loop shares the CPU; SIGKILL ends it."""
    ran = runner.main(
        """
        int st; pid_t p = fork();
        if (p == 0) for (;;) ;
        struct timespec ts = { 0, 20000000 }; nanosleep(&ts, NULL);
        kill(p, SIGKILL); wait(&st); printf("%d\\n", WTERMSIG(st));
        """
    )
    assert ran.out == "9\n"


def test_stop_and_continue(runner: Runner) -> None:
    """SIGSTOP holds a child until SIGCONT."""
    ran = runner.main(
        """
        int st, fd[2]; char c; pipe(fd); pid_t p = fork();
        if (p == 0) { read(fd[0], &c, 1); kill(getpid(), SIGSTOP); _exit(3); }
        write(fd[1], "x", 1); sched_yield(); sched_yield(); sched_yield();
        printf("%d\\n", (int)waitpid(p, &st, WNOHANG)); kill(p, SIGCONT);
        p = waitpid(p, &st, 0) == p; printf("%d %d\\n", (int)p, WEXITSTATUS(st));
        """
    )
    assert ran.out == "0\n1 3\n"


def test_poll_readv_writev_and_clocks(runner: Runner) -> None:
    """poll on a pipe, scattered transfers, and times that make sense."""
    ran = runner.main(
        """
        int fd[2]; char a[2], b[8]; pipe(fd);
        struct pollfd p = { fd[0], POLLIN, 0 };
        int r = poll(&p, 1, 0); printf("%d ", r);
        struct iovec w[2] = { { "ab", 2 }, { "cde", 3 } }, v[2] = { { a, 2 }, { b, 8 } };
        printf("%d ", (int)writev(fd[1], w, 2)); r = poll(&p, 1, -1); printf("%d %d ", r, p.revents);
        r = readv(fd[0], v, 2); printf("%d %.2s %.3s\\n", r, a, b);
        struct timespec t, u; struct timeval tv;
        clock_gettime(CLOCK_MONOTONIC, &t); clock_gettime(CLOCK_MONOTONIC, &u); gettimeofday(&tv, NULL);
        printf("%d %d\\n", u.tv_sec > t.tv_sec || u.tv_nsec >= t.tv_nsec, tv.tv_sec > 1000000000);
        """
    )
    assert ran.out == "0 5 1 1 5 ab cde\n1 1\n"


def test_devices_are_open_to_programs(runner: Runner) -> None:
    """open, read and fstat of /dev/zero and /dev/null."""
    ran = runner.main(
        """
        struct stat st; char b[9]; memset(b, 1, 9);
        int fd = open("/dev/zero", O_RDONLY); long n = read(fd, b, 8);
        fstat(fd, &st); printf("%ld %d %d %d\\n", n, b[7], b[8], S_ISCHR(st.st_mode));
        """
    )
    assert ran.out == "8 0 1 1\n"


@pytest.mark.parametrize(
    ("image", "reason"),
    [
        (b"", "not an ELF file"),
        (b"#!/bin/sh\n", "not an ELF file"),
        (b"\x7fELF\x03\x01" + bytes(100), "class"),
    ],
)
def test_what_is_no_program_is_enoexec(runner: Runner, image: bytes, reason: str) -> None:
    """With the reason."""
    ran = runner.run(image)
    assert ran.signal == -ENOEXEC
    assert reason in ran.reason


def test_too_many_arguments_are_e2big(runner: Runner) -> None:
    """From outside, and from execve."""
    assert runner.main("", "x" * 300000).signal == -E2BIG
    ran = runner.main(
        """
        static char big[300000]; char *a[] = { "prog", big, NULL }, *e[] = { NULL }; memset(big, 'x', 299999);
        int r = execve("prog", a, e); printf("%d %d\\n", r, errno);
        """
    )
    assert ran.out == "-1 7\n"


def test_strerror_has_the_texts_of_the_kernels_errors(runner: Runner) -> None:
    """Every number from below the first to behind the last."""
    ran = runner.main('int i; for (i = -1; i < 100; i++) printf("%s\\n", strerror(i));')
    assert ran.out.splitlines() == [strerror(number) for number in range(-1, 100)]


def test_ksyms_is_at_its_address_in_the_programs_own_memory(runner: Runner) -> None:
    """KIOCGADDR of /dev/ksyms answers where the snapshot lies in the program, which can read it."""
    ran = runner.main(
        """
        unsigned char *p = NULL; int fd = open("/dev/ksyms", O_RDONLY), r = ioctl(fd, FREEBSD_KIOCGADDR, &p);
        printf("%d %d %.3s\\n", r, p[0], (char *)p + 1);
        """,
        before="#include <sys/ksyms.h>\n",
    )
    assert ran.out == "0 127 ELF\n"


def test_code_is_what_was_written_last_by_the_program_or_the_kernel(runner: Runner) -> None:
    """A function in writable memory is run, stored again, run, read from a file by the kernel, run."""
    ran = runner.main(
        """
        int (*f)(void) = mmap(NULL, 4096, PROT_READ | PROT_WRITE | PROT_EXEC, MAP_ANON | MAP_PRIVATE, -1, 0);
        char *code = (char *)f;
        int got[5], st;
        memcpy(code, "\\xb8\\1\\0\\0\\0\\xc3", 6); got[0] = f();
        code[1] = 2; got[1] = f();
        if (read(0, code, 6) != 6) return 1;
        got[2] = f();
        if (fork() == 0) { code[1] = 4; _exit(f()); }
        wait(&st); got[3] = WEXITSTATUS(st); got[4] = f();
        printf("%d %d %d %d %d\\n", got[0], got[1], got[2], got[3], got[4]);
        """,
        stdin=b"\xb8\3\0\0\0\xc3",
    )
    assert ran.out == "1 2 3 4 3\n"


FLOATING = """
#include <sys/param.h>
#include <sys/systm.h>
#include <sys/lkm.h>
static int reset(struct lwp *l, const void *v, register_t *r) { __asm__ volatile("fninit"); return 0; }
static struct sysent ent = { 0, 0, 0, reset };
MOD_SYSCALL("reset", 210, &ent);
int reset_lkmentry(struct lkm_table *, int, int);
int reset_lkmentry(struct lkm_table *t, int cmd, int ver)
{ DISPATCH(t, cmd, ver, lkm_nofunc, lkm_nofunc, lkm_nofunc); }
"""


def test_a_module_and_a_program_have_registers_of_their_own(
    runner: Runner, cc: Compile, machine: str
) -> None:
    """A system call that sets up the floating-point unit anew leaves the program's control word alone."""
    modules.load(runner.lk.process(), cc(FLOATING, machine=machine, name="reset"))
    ran = runner.main(
        """
        unsigned short word = 0x27f, after = 0;
        __asm__ volatile("fldcw %0" : : "m"(word));
        if (syscall(210) != 0) return 1;
        __asm__ volatile("fnstcw %0" : "=m"(after));
        printf("%x\\n", after);
        """
    )
    assert ran.out == "27f\n"
