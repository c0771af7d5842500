"""lkmd --foreground on a terminal, and with a standard error that cannot be written."""

from __future__ import annotations

import fcntl
import os
import pty
import select
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from lkmtools import modules
from lkmtools.client.supervisor import SupervisorConnection
from lkmtools.errors import DaemonError, PanicError
from support.compiling import Compile
from support.daemons import PATIENCE, Place, installed
from support.deaths import BIG, children, ended

EXAMPLES = Path(__file__).parents[2] / "examples"
CONTROLLING = """
import fcntl, os, sys, termios
fcntl.ioctl(0, termios.TIOCSCTTY, 0)
os.execvp(sys.argv[1], sys.argv[1:])
"""


class Terminal:
    """A shell script on a pseudo-terminal, which it controls; `said` is all that it has printed."""

    def __init__(self, place: Place, script: str) -> None:
        self.fd, slave = pty.openpty()
        self.shell = subprocess.Popen(
            [sys.executable, "-c", CONTROLLING, "bash", "--norc", "-c", f"set -m\n{script}"],
            stdin=slave, stdout=slave, stderr=slave, cwd=place.dir, start_new_session=True,
            env={**place.env, "LKMD": installed("lkmd")},
        )  # fmt: skip
        os.close(slave)
        self.said = ""

    def key(self, key: str) -> None:
        """Press one: ^C is "\\3", ^Z is "\\32"."""
        os.write(self.fd, key.encode())

    def until(self, text: str) -> None:
        """Read until `text` has been printed since the last time."""
        end = time.monotonic() + PATIENCE
        new = ""
        while text not in new:
            assert select.select([self.fd], [], [], max(end - time.monotonic(), 0))[0], (text, self.said)
            new += os.read(self.fd, 65536).decode()
        self.said += new

    def close(self) -> None:
        """It has ended, or ends now."""
        self.shell.wait(PATIENCE)
        os.close(self.fd)


@pytest.fixture
def terminal(place: Place) -> Iterator[Callable[[str], Terminal]]:
    """terminal(script) -> Terminal; lkmd is $LKMD."""
    made = []

    def make(script: str) -> Terminal:
        made.append(Terminal(place, script))
        return made[-1]

    yield make
    for it in made:
        it.close()


def listening(place: Place) -> SupervisorConnection:
    """The supervisor, as soon as there is one."""
    end = time.monotonic() + PATIENCE
    while True:
        try:
            return SupervisorConnection(place.socket)
        except DaemonError:
            assert time.monotonic() < end


@pytest.mark.parametrize("how", ["^C", "SIGTERM", "SIGINT"])
def test_it_ends_in_good_order(place: Place, terminal: Callable[[str], Terminal], how: str) -> None:
    """No panic, no file, no process is left; the exit status is 0."""
    on = terminal("$LKMD --foreground; echo end $?")
    with listening(place) as control:
        pid = control.ask("status")["pid"]
    watches = [os.pidfd_open(process) for process in (pid, *map(int, children(pid)))]
    on.until("ksyms at mainbus0")
    if how == "^C":
        on.key("\3")
    else:
        os.kill(pid, getattr(signal, how))
    on.until("end 0")
    assert "panic" not in on.said
    for watch in watches:
        ended(watch)
    assert not {"s", "s.ctl", "s.lock"} & set(os.listdir(place.dir))


def test_it_can_be_stopped_and_goes_on(place: Place, terminal: Callable[[str], Terminal]) -> None:
    """^Z stops the supervisor, and clients are served meanwhile; after fg all is as it was."""
    on = terminal("$LKMD --foreground; echo stopped $?; read line; fg; echo end $?")
    with listening(place) as control:
        on.until("ksyms at mainbus0")
        before = control.ask("status")
        on.key("\32")
        on.until("stopped 148")
        with place.connect() as p:
            assert p.getpid() == p.pid
        on.key("\n")
        after = control.ask("status")
    assert (after["panics"], after["boot"], after["kernel"]["pid"]) == (0, 1, before["kernel"]["pid"])
    on.key("\3")
    on.until("end 0")
    assert "panic" not in on.said


