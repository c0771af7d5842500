"""The C library of lkmcc --user: what is NetBSD's own, or the system's, not the host's."""

from __future__ import annotations

from lkmtools.abi.fcntl import O_CREAT, O_WRONLY
from support.programs import Runner

SIGABRT = 6


def test_getopt_says_what_is_wrong_and_begins_again(one_runner: Runner) -> None:
    """NetBSD's messages, unless opterr is 0 or the letters begin with a colon; optreset for other words."""
    ran = one_runner.main(
        """
        static char *other[] = { "other", "-yx", "-x", NULL };
        int c;
        while ((c = getopt(argc, argv, "ab:")) != -1) printf("%c", c);
        opterr = 0; optreset = optind = 1;
        while ((c = getopt(argc, argv, "ab:")) != -1) printf("%c", c);
        optreset = optind = 1; c = getopt(3, other, "xy");
        printf("\\n%c %d ", c, optind);
        optreset = optind = 1; other[1] = "-x"; c = getopt(3, other, "xy");
        printf("%c %d\\n", c, optind);
        """,
        "-aq", "-b",
    )  # fmt: skip
    said = "prog: unknown option -- q\nprog: option requires an argument -- b\n"
    assert ran.out == f"{said}a??a??\ny 1 x 2\n"


def test_an_assertion_that_fails_aborts_with_where_it_stands(one_runner: Runner) -> None:
    """NDEBUG takes it away, also in the middle of a file."""
    before = """
    #include <assert.h>
    static int fine(int n) { assert(n == 1); return n; }
    #define NDEBUG
    #include <assert.h>
    static int quiet(int n) { assert(n == 1); return n; }
    #undef NDEBUG
    #include <assert.h>
    #line 7 "there.c"
    static int wrong(int n) { assert(n == 1 && "a reason"); return n; }
    """
    ran = one_runner.main('printf("%d %d\\n", fine(1), quiet(2)); wrong(2); puts("went on");', before=before)
    said = 'assertion "n == 1 && "a reason"" failed: file "there.c", line 7, function "wrong"'
    assert (ran.signal, ran.out) == (SIGABRT, f"1 2\n{said}\n")


def test_formats_of_bsd(one_runner: Runner) -> None:
    """D, O and U are long; a NaN has no sign; an unknown letter is printed as a character."""
    ran = one_runner.main(
        """
        double zero = 0;
        static const char fmt[] = "%D %U %O [%5y][%-3!] %f %+a %a\\n";
        printf(fmt, -3L, 5UL, 8L, -(zero / zero), zero / zero, 4.9406564584124654e-324);
        """
    )
    assert ran.out == "-3 5 10 [    y][!  ] nan nan 0x1p-1074\n"


def test_what_is_no_number_stays_in_the_input(one_runner: Runner) -> None:
    """The x of "0x" and an exponent without digits are read again; a set may lack its bracket."""
    ran = one_runner.main(
        """
        int a = -1; float f = -1; char s[20] = "", t[20] = "";
        printf("%d ", sscanf("0xg", "%x%s", &a, s)); printf("%d %s|", a, s);
        printf("%d ", sscanf("3e+x", "%f%s", &f, s)); printf("%.1f %s|", f, s);
        printf("%d ", sscanf("abc1", "%[a-z", s)); printf("%s|", s);
        printf("%d ", scanf("%f%s", &f, s)); printf("%.1f %s ", f, s);
        printf("%d ", scanf("%i%s", &a, t)); printf("%d %s\\n", a, t);
        """,
        stdin=b"0x1.8p+q 0Xz",
    )
    assert ran.out == "2 0 xg|2 3.0 e+x|1 abc|2 1.5 p+q 2 0 Xz\n"


