"""What an lwp waits for, its holders, and whether it will ever get it: a cycle of waits is a panic.

Each lock remembers who took it and where (`taken`), in records beside it. An lwp that goes to sleep for a
lock says what it is (`Blocked`): the lwps that have it are asked what they wait for, and so on.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING

from lkmtools.kern.base.panic import stack_text
from lkmtools.kern.base.place import called_from, caller_pc
from lkmtools.kern.sync.subr_lockdebug import holder, lock_name, me
from lkmtools.tuples import NamedTuple

if TYPE_CHECKING:
    from lkmtools.kern.kernel import Kernel
    from lkmtools.machine import Thread

Holders = dict[int, int]  # the struct lwp of each, and where it took the lock: a return address, or 0


class Waiter(NamedTuple):
    """An lwp by its struct lwp, its thread, and what it waits for."""

    addr: int
    thread: Thread
    blocked: Blocked


class Blocked(NamedTuple):
    """What an lwp waits for in `function`: `what` at `addr`; `holders` gives those that have it now.

    `how` is what a holder does with it.
    """

    function: str
    what: str
    addr: int
    holders: Callable[[], Holders] = dict
    how: str = "holds"

    def name(self, k: Kernel) -> str:
        """What it is, and where."""
        return f"{self.what} {lock_name(k, self.addr)}"


def taken_here(k: Kernel, function: str = "") -> int:
    """Where the machine code is that called the kernel function which runs: a return address, or 0.

    Faster for a kernel function that has just begun, and says its name.
    """
    engine = k.engine
    levels = engine.current.levels
    if levels and (fn := levels[-1].fn) is not None and fn.name == function:
        return engine.returns_to[0]
    return caller_pc(k, engine.current)


def at(k: Kernel, pc: int) -> str:
    """The words ", taken in f+0x10 [module]"; "" when nobody knows."""
    return f", taken in {k.symbolize(pc, returns=True)}" if pc else ""


def held_by(k: Kernel, owner: int, pc: int) -> str:
    """The words "is held by pid 7 (cat), taken in f+0x10 [module]"."""
    return f"is held by {holder(k, owner)}{at(k, pc)}"


def check_deadlock(k: Kernel, thread: Thread, blocked: Blocked) -> None:
    """A panic when the holder of what the running lwp would wait for waits, in the end, for this lwp."""
    cycle = _cycle(k, Waiter(me(k), thread, blocked))
    if not cycle:
        return
    who = holder(k, cycle[0].addr)
    if len(cycle) == 1:
        pc = blocked.holders()[cycle[0].addr]
        reader = "" if blocked.how == "holds" else " as a reader"
        text = f"{who} waits for {blocked.name(k)}, which it already holds{reader}{at(k, pc)}"
        k.panic(f"{blocked.function}: deadlock: {text}{called_from(k, thread, ', ')}")
    text = f"deadlock of {len(cycle)} lwps: {who} waits for {blocked.name(k)}"
    for row in cycle[1:]:
        text += f", held by {holder(k, row.addr)}, which waits for {row.blocked.name(k)}"
    notes = tuple(_notes(k, cycle))
    k.panic(f"{blocked.function}: {text}, held by {who}{called_from(k, thread, ', ')}", notes)


def _cycle(k: Kernel, first: Waiter) -> list[Waiter]:
    """The waits from `first` on and back to it; [] when they do not lead there."""
    seen: set[int] = set()
    path, left = [first], [iter(first.blocked.holders())]
    while left:
        addr = next(left[-1], None)
        if addr is None:
            left.pop()
            path.pop()
            continue
        if addr == first.addr:
            return path
        lwp = k.lwps.get(addr)
        if addr not in seen and lwp is not None and lwp.blocked is not None and lwp.slept is not None:
            seen.add(addr)
            path.append(Waiter(addr, lwp.thread, lwp.blocked))
            left.append(iter(lwp.blocked.holders()))
    return []


def _notes(k: Kernel, cycle: list[Waiter]) -> Iterator[str]:
    """For each lwp of a cycle: what it holds, what it waits for, and its stack."""
    for before, row in zip([cycle[-1], *cycle], cycle, strict=False):
        who, has, wants = holder(k, row.addr), before.blocked, row.blocked
        where = at(k, has.holders().get(row.addr, 0))
        yield f"{who} {has.how} {has.name(k)}{where}, and waits for {wants.name(k)}{in_function(k, row)}"
    for row in cycle[1:]:
        yield f"stack of {holder(k, row.addr)}:"
        yield from stack_text(k, row.thread)


def in_function(k: Kernel, row: Waiter) -> str:
    """The words " in mutex_enter(), called from f+0x10 [module]"."""
    return f" in {row.blocked.function}(){called_from(k, row.thread, ', ')}"
