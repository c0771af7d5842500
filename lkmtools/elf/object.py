"""A relocatable object as plain rows, and the reader that makes them from a file's bytes.

Stands for the part of bfd that reads ET_REL (gABI chapter 4, "Relocation", "Symbol Table"). What is
returned is sound: symbols name existing sections, relocations existing symbols and sections. Relocations
of sections that are not loaded (debug information) are not read at all; see lkmtools.elf.unloaded.
"""

from __future__ import annotations

from contextlib import suppress
from functools import partial
from itertools import starmap

from lkmtools.abi import elf as c
from lkmtools.elf.file import ElfFile
from lkmtools.elf.identify import identify
from lkmtools.elf.note import notes
from lkmtools.elf.relocations import RelocationTable, relocation_table
from lkmtools.elf.rows import uncollected
from lkmtools.elf.symbols import default_names
from lkmtools.elf.symtab import ObjectSymbols, read_symbol_table, words
from lkmtools.errors import ObjectError
from lkmtools.tuples import NamedTuple


class Section(NamedTuple):
    """An input section. `data` is a view of the file, empty for SHT_NOBITS; `align` is at least 1."""

    shndx: int
    name: str
    type: int
    flags: int
    size: int
    align: int
    data: memoryview

    @property
    def allocated(self) -> bool:
        """Whether the section occupies memory at run time (SHF_ALLOC, not SHF_EXCLUDE)."""
        return bool(self.flags & c.SHF_ALLOC) and not self.flags & c.SHF_EXCLUDE


class Group(NamedTuple):
    """An SHT_GROUP section: its signature and its members' section indices."""

    signature: str
    comdat: bool
    members: tuple[int, ...]


class Object(NamedTuple):
    """A relocatable object file.

    `versions`: the names that symbols with a version define -> symbol index. An assembler may leave such a
    name undefined beside its definition; and a default version has other names besides (`default_names`).
    """

    name: str
    machine: int  # e_machine
    bits: int
    byteorder: str
    sections: tuple[Section, ...]
    symbols: ObjectSymbols
    relocations: tuple[RelocationTable, ...]
    groups: tuple[Group, ...]
    buildid: bytes
    versions: dict[str, int]
    loaded: frozenset[str]  # the names of its allocated sections
    file: ElfFile  # for what is read later

    def meant(self, index: int) -> int:
        """The number of the symbol that a use of number `index` means: a version precedes its alias."""
        if not self.versions or self.symbols.binds[index] == c.STB_LOCAL:
            return index
        return self.versions.get(self.symbols.names[index], index)

    def defines(self, name: str) -> bool:
        """Whether a global or weak symbol `name` is defined here (what nlist(3) tells modload)."""
        names, places = self.symbols.names, self.symbols.places
        return any(names[index] == name and places[index] for index in self.symbols.globals)


@uncollected
def read_object(data: bytes, name: str) -> Object:
    """The relocatable object in `data`; `name` is for messages.

    ObjectError names the file, the place, the value found and its limit.
    """
    file = ElfFile(data, name)
    if file.header.type != c.ET_REL:
        raise ObjectError(f"{name}: {identify(data)}, not a relocatable object")
    if not file.sections:
        raise ObjectError(f"{name}: ELF header: no section header table")
    _refuse_unknown(file)
    symtab = symbol_table(file)
    symbols = read_symbol_table(file, symtab)
    if "__gnu_lto_slim" in symbols.names:
        raise ObjectError(
            f"{name}: compiled with -flto: it has no machine code; "
            "compile without it, or with -ffat-lto-objects"
        )
    header = file.header
    sections = tuple(starmap(partial(_section, file), enumerate(file.section_names())))
    return Object(
        name, header.machine, header.bits, header.byteorder, sections, symbols,
        _relocations(file, symtab, len(symbols)), _groups(file, symtab, symbols), _buildid(file, sections),
        _versions(symbols), frozenset(s.name for s in sections if s.allocated), file,
    )  # fmt: skip


def _section(file: ElfFile, index: int, name: str) -> Section:
    row = file.sections[index]
    align = row.align or 1
    if align & (align - 1):
        raise ObjectError(f"{file.place(index)}: alignment {align} is not a power of two")
    if row.flags & c.SHF_ALLOC and row.flags & c.SHF_COMPRESSED:
        raise ObjectError(f"{file.place(index)}: loaded sections cannot be compressed")
    return Section(index, name, row.type, row.flags, row.size, align, file.contents(index))