def test_dates_that_no_time_has(one_runner: Runner) -> None:
    """mktime() fails with -1 beyond what 32 bits count; names out of range are question marks."""
    ran = one_runner.main(
        """
        struct tm tm = { .tm_year = 138, .tm_mday = 19, .tm_hour = 3, .tm_min = 14, .tm_sec = 7 };
        char buf[40];
        printf("%ld ", (long)mktime(&tm)); tm.tm_sec = 8; printf("%ld %d ", (long)mktime(&tm), tm.tm_sec);
        tm.tm_year = 200; printf("%ld ", (long)timegm(&tm));
        tm.tm_year = 1; printf("%ld ", (long)timegm(&tm));
        tm.tm_wday = -1; tm.tm_mon = 12; strftime(buf, sizeof(buf), "%a %B", &tm); puts(buf);
        """
    )
    assert ran.out == "2147483647 -1 8 -1 -1 ??? ???\n"


def test_the_environment_as_netbsd_has_it(one_runner: Runner) -> None:
    """EINVAL for what is no name; unsetenv() takes all away; a program may drop its environment."""
    ran = one_runner.main(
        """
        static char one[] = "A=1", two[] = "A=2", none[] = "A", *words[] = { one, two, NULL };
        extern char **environ;
        environ = words;
        printf("%d ", unsetenv("A")); printf("%d ", environ[0] == NULL);
        errno = 0; printf("%d %d ", putenv(none) != 0, getenv("A") == NULL); printf("%d ", errno == EINVAL);
        errno = 0; printf("%d ", unsetenv("")); printf("%d %d ", errno == EINVAL, unsetenv("A=B"));
        environ = NULL; printf("%d ", getenv("A") == NULL); setenv("A", "new", 1); puts(getenv("A"));
        """
    )
    assert ran.out == "0 1 1 1 1 -1 1 -1 1 new\n"


def test_realloc_grows_where_the_block_is(one_runner: Runner) -> None:
    """A block that is large enough stays; a string that grows a little often takes no more than itself."""
    ran = one_runner.main(
        """
        char *begin = sbrk(0), *p = NULL, *q; size_t n, bad = 0;
        for (n = 1; n < 50000; n += 37) { p = realloc(p, n); p[n - 1] = (char)n; }
        for (n = 1; n < 50000; n += 37) bad += p[n - 1] != (char)n;
        printf("%d %d ", (int)bad, (char *)sbrk(0) - begin < 100000);
        q = malloc(100); printf("%d ", realloc(q, 20) == q); p = realloc(p, 60000);
        printf("%d %d ", p[0], realloc(p, (size_t)-1) == NULL); printf("%d ", errno == ENOMEM);
        q = realloc(NULL, 0); printf("%d\\n", q != NULL && realloc(q, 0) != NULL);
        """
    )
    assert ran.out == "0 1 1 1 1 1 1\n"


def test_errors_and_signals_without_a_name(one_runner: Runner) -> None:
    """They are unsigned; strerror_r() says EINVAL."""
    ran = one_runner.main(
        """
        char buf[60];
        printf("%s, %s, ", strerror(-1), strsignal(-1)); printf("%s, %s ", strerror(1000), strsignal(64));
        printf("%d ", strerror_r(1000, buf, sizeof(buf))); puts(buf);
        printf("%d ", strerror_r(EPERM, buf, 10)); printf("%s ", buf);
        printf("%d\\n", strerror_r(EPERM, buf, 60));
        """
    )
    assert ran.out == (
        "Unknown error: 4294967295, Unknown signal: 4294967295, Unknown error: 1000, Unknown signal: 64 "
        "22 Unknown error: 1000\n34 Operation 0\n"
    )


def test_a_message_of_syslog_has_the_reason_wherever_it_is_wanted(one_runner: Runner) -> None:
    """Each %m, but not the m behind %%; a long identifier leaves room for the message."""
    ran = one_runner.main(
        """
        static char ident[2000]; memset(ident, 'i', sizeof(ident) - 1);
        errno = ENOENT; openlog("me", LOG_PERROR, LOG_USER); syslog(LOG_ERR, "%d%%m %m (%m)", 5);
        openlog(ident, LOG_PERROR | LOG_PID, LOG_USER); syslog(LOG_ERR, "the end");
        """,
        before="#include <syslog.h>",
    )
    first, second = ran.out.splitlines()
    assert first == "me: 5%m No such file or directory (No such file or directory)"
    assert second.endswith("]: the end")
    assert len(second) < 1024


