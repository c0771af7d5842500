"""Relocation types as rows: a psABI formula over S, A, P, or a refusal that says what to do instead.

The letters are the psABIs': S the symbol's value, A the addend, P the address of the field, GOT the
address of the global offset table, G the offset of the symbol's slot from it, Z the symbol's size. A
procedure linkage table is not needed where everything is linked statically: L is S. Which rows need a
table, and a slot in it, is read off the formula.
"""

from __future__ import annotations

from collections.abc import Callable
from enum import Enum
from typing import Literal

from lkmtools.errors import LinkError
from lkmtools.tuples import NamedTuple


class Overflow(Enum):
    """What a field of n bits may hold: anything (the value is cut), or a range, as in bfd."""

    NONE = "any"
    SIGNED = "signed"
    UNSIGNED = "unsigned"
    BITFIELD = "signed or unsigned"


class Operands:
    """The letters of one relocation. `before` is the byte in front of the field (an x86 ModRM byte)."""

    __slots__ = ("A", "G", "GOT", "P", "S", "Z", "before")

    S: int
    A: int
    P: int
    G: int
    GOT: int
    Z: int
    before: int

    def __init__(self) -> None:
        self.S = self.A = self.P = self.G = self.GOT = self.Z = self.before = 0


Formula = Callable[[Operands], int]
ByteOrder = Literal["little", "big"]


class Howto:
    """How one relocation type changes a field of `size` bytes; `hint` follows an overflow message.

    `low` and `high` are the legal range. `got`: the formula needs a global offset table; `slot`: and the
    symbol a slot in it. (A plain class: a dataclass costs modload a millisecond at every start.)
    """

    __slots__ = ("formula", "got", "high", "hint", "low", "name", "overflow", "size", "slot", "type")

    def __init__(  # a row of a table is written by position
        self, type: int, name: str, size: int, overflow: Overflow, formula: Formula, hint: str = ""
    ) -> None:
        self.type = type
        self.name = name
        self.size = size
        self.overflow = overflow
        self.formula = formula
        self.hint = hint
        span = 1 << 8 * size
        self.low = 0 if overflow is Overflow.UNSIGNED else -span // 2
        self.high = span // 2 - 1 if overflow is Overflow.SIGNED else span - 1
        letters = formula.__code__.co_names
        self.slot = "G" in letters
        self.got = self.slot or "GOT" in letters


class Refusal(NamedTuple):
    """A relocation type that cannot be done in a kernel module, and why."""

    type: int
    name: str
    reason: str


class Machine:
    """A machine row of the linker: what its objects look like, and its relocation types."""

    __slots__ = (
        "bits",
        "byteorder",
        "e_machine",
        "got_types",
        "howtos",
        "idle_types",
        "name",
        "page",
        "reserved_got_words",
        "rows",
        "slot_types",
        "word",
    )

    def __init__(
        self,
        name: str,
        *,
        e_machine: int,
        bits: int,
        byteorder: ByteOrder,
        page: int,
        reserved_got_words: int,
        rows: tuple[Howto | Refusal, ...],
    ) -> None:
        self.name = name
        self.e_machine = e_machine
        self.bits = bits
        self.word = bits // 8  # bytes of an address
        self.byteorder: ByteOrder = byteorder
        self.page = page
        self.reserved_got_words = reserved_got_words
        self.rows = rows
        self.howtos = {row.type: row for row in rows}
        done = [row for row in rows if isinstance(row, Howto)]
        self.idle_types = frozenset(row.type for row in done if not row.size)  # R_*_NONE
        self.got_types = frozenset(row.type for row in done if row.got)
        self.slot_types = frozenset(row.type for row in done if row.slot)
        if len(self.howtos) != len(rows) or len({row.name for row in rows}) != len(rows):
            raise ValueError(f"{name}: a relocation type has two rows")


def write_field(out: bytearray | memoryview, at: int, howto: Howto, value: int, machine: Machine) -> None:
    """Store `value` into the field at out[at] after the range check; a LinkError has value and range.

    Addresses are `machine.bits` wide and wrap, so a value is first cut to that many bits and
    then read as a signed or unsigned number, whichever the field wants.
    """
    unsigned = value & (1 << machine.bits) - 1
    overflow = howto.overflow
    if overflow is not Overflow.NONE:
        signed = unsigned - (1 << machine.bits) if unsigned >> machine.bits - 1 else unsigned
        number = unsigned if overflow is Overflow.UNSIGNED or (unsigned <= howto.high) else signed
        if not howto.low <= number <= howto.high:
            hint = f"; {howto.hint}" if howto.hint else ""
            raise LinkError(
                f"value {number:#x} does not fit, legal range {howto.low:#x}..{howto.high:#x}{hint}"
            )
    size = howto.size
    out[at : at + size] = (unsigned & (1 << 8 * size) - 1).to_bytes(size, machine.byteorder)
