"""The linked module as a file: what ld would have left in modload's output file (-o, -S)."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Sequence
from operator import itemgetter

from lkmtools.abi import elf as c
from lkmtools.elf.rows import uncollected
from lkmtools.elf.writer import Executable, OutSection, OutSegment, OutSymbol, write_executable
from lkmtools.link.image import Image, PlacedSection, Symbol

_PF = {1: c.PF_R, 2: c.PF_W, 4: c.PF_X}


@uncollected
def write_output(img: Image, unloaded: Sequence[OutSection] = ()) -> bytes:
    """`img` as an ET_EXEC file with program headers, section headers, a symbol table and sections `unloaded`.

    Read without complaint by readelf, nm, objdump and gdb; modload -A takes it too. Symbols keep their
    section; one on a section that was too empty to be placed becomes absolute.
    """
    sections = []
    for s in img.sections:
        start = s.address - img.base
        data = b"" if s.type == c.SHT_NOBITS else img.data[start : start + s.size]
        flags = s.flags & (c.SHF_ALLOC | c.SHF_WRITE | c.SHF_EXECINSTR)
        kind = s.type if s.type in (c.SHT_NOBITS, c.SHT_NOTE) else c.SHT_PROGBITS
        sections.append(OutSection(s.name, kind, flags, s.address, s.size, s.align, data))
    segments = [
        OutSegment(img.base + s.offset, s.size, sum(pf for bit, pf in _PF.items() if s.prot & bit))
        for s in img.segments
    ]
    places = _Places(img.sections)
    symbols = [OutSymbol(s.name, s.value, s.size, s.type, s.bind, places.of(s)) for s in img.symbols]
    entry = img.symbol(img.entry) if img.entry else None
    machine = img.machine
    return write_executable(
        Executable(
            machine.e_machine, machine.bits, machine.byteorder, machine.page,
            entry.value if entry else 0, sections, segments, symbols, unloaded,
        )
    )  # fmt: skip


class _Places:
    """Which output section a symbol is in: its section's name is known, and its value."""

    def __init__(self, sections: Sequence[PlacedSection]) -> None:
        self._starts: dict[str, list[tuple[int, int]]] = {}  # name -> address and position, in address order
        for position, section in enumerate(sections):
            self._starts.setdefault(section.name, []).append((section.address, position))

    def of(self, symbol: Symbol) -> int | None:
        """The position of a symbol's section; of several with one name, the last that begins before it."""
        starts = self._starts.get(symbol.section)
        if starts is None:
            return None
        return starts[max(bisect_right(starts, symbol.value, key=itemgetter(0)) - 1, 0)][1]
