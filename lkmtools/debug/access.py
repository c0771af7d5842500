"""What a faulting instruction did, in C: the member, the struct, and the pointer that was wrong."""

from __future__ import annotations

from elftools.dwarf.die import DIE

from lkmtools.debug import types
from lkmtools.debug.info import DebugInfo
from lkmtools.debug.origin import Origins, PointerOrigin
from lkmtools.debug.x86 import ARGUMENTS, NAMES
from lkmtools.evidence.record import RecordedAccess
from lkmtools.instructions import DI, SI, Instruction, MemoryOperand
from lkmtools.tuples import NamedTuple

_NULL_PAGE = 4096
_MOVES, _STORES = (0xA4, 0xA5), (0xAA, 0xAB)  # movs, stos


class Wrong(NamedTuple):
    """A bad access: `address`, bytes (0: not known), what it did; the registers then, as far as known."""

    address: int
    size: int
    kind: str
    registers: dict[str, int]


def access_text(info: DebugInfo, access: RecordedAccess, registers: dict[str, int]) -> str:
    """The words for an access by an instruction of the module; "" when nothing is certain."""
    wrong = Wrong(access.address, access.size, access.kind, registers)
    return info.known(lambda: _of_instruction(info, access.pc, wrong)) or ""


def call_text(info: DebugInfo, pc: int, address: int) -> str:
    """The words for the call that returns to `pc`, of something at `address` that cannot be called."""
    return info.known(lambda: _of_call(info, pc, address)) or ""


def _of_instruction(info: DebugInfo, pc: int, wrong: Wrong) -> str:
    origins = info.origins(pc)
    row = origins.row(pc) if origins is not None else None
    if origins is None or row is None:
        return ""
    operand = row.memory or _string_operand(row, wrong)
    if operand is None or operand.segment:
        return ""
    if operand.base is None and operand.scaled is None:
        return _of_constants(origins, pc, wrong)
    for register in (operand.base, operand.scaled if operand.scale == 1 else None):
        origin = origins.of(register, pc) if register is not None else None
        if register is not None and origin is not None and (origin.type is not None):
            offset = _offset(operand, register, wrong, info.bits)
            return "" if offset is None else words(origin, offset, wrong, info.bits)
    return ""


def _string_operand(row: Instruction, wrong: Wrong) -> MemoryOperand | None:
    """The memory of movs and stos, while they are at its beginning."""
    register = DI if row.op in _STORES or wrong.kind == "write" else SI
    return MemoryOperand(register, None, 1, 0) if row.op in _MOVES + _STORES else None


def _offset(operand: MemoryOperand, register: int, wrong: Wrong, bits: int) -> int | None:
    """The distance from the value of a register to the address of the access."""
    if operand.scaled is None:
        return operand.disp
    value = wrong.registers.get(NAMES[bits][register])
    if value is None:
        return None
    distance = wrong.address - value & (1 << bits) - 1
    return distance - (1 << bits) if distance >> bits - 1 else distance


def words(origin: PointerOrigin, offset: int, wrong: Wrong, bits: int) -> str:
    """As: member `next` (offset 16) of a NULL `struct item *`, p."""
    offset += origin.offset
    value = wrong.address - offset & (1 << bits) - 1
    whose = _whose(origin, value)
    path = _member_path(origin.target, offset, wrong.size)
    if path is None:
        return "" if offset < 0 or not types.is_record(origin.target) else f"offset {offset} of {whose}"
    if not path:
        return whose if offset == 0 else ""
    what = "element" if path.startswith("[") else "member"
    path = path.removesuffix("[0]") if not wrong.size else path  # of an array that is an argument
    return f"{what} `{path.removeprefix('.')}` (offset {offset}) of {whose}"


def _whose(origin: PointerOrigin, value: int) -> str:
    """The pointer: its type, the expression, and what it is."""
    kind = types.name(types.unqualified(origin.type))
    if value == 0:
        return f"a NULL `{kind}`, {origin.text}"
    return f"`{kind}` {origin.text} = {value:#x}"


def _member_path(target: DIE | None, offset: int, size: int) -> str | None:
    """The member at an offset of what a pointer points to, which may be the first of an array."""
    if target is None or offset < 0:
        return None
    each = types.size_of(target)
    if types.is_record(target) and 0 < each <= offset:
        if types.is_open(target):
            return None
        index, offset = divmod(offset, each)
        found = types.member(target, offset, size)
        return f"[{index}]{found.path}" if found is not None and found.path else None
    if not types.is_record(target):
        return f"[{offset // each}]" if each and offset and offset % each == 0 else "" if not offset else None
    found = types.member(target, offset, size)
    return found.path if found is not None and found.path else None


def _of_constants(origins: Origins, pc: int, wrong: Wrong) -> str:
    """An access at an address that the compiler knew: by a pointer that is a constant in this function."""
    if wrong.address >= _NULL_PAGE:
        return ""
    found = {
        text
        for origin in origins.nulls(pc)
        if types.is_record(origin.target)
        and _member_path(origin.target, wrong.address, wrong.size) is not None
        and (text := words(origin, wrong.address, wrong, 64))
    }
    return found.pop() if len(found) == 1 else ""


def argument_text(info: DebugInfo, pc: int, access: RecordedAccess) -> str:
    """The words for the argument of a kernel function, whose call returns to `pc`; "" when not certain."""
    return info.known(lambda: _of_argument(info, pc, access)) or ""


def _of_argument(info: DebugInfo, pc: int, access: RecordedAccess) -> str:
    origins, number = info.origins(pc - 1), access.argument - 1
    row = origins.call_before(pc) if origins is not None else None
    if origins is None or row is None or number < 0:
        return ""
    if info.bits == 32:
        origin = origins.argument(number, row.at)
    else:
        origin = origins.of(ARGUMENTS[number], row.at) if number < len(ARGUMENTS) else None
    if origin is None or origin.type is None:
        return ""
    if origin.offset == 0:
        return _whose(origin, access.value)
    wrong = Wrong(access.value, 0, access.kind, {})
    return words(origin, 0, wrong, info.bits)


def _of_call(info: DebugInfo, pc: int, address: int) -> str:
    origins = info.origins(pc - 1)
    row = origins.call_before(pc) if origins is not None else None
    if origins is None or row is None or row.target is not None:
        return ""
    if row.rm is not None:
        origin = origins.of(row.rm, row.at)
    else:
        origin = origins.load(row.memory, row.at, info.bits // 8) if row.memory is not None else None
    if origin is None or origin.offset:
        return ""
    kind = types.name(types.unqualified(origin.type))
    return f"call of {origin.text}, " + (f"a NULL `{kind}`" if not address else f"`{kind}` {address:#x}")
