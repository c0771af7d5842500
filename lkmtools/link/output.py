"""The linked module as a file: what ld would have left in modload's output file (-o, -S)."""

from __future__ import annotations

from collections.abc import Sequence

from lkmtools.abi import elf as c
from lkmtools.elf.writer import Executable, OutSection, OutSegment, OutSymbol, write_executable
from lkmtools.link.image import Image

_PF = {1: c.PF_R, 2: c.PF_W, 4: c.PF_X}


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
    symbols = [
        OutSymbol(s.name, s.value, s.size, s.type, s.bind, _section_of(img, s.section, s.value))
        for s in img.symbols
    ]
    entry = img.symbol(img.entry) if img.entry else None
    machine = img.machine
    return write_executable(
        Executable(
            machine.e_machine, machine.bits, machine.byteorder, machine.page,
            entry.value if entry else 0, sections, segments, symbols, unloaded,
        )
    )  # fmt: skip


def _section_of(img: Image, name: str, value: int) -> int | None:
    """The position of a symbol's section; of several with one name, the one that holds `value`."""
    found = [i for i, s in enumerate(img.sections) if s.name == name]
    inside = [
        i for i in found if img.sections[i].address <= value <= img.sections[i].address + img.sections[i].size
    ]
    return next(iter(inside or found), None)
