"""Relocation types as rows: a psABI formula over S, A, P, or a refusal that says what to do instead.

The letters are the psABIs': S the symbol's value, A the addend, P the address of the field, GOT the
address of the global offset table, G the offset of the symbol's slot from it, Z the symbol's size. A
procedure linkage table is not needed where everything is linked statically: L is S. Which rows need a
table, and a slot in it, is read off the formula.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from enum import Enum

from lkmtools.errors import LinkError


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


@dataclass(frozen=True, slots=True)
class Howto:
    """How one relocation type changes a field of `size` bytes; `hint` follows an overflow message."""

    type: int
    name: str
    size: int
    overflow: Overflow
    formula: Formula
    hint: str = ""
    low: int = field(init=False)
    high: int = field(init=False)
    slot: bool = field(init=False)  # the symbol needs a slot in the global offset table
    got: bool = field(init=False)  # there must be a global offset table

    def __post_init__(self) -> None:
        bits = 8 * self.size
        low = 0 if self.overflow is Overflow.UNSIGNED else -(1 << bits) // 2
        high = (1 << bits) // 2 - 1 if self.overflow is Overflow.SIGNED else (1 << bits) - 1
        letters = self.formula.__code__.co_names
        for name, value in (
            ("low", low),
            ("high", high),
            ("slot", "G" in letters),
            ("got", "G" in letters or "GOT" in letters),
        ):
            object.__setattr__(self, name, value)


@dataclass(frozen=True, slots=True)
class Refusal:
    """A relocation type that cannot be done in a kernel module, and why."""

    type: int
    name: str
    reason: str


@dataclass(frozen=True, slots=True)
class Machine:
    """A machine row of the linker: what its objects look like, and its relocation types."""

    name: str
    e_machine: int
    bits: int
    byteorder: str
    page: int
    reserved_got_words: int
    rows: tuple[Howto | Refusal, ...]
    howtos: dict[int, Howto | Refusal] = field(init=False)

    def __post_init__(self) -> None:
        table = {row.type: row for row in self.rows}
        if len(table) != len(self.rows) or len({row.name for row in self.rows}) != len(self.rows):
            raise ValueError(f"{self.name}: a relocation type has two rows")
        object.__setattr__(self, "howtos", table)

    @property
    def word(self) -> int:
        """Bytes of an address."""
        return self.bits // 8


def write_field(out: bytearray, at: int, howto: Howto, value: int, machine: Machine) -> None:
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
    out[at : at + size] = (unsigned & (1 << 8 * size) - 1).to_bytes(size, machine.byteorder)  # type: ignore[arg-type]
