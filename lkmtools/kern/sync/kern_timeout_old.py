"""timeout(9) of NetBSD 1.4 (kern_clock.c): a function is called once; it and its argument are the name.

The calls to come are records of ours, as those of the original were in a table of the kernel.
"""

from __future__ import annotations

from bisect import insort
from typing import TYPE_CHECKING

from lkmtools.kern.base.bound import LIST_MAX
from lkmtools.kern.base.export import export
from lkmtools.kern.sync.kern_timeout import C_FUNC, Timer

if TYPE_CHECKING:
    from lkmtools.kern.kernel import Kernel


class Timeouts:
    """The calls that are still to come, by function and argument, each list by time."""

    def __init__(self, k: Kernel) -> None:
        self._k = k
        self._due: dict[tuple[int, int], list[Timer]] = {}
        self.pending = 0

    def add(self, func: int, arg: int, ticks: int) -> None:
        """Call func(arg) from a soft interrupt in `ticks`, at least one."""
        sched, key = self._k.sched, (func, arg)
        after = max(ticks, 1) / self._k.config.hz
        timer = sched.at(after, lambda: sched.softintr(lambda: self._fire(key, timer)))
        insort(self._due.setdefault(key, []), timer, key=lambda other: other.when)
        self.pending += 1

    def cancel(self, func: int, arg: int) -> None:
        """Forget the first call of func(arg), if there is one."""
        timers = self._due.get((func, arg))
        if timers:
            timers[0].cancel()
            self._forget((func, arg), timers[0])

    def _fire(self, key: tuple[int, int], timer: Timer) -> None:
        """Call what is due, unless it was cancelled since."""
        if timer in self._due.get(key, ()):
            self._forget(key, timer)
            self._k.engine.call(C_FUNC, *key)

    def _forget(self, key: tuple[int, int], timer: Timer) -> None:
        timers = self._due[key]
        timers.remove(timer)
        if not timers:
            del self._due[key]
        self.pending -= 1


@export("void timeout(void (*func)(void *), void *arg, int ticks)")
def timeout(k: Kernel, func: int, arg: int, ticks: int) -> None:
    """Call func(arg) in `ticks`, at least one. A NULL function and a full table are panics."""
    if not func:
        k.panic("timeout: the function is NULL")
    if k.timeouts.pending == LIST_MAX:
        k.panic(f"timeout table full: {LIST_MAX} calls are still to come")
    k.timeouts.add(func, arg, ticks)


@export("void untimeout(void (*func)(void *), void *arg)")
def untimeout(k: Kernel, func: int, arg: int) -> None:
    """Cancel the first call of func(arg) that is still to come; it does nothing when none is."""
    k.timeouts.cancel(func, arg)