# -- a log that cannot be written ------------------------------------------------------------------------


def panics(place: Place, module: Path, times: int) -> None:
    """Panics, each with a long message; each is told to who caused it, and the next kernel boots."""
    for _ in range(times):
        with place.connect() as p, pytest.raises(PanicError, match="xxxx"):
            modules.load(p, module)


def test_a_full_disk_costs_lines_of_the_log(place: Place, cc: Compile) -> None:
    """Here a limit on the size of files."""
    big = cc(BIG, name="big")
    limited = [
        "bash", "-c", 'ulimit -f 40; exec "$@"', "bash", installed("lkmd"),
    ]  # fmt: skip
    made = subprocess.run(limited, env=place.env, cwd=place.dir, capture_output=True, check=False)
    assert (made.returncode, made.stderr) == (0, b"")
    with SupervisorConnection(place.socket) as control:
        pid = control.ask("status")["pid"]
        panics(place, big, 8)
        status = counted(control, 8)
    assert status["pid"] == pid
    assert status["log_lost"] > 0
    assert os.path.getsize(f"{place.socket}.log") <= 40 << 10
    assert "log " in place.run("lkmctl", "status").out


def counted(control: SupervisorConnection, panics: int) -> dict[str, Any]:
    """The status, once the supervisor has noticed so many panics."""
    end = time.monotonic() + PATIENCE
    while (status := control.ask("status"))["panics"] != panics:
        assert time.monotonic() < end, status
    return status


class Foreground:
    """lkmd --foreground with standard error in a pipe; `reading` is its other end."""

    def __init__(self, place: Place) -> None:
        self.reading, writing = os.pipe()
        fcntl.fcntl(writing, fcntl.F_SETPIPE_SZ, 4096)
        self.process = subprocess.Popen(
            [installed("lkmd"), "--foreground"], stdin=subprocess.DEVNULL, stderr=writing, env=place.env,
            cwd=place.dir,
        )  # fmt: skip
        self.writing = writing
        self.control = listening(place)

    def end(self) -> None:
        """Stop it."""
        self.control.ask("stop")
        self.control.wait_end()
        self.control.close()
        assert self.process.wait(PATIENCE) == 0
        os.close(self.writing)


def test_a_reader_of_the_log_that_goes_away_is_not_missed(place: Place, cc: Compile) -> None:
    lkmd = Foreground(place)
    os.close(lkmd.reading)
    os.close(os.dup(lkmd.writing))
    with place.connect() as p:
        modules.load(p, cc(EXAMPLES / "hello" / "hello.c", name="hello"))
    panics(place, cc(BIG, name="big"), 3)
    counted(lkmd.control, 3)
    lkmd.end()


def test_a_reader_of_the_log_that_does_not_read_holds_nobody_up(place: Place, cc: Compile) -> None:
    """What it has room for it gets, in order, once it reads; our flags of its pipe are as they were."""
    lkmd = Foreground(place)
    panics(place, cc(BIG, name="big"), 5)
    counted(lkmd.control, 5)
    assert os.get_blocking(lkmd.writing)
    os.set_blocking(lkmd.reading, False)
    text = b""
    end = time.monotonic() + PATIENCE
    while text.count(b"panic in boot") < 5:
        assert time.monotonic() < end, text[-1000:]
        try:
            text += os.read(lkmd.reading, 65536)
        except BlockingIOError:
            lkmd.control.ask("status")
    boots = [line for line in text.split(b"\n") if b"panic in boot" in line]
    assert [line[line.index(b"boot ") + 5 :][:1] for line in boots] == [b"1", b"2", b"3", b"4", b"5"]
    lkmd.end()
    os.close(lkmd.reading)


def test_it_can_be_stopped_with_a_full_pipe(place: Place, cc: Compile) -> None:
    lkmd = Foreground(place)
    panics(place, cc(BIG, name="big"), 3)
    lkmd.end()
    os.close(lkmd.reading)