def test_calls_with_something_around_them(one_runner: Runner) -> None:
    """getcwd() finds memory, sleep() rounds up, execvp() of "" fails, abort() writes what was printed."""
    ran = one_runner.main(
        """
        char *words[] = { "x", NULL }, *here; struct itimerval soon = { { 0, 0 }, { 0, 1000 } };
        chdir("/tmp"); here = getcwd(NULL, 0); printf("%s %d ", here, getcwd(NULL, 2) == NULL); free(here);
        signal(SIGALRM, caught); setitimer(ITIMER_REAL, &soon, NULL); printf("%u ", sleep(1000));
        errno = 0; printf("%d ", execvp("", words)); printf("%d end", errno == ENOENT); abort();
        """,
        before="static void caught(int signo) { (void)signo; }",
    )
    assert (ran.signal, ran.out) == (SIGABRT, "/tmp 1 1000 -1 1 end")


SHELL = """
int main(int argc, char **argv)
{
    if (strcmp(argv[1], "-c") == 0) { kill(getppid(), SIGINT); kill(getppid(), SIGALRM); usleep(1000); }
    while (argc--) printf("<%s>", *argv++);
    puts("");
    return 3;
}
"""
CALLER = """
struct sigaction act = { .sa_handler = caught }; int status;
sigaction(SIGALRM, &act, NULL); status = system("a command");
printf("%d %d %d\\n", WIFEXITED(status), WEXITSTATUS(status), alarms);
execlp("/tmp/script", "zero", "one", "two", NULL); perror("execlp");
"""


def test_what_the_shell_does(one_runner: Runner) -> None:
    """system() neither ends nor returns at a signal; execlp() has a file without an interpreter run."""
    p = one_runner.lk.process("mount")
    if "bin" not in p.listdir("/"):
        p.mkdir("/bin")
    for path, text in (("/bin/sh", one_runner.build(SHELL)), ("/tmp/script", b"echo\n")):
        fd = p.open(path, O_CREAT | O_WRONLY, 0o755)
        p.write(fd, text)
        p.close(fd)
    ran = one_runner.main(CALLER, before="static int alarms; static void caught(int signo) { alarms++; }")
    p.unlink("/bin/sh")
    p.unlink("/tmp/script")
    assert (ran.status, ran.out) == (3, "<sh><-c><a command>\n1 3 1\n<sh></tmp/script><one><two>\n")


def test_bits_are_counted(one_runner: Runner) -> None:
    """What the compiler calls where the machine has no instruction for it."""
    ran = one_runner.main(
        """
        volatile unsigned n = 0xf0000001; volatile unsigned long long q = 0x8000000100000000ULL, one = 1;
        printf("%d %d %d ", __builtin_popcount(n), __builtin_popcountll(q), __builtin_popcountll(-one));
        printf("%d %d %d ", __builtin_ctzll(q), __builtin_clzll(one), __builtin_clzll(q));
        printf("%d %d %d\\n", __builtin_ffsll(q), __builtin_ffsll(one >> 1), __builtin_parityll(q));
        """
    )
    assert ran.out == "5 2 64 32 63 0 33 0 0\n"


def test_words_of_mount_options_in_any_case(one_runner: Runner) -> None:
    """getmntopts() takes "RO" and "noExec"."""
    ran = one_runner.main(
        """
        static const struct mntopt known[] = { MOPT_STDOPTS, { "notail", 0, 0x10, 1 }, MOPT_NULL };
        int flags = MNT_RDONLY, other = 0; freemntopts(getmntopts("RW,noExec,NOTAIL", known, &flags, &other));
        printf("%d %x\\n", flags == MNT_NOEXEC, other);
        """,
        before="#include <sys/param.h>\n#include <sys/mount.h>\n#include <mntopts.h>",
    )
    assert ran.out == "1 10\n"


