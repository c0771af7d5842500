"""Scheduling and sleeping: the run queue, tsleep and wakeup, timeouts (kern_synch.c, kern_timeout.c).

A kernel thread (lwp) is a greenlet. One hub, the greenlet that calls Kernel.step(), switches to each runnable
one in turn. Kernel mode is not preempted, as in the LKM era: when the clock ticks in module code the hub
serves sockets and soft interrupts, and then the same lwp goes on.
"""

from __future__ import annotations

import heapq
import time
from collections import deque
from collections.abc import Callable
from itertools import count
from typing import TYPE_CHECKING

from greenlet import getcurrent, greenlet

from lkmtools.abi.errno import EINTR, EWOULDBLOCK
from lkmtools.abi.mutex import IPL_NONE
from lkmtools.abi.proc import PCATCH
from lkmtools.errors import KernelError

if TYPE_CHECKING:
    from lkmtools.kern.kern_proc import Lwp
    from lkmtools.kern.kernel import Kernel

_LONGEST_NAP = 0.001  # seconds between two looks at the sockets while an lwp spins in delay()


class LwpExit(BaseException):
    """Thrown into a sleeping lwp to unwind it: its process, or the whole kernel, is gone."""


class Timer:
    """A function to be called at a time; cancel() forgets it."""

    __slots__ = ("action", "when")

    def __init__(self, when: float, action: Callable[[], None]) -> None:
        self.when = when
        self.action: Callable[[], None] | None = action

    def cancel(self) -> bool:
        """Forget it; False when it has run already."""
        pending = self.action is not None
        self.action = None
        return pending


