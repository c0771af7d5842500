"""Relocations applied to the bytes of an image, most of them without a call of their row.

Nearly all relocations of a real object are S + A or S + A - P in a field of four or eight bytes. Where a row
(lkmtools.link.howto) has one of these formulas, struct's own conversion of a field of that width does what
the row would do: a number that it accepts is in the row's range, and it stores the same bytes. It refuses
all others, and those are for the row to judge: an address that wraps is legal, and an error names its range.

Half of them are in tables of one type whose fields stand side by side, such as lists of addresses. Such
fields are an array, whose numbers are converted in the same way; all of them at once, or none.
"""

from __future__ import annotations

import struct
import sys
from array import array
from collections.abc import Callable, Iterator, Sequence
from functools import cache
from operator import add
from types import CodeType
from typing import Any

from lkmtools.elf import RelocationTable
from lkmtools.elf.columns import Code, Column
from lkmtools.errors import LinkError
from lkmtools.link.howto import Formula, Howto, Operands, Overflow, write_field
from lkmtools.link.image import Prelink
from lkmtools.link.layout import no_address, symbol_text
from lkmtools.link.machines import MACHINES
from lkmtools.tuples import NamedTuple

_ABSOLUTE: Formula = lambda r: r.S + r.A  # noqa: E731 - compared with the rows', not called
_RELATIVE: Formula = lambda r: r.S + r.A - r.P  # noqa: E731
_CODES: dict[int, tuple[Code, Code]] = {1: ("b", "B"), 2: ("h", "H"), 4: ("i", "I"), 8: ("q", "Q")}
_NOWHERE = 1 << 80  # fits no field, whatever is added
_OUT_OF_RANGE = (OverflowError, struct.error)
_Rows = Iterator[tuple[int, int, int, int]]


class _Shortcut(NamedTuple):
    """What stands for a row: how its field is written and read, and whether P is subtracted.

    `wanted` and `read` are the types of arrays of such fields: of what is written, of an addend.
    """

    pack: Callable[..., None]
    unpack: Callable[[bytearray | memoryview, int], tuple[int]]
    relative: bool
    wanted: Code
    read: Code


@cache
def shortcuts(machine: str) -> dict[int, _Shortcut]:
    """Relocation type -> the shortcut for it, of the rows of `machine` that have one."""
    row = MACHINES[machine]
    order = "<" if row.byteorder == "little" else ">"
    found = {}
    for howto in row.rows:
        if not isinstance(howto, Howto) or not howto.size:
            continue
        same = [formula for formula in (_ABSOLUTE, _RELATIVE) if _text(formula) == _text(howto.formula)]
        if same:
            signed, unsigned = _CODES[howto.size]
            wanted = unsigned if howto.overflow is Overflow.UNSIGNED else signed
            pack, unpack = struct.Struct(order + wanted).pack_into, struct.Struct(order + signed).unpack_from
            found[howto.type] = _Shortcut(pack, unpack, same[0] is _RELATIVE, wanted, signed)
    return found


def _text(formula: Formula) -> tuple[Any, ...]:
    """What two formulas that are written alike have in common."""
    code: CodeType = formula.__code__
    return code.co_code, code.co_names, code.co_consts


