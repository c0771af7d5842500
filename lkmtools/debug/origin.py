"""Where the pointer in a register came from: the C expression for it and its type.

The code of the function is followed backwards from an instruction, as far as there is one way to it, until
the debug information says which variable is in the register, or in the memory that it was loaded from.
Nothing is guessed: where there are two ways, or two variables of different types, nothing is known.
"""

from __future__ import annotations

from collections.abc import Callable

from elftools.dwarf.die import DIE

from lkmtools.debug import types
from lkmtools.debug import variables as v
from lkmtools.debug.x86 import written
from lkmtools.instructions import AX, SP, Instruction, MemoryOperand, decode
from lkmtools.tuples import NamedTuple

_MOST_STEPS = 12  # from a register to the one that it was loaded from
_MOST_CODE = 1 << 16  # bytes of a function
_LEA, _LOADS, _STORES, _STORES_IMMEDIATE = 0x8D, (0x8B, 0xA1), 0x89, 0xC7


class PointerOrigin(NamedTuple):
    """A value: `offset` bytes behind the pointer `text`, which points to the type `target`, void for None.

    `type` is the pointer's own; None for the address of a variable.
    """

    text: str
    target: DIE | None
    type: DIE | None = None
    offset: int = 0


class FunctionCode:
    """The code of a function by instructions; `parts` are its pieces with their addresses."""

    def __init__(self, parts: list[tuple[int, bytes]], bits: int) -> None:
        self.rows: list[Instruction] = []
        self.index: dict[int, int] = {}
        for start, code in parts:
            self._decode(start, code[:_MOST_CODE], bits)
        self.targets = {row.target for row in self.rows if not row.is_call} | {start for start, _ in parts}
        self.has_table = any(row.jumps_by_table for row in self.rows)

    def _decode(self, start: int, code: bytes, bits: int) -> None:
        at = start
        while at - start < len(code):
            row = decode(code[at - start : at - start + 16], at, bits)
            if row is None:
                return
            self.index[at] = len(self.rows)
            self.rows.append(row)
            at = row.end


