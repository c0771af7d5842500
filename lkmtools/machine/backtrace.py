"""Who called whom, from the frames on a guest stack.

Kernel -> module -> kernel nesting is known exactly (Thread.levels); inside one level the frame-pointer chain
is followed to the gate. Code built without frame pointers breaks the chain: then the rest of that level is
scanned for words that point behind a call instruction, and those frames are marked as guesses.

A module can leave anything in its stack and frame pointers. Only the thread's own stack is looked at, and
however it looks there is an end: to the frames, to the words that are looked at, to the processor time.
"""

from __future__ import annotations

import time
from collections.abc import Callable

from lkmtools.abi.vmparam import PAGE_SIZE
from lkmtools.machine.emulator import Fault
from lkmtools.machine.engine import Engine
from lkmtools.machine.jump import CALL, JUMP, Jump, is_code, jump_to, returns_to, word
from lkmtools.machine.thread import Level, Thread
from lkmtools.tuples import NamedTuple

_MOST = 4096  # frames of one level: more than a stack has room for
_MOST_GUESSES = 64
_MOST_IN_ALL = 8192
_MOST_WORDS = 16384  # that are looked at in a scan of the stack, in all
_LONGEST = 0.5  # seconds of processor time for one backtrace
_SELDOM = 256  # words between two looks at the time


class StackFrame(NamedTuple):
    """One line of a backtrace: a kernel function by name, machine code at `pc`, or a `note`."""

    pc: int
    function: str | None
    guess: bool = False
    returns: bool = True  # pc is a return address, behind the call
    note: str = ""


class _Walk:
    """One backtrace: whose stack it is, and what it may still cost."""

    def __init__(self, engine: Engine, thread: Thread, start_of: Callable[[int], int | None]) -> None:
        self.engine = engine
        self.start_of = start_of
        self.base, self.top = thread.stack_base, thread.stack_top
        self.words = _MOST_WORDS
        self.end = time.thread_time() + _LONGEST

    def in_stack(self, sp: int) -> bool:
        """Is `sp` a stack pointer of the thread? In the guard page below it is that of an overflow."""
        return self.base - PAGE_SIZE <= sp <= self.top

    def lost(self, sp: int, fp: int) -> StackFrame:
        """The line for a stack pointer that is none, with what there is instead."""
        where = f"the kernel stack {self.base:#x}-{self.top:#x}"
        rest = "what follows is by the frame pointer" if self.holds(fp) else "frames above are unknown"
        return StackFrame(0, None, note=f"the stack pointer {sp:#x} is outside {where}; {rest}")

    def holds(self, fp: int) -> bool:
        """Can a frame be at `fp`?"""
        return self.base <= fp < self.top and fp % self.engine.port.dm.pointer == 0

    def over(self) -> bool:
        """Count a word that is looked at: was it the last one?"""
        self.words -= 1
        if not self.words % _SELDOM and time.thread_time() > self.end:
            self.words = 0
        return self.words <= 0


def backtrace(
    engine: Engine, thread: Thread, fault: Fault | None, start_of: Callable[[int], int | None]
) -> list[StackFrame]:
    """The frames of `thread`, innermost first.

    `fault` is where machine code stopped, None when a kernel function is running. `start_of(pc)` gives the
    first address of the function that holds pc, where known.
    """
    frames: list[StackFrame] = []
    walk = _Walk(engine, thread, start_of)
    for depth, level in enumerate(reversed(thread.levels)):
        if len(frames) >= _MOST_IN_ALL:
            left = len(thread.levels) - depth
            note = f"{left} more call{'s' * (left != 1)} of module code"
            frames.append(StackFrame(0, None, note=note))
            break
        if level.fn is not None:
            frames.append(StackFrame(level.fn.addr, level.fn.name, returns=False))
            pc, sp, fp = word(engine, level.sp), level.sp, level.fp
            returns = True
        elif depth == 0 and fault is not None:
            pc, sp, fp = fault.pc, engine.cpu.read(engine.port.sp), engine.cpu.read(engine.port.fp)
            returns = False
            if (jump := jump_to(engine, fault)) is not None and jump.pc and jump.how != CALL:
                frames += _astray(walk, level, fault, jump, sp, fp)
                continue
        else:
            continue
        frames += _level(walk, level, pc, sp, fp, returns)
    return frames


