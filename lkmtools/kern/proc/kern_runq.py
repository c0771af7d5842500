"""Who runs next: the run queue and time slices (kern_runq.c, sched_4bsd.c of NetBSD 5.2).

NetBSD gives the kernel's priorities precedence over those of user mode: an lwp that wakes from a sleep runs
before those that only compute, within the limits of estcpu. This queue has three of its rules:

- clients, whose calls are short, are served first;
- then come programs that have woken from a sleep and have something left of their time slice;
- behind these wait programs whose slice is used up, children that were just forked, and lwps that yield. Each
  gets a slice when its turn comes.

A slice is a number of blocks of code, in user mode and in kernel mode, with the charges of Engine.spent(). A
tick of the host's clock does not end it: the sockets are polled, and the program continues.
"""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Callable
from typing import TYPE_CHECKING

from lkmtools.machine.engine import KERNEL_CALL
from lkmtools.machine.watchdog import TICK

if TYPE_CHECKING:
    from lkmtools.kern.kernel import Kernel
    from lkmtools.kern.proc.kern_proc import Lwp, Program

_SLICE = TICK  # seconds, of the blocks that are counted
_LEAST = 2  # a part of its processor time that a program is charged at least: its blocks may be long
_LONG_SLEEP = 1.0  # seconds after which a program has a whole slice again (updatepri())


class RunQueue:
    """The runnable lwps of a kernel."""

    def __init__(self, kernel: Kernel) -> None:
        self._k = kernel
        self._clients: deque[Lwp] = deque()
        self._woken: deque[Lwp] = deque()
        self._behind: deque[Lwp] = deque()
        self._late = False  # the first two have had the CPU for a whole slice: it is the others' turn
        self._answered = 0.0  # when a client last got an answer
        self._held = 0.0  # since when programs wait for what it says next; 0: they do not

    # -- in ---------------------------------------------------------------------------------------------

    def ready(self, lwp: Lwp) -> None:
        """An lwp has a request to serve, or has woken, or is new (sched_enqueue())."""
        if lwp.proc.program is None:
            self._clients.append(lwp)
        elif lwp.slice > 0:
            self._woken.append(lwp)
        else:
            self._behind.append(lwp)

    def yields(self, lwp: Lwp) -> None:
        """It lets every other one run first."""
        self._behind.append(lwp)

    def preempted(self, lwp: Lwp) -> None:
        """The clock has ticked in a program: it is the next, as long as its slice lasts."""
        if lwp.slice > 0:
            self._behind.appendleft(lwp)
        else:
            self._behind.append(lwp)

    def new_slice(self, lwp: Lwp) -> None:
        """A program has a whole slice from here on."""
        lwp.slice = int(_SLICE * self._k.engine.rate)

    def wakes(self, lwp: Lwp) -> None:
        """An lwp has slept, since `lwp.asleep`."""
        if time.monotonic() - lwp.asleep >= _LONG_SLEEP:
            self.new_slice(lwp)
        self.ready(lwp)

    def answered(self) -> None:
        """A client has got an answer, and may have another request in a moment."""
        if self._k.linger and self._k.programs:
            self._answered = time.monotonic()

    # -- out --------------------------------------------------------------------------------------------

    def timeout(self) -> float | None:
        """Seconds until one will run: 0 now, None when nobody is here."""
        if self._clients or self._woken:
            return 0.0
        return max(0.0, self._answered + self._k.linger - time.monotonic()) if self._behind else None

    def round(self, run: Callable[[Lwp], None]) -> None:
        """Run every client that has a request; then those that have woken, or else one of those behind.

        Clients apart, no round lasts longer than a tick, or than its longest call: the sockets wait.
        """
        clients = self._clients
        for _ in range(len(clients)):
            run(clients.popleft())
        if clients or self._woken or self._behind:
            self._rest_of_round(run)
        else:
            self._late = False

    def _rest_of_round(self, run: Callable[[Lwp], None]) -> None:
        """The programs' part of it, and that of clients who have made another request meanwhile."""
        others = bool(self._clients or self._woken)
        if self._behind and (self._late or not others):
            if not self._lingers():
                self._late, self._held = False, 0.0
                lwp = self._behind.popleft()
                if lwp.slice <= 0:
                    self.new_slice(lwp)
                run(lwp)
                return
            if not others:
                return
        end = time.monotonic() + _SLICE
        late = False
        while not late and (self._clients or self._woken):
            for queue in (self._clients, self._woken):
                if queue:
                    run(queue.popleft())
            late = time.monotonic() >= end
        self._late = late and bool(self._behind)

    def _lingers(self) -> bool:
        """Do programs wait for the next request of a client? For a slice at most, then one of them runs."""
        now = time.monotonic()
        if now - self._answered >= self._k.linger or (self._held and now - self._held >= _SLICE):
            return False
        self._held = self._held or now
        return True

    def run(self, lwp: Lwp, program: Program) -> None:
        """Switch to a program until it sleeps or a tick comes; what it uses is taken off its slice."""
        before, began = self._done(lwp), time.thread_time()
        lwp.greenlet.switch()
        seconds = time.thread_time() - began
        program.usage.seconds += seconds
        least = int(seconds / _LEAST * self._k.engine.rate)
        lwp.slice -= max(self._done(lwp) - before, least)

    def _done(self, lwp: Lwp) -> int:
        """What has been done so far, in blocks; between two looks at it, by `lwp`."""
        k = self._k
        engine = k.engine
        calls = int((k.calls + lwp.thread.calls) * KERNEL_CALL * engine.rate)
        return int(engine.user_cpu.cell.blocks) + engine.work() + calls
