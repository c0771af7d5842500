"""Who called whom, from the frames on a guest stack.

Kernel -> module -> kernel nesting is known exactly (Thread.levels); inside one level the frame-pointer chain
is followed to the gate. Code built without frame pointers breaks the chain: then the rest of that level is
scanned for words that point behind a call instruction, and those frames are marked as guesses.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

from lkmtools.machine.emulator import Fault
from lkmtools.machine.engine import Engine, Level, Thread
from lkmtools.machine.memory import EXEC, PAGE_SIZE, MemFault

_MOST = 64  # frames of one level
_LONGEST_CALL = 7  # bytes


class Frame(NamedTuple):
    """One line of a backtrace: a kernel function by name, or machine code at `pc`."""

    pc: int
    function: str | None
    guess: bool = False
    returns: bool = True  # pc is a return address, behind the call


def backtrace(
    engine: Engine, thread: Thread, fault: Fault | None, start_of: Callable[[int], int | None]
) -> list[Frame]:
    """The frames of `thread`, innermost first.

    `fault` is where machine code stopped, None when a kernel function is running. `start_of(pc)` gives the
    first address of the function that holds pc, where known.
    """
    frames: list[Frame] = []
    for depth, level in enumerate(reversed(thread.levels)):
        if level.fn is not None:
            frames.append(Frame(level.fn.addr, level.fn.name, returns=False))
            pc, sp, fp = _word(engine, level.sp), level.sp, level.fp
            returns = True
        elif depth == 0 and fault is not None:
            pc, sp, fp = fault.pc, engine.cpu.read(engine.port.sp), engine.cpu.read(engine.port.fp)
            returns = False
        else:
            continue
        frames += _level(engine, level, pc, sp, fp, returns, start_of)
    return frames


def _word(engine: Engine, addr: int) -> int:
    try:
        return engine.mem.checked.ptr(addr)
    except MemFault:
        return 0


def _level(
    engine: Engine,
    level: Level,
    pc: int,
    sp: int,
    fp: int,
    returns: bool,
    start_of: Callable[[int], int | None],
) -> list[Frame]:
    """Follow one level's chain from (pc, sp, fp) to the gate."""
    step = engine.port.dm.pointer
    gate = engine.text.gate
    out = [Frame(pc, None, returns=returns)]
    slot = None if returns else _return_slot(engine, pc, sp, fp, start_of)
    if slot is not None:
        pc, sp = _word(engine, slot), slot + step
        if pc == gate:
            return out
        out.append(Frame(pc, None))
    while len(out) < _MOST:
        if not (sp <= fp < level.sp0 and fp % step == 0):
            return out + _scan(engine, level, sp, {frame.pc for frame in out})
        sp, pc, fp = fp + 2 * step, _word(engine, fp + step), _word(engine, fp)
        if pc == gate:
            break
        out.append(Frame(pc, None))
    return out


def _is_code(engine: Engine, pc: int) -> bool:
    return bool(engine.mem.protection(pc) & EXEC)


def _return_slot(
    engine: Engine, pc: int, sp: int, fp: int, start_of: Callable[[int], int | None]
) -> int | None:
    """Where the return address lies when the function at `pc` has no frame of its own; None when it has.

    It has none where pc is a jump into nowhere, before its prologue is through, behind an epilogue that the
    compiler moved up, and on a path for which it made none: then the return address is on top of the stack,
    or behind the saved frame pointer.
    """
    if not _is_code(engine, pc):
        return sp
    start, step = start_of(pc), engine.port.dm.pointer
    if start is None:
        return None
    frame = engine.port.has_frame(engine.mem.read(start, pc - start))
    if frame is True:
        return None
    top = _word(engine, sp)
    if pc == start or _returns_to(engine, top):
        return sp
    pushed = frame is False and top == fp and _returns_to(engine, _word(engine, sp + step))
    return sp + step if pushed else None


def _returns_to(engine: Engine, pc: int) -> bool:
    """Is `pc` behind a call instruction, or the gate?"""
    if pc == engine.text.gate:
        return True
    if not _is_code(engine, pc) or engine.function_at(pc):
        return False
    # A call at the very start of a module's text has no readable bytes before it.
    length = _LONGEST_CALL if _is_code(engine, pc - _LONGEST_CALL) else pc % PAGE_SIZE
    return engine.port.is_call(engine.mem.read(pc - length, length))


def _scan(engine: Engine, level: Level, sp: int, known: set[int]) -> list[Frame]:
    """Words on the stack that look like return addresses, up to the level's gate."""
    step = engine.port.dm.pointer
    out: list[Frame] = []
    for addr in range(sp & -step, level.sp0, step):
        pc = _word(engine, addr)
        if pc != engine.text.gate and pc not in known and len(out) < _MOST and _returns_to(engine, pc):
            out.append(Frame(pc, None, guess=True))
    return out
