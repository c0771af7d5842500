"""What programs learn about descriptors and directories: attributes, offsets, terminals, where they are."""

from __future__ import annotations

import os
import pty
import tempfile
import termios

from support.programs import Runner


def test_a_pipe_is_a_fifo_without_an_offset(runner: Runner) -> None:
    """fstat, FIONREAD and lseek of a pipe."""
    ran = runner.main(
        """
        int fd[2], n = 0; struct stat st; pipe(fd); write(fd[1], "hello", 5); fstat(fd[0], &st);
        int r = ioctl(fd[0], FIONREAD, &n);
        printf("%d %d %d %d ", S_ISFIFO(st.st_mode), (int)st.st_size, r, n);
        r = lseek(fd[0], 0, SEEK_CUR); printf("%d %d\\n", r, errno);
        """,
        before="#include <sys/filio.h>",
    )
    assert ran.out == "1 5 0 5 -1 29\n"


def test_a_file_of_the_host_has_its_attributes_and_offset(runner: Runner) -> None:
    """Standard input from a file: its length, and lseek back in it; no terminal."""
    ran = runner.main(
        """
        struct stat st; char b[4]; int n = 0; read(0, b, 4); fstat(0, &st);
        printf("%d %d %d ", S_ISREG(st.st_mode), (int)st.st_size, (int)lseek(0, -3, SEEK_CUR));
        read(0, b, 2); ioctl(0, FIONREAD, &n); printf("%.2s %d ", b, n);
        n = ioctl(0, TIOCGWINSZ, b); printf("%d %d\\n", n, errno);
        """,
        before="#include <sys/filio.h>\n#include <sys/ttycom.h>",
        stdin=b"abcdefgh",
    )
    assert ran.out == "1 8 1 bc 5 -1 25\n"


def test_a_directory_that_is_open_can_be_worked_in(runner: Runner) -> None:
    """fchdir, getcwd and umask; what is no directory, and a buffer that is too small."""
    ran = runner.main(
        """
        char b[64]; struct stat st; int fd = open("/dev", O_RDONLY), null = open("/dev/null", O_RDONLY);
        printf("%s ", getcwd(b, sizeof b)); fchdir(fd); printf("%s ", getcwd(b, sizeof b));
        printf("%d ", stat("zero", &st)); printf("%d ", fchdir(null)); printf("%d ", errno);
        printf("%d ", getcwd(b, 4) == NULL); printf("%d ", errno);
        printf("%o ", umask(077)); printf("%o\\n", umask(0));
        """
    )
    assert ran.out == "/ /dev 0 -1 20 1 34 22 77\n"


def test_a_terminal_of_the_host_has_its_settings_and_size(runner: Runner) -> None:
    """TIOCGETA, TIOCSETA and TIOCGWINSZ of the caller's terminal, with our numbers for everything."""
    host, tty = pty.openpty()
    termios.tcsetwinsize(tty, (33, 99))
    image = runner.build(
        """
        #include <sys/termios.h>
        int main(void) {
            struct winsize w; struct termios t; ioctl(0, TIOCGWINSZ, &w); ioctl(0, TIOCGETA, &t);
            printf("%d %d %d %d %d\\n", w.ws_row, w.ws_col, (t.c_lflag & ICANON) != 0, t.c_cc[VEOF],
                (t.c_cflag & CSIZE) == CS8);
            t.c_lflag &= ~(ICANON | ECHO); t.c_cc[VMIN] = 3;
            printf("%d\\n", ioctl(0, TIOCSETA, &t)); return 0;
        }
        """
    )
    try:
        with tempfile.TemporaryFile() as out:
            runner.lk.execute(image, stdio=(tty, out.fileno(), out.fileno()))
            out.seek(0)
            assert out.read() == b"33 99 1 4 1\n0\n"
        settings = termios.tcgetattr(tty)
        assert not settings[3] & (termios.ICANON | termios.ECHO)
        assert (settings[3] & termios.ISIG, settings[6][termios.VMIN]) == (termios.ISIG, 3)
    finally:
        os.close(host)
        os.close(tty)


def test_limits_are_the_kernels_own_until_they_are_set(runner: Runner) -> None:
    """getrlimit says what is enforced; a lower limit of descriptors is, too, and a child has it."""
    ran = runner.main(
        """
        struct rlimit r; int i, n; syscall(SYS_getrlimit, RLIMIT_STACK, &r);
        printf("%d ", (int)(r.rlim_cur >> 10));
        syscall(SYS_getrlimit, RLIMIT_NOFILE, &r);
        for (n = 3; dup(0) >= 0; n++) ;
        printf("%d %d ", (int)r.rlim_cur == n, (int)syscall(SYS_setrlimit, RLIMIT_NOFILE, &r));
        r.rlim_cur--; close(5); i = syscall(SYS_setrlimit, RLIMIT_NOFILE, &r); printf("%d ", i);
        r.rlim_cur = 5; setrlimit(RLIMIT_NOFILE, &r);
        fflush(stdout);
        if (fork() == 0) { i = dup(0); n = errno == EMFILE; printf("%d %d %d ", i, n, dup2(0, 5)); exit(0); }
        wait(NULL); r.rlim_cur = 6; i = setrlimit(RLIMIT_NOFILE, &r); printf("%d %d ", i, dup(0));
        r.rlim_cur = r.rlim_max = 1 << 20; setrlimit(RLIMIT_NOFILE, &r); getrlimit(RLIMIT_NOFILE, &r);
        printf("%d ", (int)r.rlim_cur == n); r.rlim_max--; setuid(7);
        printf("%d ", setrlimit(RLIMIT_NOFILE, &r));
        r.rlim_cur = r.rlim_max = 9; printf("%d ", setrlimit(RLIMIT_NOFILE, &r));
        r.rlim_max = 10; i = setrlimit(RLIMIT_NOFILE, &r); printf("%d %d ", i, errno == EPERM);
        i = syscall(SYS_getrlimit, 11, &r); printf("%d %d\\n", i, errno);
        """,
        before="#include <sys/resource.h>",
    )
    assert ran.out == "2048 1 0 0 -1 1 -1 0 5 1 -1 0 -1 1 -1 22\n"