class Scheduler:
    """The run queue, the sleep queues and the clock of one kernel."""

    def __init__(self, kernel: Kernel) -> None:
        self._k = kernel
        self.current: Lwp | None = None
        self.spl = IPL_NONE
        self._runq: deque[Lwp] = deque()
        self._sleepers: dict[int, list[Lwp]] = {}
        self._timers: list[tuple[float, int, Timer]] = []
        self._order = count()
        self._soft: deque[Callable[[], None]] = deque()
        self._preempted = False
        self._nap = 0.0
        self.boottime = time.time()
        self._start = time.monotonic()
        self.hub: greenlet = getcurrent()

    # -- time -------------------------------------------------------------------------------------------

    def uptime(self) -> float:
        """Seconds since boot."""
        return time.monotonic() - self._start

    def ticks(self) -> int:
        """Clock ticks since boot (hardclock_ticks)."""
        return int(self.uptime() * self._k.config.hz)

    def at(self, seconds: float, action: Callable[[], None]) -> Timer:
        """Call `action` in `seconds`, from the hub; it must not sleep or run module code."""
        timer = Timer(time.monotonic() + seconds, action)
        heapq.heappush(self._timers, (timer.when, next(self._order), timer))
        return timer

    def softintr(self, action: Callable[[], None]) -> None:
        """Run `action` in the soft-interrupt lwp, as soon as the interrupt level allows."""
        self._soft.append(action)

    def timeout(self) -> float | None:
        """Seconds until step() has something to do; 0 now, None when only an event from outside helps."""
        if self._runq or (self._soft and self.spl == IPL_NONE):
            return 0.0
        while self._timers and self._timers[0][2].action is None:
            heapq.heappop(self._timers)
        return max(0.0, self._timers[0][0] - time.monotonic()) if self._timers else None

    def _expire(self) -> None:
        now = time.monotonic()
        while self._timers and self._timers[0][0] <= now:
            timer = heapq.heappop(self._timers)[2]
            action, timer.action = timer.action, None
            if action is not None:
                action()

    # -- running ----------------------------------------------------------------------------------------

    def ready(self, lwp: Lwp) -> None:
        """Put an lwp at the end of the run queue."""
        self._runq.append(lwp)

    def step(self) -> None:
        """One round: due timers, soft interrupts, then every lwp that was runnable when it began."""
        self.hub = getcurrent()
        if self._timers:
            self._expire()
        if self._soft:
            self._softintr()
        for _ in range(len(self._runq)):
            if self._runq:
                self._run(self._runq.popleft())

    def _run(self, lwp: Lwp) -> None:
        """Switch to `lwp` until it sleeps or ends; clock ticks are served in between."""
        self._switch(lwp)
        while self._preempted:
            self._preempted = False
            nap, self._nap = self._nap, 0.0
            if nap > 0:
                time.sleep(nap)
            self._expire()
            if self._soft and self.spl == IPL_NONE and lwp is not self._k.softlwp:
                self._softintr()
            self._k.on_preempt()
            self._switch(lwp)

    def _switch(self, lwp: Lwp) -> None:
        k = self._k
        self.current = lwp
        k.engine.current = lwp.thread
        k.mem.set_ptr(k.curlwp, lwp.addr)
        lwp.greenlet.switch()
        self.current = None

    def _softintr(self) -> None:
        lwp = self._k.softlwp
        if lwp.wchan is None:
            self._run(lwp)

    def softintr_loop(self) -> None:
        """The body of the soft-interrupt lwp."""
        while True:
            while self._soft and self.spl == IPL_NONE:
                self._soft.popleft()()
            self.hub.switch()

    def preempt(self, nap: float = 0.0) -> None:
        """Let the hub look at sockets and soft interrupts, then go on.

        With `nap`, after that many seconds.
        """
        self._preempted = True
        self._nap = min(nap, _LONGEST_NAP)
        self.hub.switch()

    # -- sleeping ---------------------------------------------------------------------------------------

    def tsleep(self, ident: int, priority: int, wmesg: str, timo: int) -> None:
        """Sleep until wakeup(ident) (tsleep(9)). `timo` in ticks, 0 for ever.

        KernelError: EWOULDBLOCK after `timo`; EINTR when PCATCH is in `priority` and the process is dying.
        """
        lwp = self.current
        if lwp is None or lwp is self._k.softlwp:
            self._k.panic(f"tsleep: '{wmesg}' in a soft interrupt")
        catch = bool(priority & PCATCH)
        if catch and lwp.killed:
            raise KernelError(EINTR, "the process is dying")
        lwp.wchan, lwp.wmesg, lwp.catch, lwp.woken = ident, wmesg, catch, 0
        self._sleepers.setdefault(ident, []).append(lwp)
        timer = self.at(timo / self._k.config.hz, lambda: self._rouse(lwp, EWOULDBLOCK)) if timo > 0 else None
        spl, self.spl = self.spl, IPL_NONE
        began = time.monotonic()
        try:
            self.hub.switch()
        finally:
            lwp.thread.started += time.monotonic() - began
            lwp.thread.since = time.monotonic()
            self.spl = spl
            if timer is not None:
                timer.cancel()
            if lwp.wchan is not None:  # thrown out of the sleep
                self._leave(lwp)
        if lwp.woken:
            why = "interrupted by a signal" if lwp.woken == EINTR else f"'{wmesg}' timed out"
            raise KernelError(lwp.woken, why)

    def _leave(self, lwp: Lwp) -> None:
        assert lwp.wchan is not None
        queue = self._sleepers[lwp.wchan]
        queue.remove(lwp)
        if not queue:
            del self._sleepers[lwp.wchan]
        lwp.wchan = None

    def _rouse(self, lwp: Lwp, errno: int) -> None:
        if lwp.wchan is not None:
            self._leave(lwp)
            lwp.woken = errno
            self.ready(lwp)

    def wakeup(self, ident: int, most: int | None = None) -> int:
        """Make runnable those who sleep on `ident`, first come first, `most` of them; returns how many."""
        sleepers = self._sleepers.get(ident, ())
        chosen = tuple(sleepers if most is None else sleepers[:most])
        for lwp in chosen:
            self._rouse(lwp, 0)
        return len(chosen)

    def kill(self, lwp: Lwp) -> None:
        """The process is dying: a sleep that catches signals ends with EINTR, now or when it begins."""
        lwp.killed = True
        if lwp.wchan is not None and lwp.catch:
            self._rouse(lwp, EINTR)

    def interrupt(self, lwp: Lwp) -> None:
        """A signal: a sleep that catches signals ends with EINTR; nothing else happens."""
        if lwp.wchan is not None and lwp.catch:
            self._rouse(lwp, EINTR)

    def sleeping(self) -> list[Lwp]:
        """Every lwp that sleeps."""
        return [lwp for queue in self._sleepers.values() for lwp in queue]