def test_strings_of_bsd(one_runner: Runner) -> None:
    """strlcpy and strlcat: what they return, and that they end the string; the program's name."""
    ran = one_runner.main(
        """
        char b[6]; int i;
        for (i = 0; i <= 6; i++) {
            memset(b, '#', 6);
            if (i > 0) printf("%d %.5s,", (int)strlcpy(b, "abcd", i), b);
            else printf("%d %.5s,", (int)strlcpy(b, "abcd", 0), b);
        }
        strlcpy(b, "ab", 6); printf("\\n%d ", (int)strlcat(b, "cdef", 6)); puts(b);
        printf("%d ", (int)strlcat(b, "x", 2)); puts(b);
        printf("%s ", getprogname()); setprogname("/usr/bin/other"); puts(getprogname());
        """
    )
    copies = "4 #####,4 ,4 a,4 ab,4 abc,4 abcd,4 abcd,"
    assert ran.out == f"{copies}\n6 abcde\n3 abcde\nprog other\n"


def test_lines_of_two_streams_and_a_stream_that_appends(one_runner: Runner) -> None:
    """A line of fgetln() stays when one of another stream is read; fdopen() for "a" writes at the end."""
    ran = one_runner.main(
        """
        FILE *f = fopen("/tmp/two", "w+"), *g; size_t n, m; char *a, *b; int i, fd;
        fputs("one\\n", f); for (i = 0; i < 400; i++) { fputc('x', f); } rewind(f);
        g = fopen("/tmp/two", "r"); a = fgetln(f, &n); b = fgetln(g, &m); b = fgetln(g, &m);
        printf("%d %.3s %d %c ", (int)n, a, (int)m, b[399]);
        printf("%d ", fgetln(g, &m) == NULL); printf("%d\\n", (int)m); fclose(g);
        fd = open("/tmp/two", O_WRONLY); g = fdopen(fd, "a"); fputs("end", g); fclose(g);
        fseek(f, 404, SEEK_SET); a = fgetln(f, &n); printf("%.*s\\n", (int)n, a); unlink("/tmp/two");
        """
    )
    assert ran.out == "4 one 400 x 1 0\nend\n"


def test_gets_and_what_is_asked_before(one_runner: Runner) -> None:
    """A question without an end of line is written before its answer is read."""
    body = """
        char b[100]; int fd[2]; long n;
        pipe(fd);
        if (fork() == 0) {
            dup2(fd[1], 1); close(fd[1]); printf("name? ");
            printf("%s|", gets(b)); printf("%s|", gets(b)); printf("%d\\n", gets(b) == NULL);
            return 0;
        }
        close(fd[1]); n = read(fd[0], b, 6); printf("%ld %.6s\\n", n, b);
        while ((n = read(fd[0], b, sizeof(b))) > 0) { write(1, b, n); }
    """
    assert one_runner.main(body, stdin=b"one line\nlast").out == "6 name? \none line|last|1\n"


def test_who_a_program_is(one_runner: Runner) -> None:
    """Users, groups and sessions; root gives up what it was."""
    ran = one_runner.main(
        """
        gid_t g[4] = { 7, 8 };
        printf("%d %d ", getsid(0) == getsid(getpid()), getpgid(0) == getpgrp());
        printf("%d ", setgroups(2, g)); g[0] = g[1] = 0; printf("%d ", getgroups(4, g));
        printf("%d %d ", g[0], g[1]);
        printf("%d ", setegid(5)); printf("%d %d ", getegid(), getgid());
        printf("%d ", setregid(3, 4)); printf("%d %d ", getegid(), getgid());
        printf("%d ", setreuid(1, 2)); printf("%d %d %d\\n", geteuid(), getuid(), setuid(0));
        """
    )
    assert ran.out == "1 1 0 2 7 8 0 5 0 0 4 3 0 2 1 -1\n"


