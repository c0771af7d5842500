"""Debugging sections at the module's address, only for the output file of modload -o and -S.

Stands for what ld does with sections that are not loaded: sections of one name are joined, starting at
address 0, and relocated like the loaded ones, by the same rows. A use of something that is not in the image
(a discarded group, an ifunc, what only debugging information names) becomes 0, whatever its addend; in
.debug_ranges, where 0 ends a list, 1. As in ld, what was compressed is not any more, and .zdebug_X is
.debug_X.

Nothing of it may keep a module from being loaded: a section that is damaged is left out with a warning. Not
as in ld: equal strings are not merged, and no symbol replaces one of a discarded group.
"""

from __future__ import annotations

from collections.abc import Callable

from lkmtools.abi import elf as c
from lkmtools.elf import RelocationTable, Section
from lkmtools.elf.unloaded import relocations, unpacked
from lkmtools.elf.writer import OutSection
from lkmtools.errors import LinkError, ObjectError
from lkmtools.link.fields import Fields
from lkmtools.link.image import Image, Prelink
from lkmtools.link.layout import check_fields, discarded_sections, needs_resolving
from lkmtools.link.values import defined_values, symbol_values

MAX_SIZE = 256 << 20  # bytes of all sections together

# As in ld's own script.
_DISCARDED = (".note.GNU-stack", ".gnu_debuglink", ".gnu.lto_")
_LINE_PARTS = (".debug_line.", ".debug_line_end")  # of as --gdwarf-sections


class _Joined:
    """An output section: its pieces one behind the other, and why it cannot be had, or ""."""

    __slots__ = ("align", "data", "entries", "pieces", "type", "why")

    def __init__(self, kind: int, entries: tuple[int, int]) -> None:
        self.type = kind
        self.entries = entries  # flags, size of an entry
        self.align = 1
        self.data = bytearray()
        self.pieces: dict[int, tuple[Section, int]] = {}  # input section -> it, its offset
        self.why = ""

    def add(self, piece: Section) -> None:
        self.data += bytes(-len(self.data) % piece.align)
        self.pieces[piece.shndx] = piece, len(self.data)
        self.data += piece.data
        self.align = max(self.align, piece.align)


def debug_sections(pre: Prelink, img: Image, warn: Callable[[str], None]) -> list[OutSection]:
    """The sections of the module that are not loaded, for the file that shows `img`, which `pre` became.

    `warn` hears why one is left out.
    """
    outputs = _join(pre)
    homes = {shndx: joined for joined in outputs.values() for shndx in joined.pieces}
    values = _values(pre, img, homes)
    tables, errors = relocations(pre.object, homes)
    for shndx, error in errors.items():
        homes[shndx].why = str(error)
    for table in tables:
        try:
            _relocate(pre, values, homes[table.target], table)
        except LinkError as wrong:
            homes[table.target].why = str(wrong)
    found = []
    for name, joined in outputs.items():
        if joined.why:
            warn(f"{joined.why}; the output file has no {name}")
        elif joined.data:
            data, (flags, entsize) = bytes(joined.data), joined.entries
            found.append(OutSection(name, joined.type, flags, 0, len(data), joined.align, data, entsize))
    return found


def _join(pre: Prelink) -> dict[str, _Joined]:
    """Output sections by name, in the order of the object's."""
    obj, left = pre.object, MAX_SIZE
    discarded = discarded_sections(obj)
    outputs: dict[str, _Joined] = {}
    for section in obj.sections:
        if section.shndx in discarded or not _is_kept(section):
            continue
        try:
            piece, why = unpacked(obj, section, left), ""
            if piece.align > pre.machine.page:
                why = f"{obj.file.place(section.shndx)}: alignment {piece.align}, limit {pre.machine.page}"
        except ObjectError as error:
            piece, why = section, str(error)
        name = ".debug_line" if piece.name.startswith(_LINE_PARTS) else piece.name
        entries = section.flags & (c.SHF_MERGE | c.SHF_STRINGS), obj.file.sections[section.shndx].entsize
        joined = outputs.setdefault(name, _Joined(piece.type, entries))
        joined.entries = entries if entries == joined.entries else (0, 0)
        joined.why = joined.why or why
        if not joined.why:
            joined.add(piece)
            left -= piece.size
    return outputs


def _is_kept(section: Section) -> bool:
    """Whether ld keeps a section that is not loaded; .stabstr is the one string table among them."""
    if section.flags & (c.SHF_ALLOC | c.SHF_EXCLUDE) or section.name.startswith(_DISCARDED):
        return False
    return section.type in (c.SHT_PROGBITS, c.SHT_NOTE) or section.name == ".stabstr"


def _values(pre: Prelink, img: Image, homes: dict[int, _Joined]) -> list[int | None]:
    """S of every symbol; None for what is not in the image, nor in one of our sections."""
    obj = pre.object
    imports = {item.name: item.value for item in img.imports}
    values = symbol_values(pre, img.base, defined_values(pre, img.base), imports)
    for index, symbol in enumerate(obj.symbols):
        if symbol.shndx == c.SHN_UNDEF:
            if symbol.bind != c.STB_WEAK and symbol.name not in imports and needs_resolving(obj, symbol):
                values[index] = None
        elif symbol.shndx in homes and not symbol.reserved:
            values[index] = homes[symbol.shndx].pieces[symbol.shndx][1] + symbol.value
    return values


def _relocate(pre: Prelink, values: list[int | None], joined: _Joined, table: RelocationTable) -> None:
    """Apply one relocation section; LinkError for what cannot be done."""
    section, start = joined.pieces[table.target]
    nothing = 1 if section.name == ".debug_ranges" else 0
    check_fields(pre.object, pre.machine, section, table, got=False)
    Fields(pre, 0, values, joined.data, nothing).relocate(start, table)
