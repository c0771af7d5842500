"""A kernel stack that was not large enough: by recursion, or by one frame that reaches past its end."""

from __future__ import annotations

from typing import TYPE_CHECKING

from lkmtools.abi.vmparam import PAGE_SIZE
from lkmtools.evidence.cycles import cycle_text
from lkmtools.machine import Fault
from lkmtools.machine.backtrace import backtrace
from lkmtools.machine.jump import returns_to, word
from lkmtools.tuples import NamedTuple

if TYPE_CHECKING:
    from lkmtools.kern.kernel import Kernel
    from lkmtools.machine import Thread

OVERFLOW = " (kernel stack overflow)"
_LARGEST = 64 << 20  # bytes by which a frame may pass the end of the stack
_MOST_WORDS = 4096  # that are looked at from the stack pointer on
_PROLOGUE = 512  # bytes of a function in which it takes room for its frame


class LargeFrame(NamedTuple):
    """A function whose frame is larger than a page: `size` is None when it is computed at run time."""

    start: int
    size: int | None


def overflow(k: Kernel, thread: Thread, addr: int) -> str | None:
    """What to say of an access to `addr` by code whose stack has overflowed; None when it has not."""
    base = thread.stack_base
    size = thread.stack_top - base
    sp = _sp(k, thread)
    in_guard = base - PAGE_SIZE <= addr < base
    if not in_guard and sp >= base - PAGE_SIZE:
        return None
    found = large_frame(k, thread, sp)
    if found is not None:
        return frame_words(k, found, size)
    return f"the stack has {size} bytes" if in_guard else None


def recursion(k: Kernel, thread: Thread, fault: Fault | None) -> str:
    """The functions that call one another in an overflown stack; "" when none do."""
    names = [
        f"{frame.function or k.symbolize(frame.pc, returns=frame.returns).partition('+')[0]}()"
        for frame in backtrace(k.engine, thread, fault, k.function_start)
        if not frame.note and not frame.guess
    ]
    found = cycle_text(names)
    return f"recursion: {found}" if found else ""


def _sp(k: Kernel, thread: Thread) -> int:
    """The stack pointer of code that faulted, or that called the running kernel function."""
    if thread.levels and thread.levels[-1].fn is None:
        return k.engine.cpu.read(k.port.sp)
    return thread.sp


def frame_words(k: Kernel, found: LargeFrame, stack: int) -> str:
    """What is known of a frame that is too large."""
    name = k.symbolize(found.start).partition("+")[0]
    size = "an array whose size is computed" if found.size is None else f"{found.size} bytes of locals"
    return f"{name}() has {size} on the stack, which has {stack} bytes: allocate it with malloc(9)"


def large_frame(k: Kernel, thread: Thread, sp: int) -> LargeFrame | None:
    """The function whose frame moved the stack pointer below the stack; None when something else did.

    It is the one that runs, or one of those to which words from there on return.
    """
    base, step = thread.stack_base, k.dm.pointer
    if not base - _LARGEST <= sp < base:
        return None
    levels = thread.levels
    pcs = [k.engine.cpu.pc()] if levels and levels[-1].fn is None else []
    seen: set[int] = set()
    for at in range(sp & -step, min(thread.stack_top, sp + step * _MOST_WORDS), step):
        pc = word(k.engine, at)
        if k.modules.at(pc) is not None and returns_to(k.engine, pc):
            pcs.append(pc - 1)
    for pc in pcs:
        start = k.function_start(pc)
        if start is None or start in seen:
            continue
        seen.add(start)
        size = k.port.frame_size(k.mem.read(start, min(max(pc - start, 0) + 1, _PROLOGUE)))
        if size is None or size >= PAGE_SIZE:
            return LargeFrame(start, size)
    return None
