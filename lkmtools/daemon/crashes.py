"""Crashes are kept on disk (crash/): a process of ours writes each of them while the supervisor goes on.

It is forked once the clients were answered, has the dead kernel's RAM, and less priority than anybody. There
are up to WRITERS of them, of which each begins when the one before it has ended. Where more kernels die
meanwhile, their RAM is not kept, and they have no core.
"""

from __future__ import annotations

import json
import mmap
import os
import select
import signal
import time
from collections import deque
from collections.abc import Callable
from contextlib import suppress
from typing import NoReturn

from lkmtools.daemon.fate import DeadKernel, Fate
from lkmtools.daemon.loop import Loop
from lkmtools.errors import LkmtoolsError, bug, host_reason
from lkmtools.evidence.latest import Latest
from lkmtools.evidence.record import REPORT, loads
from lkmtools.tuples import NamedTuple
from lkmtools.wire.forked import close_all_but, die_with, ended_by

WRITERS = 3
WAITING = 64  # crashes that wait for a writer
TIME = 60.0  # seconds by which one must be written
PAUSE = 0.5  # ... before it begins: what clients do after a death comes first
SOON = 5.0  # ... in which one that is waited for should be on disk
_ROOM = 4096  # bytes for what a writer says
_NICE = 10


class Crashes:
    """Writes to the directory `path`; None: nothing is kept.

    `saved` gets the boot and the number of each crash that is on disk, `lost` a line about one that is not.
    """

    def __init__(
        self,
        path: str | None,
        loop: Loop,
        saved: Callable[[int, int], None],
        lost: Callable[[str], None],
    ) -> None:
        self.path = path
        self._loop, self._saved, self._lost = loop, saved, lost
        self._writers: set[_Writer] = set()
        self._waiting: deque[DeadKernel] = deque()
        self._before: int | None = None  # a pipe that closes when the last writer ends
        self._finishing = False
        self._asked: list[Callable[[], None]] = []

    @property
    def busy(self) -> bool:
        """Is a crash being written?"""
        return bool(self._writers)

    def keep(self, dead: DeadKernel) -> None:
        """Keep a crash. Its kernel's memory may be released as soon as this returns."""
        if self.path is None:
            return
        if len(self._writers) < WRITERS:
            self._begin(self.path, dead)
        elif len(self._waiting) < WAITING:
            self._waiting.append(dead._replace(child=None))
        else:
            self._lost(_lost(dead.boot, f"{WAITING} others are waiting to be written"))

    def report(self, boot: int, text: str, record: str) -> None:
        """Keep a report, after which the kernel goes on."""
        found = loads(record)
        if found is not None:
            fate = Fate(REPORT, found.reason, text, record)
            self.keep(DeadKernel(boot, found.machine, time.time(), fate, None))

    def _begin(self, path: str, dead: DeadKernel) -> None:
        try:
            before, ours = os.pipe()
        except OSError as error:
            self._lost(_lost(dead.boot, host_reason(error)))
            return
        try:
            pause = 0.0 if self._finishing or self._asked else PAUSE
            turn = _Turn(self._before, ours, pause, TIME * (1 + len(self._writers)))
            self._writers.add(_Writer(path, dead, self._loop, self._over, turn))
        except OSError as error:
            self._lost(_lost(dead.boot, host_reason(error)))
        finally:
            os.close(ours)
            if self._before is not None:
                os.close(self._before)
            self._before = before

    def _over(self, writer: _Writer, said: dict[str, int | str]) -> None:
        """A writer has ended."""
        self._writers.discard(writer)
        if not self._writers and self._before is not None:
            os.close(self._before)
            self._before = None
        if isinstance(number := said.get("number"), int):
            self._saved(writer.boot, number)
        else:
            self._lost(_lost(writer.boot, str(said["failed"])))
        while self.path is not None and self._waiting and len(self._writers) < WRITERS:
            self._begin(self.path, self._waiting.popleft())
        if not self._writers:
            self._answer()

    def when_kept(self, answer: Callable[[], None]) -> None:
        """Call `answer` when no crash is being written, or after SOON; what is written does not pause."""
        self._asked.append(answer)
        if not self._writers:
            self._answer()
            return
        self._loop.timers.after(SOON, self._answer)
        for writer in self._writers:
            writer.hurry()

    def _answer(self) -> None:
        asked, self._asked = self._asked, []
        for answer in asked:
            answer()

    def finish(self, seconds: float) -> None:
        """The daemon is about to end: write without a pause, for that many seconds at most."""
        self._finishing = True
        for writer in self._writers:
            writer.hurry()
        self._loop.timers.after(seconds, self.shut_down)

    def clear_away(self) -> None:
        """At the start: remove what a supervisor that was killed has left half written. It never fails."""
        if self.path is None or not os.path.isdir(self.path):
            return
        from lkmtools.crash.directory import CrashDirectory

        with suppress(OSError, LkmtoolsError):
            crashes = CrashDirectory(self.path)
            try:
                with crashes.locked(wait=False) as alone:
                    if alone:
                        crashes.clear_away()
            finally:
                crashes.close()

    def shut_down(self) -> None:
        """The daemon ends: give up what is not written yet."""
        self._waiting.clear()
        for writer in tuple(self._writers):
            writer.give_up()
        self._writers.clear()


