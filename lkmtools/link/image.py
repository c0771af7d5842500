"""The linker's results: a laid-out object (Prelink) and a linked one (Image), as plain rows."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from lkmtools.elf import Object
from lkmtools.link.howto import Machine
from lkmtools.tuples import NamedTuple

Resolve = Callable[[str], int | None]


class PlacedSection(NamedTuple):
    """A section with its address: relative to the base in a Prelink, absolute in an Image.

    `shndx` is the index of the object's section, 0 for the linker's own .got and COMMON. `flags` and `type`
    are the ELF ones; an SHT_NOBITS section is zero bytes of the image.
    """

    name: str
    address: int
    size: int
    align: int
    flags: int
    type: int
    shndx: int


class Segment(NamedTuple):
    """Whole pages of one permission: offset and size in the image, `prot` 1 read, 2 write, 4 exec."""

    offset: int
    size: int
    prot: int


class Symbol(NamedTuple):
    """A defined symbol: absolute value, STT_ type, STB_ binding, its section's name ("*ABS*", "COMMON")."""

    name: str
    value: int
    size: int
    type: int
    bind: int
    section: str


class Import(NamedTuple):
    """An undefined symbol of the object and what resolve() gave for it."""

    name: str
    value: int


class Use(NamedTuple):
    """Where a symbol is first needed: an input section's index and an offset in it."""

    section: int
    offset: int


class Prelink(NamedTuple):
    """An object laid out at address 0. `used`: what relocations name, by first use."""

    object: Object
    machine: Machine
    size: int
    sections: tuple[PlacedSection, ...]
    segments: tuple[Segment, ...]
    undefined: tuple[str, ...]
    entry: str | None
    offsets: dict[int, int]  # input section -> offset in the image
    commons: dict[int, int]  # symbol index -> offset in the image
    used: tuple[int, ...]  # symbol indices
    got: int | None  # offset of the global offset table
    slots: dict[int, int]  # symbol index -> offset of its slot from the table's beginning


class Image(NamedTuple):
    """A module at its address: `data` is `size` bytes, to be put at `base` with the segments' permissions.

    `symbols` are made when somebody looks at them: a check asks for none.
    """

    name: str
    machine: Machine
    base: int
    size: int
    data: bytes
    segments: tuple[Segment, ...]
    sections: tuple[PlacedSection, ...]
    symbols: Sequence[Symbol]
    imports: tuple[Import, ...]
    entry: str | None
    buildid: bytes

    def symbol(self, name: str) -> Symbol | None:
        """The defined symbol `name`, a global one before a local one; None when there is none."""
        found = [s for s in self.symbols if s.name == name]
        return next((s for s in found if s.bind), found[0] if found else None)
