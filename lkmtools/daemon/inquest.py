"""Why a kernel process died, if it could not say so itself.

A short-lived process of ours examines the memory of the dead one. Its processor time is limited, and it may
die of what it finds; the supervisor continues meanwhile.
"""

from __future__ import annotations

import json
import mmap
import os
import resource
import signal
import time
from collections.abc import Callable
from contextlib import suppress
from typing import NoReturn

from lkmtools.daemon.child import KernelProcess
from lkmtools.daemon.fate import Fate
from lkmtools.daemon.loop import Loop
from lkmtools.errors import bug
from lkmtools.evidence import MsgBuf
from lkmtools.evidence.latest import Latest
from lkmtools.evidence.record import CrashRecord
from lkmtools.wire.forked import close_all_but, die_with, ended_by

CPU = 10  # seconds of processor time
TIME = 30.0  # seconds of the host's, by which it must be over
ROOM = 8 << 20  # bytes for what it finds
_CRASHES = tuple(
    f"signal {number} "
    for number in (
        signal.SIGABRT,
        signal.SIGSEGV,
        signal.SIGBUS,
        signal.SIGILL,
        signal.SIGFPE,
        signal.SIGTRAP,
    )
)
_TAIL = 2048  # bytes of the message buffer, when nothing else can be said


class Inquest:
    """Looks into the death of `child`, which ended by `how`; `over` gets the fate and the culprit."""

    def __init__(
        self,
        child: KernelProcess,
        how: str,
        msgbuf: MsgBuf,
        loop: Loop,
        over: Callable[[Inquest, Fate, str], None],
    ) -> None:
        self.child = child
        self.how = how
        self._msgbuf, self._loop, self._tell = msgbuf, loop, over
        self._found = Latest(memoryview(bytearray()))  # until begin()
        self._pid = self._pidfd = self._timer = -1

    def begin(self) -> None:
        """Start the process that looks. OSError when the host has no room for it."""
        self._found = Latest(memoryview(mmap.mmap(-1, ROOM)))
        supervisor = os.getpid()
        self._pid = os.fork()
        if self._pid == 0:
            self._look(supervisor)
        try:
            self._pidfd = os.pidfd_open(self._pid)
        except OSError:
            os.kill(self._pid, signal.SIGKILL)
            os.waitpid(self._pid, 0)
            raise
        self._loop.poller.add(self._pidfd, lambda events: self._over())
        self._timer = self._loop.timers.after(TIME, self._too_long)

    def _too_long(self) -> None:
        signal.pidfd_send_signal(self._pidfd, signal.SIGKILL)

    @property
    def cause(self) -> str:
        """Why the process ended, as far as that is plain."""
        if self.child.killed:
            return self.child.killed
        if self.how.startswith(_CRASHES):
            printed = self.child.printed()
            return f"the emulator failed: {self.how}" + (f": {printed}" if printed else "")
        if self.how:
            return f"the kernel process was ended from outside: {self.how}"
        return "the kernel process ended without a word"

    def _look(self, supervisor: int) -> NoReturn:
        """In the forked process: find out, write it down, end."""
        status = 1
        try:
            die_with(supervisor)
            close_all_but({0, 1, 2, self.child.errors, *self.child.lent.values()})
            for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
                signal.signal(number, signal.SIG_IGN)
            resource.setrlimit(resource.RLIMIT_CPU, (CPU, CPU))
            resource.setrlimit(resource.RLIMIT_CORE, (0, resource.getrlimit(resource.RLIMIT_CORE)[1]))
            from lkmtools.daemon.findings import find

            self._found.write(json.dumps(find(self.child, self.cause)).encode())
            status = 0
        except Exception as error:
            self._found.write(json.dumps({"failed": bug(error)}).encode())
        finally:
            os._exit(status)

    def _over(self) -> None:
        """It has ended: with findings, or without."""
        pid, status = os.waitpid(self._pid, os.WNOHANG)
        if not pid:
            return
        self._loop.poller.forget(self._pidfd)
        self._loop.timers.forget(self._timer)  # it would keep the dead kernel's memory
        os.close(self._pidfd)
        self._pidfd = -1
        try:
            found = self._result(status)
        except Exception as error:
            found = self._nothing(bug(error))
        self._tell(self, *found)

    def _nothing(self, why: str) -> tuple[Fate, str]:
        """What can be said when even that may fail, for want of memory."""
        try:
            return self.without(why)
        except Exception as error:
            reason = f"the kernel process ended with {self.how or 'exit status 0'}"
            return Fate("died", reason, f"panic: {reason}\n{why}\n{bug(error)}\n"), ""

    def _result(self, status: int) -> tuple[Fate, str]:
        found = json.loads(self._found.read() or b"{}")
        if "report" in found:
            return Fate("died", found["reason"], found["report"], found["record"]), found["culprit"]
        ended = ended_by(status)
        failed = f": {found['failed']}" if "failed" in found else ""
        return self.without(f"the process that examined it ended with {ended}{failed}")

    def without(self, why: str) -> tuple[Fate, str]:
        """What can be said without findings, and why there are none."""
        words = " ".join(f"{word:x}" for word in self.child.evidence.calls.last_stop())
        tail = self._msgbuf.tail(_TAIL)
        report = (
            f"panic: {self.cause}\n{why}\n"
            f"registers of the last stop: {words}\nend of the message buffer:\n{tail}"
        )
        record = CrashRecord(
            self.cause, self.child.machine, boot=self.child.boot, time=time.time(), notes=(why,)
        )
        return Fate("died", self.cause, report, record.dumps()), ""

    def give_up(self) -> None:
        """The daemon ends: nobody wants to know any more."""
        if self._pidfd < 0:
            return
        self._loop.poller.forget(self._pidfd)
        self._loop.timers.forget(self._timer)
        with suppress(ProcessLookupError):
            signal.pidfd_send_signal(self._pidfd, signal.SIGKILL)
        os.close(self._pidfd)
        os.waitpid(self._pid, 0)
        self.child.release()