def _lost(boot: int, why: str) -> str:
    return f"the crash of boot {boot} is not on disk: {why}"


class _Turn(NamedTuple):
    """When a writer may write: after `pause` seconds, and once the writer before it has ended.

    A writer has the writing end of a pipe, `ours`, which closes when it ends; `before` is the reading end of
    the pipe of the one before it. It is killed after `limit` seconds.
    """

    before: int | None
    ours: int
    pause: float
    limit: float


class _Writer:
    """The process that writes one crash; `over` gets the "number" of it, or why it "failed". OSError.

    It begins when it is its `turn`.
    """

    def __init__(
        self,
        path: str,
        dead: DeadKernel,
        loop: Loop,
        over: Callable[[_Writer, dict[str, int | str]], None],
        turn: _Turn,
    ) -> None:
        self.boot = dead.boot
        self._loop, self._tell = loop, over
        self._said = Latest(memoryview(mmap.mmap(-1, _ROOM)))
        self._pid = -1
        supervisor = os.getpid()
        hurried, self._hurry = os.pipe()
        try:
            self._pid = os.fork()
            if self._pid == 0:
                self._write(path, dead, turn, hurried, supervisor)
            self._pidfd = os.pidfd_open(self._pid)
        except OSError:
            self.hurry()
            if self._pid > 0:
                os.kill(self._pid, signal.SIGKILL)
                os.waitpid(self._pid, 0)
            raise
        finally:
            os.close(hurried)
        loop.poller.add(self._pidfd, lambda events: self._ended())
        self._timer = loop.timers.after(turn.limit, self._kill)

    def hurry(self) -> None:
        """End its pause."""
        if self._hurry >= 0:
            os.close(self._hurry)
        self._hurry = -1

    def _kill(self) -> None:
        signal.pidfd_send_signal(self._pidfd, signal.SIGKILL)

    def _write(self, path: str, dead: DeadKernel, turn: _Turn, hurried: int, supervisor: int) -> NoReturn:
        """In the forked process: write, say how that went, end."""
        status = 1
        try:
            die_with(supervisor)
            os.nice(_NICE)
            lent = dead.child.lent.values() if dead.child is not None else ()
            before = {turn.before} if turn.before is not None else set()
            close_all_but({0, 1, 2, turn.ours, hurried, *before, *lent})
            for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
                signal.signal(number, signal.SIG_IGN)
            hurry = select.poll()  # select() refuses the numbers of a supervisor with many descriptors
            hurry.register(hurried)
            hurry.poll(turn.pause * 1000)
            for fd in before:
                os.read(fd, 1)
            from lkmtools.daemon.crash_writer import write

            self._say({"number": write(path, dead)})
            status = 0
        except OSError as error:
            self._say({"failed": host_reason(error)})
        except LkmtoolsError as error:
            self._say({"failed": str(error)})
        except Exception as error:
            self._say({"failed": bug(error)})
        finally:
            os._exit(status)

    def _say(self, said: dict[str, int | str]) -> None:
        text = json.dumps(said).encode()
        self._said.write(text if len(text) <= self._said.room else b"{}")

    def _ended(self) -> None:
        pid, status = os.waitpid(self._pid, os.WNOHANG)
        if not pid:
            return
        self._forget()
        said = json.loads(self._said.read() or b"{}")
        self._tell(self, said or {"failed": f"the process that wrote it ended with {ended_by(status)}"})

    def _forget(self) -> None:
        self._loop.poller.forget(self._pidfd)
        self._loop.timers.forget(self._timer)
        os.close(self._pidfd)
        self.hurry()

    def give_up(self) -> None:
        """End it."""
        with suppress(ProcessLookupError):
            self._kill()
        self._forget()
        os.waitpid(self._pid, 0)