def test_addresses_of_the_internet(one_runner: Runner) -> None:
    """Text to numbers and back; there are no sockets."""
    ran = one_runner.main(
        """
        struct in_addr in; signal(SIGSYS, SIG_IGN);
        printf("%d ", inet_aton("10.1.2.3", &in)); printf("%s ", inet_ntoa(in));
        printf("%d ", inet_aton("127.1", &in)); printf("%s ", inet_ntoa(in));
        printf("%d %d %d ", inet_aton("1.2.3.256", &in), inet_aton("1.2.3.4.5", &in), inet_aton("x", &in));
        printf("%d %x ", inet_addr("") == INADDR_NONE, inet_addr("0x7f.1") == htonl(INADDR_LOOPBACK));
        printf("%d ", socket(AF_INET, SOCK_DGRAM, 0)); printf("%d\\n", errno == ENOSYS);
        """,
        before="#include <sys/socket.h>\n#include <netinet/in.h>\n#include <arpa/inet.h>",
    )
    assert ran.out == "1 10.1.2.3 1 127.0.0.1 0 0 0 1 1 -1 1\n"


def test_memory_is_written_out_and_locked(one_runner: Runner) -> None:
    """msync, mlock and munlock of pages and of what is within one, and flags that are EINVAL."""
    ran = one_runner.main(
        """
        char *p = mmap(NULL, 8192, PROT_READ | PROT_WRITE, MAP_ANON | MAP_PRIVATE, -1, 0);
        printf("%d ", msync(p, 8192, MS_SYNC)); printf("%d ", msync(p, 1, MS_ASYNC | MS_INVALIDATE));
        printf("%d %d ", mlock(p + 5, 10), munlock(p, 8192));
        printf("%d ", msync(p, 1, MS_SYNC | MS_ASYNC)); printf("%d ", errno);
        errno = 0; printf("%d ", msync(p, 1, 8)); printf("%d ", errno);
        errno = 0; printf("%d ", msync(p, 1, 0)); printf("%d ", errno);
        errno = 0; printf("%d ", msync(p + 1, 1, MS_SYNC)); printf("%d ", errno);
        printf("%d\\n", msync(p, 1, MS_INVALIDATE));
        """
    )
    assert ran.out == "0 0 0 0 -1 22 -1 22 -1 22 0 0 0\n"


def test_limits_and_times(one_runner: Runner) -> None:
    """setrlimit lowers a limit; time, usleep, isatty, ftruncate, chown."""
    ran = one_runner.main(
        """
        struct rlimit r; struct stat st; time_t t, u = time(&t);
        printf("%d ", getrlimit(RLIMIT_NOFILE, &r)); printf("%d ", setrlimit(RLIMIT_NOFILE, &r));
        r.rlim_cur--; errno = 0; printf("%d ", setrlimit(RLIMIT_NOFILE, &r)); printf("%d\\n", errno == EPERM);
        printf("%d %d %d\\n", t == u && t > 1000000000, usleep(1000), isatty(0));
        int fd = creat("/tmp/limits", 0600);
        ftruncate(fd, 77); fchmod(fd, 0640); fchown(fd, 5, 6); fsync(fd); stat("/tmp/limits", &st);
        printf("%d %o %d %d ", (int)st.st_size, st.st_mode & 0777, (int)st.st_uid, (int)st.st_gid);
        truncate("/tmp/limits", 7); chown("/tmp/limits", 1, 2); lchown("/tmp/limits", -1, 3); fstat(fd, &st);
        printf("%d %d %d\\n", (int)st.st_size, (int)st.st_uid, (int)st.st_gid); unlink("/tmp/limits");
        """,
        before="#include <sys/resource.h>",
    )
    assert ran.out == "0 0 0 0\n1 0 0\n77 640 5 6 7 1 3\n"
