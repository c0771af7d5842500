"""The words for a fault: what was accessed, how many bytes, why that is bad, and the likely reason.

A reason is one line: the access with the nature of its address in parentheses, the place, and behind a
semicolon what else is known.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from lkmtools.abi.vmparam import PAGE_SIZE
from lkmtools.evidence.record import RecordedAccess
from lkmtools.kern.base.nature import Nature, ascii_text, nature_of
from lkmtools.kern.base.place import called_from, caller_pc
from lkmtools.kern.base.stack import OVERFLOW, recursion
from lkmtools.kern.base.traps import trap_words
from lkmtools.machine import EXEC, Fault, MemFault
from lkmtools.machine.emulator import page_fault
from lkmtools.machine.jump import CALL, RETURN, jump_to
from lkmtools.machine.memory import READ, WRITE

if TYPE_CHECKING:
    from lkmtools.kern.kernel import Kernel
    from lkmtools.machine import KernelFunction, Thread

_LONGEST_INSTRUCTION = 15
_SHOWN_CODE = 32  # bytes of code in a record
_KIND = {READ: "read", WRITE: "write", EXEC: "fetch"}


def explain(
    k: Kernel,
    thread: Thread,
    fault: Fault | MemFault,
    fn: KernelFunction | None,
    args: tuple[Any, ...] = (),
) -> str:
    """The reason line for a fault in machine code, or in kernel function `fn` called from it."""
    if isinstance(fault, MemFault):
        addr = fault.addr & k.dm.mask  # Python's sums do not wrap
        nature = nature_of(k, addr, fault.access, thread)
        cycle = recursion(k, thread, None) if nature.short == OVERFLOW else ""
        what = page_fault(_KIND[fault.access], addr, fault.size)
        where = f" in {fn.name}(){called_from(k, thread)}" if fn else ""
        given = argument_text(k, thread, fn, args, addr) if fn else ""
        return _line(f"{what}{nature.short}{where}", nature.why, cycle, given)
    code = instruction(k, fault.pc)
    if fault.addr is None:
        what, why = trap_words(k, fault, code)
        return _line(f"{what} in {k.symbolize(fault.pc)}", why)
    nature = nature_of(k, fault.addr, fault.access, thread)
    what = fault.describe(k.port, code)
    if fault.access == EXEC and fault.pc == fault.addr:
        return _fetch(k, fault, what, nature)
    cycle = recursion(k, thread, fault) if nature.short == OVERFLOW else ""
    return _line(f"{what}{nature.short} in {k.symbolize(fault.pc)}", nature.why, cycle)


def _line(*parts: str) -> str:
    return "; ".join(part for part in parts if part)


def _fetch(k: Kernel, fault: Fault, what: str, nature: Nature) -> str:
    """The line for a call, a return or a jump to where no code is."""
    jump = jump_to(k.engine, fault)
    if jump is None:
        return _line(f"{what}{nature.short}, a jump", nature.why)
    if jump.how == CALL:
        by = k.symbolize(jump.pc or k.engine.text.gate, returns=True)
        why = "a NULL function pointer was called" if not fault.addr else nature.why
        return _line(f"{what}{nature.short}, called from {by}", why)
    if jump.how == RETURN:
        place = k.symbolize(jump.pc) if jump.pc else "a kernel function"
        name = f"{place.partition('+')[0]}() has returned to an address that no call left on the stack"
        return _line(
            f"{what}{nature.short}, returned to by {place}",
            f"stack smashed: {name}; its return address was overwritten{_bytes(k, fault.addr)}, probably "
            "by a write past the end of an array on the stack",
        )
    return _line(f"{what}{nature.short}, a jump from {k.symbolize(jump.pc)}", nature.why)


def _bytes(k: Kernel, addr: int | None) -> str:
    text = ascii_text(k, addr or 0)
    return f" with the text {text}" if text else ""


def argument_text(k: Kernel, thread: Thread, fn: KernelFunction, args: tuple[Any, ...], addr: int) -> str:
    """The argument by which a kernel function came to an address, with its C type and name; "" for none."""
    number, value = argument_to(k, thread, fn, args, addr)
    if not number:
        return ""
    param = fn.proto.params[number - 1]
    declared = f", '{param.text}'," if param.text else ""
    return f"argument {number}{declared} of {fn.name}() is {value:#x}"


def argument_to(
    k: Kernel, thread: Thread, fn: KernelFunction, args: tuple[Any, ...], addr: int
) -> tuple[int, int]:
    """The number, from 1, and the value of the argument that leads a function to an address; 0 for none.

    What the kernel gives to its own functions is none.
    """
    if not caller_pc(k, thread):
        return 0, 0
    near = [
        (distance, number, value)
        for number, (param, value) in enumerate(zip(fn.proto.params, args, strict=False), 1)
        if param.type.name == "pointer" and isinstance(value, int)
        if _leads(k, value, distance := addr - value & k.dm.mask)
    ]
    return min(near)[1:] if near else (0, 0)


def _leads(k: Kernel, value: int, distance: int) -> bool:
    """Is what is `distance` behind a pointer a member of its struct, or the end of the memory it is in?"""
    reach = k.mem.checked.reach(value, distance, READ) if distance < k.mem.size else -1
    return not distance or reach == distance or (not reach and distance < PAGE_SIZE)


def instruction(k: Kernel, pc: int, most: int = _LONGEST_INSTRUCTION) -> bytes:
    """The bytes at `pc`, as many as an instruction may have; fewer where memory ends."""
    try:
        return k.mem.read(pc, min(most, PAGE_SIZE - pc % PAGE_SIZE))
    except MemFault:
        return b""


def recorded_access(
    k: Kernel, fault: Fault | MemFault | None, argument: tuple[int, int] = (0, 0)
) -> RecordedAccess | None:
    """The access that failed, for the record; None when something else did. `argument` is argument_to()'s."""
    if isinstance(fault, MemFault):
        kind, addr = _KIND[fault.access], fault.addr & k.dm.mask
        return RecordedAccess(kind, addr, fault.size, 0, "", *argument)
    if fault is None or fault.addr is None:
        return None
    code = instruction(k, fault.pc, _SHOWN_CODE)
    kind = fault.kind(k.port, code)
    return RecordedAccess(kind, fault.addr, fault.size, fault.pc, code.hex())
