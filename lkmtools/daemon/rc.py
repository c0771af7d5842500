"""rc.lkm(8) at boot: a child of the supervisor, because linking belongs to clients and must not block a loop.

It is a client of the kernel like any other, in a session of the host of its own, so that the kernel process
can distinguish it and its children from other clients. The kernel process reads its output; the supervisor
reads the rest if the kernel has died.
"""

from __future__ import annotations

import json
import os
import signal
import sys
from collections.abc import Callable, Iterator
from contextlib import ExitStack, suppress
from typing import TYPE_CHECKING

from lkmtools.tuples import NamedTuple
from lkmtools.wire.poller import Poller

if TYPE_CHECKING:
    import subprocess


PIECE, PIECES = 1 << 16, 16  # bytes of output read at once, and how often at a time
_REPORT = 1 << 20  # bytes of its report that are read


class Startup(NamedTuple):
    """How a boot goes on after the kernel is up.

    `conf` is an lkm.conf, None for none; `path` are the module directories; `reorder` is rc.lkm's option.
    `securelevel` is what the level is raised to at last (-1 and 0 raise nothing); `multiuser` raises 0 to 1.
    """

    conf: str | None = None
    path: tuple[str, ...] = ()
    reorder: bool = False
    securelevel: int = 0
    multiuser: bool = False

    @property
    def level(self) -> int:
        """kern.securelevel once the boot is over."""
        return 1 if self.multiuser and self.securelevel == 0 else self.securelevel

    @property
    def loads(self) -> bool:
        """Is there an lkm.conf that is not empty? One that cannot be read is rc.lkm's to complain of."""
        if self.conf is None:
            return False
        try:
            return os.stat(self.conf).st_size > 0
        except OSError:
            return True


PLAIN = Startup()  # nothing to load, nothing to raise


class BootFailure(NamedTuple):
    """Something of lkm.conf that a boot could not do: the file, or file and line, the object, and why."""

    place: str
    module: str
    reason: str

    def __str__(self) -> str:
        return ": ".join(filter(None, self))


class Rc:
    """rc.lkm while it runs; `ended(status)` is called then: the exit status, or minus a signal.

    `output` is the reading end of what it prints, `report` a file of what it could not do. Made by start().
    """

    def __init__(self, child: subprocess.Popen[bytes], output: int, report: int, poller: Poller) -> None:
        self._child = child
        self._poller = poller
        self.output = output
        self._report = report
        self._pidfd = os.pidfd_open(child.pid)
        self.ended: Callable[[int], None] = lambda status: None
        poller.add(self._pidfd, lambda events: self.ended(self.reap()))

    @property
    def session(self) -> int:
        """The session that it and its children are in."""
        return self._child.pid

    def reap(self) -> int:
        """It has ended, or was killed: the exit status, or minus the signal."""
        self._poller.forget(self._pidfd)
        os.close(self._pidfd)
        self._pidfd = -1
        return self._child.wait()

    def failures(self, status: int) -> list[BootFailure]:
        """What it could not do, now that it has ended."""
        found = [BootFailure(*row) for row in _rows(os.pread(self._report, _REPORT, 0))]
        if status < 0:
            found.append(BootFailure("rc.lkm", "", f"was ended by signal {-status}"))
        elif status and not found:
            found.append(
                BootFailure("rc.lkm", "", f"ended with status {status}; lkmctl dmesg -b 0 shows why")
            )
        return found

    def abandon(self) -> str:
        """The kernel is gone: end it with its process group; what nobody has read of its output."""
        self.ended = lambda signal: None
        with suppress(ProcessLookupError):  # its end is seen by the poller, later
            os.killpg(self._child.pid, signal.SIGKILL)
        rest = b""
        os.set_blocking(self.output, False)
        with suppress(BlockingIOError):
            for _ in range(PIECES):  # some program of it may write for ever
                rest += os.read(self.output, PIECE)
        self.close()
        return rest.decode("utf-8", "backslashreplace")

    def close(self) -> None:
        """The kernel process has read, or will read, all of its output."""
        if self.output >= 0:
            os.close(self.output)
            os.close(self._report)
            self.output = self._report = -1


def _rows(report: bytes) -> Iterator[list[str]]:
    """The members of each failure in a report (cli/rclkm/report.py), of which the last may be cut short."""
    for line in report.splitlines():
        with suppress(ValueError):
            yield json.loads(line)


def start(startup: Startup, skip: list[str], socket: str, poller: Poller) -> Rc:
    """Run rc.lkm for the kernel at `socket`, without the modules in `skip`. OSError."""
    import subprocess

    command = [sys.executable, "-P", "-m", "lkmtools.cli.rclkm", "--conf", str(startup.conf)]
    command += ["--reorder"] if startup.reorder else []
    command += [word for path in skip for word in ("--skip", path)]
    env = {**os.environ, "LKM_SOCKET": socket, "LKM_PATH": ":".join(startup.path)}
    with ExitStack() as opened, ExitStack() as failed:
        reading, writing = os.pipe2(os.O_CLOEXEC)
        opened.callback(os.close, writing)
        failed.callback(os.close, reading)
        report = os.memfd_create("lkm-boot", os.MFD_CLOEXEC)
        failed.callback(os.close, report)
        child = subprocess.Popen(
            [*command, "--report", str(report), "start"], stdin=subprocess.DEVNULL, stdout=writing,
            stderr=writing, env=env, start_new_session=True, pass_fds=[report],
        )  # fmt: skip
        try:
            made = Rc(child, reading, report, poller)
        except OSError:  # there is no descriptor to watch it with
            os.killpg(child.pid, signal.SIGKILL)
            child.wait()
            raise
        failed.pop_all()
        return made
