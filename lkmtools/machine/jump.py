"""How machine code came to an address where it cannot run: by a call, a return or a jump.

The program counter is lost then. What is known is where the last block of code began, and the stack.
"""

from __future__ import annotations

from lkmtools.abi.vmparam import PAGE_SIZE
from lkmtools.machine.emulator import Fault
from lkmtools.machine.engine import Engine
from lkmtools.machine.memory import EXEC, MemFault
from lkmtools.tuples import NamedTuple

CALL, RETURN, JUMP = "call", "return", "jump"
_LONGEST_BLOCK = 4096  # bytes of code between two jumps, as the emulator divides it


class Jump(NamedTuple):
    """`how` it came there. `pc` is the address behind the call, of the return instruction, or of the block of
    code that ended with the jump; 0 when the kernel called or returned.
    """

    how: str
    pc: int


def jump_to(engine: Engine, fault: Fault) -> Jump | None:
    """What led to a fetch that failed; None for another fault, and for code that ran on into such memory."""
    if fault.addr is None or fault.access != EXEC or fault.pc != fault.addr:
        return None
    text, step = engine.text, engine.port.dm.pointer
    sp = engine.cpu.read(engine.port.sp)
    top = word(engine, sp)
    if text.start <= fault.jump < text.end:
        return Jump(CALL if fault.jump == text.entry else RETURN, 0)
    if not engine.mem.protection(fault.jump) & EXEC:
        return Jump(CALL, top) if returns_to(engine, top) else None
    if fault.jump < top <= fault.jump + _LONGEST_BLOCK and _called(engine, top, fault.addr):
        return Jump(CALL, top)
    if word(engine, sp - step) == fault.addr:
        return Jump(RETURN, _return(engine, fault.jump))
    return Jump(JUMP, fault.jump)


def _called(engine: Engine, top: int, addr: int) -> bool:
    """Is `top` behind a call that may have gone to `addr`?"""
    if not returns_to(engine, top) or top == engine.text.gate:
        return False
    longest = engine.port.longest_call
    code = engine.mem.read(top - longest, longest) if is_code(engine, top - longest) else b""
    target = engine.port.call_target(code, top)
    return target is None or target & engine.port.dm.mask == addr


def _return(engine: Engine, block: int) -> int:
    """The return instruction at which a block ends; the block, when none is found."""
    code = engine.mem.read(block, min(_LONGEST_BLOCK, engine.mem.base + engine.mem.size - block))
    at = engine.port.find_return(code)
    return block if at < 0 else block + at


def word(engine: Engine, addr: int) -> int:
    """A word of a stack; 0 when it cannot be read."""
    try:
        return engine.mem.checked.ptr(addr)
    except MemFault:
        return 0


def is_code(engine: Engine, pc: int) -> bool:
    """Can it be executed?"""
    return bool(engine.mem.protection(pc) & EXEC)


def returns_to(engine: Engine, pc: int) -> bool:
    """Is `pc` behind a call instruction, or the gate?"""
    if pc == engine.text.gate:
        return True
    if not is_code(engine, pc) or pc in engine.stubs:
        return False
    # A call at the very start of a module's text has no readable bytes before it.
    longest = engine.port.longest_call
    length = longest if is_code(engine, pc - longest) else pc % PAGE_SIZE
    return engine.port.is_call(engine.mem.read(pc - length, length))
