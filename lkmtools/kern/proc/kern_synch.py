"""Scheduling and sleeping: switching, tsleep and wakeup, timeouts (kern_synch.c, kern_timeout.c).

A kernel thread (lwp) is a greenlet. One hub, the greenlet that calls Kernel.step(), switches to the runnable
ones, in the order of the run queue (kern_runq.py). Kernel mode is not preempted, as in the LKM era: when the
clock ticks in module code the hub serves sockets and soft interrupts, and then the same lwp goes on. When it
ticks in a program the round is over.
"""

from __future__ import annotations

import heapq
import time
from collections import deque
from collections.abc import Callable
from itertools import count
from typing import TYPE_CHECKING, Any, NoReturn

from greenlet import getcurrent, greenlet

from lkmtools.abi.errno import EINTR, EWOULDBLOCK
from lkmtools.abi.mutex import IPL_NONE
from lkmtools.abi.proc import PCATCH, cpu_info
from lkmtools.errors import KernelError
from lkmtools.kern.base.place import running_function
from lkmtools.kern.proc.hangs import Hangs
from lkmtools.kern.proc.kern_runq import RunQueue
from lkmtools.kern.sync.blocked import Blocked, check_deadlock
from lkmtools.kern.sync.kern_mutex import spin_mutex_since
from lkmtools.kern.sync.kern_softint import SoftInts, softint_text
from lkmtools.kern.sync.kern_timeout import Timer

if TYPE_CHECKING:
    from lkmtools.kern.kernel import Kernel
    from lkmtools.kern.proc.kern_proc import Lwp

_LONGEST_NAP = 0.001  # seconds between two looks at the sockets while an lwp spins in delay()
_FEW_TIMERS = 64  # fewer are never searched for those that were cancelled


class LwpExit(BaseException):
    """Thrown into a sleeping lwp to unwind it: its process, or the whole kernel, is gone."""


def curlwp(k: Kernel) -> int:
    """Where the address of the current lwp is: ci_curlwp of the only CPU."""
    return k.symbol("cpu_info_primary") + cpu_info.layout(k.dm).offsetof("ci_curlwp")