def symbol_table(file: ElfFile) -> int:
    """The index of the symbol table; 0 when there is none."""
    found = [i for i, row in enumerate(file.sections) if row.type == c.SHT_SYMTAB]
    if len(found) > 1:
        raise ObjectError(
            f"{file.name}: {len(found)} symbol tables (sections {found[0]}, {found[1]}), limit 1"
        )
    return found[0] if found else 0


def _versions(symbols: ObjectSymbols) -> dict[str, int]:
    names, places = symbols.names, symbols.places
    own = {names[index]: index for index in symbols.globals if "@" in names[index] and places[index]}
    return own | {alias: index for name, index in own.items() for alias in default_names(name)}


# What relocates, besides SHT_REL and SHT_RELA, and how a compiler is kept from it.
_OTHER_RELOCATIONS = {
    c.SHT_RELR: "SHT_RELR: link without -z pack-relative-relocs",
    c.SHT_CREL: "SHT_CREL: compile without -Wa,--crel",
    c.SHT_ANDROID_REL: "SHT_ANDROID_REL: link without --pack-dyn-relocs",
    c.SHT_ANDROID_RELA: "SHT_ANDROID_RELA: link without --pack-dyn-relocs",
    c.SHT_ANDROID_RELR: "SHT_ANDROID_RELR: link without --pack-dyn-relocs",
}
_STANDARD = {*range(c.SHT_DYNSYM + 1), *range(c.SHT_INIT_ARRAY, c.SHT_SYMTAB_SHNDX + 1)}


def _refuse_unknown(file: ElfFile) -> None:
    """ObjectError for a section that may hold relocations nobody would apply: ld refuses these, too.

    The gABI's own types are below SHT_LOOS. Above are those of an operating system, a processor or a user:
    notes of their own, which nothing needs.
    """
    for index, row in enumerate(file.sections):
        if row.type in (c.SHT_REL, c.SHT_RELA):
            continue
        relocates = row.flags & c.SHF_INFO_LINK and file.section_name(index).startswith((".rel", ".crel"))
        known = row.type in _STANDARD and not relocates
        if known or (row.type >= c.SHT_LOOS and row.type not in _OTHER_RELOCATIONS and not relocates):
            continue
        what = _OTHER_RELOCATIONS.get(row.type, "which this linker does not know")
        raise ObjectError(f"{file.place(index)}: its type is {row.type:#x}, {what}")


def _relocations(file: ElfFile, symtab: int, nsymbols: int) -> tuple[RelocationTable, ...]:
    out, left = [], len(file.data)
    for index, row in enumerate(file.sections):
        if row.type not in (c.SHT_REL, c.SHT_RELA):
            continue
        if not 0 < row.info < len(file.sections):
            raise ObjectError(
                f"{file.place(index)}: relocates section {row.info}, the file has "
                f"{len(file.sections)} sections"
            )
        if not file.sections[row.info].flags & c.SHF_ALLOC or not row.size:
            continue
        out.append(relocation_table(file, index, symtab, nsymbols, left))
        left -= row.size
    return tuple(out)


def _groups(file: ElfFile, symtab: int, symbols: ObjectSymbols) -> tuple[Group, ...]:
    out, left = [], len(file.data)
    for index, row in enumerate(file.sections):
        if row.type != c.SHT_GROUP:
            continue
        where = f"{file.name}: section {index} (group)"
        left -= row.size
        found = words(file, index)
        if left < 0 or not found:
            raise ObjectError(f"{where}: {row.size} bytes; a group has at least 4 and all fit into the file")
        if row.link != symtab:
            raise ObjectError(f"{where}: its symbol table is section {row.link}, the file's is {symtab}")
        if row.info >= len(symbols):
            raise ObjectError(f"{where}: signature symbol {row.info}, limit {len(symbols)}")
        if bad := [m for m in found[1:] if not 0 < m < len(file.sections)]:
            raise ObjectError(f"{where}: member section {bad[0]}, the file has {len(file.sections)} sections")
        symbol = symbols[row.info]
        named = symbol.type != c.STT_SECTION or symbol.name or symbol.reserved
        signature = symbol.name if named else file.section_name(symbol.shndx)
        out.append(Group(signature, bool(found[0] & c.GRP_COMDAT), tuple(found[1:])))
    return tuple(out)


def _buildid(file: ElfFile, sections: tuple[Section, ...]) -> bytes:
    """The descriptor of the NT_GNU_BUILD_ID note; empty when there is none."""
    for section in sections:
        if section.type != c.SHT_NOTE:
            continue
        with suppress(ObjectError):  # notes of others may be padded otherwise
            for note in notes(section.data, file.header.byteorder, file.name):
                if (note.owner, note.type) == (b"GNU\0", c.NT_GNU_BUILD_ID):
                    return note.desc
    return b""