def _astray(walk: _Walk, level: Level, fault: Fault, jump: Jump, sp: int, fp: int) -> list[StackFrame]:
    """A level that ended with a return or a jump into nowhere: where that was comes behind the address.

    The function that jumped was at its end, or lost its frame: its caller's address is on top of the stack.
    """
    frames = [StackFrame(fault.pc, None, returns=False), StackFrame(jump.pc, None, returns=False)]
    engine = walk.engine
    if not walk.in_stack(sp):
        return [*frames, walk.lost(sp, fp)]
    top = word(engine, sp)
    if jump.how == JUMP and returns_to(engine, top):
        if top == engine.text.gate:
            return frames
        return frames + _level(walk, level, top, sp + engine.port.dm.pointer, fp, True)
    end = min(level.sp0, walk.top)
    if sp <= fp < end and walk.holds(fp) and returns_to(engine, word(engine, fp + engine.port.dm.pointer)):
        return frames + _chain(walk, frames, sp, fp, end)
    return frames + _scan(walk, sp, end, set())


def _level(walk: _Walk, level: Level, pc: int, sp: int, fp: int, returns: bool) -> list[StackFrame]:
    """Follow one level's chain from (pc, sp, fp) to the gate."""
    engine = walk.engine
    step, gate = engine.port.dm.pointer, engine.text.gate
    out = [StackFrame(pc, None, returns=returns)]
    slot = None
    if not walk.in_stack(sp):
        out.append(walk.lost(sp, fp))
        if not walk.holds(fp):
            return out
        sp = fp
    elif not returns:
        slot = _return_slot(engine, pc, sp, fp, walk.start_of)
    if slot is not None:
        pc, sp = word(engine, slot), slot + step
        if pc == gate:
            return out
        out.append(StackFrame(pc, None))
    return out + _chain(walk, out, sp, fp, min(level.sp0, walk.top))


def _chain(walk: _Walk, known: list[StackFrame], sp: int, fp: int, top: int) -> list[StackFrame]:
    """The frames above those that are known: by the frame pointer, and by a scan where its chain breaks."""
    engine = walk.engine
    step, gate = engine.port.dm.pointer, engine.text.gate
    out: list[StackFrame] = []
    while len(known) + len(out) < _MOST:
        if not (sp <= fp < top and fp % step == 0):
            return out + _scan(walk, sp, top, {frame.pc for frame in (*known, *out)})
        sp, pc, fp = fp + 2 * step, word(engine, fp + step), word(engine, fp)  # upwards: it has an end
        if pc == gate:
            break
        out.append(StackFrame(pc, None))
    return out


def _return_slot(
    engine: Engine, pc: int, sp: int, fp: int, start_of: Callable[[int], int | None]
) -> int | None:
    """Where the return address lies when the function at `pc` has no frame of its own; None when it has.

    It has none where pc is a jump into nowhere, before its prologue is through, behind an epilogue that the
    compiler moved up, and on a path for which it made none: then the return address is on top of the stack,
    or behind the saved frame pointer.
    """
    if not is_code(engine, pc):
        return sp
    start, step = start_of(pc), engine.port.dm.pointer
    if start is None:
        return None
    frame = engine.port.has_frame(engine.mem.read(start, pc - start))
    if frame is True:
        return None
    top = word(engine, sp)
    if pc == start or returns_to(engine, top):
        return sp
    pushed = frame is False and top == fp and returns_to(engine, word(engine, sp + step))
    return sp + step if pushed else None


def _scan(walk: _Walk, sp: int, top: int, known: set[int]) -> list[StackFrame]:
    """Words on the stack that look like return addresses, each once, up to the level's gate."""
    engine = walk.engine
    step, gate = engine.port.dm.pointer, engine.text.gate
    out: list[StackFrame] = []
    for addr in range(max(sp, walk.base) & -step, top, step):
        if len(out) >= _MOST_GUESSES or walk.over():
            break
        pc = word(engine, addr)
        if pc != gate and pc not in known and returns_to(engine, pc):
            known.add(pc)
            out.append(StackFrame(pc, None, guess=True))
    return out