class Scheduler:
    """The hub, the sleep queues and the clock of one kernel."""

    def __init__(self, kernel: Kernel, stop_asleep: Callable[[Kernel, Lwp], bool]) -> None:
        """`stop_asleep` stops a program in its sleep when a signal asks for that (kern_sig.py)."""
        self._k = kernel
        self._stop_asleep = stop_asleep
        self.on_switch: list[Callable[[Lwp], None]] = []  # called with each lwp that has given up the CPU
        self.current: Lwp | None = None
        self.softlwp: Lwp  # which runs soft interrupts
        self._curlwp = curlwp(kernel)
        self.spl = IPL_NONE
        self.spins: list[int] = []  # addresses of the spin mutexes that are held, oldest first
        self.oldspl = IPL_NONE  # the level before the oldest of them was taken
        self.runq = RunQueue(kernel)
        self.hangs = Hangs(kernel)
        self._sleepers: dict[int, list[Lwp]] = {}
        self._timers: list[tuple[float, int, Timer]] = []
        self._timers_limit = _FEW_TIMERS
        self._order = count()
        self.softints = SoftInts(kernel)
        self._soft: deque[Callable[[], None]] = deque()
        self._soft_ready = False  # the soft-interrupt lwp has what it waited for
        self._preempted = False
        self._nap = 0.0
        self.resched = False  # the clock has ticked while the kernel worked for the program that runs
        self._requeue = False  # the program that gave up the CPU wants it back
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

    def at(self, seconds: float, action: Callable[[], object]) -> Timer:
        """Call `action` in `seconds`, from the hub; it must not sleep or run module code."""
        if len(self._timers) > self._timers_limit:
            self._timers = [item for item in self._timers if item[2].action is not None]
            heapq.heapify(self._timers)
            self._timers_limit = max(_FEW_TIMERS, 2 * len(self._timers))
        timer = Timer(time.monotonic() + seconds, action)
        heapq.heappush(self._timers, (timer.when, next(self._order), timer))
        return timer

    def softintr(self, action: Callable[[], None]) -> None:
        """Run `action` in the soft-interrupt lwp, as soon as the interrupt level allows."""
        self._soft.append(action)

    def timeout(self) -> float | None:
        """Seconds until step() has something to do; 0 now, None when only an event from outside helps."""
        if (self._soft_ready or self._soft) and self._soft_due():
            return 0.0
        wait = self.runq.timeout()
        if wait == 0.0:
            return wait
        while self._timers and self._timers[0][2].action is None:
            heapq.heappop(self._timers)
        if not self._timers:
            return wait
        due = max(0.0, self._timers[0][0] - time.monotonic())
        return due if wait is None else min(wait, due)

    def _expire(self) -> None:
        now = time.monotonic()
        while self._timers and self._timers[0][0] <= now:
            timer = heapq.heappop(self._timers)[2]
            action, timer.action = timer.action, None
            if action is not None:
                action()

    # -- running ----------------------------------------------------------------------------------------

    def ready(self, lwp: Lwp) -> None:
        """An lwp is to run; the soft-interrupt lwp runs before the others."""
        if lwp is self.softlwp:
            self._soft_ready = True
        else:
            self.runq.ready(lwp)

    def step(self) -> None:
        """One round: due timers, soft interrupts, then a round of the run queue."""
        self.hub = getcurrent()
        if self._timers:
            self._expire()
        if self.hangs.due:
            self.hangs.look()
        if (self._soft_ready or self._soft) and self._soft_due():
            self._softintr()
        self.runq.round(self._run)

    def _run(self, lwp: Lwp) -> None:
        """Switch to `lwp` until it sleeps or ends; clock ticks are served in between."""
        k, program = self._k, lwp.proc.program
        while True:
            if time.monotonic() >= k.clock.due:
                k.clock.hardclock()
            self.current = lwp
            if k.engine.current is not lwp.thread:
                k.engine.switch(lwp.thread)
                k.mem.set_ptr(self._curlwp, lwp.addr)
                k.vitals.running(lwp.proc)
            if program is None:
                lwp.greenlet.switch()
            else:
                self.runq.run(lwp, program)
            self.current = None
            if self._requeue:
                self._requeue = False
                self.runq.preempted(lwp)
            for told in self.on_switch:
                told(lwp)
            if not self._preempted:
                return
            self._preempted = False
            nap, self._nap = self._nap, 0.0
            if nap > 0:
                time.sleep(nap)
            self._expire()
            if lwp is not self.softlwp and self._soft_due():
                self._softintr()
            k.on_preempt()

    def _soft_due(self) -> bool:
        """May the soft-interrupt lwp run, and has it something to do?"""
        idle = self.softlwp.wchan is None
        return self.spl == IPL_NONE and (self._soft_ready or (idle and bool(self._soft)))

    def _softintr(self) -> None:
        self._soft_ready = False
        self._run(self.softlwp)

    def begin(self, lwp: Lwp) -> None:
        """`lwp` is that of soft interrupts, and the first that runs."""
        self.softlwp = lwp
        lwp.greenlet = greenlet(self.softintr_loop, parent=self.hub)
        self._k.engine.current = lwp.thread
        self._k.mem.set_ptr(self._curlwp, lwp.addr)

    def softintr_loop(self) -> None:
        """The body of the soft-interrupt lwp."""
        while True:
            for _ in range(2):  # what a callout schedules runs before the threads that it wakes
                for _ in range(len(self._soft)):  # one that schedules itself again does not keep others out
                    self._soft.popleft()()
                    self.userret()
            self.hub.switch()

    def userret(self) -> None:
        """A system call or soft interrupt ends: whatever it blocked must be open again (userret.h).

        A spin mutex still held is a panic, a raised interrupt level a warning.
        """
        if self.spins:
            self.panic_of_spin("", " is held at the end of the call")
        if self.spl != IPL_NONE:
            self._k.console.write(f"WARNING: SPL NOT LOWERED ON EXIT: {self.spl} in {self._who()}\n")
            self.spl = IPL_NONE

    def _who(self) -> str:
        lwp = self.current
        return "no process" if lwp is None else f"pid {lwp.proc.pid} ({lwp.proc.comm})"

    def preempt(self, nap: float = 0.0) -> None:
        """Let the hub look at sockets and soft interrupts, then go on.

        With `nap`, after that many seconds.
        """
        lwp = self.current
        if lwp is None:  # machine code that is called from the hub
            return
        self._preempted = True
        if lwp.proc.program is not None:
            self.resched = True
        self._nap = min(nap, _LONGEST_NAP)
        self._away(lwp)

    # -- sleeping ---------------------------------------------------------------------------------------

    def check_sleepable(self, who: str) -> None:
        """A panic where no code may sleep: in a soft interrupt, and while a spin mutex is held."""
        lwp = self.current
        if lwp is None or lwp is self.softlwp:
            self._k.panic(f"{who} cannot sleep in a soft interrupt{softint_text(self._k)}")
        if self.spins:
            self.panic_of_spin(f"{who} cannot sleep while holding ")

    def panic_of_spin(self, before: str, behind: str = "") -> NoReturn:
        """A panic about the spin mutex that was taken last."""
        k, mtx = self._k, self.spins[-1]
        k.panic(f"{before}spin mutex {k.symbolize(mtx)}{behind}{spin_mutex_since(k, mtx)}")

    def tsleep(
        self, ident: int, priority: int, wmesg: str, timo: int, function: str = "tsleep",
        blocked: Blocked | None = None, watched: bool = True,
    ) -> None:  # fmt: skip
        """Sleep until wakeup(ident) (tsleep(9)). `timo` in ticks, 0 for ever.

        `blocked` says what for, when somebody has it; not `watched`: it may take any time.
        KernelError: EWOULDBLOCK after `timo`; EINTR when PCATCH is in `priority` and a signal is to be taken,
        or the process is dying. A program that was stopped meanwhile returns early, as after a wakeup.
        """
        lwp = self.current
        if lwp is None or lwp is self.softlwp:
            self.check_sleepable(f"{function}: '{wmesg}'")
            raise AssertionError  # it is a panic
        catch = bool(priority & PCATCH)
        if catch and lwp.killed:
            raise KernelError(EINTR, "the process is dying")
        program = lwp.proc.program
        if catch and program is not None and program.pending and program.deliverable():
            if self._stop_asleep(self._k, lwp):
                return  # it was stopped and continues: its caller checks again
            raise KernelError(EINTR, "interrupted by a signal")
        timer = self.at(timo / self._k.config.hz, lambda: self._rouse(lwp, EWOULDBLOCK)) if timo > 0 else None
        try:
            self._sleep(lwp, ident, wmesg, catch, watched and timer is None and not catch, blocked)
        finally:
            if timer is not None:
                timer.cancel()
        errno = lwp.woken
        if errno:
            if errno == EINTR and not lwp.killed and self._stop_asleep(self._k, lwp):  # which sleeps, too
                return
            raise KernelError(errno, "interrupted by a signal" if errno == EINTR else f"'{wmesg}' timed out")

    def block(self, ident: int, blocked: Blocked) -> None:
        """Wait for a lock until wakeup(ident) (turnstile_block()); soft interrupts may too."""
        lwp = self.current
        assert lwp is not None
        self._sleep(lwp, ident, "tstile", False, True, blocked)

    def yield_cpu(self) -> None:
        """Let every other runnable lwp run first (yield())."""
        lwp = self.current
        if lwp is not None and lwp is not self.softlwp:
            self.runq.yields(lwp)
            self._suspend(lwp, "yield")

    def roundrobin(self) -> None:
        """The clock has ticked in a program: others may run, then it goes on."""
        lwp = self.current
        assert lwp is not None
        self.resched, self._requeue = False, True
        self._suspend(lwp, "preempt")

    def _sleep(
        self, lwp: Lwp, ident: int, wmesg: str, catch: bool, watched: bool, blocked: Blocked | None
    ) -> None:
        """Sleep. `watched`: nothing but a wakeup ends it."""
        if blocked is not None and watched:
            check_deadlock(self._k, lwp.thread, blocked)
        lwp.wchan, lwp.wmesg, lwp.catch, lwp.woken = ident, wmesg, catch, 0
        lwp.blocked, lwp.slept = blocked, 0.0 if watched else None
        if watched and not self.hangs.due:
            self.hangs.begin()
        self._k.vitals.changed = True
        lwp.asleep = time.monotonic()
        self._sleepers.setdefault(ident, []).append(lwp)
        try:
            self._suspend(lwp, wmesg)
        finally:
            if lwp.wchan is not None:  # thrown out of the sleep
                self._leave(lwp)

    def _suspend(self, lwp: Lwp, wmesg: str) -> None:
        """Give up the CPU; the interrupt level and what others do meanwhile are not the lwp's."""
        if self.spins:
            self.panic_of_spin(f"sleeping for '{wmesg}' while holding ")
        spl, self.spl = self.spl, IPL_NONE
        try:
            self._away(lwp)
        finally:
            self.spl = spl

    def _away(self, lwp: Lwp) -> None:
        """Let the hub go on, until it comes back to `lwp`, which is charged for nothing of that."""
        engine = self._k.engine
        before = engine.work()
        try:
            self.hub.switch()
        finally:
            lwp.thread.away += engine.work() - before

    def _leave(self, lwp: Lwp) -> None:
        assert lwp.wchan is not None
        queue = self._sleepers[lwp.wchan]
        queue.remove(lwp)
        if not queue:
            del self._sleepers[lwp.wchan]
        lwp.wchan = lwp.blocked = None
        self._k.vitals.changed = True

    def _rouse(self, lwp: Lwp, errno: int) -> None:
        if lwp.wchan is not None:
            self._leave(lwp)
            lwp.woken = errno
            if lwp is self.softlwp:
                self.ready(lwp)
            else:
                self.runq.wakes(lwp)

    def wakeup(self, ident: int, most: int | None = None) -> int:
        """Make runnable those who sleep on `ident`, first come first, `most` of them; returns how many."""
        chosen = self.waiting(ident)[:most]
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

    def waits(self) -> list[dict[str, Any]]:
        """Sleeping lwps, what they wait for and where in a module, for `lkmctl status` and other tools."""
        return [
            {
                "pid": lwp.proc.pid,
                "comm": lwp.proc.comm,
                "wmesg": lwp.wmesg,
                "where": running_function(self._k, lwp.thread),
            }
            for queue in self._sleepers.values()
            for lwp in queue
        ]

    def waiting(self, ident: int) -> tuple[Lwp, ...]:
        """The lwps that sleep on `ident`, the longest first."""
        return tuple(self._sleepers.get(ident, ()))