class Origins:
    """What is known of registers in a function; `lines` are addresses at which lines of its source begin."""

    def __init__(
        self,
        function: FunctionCode,
        bits: int,
        variables: v.Variables,
        lines: frozenset[int],
        result: Callable[[int], tuple[str, DIE] | None],
    ) -> None:
        self._function, self._bits, self._variables = function, bits, variables
        self._lines, self._result = lines, result

    def row(self, pc: int) -> Instruction | None:
        """The instruction at `pc`."""
        at = self._function.index.get(pc)
        return None if at is None else self._function.rows[at]

    def call_before(self, pc: int) -> Instruction | None:
        """The call that returns to `pc`."""
        return next((row for row in self._function.rows if row.end == pc and row.is_call), None)

    def loop_around(self, low: int, high: int) -> tuple[int, int] | None:
        """The smallest part of the code from which a jump leads back before `low`, from behind `high`."""
        loops = [
            (row.end - row.target, row.target, row.end)
            for row in self._function.rows
            if row.target is not None and not row.is_call and row.target <= low and row.at >= high
        ]
        return min(loops)[1:] if loops else None

    def nulls(self, pc: int) -> list[PointerOrigin]:
        """The pointers that the compiler knows to be NULL at `pc`."""
        return [
            PointerOrigin(each.name, types.pointee(each.type), each.type)
            for each in self._variables.at(pc)
            if each.place.kind == v.CONSTANT
            and not each.place.offset
            and types.pointee(each.type) is not None
        ]

    def of(self, register: int, pc: int, steps: int = _MOST_STEPS) -> PointerOrigin | None:
        """The value of a register when the CPU is at `pc`."""
        at = self._function.index.get(pc)
        stored: set[MemoryOperand | None] = set()
        while at is not None and steps:
            row = self._function.rows[at]
            known, found = self._in_register(register, row.at)
            if known or found is not None:
                return found
            before = self._function.rows[at - 1] if at else None
            if before is None or before.ends_block or self._is_entered(row.at):
                return None
            changed = written(before, self._bits)
            if changed is None:
                return None
            if register in changed:  # what it was loaded from may have another value by now
                return None if before.memory in stored else self._written(register, before, steps - 1)
            if before.memory is not None and before.op in (_STORES, _STORES_IMMEDIATE):
                stored.add(before.memory)
            at -= 1
        return None

    def load(
        self, memory: MemoryOperand, pc: int, size: int, steps: int = _MOST_STEPS
    ) -> PointerOrigin | None:
        """The value that is loaded from an operand of the instruction at `pc`."""
        if memory.segment:
            return None
        found = self._variable(memory, pc)
        if found is not None:
            there, offset = found
            member = self._member(there.type, offset, memory, size)
            return None if member is None else _pointer(f"{there.name}{member.path}", member.type)
        if memory.base is None:
            return None
        base = self.of(memory.base, pc, steps - 1) if steps else None
        member = base and self._member(base.target, base.offset + memory.disp, memory, size)
        if base is None or member is None:
            return None
        return _pointer(_through(base, member.path), member.type)

    def argument(self, number: int, pc: int, steps: int = _MOST_STEPS) -> PointerOrigin | None:
        """The value of an argument on the stack of the call at `pc`."""
        at, depth = self._function.index.get(pc), number * 4
        while at:
            row = self._function.rows[at - 1]
            if row.ends_block or self._is_entered(self._function.rows[at].at) or row.is_call:
                return None
            if (value := _pushed(row)) is not None:
                if depth == 0:
                    return self._operand(row, steps)
                depth -= 4
            elif row.op in (0x81, 0x83) and row.rm == SP and row.reg & 7 in (0, 5):
                depth += row.imm if row.reg & 7 == 0 else -row.imm
            elif row.op == _STORES and row.memory == MemoryOperand(SP, None, 1, depth):
                return self.of(row.reg, row.at, steps)
            if depth < 0 or value is False:
                return None
            at -= 1
        return None

    def _operand(self, row: Instruction, steps: int) -> PointerOrigin | None:
        """The value that an instruction reads: a register or memory."""
        if row.rm is not None:
            return self.of(row.rm, row.at, steps)
        if row.memory is not None:
            return self.load(row.memory, row.at, self._bits // 8, steps)
        return None

    def _is_entered(self, pc: int) -> bool:
        """Whether a jump may lead to an address."""
        return pc in self._function.targets or (self._function.has_table and pc in self._lines)

    def _in_register(self, register: int, pc: int) -> tuple[bool, PointerOrigin | None]:
        """What variable is in a register; with True when that is known not to be certain."""
        there = [
            (each, each.place.offset)
            for each in self._variables.at(pc)
            if each.place.kind in (v.REGISTER, v.VALUE) and each.place.register == register
        ]
        pointers = [(each, add) for each, add in there if types.pointee(each.type) is not None]
        records = [(each, add) for each, add in pointers if types.is_record(types.pointee(each.type))]
        best = records or pointers
        kinds = {(types.name(types.plain(types.pointee(each.type))), add) for each, add in best}
        if len(kinds) > 1:
            return True, None
        if not best:
            return False, None
        each, add = best[0]
        return False, PointerOrigin(each.name, types.pointee(each.type), each.type, -add)

    def _written(self, register: int, row: Instruction, steps: int) -> PointerOrigin | None:
        """What an instruction has left in a register."""
        if row.is_call:
            found = self._result(row.target) if row.target is not None and register == AX else None
            return None if found is None else _pointer(f"{found[0]}()", found[1])
        if not row.wide:
            return None
        if row.op in _LOADS and (row.reg if row.op == 0x8B else AX) == register:
            return self._operand(row, steps)
        if row.op == _STORES and row.rm == register:
            return self.of(row.reg, row.at, steps)
        if row.op == _LEA and row.memory is not None:
            return self._address(row.memory, row.at, steps)
        added = _added(row, register)
        origin = self.of(register, row.at, steps) if added is not None else None
        return origin and origin._replace(offset=origin.offset + (added or 0))

    def _address(self, memory: MemoryOperand, pc: int, steps: int) -> PointerOrigin | None:
        """The address of an operand, that is &variable or a pointer and an offset."""
        found = self._variable(memory, pc)
        if found is not None and memory.scaled is None:
            return PointerOrigin(f"&{found[0].name}", found[0].type, None, found[1])
        if found is not None:
            element = self._member(found[0].type, found[1], memory, memory.scale)
            return element and PointerOrigin(f"&{found[0].name}{element.path}", element.type)
        if memory.base is None or memory.scaled is not None:
            return None
        base = self.of(memory.base, pc, steps)
        return base and base._replace(offset=base.offset + memory.disp)

    def _variable(self, memory: MemoryOperand, pc: int) -> tuple[v.Variable, int] | None:
        """The variable in which an operand is, and at which offset."""
        if memory.base is None:
            there = self._variables.at_address(pc, memory.disp & (1 << self._bits) - 1)
            return None if there is None else (there, memory.disp % (1 << self._bits) - there.place.offset)
        for each in self._variables.at(pc):
            start = each.place.offset
            size = max(types.size_of(each.type), 1)
            same = each.place.kind == v.SLOT and each.place.register == memory.base
            if same and start <= memory.disp < start + size:
                return each, memory.disp - start
        return None

    def _member(
        self, die: DIE | None, offset: int, memory: MemoryOperand, size: int
    ) -> types.MemberAt | None:
        """The member that is loaded; one of an array of which the index is in a register has no number."""
        found = types.member(die, offset, size)
        if found is None or types.size_of(found.type) != size:
            return None
        if memory.scaled is None:
            return found
        head, bracket, _ = found.path.rpartition("[")
        return found._replace(path=f"{head}[...]") if bracket and memory.scale == size else None


def _pointer(text: str, kind: DIE | None) -> PointerOrigin | None:
    """The value of an expression, if its type is a pointer."""
    bare = types.plain(kind)
    if bare is None or bare.tag != "DW_TAG_pointer_type":
        return None
    return PointerOrigin(text, types.type_of(bare), kind)


def _through(base: PointerOrigin, path: str) -> str:
    """A member of what a pointer points to, as C writes it."""
    if base.text.startswith("&"):
        return f"{base.text[1:]}{path}"
    if path.startswith("."):
        return f"{base.text}->{path[1:]}"
    return f"{base.text}{path}" if path else f"*{base.text}"


def _added(row: Instruction, register: int) -> int | None:
    """The constant that an instruction adds to a register."""
    if row.op in (0x81, 0x83) and row.rm == register and row.reg & 7 in (0, 5):
        return row.imm if row.reg & 7 == 0 else -row.imm
    return row.imm if row.op == 0x05 and register == AX else None


def _pushed(row: Instruction) -> bool | None:
    """Whether an instruction pushes; False for one that moves the stack pointer in another way."""
    if 0x50 <= row.op < 0x58 or row.op in (0x68, 0x6A) or (row.op == 0xFF and row.reg & 7 == 6):
        return True
    return False if 0x58 <= row.op < 0x60 or row.op in (0x8F, 0xC9) else None
