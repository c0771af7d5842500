"""Where the variables of a function are when the CPU is at an address: in registers or in memory."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence

from elftools.dwarf.callframe import FDE
from elftools.dwarf.die import DIE
from elftools.dwarf.dwarf_expr import DWARFExprOp, DWARFExprParser
from elftools.dwarf.dwarfinfo import DWARFInfo
from elftools.dwarf.locationlists import BaseAddressEntry, LocationEntry

from lkmtools.debug import types
from lkmtools.debug.x86 import of_dwarf
from lkmtools.tuples import NamedTuple

_VARIABLES = ("DW_TAG_variable", "DW_TAG_formal_parameter")
_SCOPES = ("DW_TAG_lexical_block", "DW_TAG_inlined_subroutine")
REGISTER, VALUE, SLOT, ADDRESS, CONSTANT = "register", "value", "slot", "address", "constant"
_CFA = -1  # instead of the number of a register


class VariablePlace(NamedTuple):
    """Where a variable is.

    In `register`; "value": it is the register and `offset`, without being anywhere; "slot": in memory at the
    register and `offset`; at the "address" `offset`; "constant": it is `offset`.
    """

    kind: str
    register: int = 0
    offset: int = 0


class Variable(NamedTuple):
    """A variable or a parameter: its name, type and DIE, and its place at the address that was asked for."""

    name: str
    type: DIE
    place: VariablePlace
    die: DIE


class Variables:
    """The variables of a module's functions.

    `chain` gives the function at an address and what is inlined there, `covers` whether a DIE is at one.
    """

    def __init__(
        self,
        dwarf: DWARFInfo,
        bits: int,
        chain: Callable[[int], list[DIE]],
        covers: Callable[[DIE, int], bool],
    ) -> None:
        self._dwarf, self._bits = dwarf, bits
        self._chain, self._covers = chain, covers
        self._frames: list[FDE] | None = None
        self._known: dict[int, list[Variable]] = {}
        self._parsed: dict[tuple[int, ...], list[DWARFExprOp]] = {}

    def at(self, pc: int) -> list[Variable]:
        """Those of the functions at `pc` that are somewhere, of the innermost first."""
        if pc not in self._known:
            self._known[pc] = self._at(pc)
        return self._known[pc]

    def _at(self, pc: int) -> list[Variable]:
        chain = self._chain(pc)
        if not chain:
            return []
        found = [
            Variable(name, kind, place, origin)
            for die in self._in_scope(chain[0], pc)
            if (place := self._place(die, chain[0], pc)) is not None
            and (origin := _origin(die)) is not None
            and (kind := types.type_of(origin)) is not None
            and (name := types.text(origin))
        ]
        return found[::-1]

    def at_address(self, pc: int, address: int) -> Variable | None:
        """The variable of the file or of a function that has this address, in the unit of `pc`."""
        chain = self._chain(pc)
        return self.in_unit(chain[0].cu.get_top_DIE(), address) if chain else None

    def in_unit(self, top: DIE, address: int) -> Variable | None:
        """The variable of a unit, of the file or of a function, that has this address."""
        for die in [*self._statics(top)]:
            origin = _origin(die) or die
            kind = types.type_of(origin)
            place = self._place(die, die, address)
            if place is not None and place.kind == ADDRESS and kind is not None:
                start, size = place.offset, max(types.size_of(kind), 1)
                if start <= address < start + size:
                    return Variable(types.text(origin), kind, place, origin)
        return None

    def cfa(self, pc: int) -> tuple[int, int] | None:
        """The canonical frame address at `pc`, as a register and what is added to it."""
        for entry in self._all_frames():
            start = entry.header["initial_location"]
            if start <= pc < start + entry.header["address_range"]:
                rows = [row for row in entry.get_decoded().table if row["pc"] <= pc]
                rule = rows[-1]["cfa"] if rows else None
                if rule is None or rule.reg is None:
                    return None
                number = of_dwarf(self._bits, rule.reg)
                return None if number is None else (number, rule.offset)
        return None

    def _all_frames(self) -> list[FDE]:
        if self._frames is None:
            entries = self._dwarf.CFI_entries() if self._dwarf.has_CFI() else []
            self._frames = [entry for entry in entries if isinstance(entry, FDE)]
        return self._frames

    def _in_scope(self, die: DIE, pc: int) -> Iterator[DIE]:
        """The variables of a function, of its blocks and inlined functions at `pc`, the outermost first."""
        for child in die.iter_children():
            if child.tag in _VARIABLES:
                yield child
            elif child.tag in _SCOPES and self._covers(child, pc):
                yield from self._in_scope(child, pc)

    def _statics(self, die: DIE, depth: int = 0) -> Iterator[DIE]:
        for child in die.iter_children():
            if child.tag == "DW_TAG_variable" and "DW_AT_location" in child.attributes:
                yield child
            elif depth < 8 and child.tag in ("DW_TAG_subprogram", *_SCOPES):
                yield from self._statics(child, depth + 1)

    def _place(self, die: DIE, function: DIE, pc: int) -> VariablePlace | None:
        if "DW_AT_location" not in die.attributes:
            if "DW_AT_const_value" not in die.attributes:
                return None
            value = die.attributes["DW_AT_const_value"].value
            return VariablePlace(CONSTANT, 0, value) if isinstance(value, int) else None
        code = self._expression(die, "DW_AT_location", pc)
        place = self._evaluated(die, code) if code else None
        if place is not None and place.register == _CFA:
            return self._in_frame(function, place, pc)
        return place

    def _expression(self, die: DIE, attribute: str, pc: int) -> Sequence[int] | None:
        """The expression of an attribute that holds at `pc`.

        An empty range is for some of the statements whose code would be at its address: they have no other.
        """
        given = die.attributes[attribute]
        if not isinstance(given.value, int):
            code: Sequence[int] = given.value
            return code
        lists = self._dwarf.location_lists()
        base = die.cu.get_top_DIE().attributes.get("DW_AT_low_pc")
        start = base.value if base is not None else 0
        empty: list[Sequence[int]] = []
        for entry in lists.get_location_list_at_offset(given.value, die) if lists is not None else ():
            if isinstance(entry, BaseAddressEntry):
                start = entry.base_address
            elif isinstance(entry, LocationEntry):
                offset = 0 if entry.is_absolute else start
                if entry.begin_offset + offset <= pc < entry.end_offset + offset:
                    found: Sequence[int] = entry.loc_expr
                    return found
                if entry.begin_offset == entry.end_offset == pc - offset:
                    empty.append(entry.loc_expr)
        return empty[0] if len(empty) == 1 else None

    def _operations(self, die: DIE, code: Sequence[int]) -> list[DWARFExprOp]:
        key = tuple(code)
        if key not in self._parsed:
            self._parsed[key] = DWARFExprParser(die.cu.structs).parse_expr(list(key))
        return self._parsed[key]

    def _evaluated(self, die: DIE, code: Sequence[int]) -> VariablePlace | None:
        """What an expression of one step means, or of a step and DW_OP_stack_value."""
        ops = self._operations(die, code)
        names = [op.op_name for op in ops]
        first, args = ops[0], ops[0].args
        if names[1:] == ["DW_OP_stack_value"]:
            return self._computed(first.op_name, args)
        if len(ops) != 1:
            return None
        if first.op_name == "DW_OP_fbreg":
            return VariablePlace(SLOT, _CFA, args[0])
        if first.op_name in ("DW_OP_addr", "DW_OP_addrx"):
            return VariablePlace(ADDRESS, 0, self._address(die, first.op_name, args[0]))
        kind = REGISTER if first.op_name.startswith("DW_OP_reg") else SLOT
        number = self._register(first.op_name, args)
        if number is None:
            return None
        return VariablePlace(kind, number, 0 if kind == REGISTER else args[-1])

    def _computed(self, operation: str, args: list[int]) -> VariablePlace | None:
        if operation.startswith("DW_OP_breg"):
            number = self._register(operation, args)
            return None if number is None else VariablePlace(VALUE, number, args[-1])
        if operation.startswith("DW_OP_lit"):
            return VariablePlace(CONSTANT, 0, int(operation.removeprefix("DW_OP_lit")))
        return VariablePlace(CONSTANT, 0, args[0]) if operation.startswith("DW_OP_const") and args else None

    def _register(self, operation: str, args: list[int]) -> int | None:
        """The register of an operation: DW_OP_reg3, DW_OP_regx 3, DW_OP_breg3, DW_OP_bregx 3."""
        for word in ("DW_OP_breg", "DW_OP_reg"):
            if operation.startswith(word):
                digits = operation.removeprefix(word)
                return of_dwarf(self._bits, args[0] if digits == "x" else int(digits))
        return None

    def _address(self, die: DIE, operation: str, number: int) -> int:
        return self._dwarf.get_addr(die.cu, number) if operation == "DW_OP_addrx" else number

    def _in_frame(self, function: DIE, place: VariablePlace, pc: int) -> VariablePlace | None:
        """A place relative to the frame base, relative to a register."""
        if "DW_AT_frame_base" not in function.attributes:
            return None
        code = self._expression(function, "DW_AT_frame_base", pc)
        ops = self._operations(function, code) if code else []
        if len(ops) != 1:
            return None
        if ops[0].op_name == "DW_OP_call_frame_cfa":
            cfa = self.cfa(pc)
            return None if cfa is None else VariablePlace(SLOT, cfa[0], cfa[1] + place.offset)
        number = self._register(ops[0].op_name, ops[0].args)
        more = ops[0].args[-1] if ops[0].op_name.startswith("DW_OP_breg") else 0
        return None if number is None else VariablePlace(SLOT, number, more + place.offset)


def _origin(die: DIE) -> DIE | None:
    """The DIE with the name and the type of a variable, which one of an inlined function refers to."""
    for _ in range(8):
        if "DW_AT_name" in die.attributes and "DW_AT_type" in die.attributes:
            return die
        for reference in ("DW_AT_abstract_origin", "DW_AT_specification"):
            if reference in die.attributes:
                die = die.get_DIE_from_attribute(reference)
                break
        else:
            return None
    return None
