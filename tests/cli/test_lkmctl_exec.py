"""lkmctl exec and lkmcc --user: the installed commands against a private daemon, on both machines."""

from __future__ import annotations

import json
import os
import signal
from collections.abc import Callable
from pathlib import Path

import pytest

from support.daemons import Daemon, installed

ECHO = """
#include <stdio.h>
#include <unistd.h>
int main(int argc, char **argv)
{
	char b[4096];
	long n;

	while ((n = read(0, b, sizeof b)) > 0)
		write(1, b, n);
	fprintf(stderr, "%s uid %d\\n", argc > 1 ? argv[1] : "-", getuid());
	return 3;
}
"""


class ProgramRoom:
    """A daemon for `machine`, and lkmcc --user programs in its directory."""

    def __init__(self, daemon: Daemon, machine: str) -> None:
        self.daemon = daemon
        self.machine = machine
        self.run = daemon.run

    def build(self, name: str, source: str) -> str:
        """Compile a program; how to call it from the daemon's directory."""
        Path(self.daemon.dir, f"{name}.c").write_text(source)
        done = self.run("lkmcc", "--machine", self.machine, "--user", "-o", name, f"{name}.c")
        assert (done.status, done.err) == (0, "")
        return f"./{name}"


@pytest.fixture
def place2(start_daemon: Callable[..., Daemon], machine: str) -> ProgramRoom:
    """A private kernel of each machine in turn."""
    return ProgramRoom(start_daemon("--machine", machine), machine)


def test_a_program_has_the_callers_streams_arguments_and_status(place2: ProgramRoom) -> None:
    """Standard input goes in, output and error come out apart, the exit status is the program's."""
    prog = place2.build("echo", ECHO)
    data = b"line\n" * 20000
    ran = place2.run("lkmctl", "exec", "--uid", "7", prog, "--socket", stdin=data)
    assert (ran.status, ran.err) == (3, "--socket uid 7\n")
    assert ran.out == data.decode()


def test_an_interrupt_reaches_the_program(place2: ProgramRoom) -> None:
    """A loop ends with 130; a handler can do something else."""
    source = """
    #include <signal.h>
    #include <stdio.h>
    #include <stdlib.h>
    static volatile int got;
    static void on(int s) { got = s; }
    int main(int argc, char **argv)
    {
        if (argc > 1) signal(SIGINT, on);
        printf("ready\\n");
        while (!got) ;
        printf("got %d\\n", got);
        return 5;
    }
    """
    prog = place2.build("loop", source)
    for args, status, more in (((), 130, b""), (("catch",), 5, b"got 2\n")):
        with place2.daemon.popen("lkmctl", "exec", prog, *args) as process:
            assert process.stdout is not None
            assert process.stdout.readline() == b"ready\n"
            process.send_signal(signal.SIGINT)
            out, err = process.communicate(timeout=60)
        assert (process.returncode, out, err) == (status, more, b"")


def test_a_stop_reaches_the_program_and_its_end_too(place2: ProgramRoom) -> None:
    """^Z stops it with its lkmctl, fg continues both; one that is stopped goes when its lkmctl is killed."""
    body = "int main(void) { char c; while (read(0, &c, 1) > 0) write(1, &c, 1); return 0; }"
    prog = place2.build("cat", f"#include <unistd.h>\n{body}\n")
    with place2.daemon.connect() as p, place2.daemon.popen("lkmctl", "exec", prog) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        for again in (True, False):
            process.stdin.write(b"x")
            process.stdin.flush()
            assert process.stdout.read(1) == b"x"
            process.send_signal(signal.SIGTSTP)
            os.waitid(os.P_PID, process.pid, os.WSTOPPED)
            while not any(row["wmesg"] == "stop" for row in p.control("ps")["processes"]):
                p.getpid()
            process.send_signal(signal.SIGCONT if again else signal.SIGKILL)
        process.communicate()
        while p.control("status")["kernel"]["programs"]["running"]:
            p.getpid()


