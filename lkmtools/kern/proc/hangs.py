"""Sleeps that do not end: an lwp that has slept for HANG seconds is reported, once.

Only sleeps that nothing ends but a wakeup are watched: without PCATCH and without a time-out. Those of a
kernel thread are watched while it waits for a lock or a buffer; to wait for work is its normal state. Time is
counted in looks, one a second: one in which the process was stopped counts as no more than that.
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from math import inf
from typing import TYPE_CHECKING

from lkmtools.kern.base.panic import stack_text
from lkmtools.kern.base.place import running_function
from lkmtools.kern.sync.blocked import Waiter, at, in_function
from lkmtools.kern.sync.subr_lockdebug import holder, lock_name

if TYPE_CHECKING:
    from lkmtools.kern.kernel import Kernel
    from lkmtools.kern.proc.kern_proc import Lwp

HANG = 10.0  # seconds
_LOOK = 1.0  # seconds between two looks


class Hangs:
    """The sleepers of a kernel that are watched. `due` is when to look next; 0: nobody has to be looked at.

    Lwp.slept has the seconds that were seen of a sleep, None when something else than a wakeup ends it;
    it is infinite when the sleep was reported.
    """

    def __init__(self, k: Kernel) -> None:
        self._k = k
        self.due = 0.0
        self._last = 0.0

    def begin(self) -> None:
        """A sleep begins that is watched."""
        self._last = time.monotonic()
        self.due = self._last + _LOOK

    def timeout(self) -> float | None:
        """Seconds until look() has something to do."""
        return max(0.0, self.due - time.monotonic()) if self.due else None

    def look(self) -> None:
        """Count the seconds since the last look, when the next one is due."""
        now = time.monotonic()
        if not self.due or now < self.due:
            return
        seconds = min(now - self._last, 2 * _LOOK)
        last, self._last = self._last, now
        self.due = now + _LOOK
        self._passed(seconds, last)
        if not any(lwp.slept is not None and lwp.slept < HANG for lwp in self._watched()):
            self.due = 0.0

    def passed(self, seconds: float = HANG) -> None:
        """Let that many seconds pass at once: in a kernel in which nothing can happen before."""
        self._passed(seconds, inf)

    def _passed(self, seconds: float, began: float) -> None:
        """Add time to each sleep that is watched and began before; report those that have lasted HANG."""
        for lwp in self._watched():
            if lwp.slept is not None and lwp.slept < HANG and lwp.asleep <= began:
                lwp.slept += seconds
                if lwp.slept >= HANG:
                    lwp.slept = inf
                    self._report(lwp)

    def _watched(self) -> list[Lwp]:
        return [
            lwp
            for lwp in self._k.lwps.values()
            if lwp.wchan is not None
            and lwp.slept is not None
            and (lwp.blocked is not None or not (lwp.kthread or lwp is self._k.sched.softlwp))
        ]

    def _report(self, lwp: Lwp) -> None:
        k, blocked = self._k, lwp.blocked
        who = holder(k, lwp.addr)
        if blocked is None:
            why = "without PCATCH and without a time-out"
            where = f'for "{lwp.wmesg}"{self._channel(lwp)} {why}{_where(k, lwp)}'
            k.report(f"hang: {who} has slept for {HANG:g} s {where}", lwp)
            return
        row = Waiter(lwp.addr, lwp.thread, blocked)
        notes = tuple(self._holders(row))
        by = notes[0].partition(" and sleeps")[0] if notes else ""
        text = f"hang: {who} has waited for {HANG:g} s for {blocked.name(k)}{in_function(k, row)}"
        k.report(f"{text}; {by}" if by else text, lwp, notes)

    def _channel(self, lwp: Lwp) -> str:
        """The address that it sleeps on, where that is in kernel memory."""
        addr = lwp.wchan or 0
        addr = ~addr if addr < 0 else addr  # turnstile()
        known = self._k.mem.protection(addr) if 0 < addr <= self._k.dm.mask else 0
        return f" on wait channel {lock_name(self._k, addr)}" if known else ""

    def _holders(self, row: Waiter) -> Iterator[str]:
        """The holders of what it waits for, and what they do: a line for each, and their stacks."""
        k = self._k
        for addr, pc in row.blocked.holders().items():
            lwp = k.lwps.get(addr)
            does = ""
            if lwp is not None and lwp.wchan is not None:
                does = f' and sleeps for "{lwp.wmesg}"{_where(k, lwp)}'
            yield f"{holder(k, addr)} {row.blocked.how} it{at(k, pc)}{does}"
            if lwp is not None and addr != row.addr and lwp.thread.levels:
                yield f"stack of {holder(k, addr)}:"
                yield from stack_text(k, lwp.thread)


def _where(k: Kernel, lwp: Lwp) -> str:
    """The kernel function in which it sleeps, and who called that."""
    place = running_function(k, lwp.thread)
    return f" in {place}" if place else ""