class Fields:
    """The bytes that relocations change: out[0] is at address `base`, `values` has S of every symbol.

    A symbol without an address (None) makes a relocation a LinkError; where `nothing` is given, that number
    is stored instead. Addresses are kept as signed numbers, `relative` ones from `base` on.
    """

    def __init__(
        self,
        pre: Prelink,
        base: int,
        values: Sequence[int | None],
        out: bytearray | memoryview,
        nothing: int | None = None,
    ) -> None:
        self._pre, self._base, self._values, self._out = pre, base, values, out
        self._nothing = nothing
        top, span = 1 << pre.machine.bits - 1, 1 << pre.machine.bits
        self._absolute = [_NOWHERE if v is None else v - span if v >= top else v for v in values]
        origin = base - span if base >= top else base
        self._relative = [value - origin for value in self._absolute]
        self._quick = shortcuts(pre.machine.name)
        self._pairs = {kind: (row.pack, row.relative) for kind, row in self._quick.items()}

    def relocate(self, start: int, table: RelocationTable) -> None:
        """Apply `table` to the copy of its section at out[start]; check_fields() found nothing wrong with it.

        LinkError names the first relocation that cannot be done, its symbol, value and range.
        """
        if self._side_by_side(start, table):
            return
        apply = self._rela if table.rela else self._rel
        rows = zip(table.offsets, table.types, table.symbols, table.addends or table.offsets, strict=True)
        while (left := apply(start, rows)) is not None:
            self._by_row(start, table, left)

    def _side_by_side(self, start: int, table: RelocationTable) -> bool:
        """Apply a table of one type whose fields have no gaps; False, and no change, where that cannot be."""
        shortcut, offsets = self._quick.get(table.kinds[0]), table.offsets
        if shortcut is None or len(table.kinds) > 1 or not isinstance(offsets, range):
            return False
        size, first = offsets.step, start + offsets[0]
        fields = slice(first, first + size * len(offsets))
        column = array(shortcut.read)
        if size != column.itemsize:
            return False
        addends: Column = table.addends
        if not table.rela:
            column.frombytes(bytes(self._out[fields]))
            addends = self._swapped(column)
        try:
            if shortcut.relative:
                rows = zip(table.symbols, addends, range(fields.start, fields.stop, size), strict=True)
                numbers = [self._relative[index] + addend - at for index, addend, at in rows]
            else:
                numbers = list(map(add, map(self._absolute.__getitem__, table.symbols), addends))
            column = array(shortcut.wanted, numbers)
        except OverflowError:
            return False
        self._out[fields] = self._swapped(column).tobytes()
        return True

    def _swapped(self, column: array[int]) -> array[int]:
        """A column in the host's byte order in that of the machine, or the reverse."""
        if self._pre.machine.byteorder != sys.byteorder:
            column.byteswap()
        return column

    def _rela(self, start: int, rows: _Rows) -> tuple[int, int, int, int | None] | None:
        """Apply rows until one has no shortcut, and return that one."""
        quick, absolute, relative, out = self._pairs, self._absolute, self._relative, self._out
        try:
            for offset, kind, index, addend in rows:
                pack, is_relative = quick[kind]
                at = start + offset
                if is_relative:
                    pack(out, at, relative[index] + addend - at)
                else:
                    pack(out, at, absolute[index] + addend)
        except (KeyError, *_OUT_OF_RANGE):
            return offset, kind, index, addend
        return None

    def _rel(self, start: int, rows: _Rows) -> tuple[int, int, int, int | None] | None:
        """The same where the field holds the addend. struct clears a field before it refuses a number."""
        quick, absolute, relative, out = self._pairs, self._absolute, self._relative, self._out
        try:
            for offset, kind, index, _ in rows:
                pack, is_relative = quick[kind]
                at = start + offset
                (addend,) = self._quick[kind].unpack(out, at)
                if is_relative:
                    pack(out, at, relative[index] + addend - at)
                else:
                    pack(out, at, absolute[index] + addend)
        except KeyError:
            return offset, kind, index, None
        except _OUT_OF_RANGE:
            return offset, kind, index, addend
        return None

    def _by_row(self, start: int, table: RelocationTable, entry: tuple[int, int, int, int | None]) -> None:
        """Apply one relocation as its row says."""
        offset, kind, index, addend = entry
        pre, out, at = self._pre, self._out, start + offset
        howto = pre.machine.howtos[kind]
        if not isinstance(howto, Howto) or not howto.size:
            return  # R_*_NONE
        obj, value = pre.object, self._values[index]
        section = obj.sections[table.target].name
        if value is None:
            if self._nothing is None:
                raise LinkError(no_address(obj, index, f"{section}+{offset:#x}"))
            write_field(out, at, howto, self._nothing, pre.machine)
            return
        r = Operands()
        r.S, r.P, r.GOT, r.G = value, self._base + at, self._base + (pre.got or 0), pre.slots.get(index, 0)
        if addend is None:
            addend = int.from_bytes(out[at : at + howto.size], pre.machine.byteorder, signed=True)
        r.A = addend
        r.Z = obj.symbols[index].size
        r.before = out[at - 1] if offset else 0
        try:
            write_field(out, at, howto, howto.formula(r), pre.machine)
        except LinkError as error:
            raise LinkError(
                f"{obj.name}: {section}+{offset:#x}: {howto.name} against "
                f"`{symbol_text(obj, index)}' at {value:#x}: {error}"
            ) from None