def test_streams_that_the_caller_closed_are_bad_descriptors(place2: ProgramRoom) -> None:
    """Not whatever lkmctl happens to open first; the others work."""
    prog = place2.build(
        "streams",
        """
        #include <errno.h>
        #include <unistd.h>
        int main(void)
        {
            char c;
            int in = read(0, &c, 1) < 0 && errno == EBADF, out = write(1, "o", 1) < 0 && errno == EBADF;
            return in + 2 * out + 4 * (write(2, "", 0) < 0 && errno == EBADF);
        }
        """,
    )
    closed = {"0<&-": 1, "1>&-": 2, "2>&-": 4, "0<&- 1>&- 2>&-": 7, "": 0}
    for how, status in closed.items():
        ran = place2.run("sh", "-c", f"'{installed('lkmctl')}' exec {prog} {how}")
        assert (how, ran.status) == (how, status)


def test_the_kernel_serves_others_while_a_program_loops(place2: ProgramRoom) -> None:
    """status answers; when the client dies the program gets SIGHUP and goes."""
    prog = place2.build("spin", '#include <stdio.h>\nint main(void) { printf("ready\\n"); for (;;) ; }\n')
    with place2.daemon.popen("lkmctl", "exec", prog) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == b"ready\n"
        answer = json.loads(place2.run("lkmctl", "status", "--json").out)
        assert answer["kernel"]["programs"]["running"] == 1
        process.kill()
        process.communicate()
    with place2.daemon.connect() as p:
        while p.control("status")["kernel"]["programs"]["running"]:
            p.getpid()


def test_a_crash_is_reported_and_the_kernel_lives(place2: ProgramRoom) -> None:
    """128 + 11, where it happened, and no panic."""
    prog = place2.build("crash", "int main(void) { int *volatile p = (int *)16; *p = 1; return 0; }\n")
    ran = place2.run("lkmctl", "exec", prog)
    assert ran.status == 128 + 11
    assert "ended by signal 11, SIGSEGV (page fault: write of 4 bytes at 0x10, pc 0x" in ran.err
    assert json.loads(place2.run("lkmctl", "status", "--json").out)["panics"] == 0


def test_what_cannot_be_executed(place2: ProgramRoom) -> None:
    """127 without a file, 126 for another format, with the reason."""
    assert place2.run("lkmctl", "exec", "./nothing").status == 127
    Path(place2.daemon.dir, "text").write_text("hello")
    ran = place2.run("lkmctl", "exec", "./text")
    assert (ran.status, ran.err) == (
        126,
        "lkmctl: ./text: Exec format error\nlkmctl: not an ELF file\n",
    )


def test_a_reader_that_goes_away_ends_the_writer(place2: ProgramRoom) -> None:
    """SIGPIPE, from the host's pipe."""
    prog = place2.build("yes", '#include <stdio.h>\nint main(void) { for (;;) puts("y"); }\n')
    with place2.daemon.popen("lkmctl", "exec", prog) as process:
        assert process.stdout is not None
        assert process.stdout.read(2) == b"y\n"
        process.stdout.close()
        assert process.wait(timeout=60) == 128 + signal.SIGPIPE


def test_unimplemented_calls_are_named_by_status(place2: ProgramRoom) -> None:
    """A line of lkmctl status; SIGSYS ends the program."""
    prog = place2.build("vain", "#include <unistd.h>\nint main(void) { syscall(210); return 0; }\n")
    ended = place2.run("lkmctl", "exec", prog)
    why = "system call 210 is not implemented"
    assert (ended.status, ended.err) == (128 + 12, f"lkmctl: {prog}: ended by signal 12, SIGSYS ({why})\n")
    assert "syscalls     unimplemented: 210 (1)" in place2.run("lkmctl", "status").out


def test_a_terminal_keeps_its_flags(place2: ProgramRoom) -> None:
    """The descriptors handed over do not become non-blocking for their owner."""
    prog = place2.build("echo", ECHO)
    reading, writing = os.pipe()
    os.write(writing, b"x")
    os.close(writing)
    with place2.daemon.connect() as p:
        sink = os.open(os.devnull, os.O_WRONLY)
        status, _ = p.execute(
            Path(place2.daemon.dir, prog).read_bytes(), [b"echo"], files=(reading, sink, sink)
        )
        os.close(sink)
    assert status >> 8 == 3
    assert os.get_blocking(reading)
    os.close(reading)
