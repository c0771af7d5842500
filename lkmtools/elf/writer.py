"""An ELF executable from sections, segments and symbols: what modload -S leaves behind, for nm and gdb.

Layout of the file: ELF header, program headers, the loaded bytes (file offset congruent to the address modulo
the page, as PT_LOAD requires), what is not loaded (debugging information), .symtab, .strtab, .shstrtab,
section headers (gABI chapters 4 and 5).
"""

from __future__ import annotations

from collections.abc import Sequence

from lkmtools.abi import elf as c
from lkmtools.abi.datamodel import C_TEXT
from lkmtools.abi.elf import Codec, codec
from lkmtools.errors import LinkError
from lkmtools.tuples import NamedTuple


class OutSection(NamedTuple):
    """A section to write: `data` is its contents, empty for SHT_NOBITS; `entsize` bytes is an entry, or 0."""

    name: str
    type: int
    flags: int
    address: int
    size: int
    align: int
    data: bytes
    entsize: int = 0


class OutSegment(NamedTuple):
    """A PT_LOAD: address, size in memory, PF_ flags."""

    address: int
    size: int
    flags: int


class OutSymbol(NamedTuple):
    """A symbol to write; `section` is a position in the list of sections, None for SHN_ABS."""

    name: str
    value: int
    size: int
    type: int
    bind: int
    section: int | None


class Executable(NamedTuple):
    """All that an ET_EXEC file says; sections in address order, each inside one segment.

    `unloaded` sections are in none: they have no address.
    """

    machine: int
    bits: int
    byteorder: str
    page: int
    entry: int
    sections: Sequence[OutSection]
    segments: Sequence[OutSegment]
    symbols: Sequence[OutSymbol]
    unloaded: Sequence[OutSection] = ()


class _Strings:
    """A string table that grows; offset 0 is the empty name."""

    def __init__(self) -> None:
        self.data = bytearray(b"\0")
        self._known = {"": 0}

    def add(self, text: str) -> int:
        if text not in self._known:
            self._known[text] = len(self.data)
            self.data += text.encode(*C_TEXT) + b"\0"
        return self._known[text]


def write_executable(exe: Executable) -> bytes:
    """The bytes of the ET_EXEC file; LinkError for more sections than the header's 16 bits can count."""
    count = len(exe.sections) + len(exe.unloaded)
    if count >= c.SHN_LORESERVE - 8:
        raise LinkError(f"output file: {count} sections, limit {c.SHN_LORESERVE - 9}")
    file = _File(exe)
    programs = [file.add_segment(segment) for segment in exe.segments]
    first = 1 + sum(1 for s in exe.symbols if s.bind == c.STB_LOCAL)
    symtab, strings = _symbol_table(exe, file.form)
    for section in exe.unloaded:
        file.pad(section.align)
        rest = (0, 0, section.align, section.entsize)
        file.add_table(section.name, section.type, section.data, rest, section.flags)
    file.pad(8)
    link = len(file.rows) + 1
    file.add_table(".symtab", c.SHT_SYMTAB, symtab, (link, first, exe.bits // 8, file.form.symbol.size))
    file.add_table(".strtab", c.SHT_STRTAB, bytes(strings.data), (0, 0, 1, 0))
    file.names.add(".shstrtab")
    file.add_table(".shstrtab", c.SHT_STRTAB, bytes(file.names.data), (0, 0, 1, 0))
    file.pad(8)
    head = file.header(len(file.out)) + b"".join(programs)
    file.out += b"".join(file.form.section.pack(*row) for row in file.rows)
    file.out[: len(head)] = head
    return bytes(file.out)


class _File:
    """The file while it grows: bytes, section header rows, section names."""

    def __init__(self, exe: Executable) -> None:
        self.exe = exe
        self.form = codec(exe.bits, exe.byteorder)
        self.out = bytearray(self.form.header.size + len(exe.segments) * self.form.program.size)
        self.rows: list[tuple[int, ...]] = [(0,) * 10]
        self.names = _Strings()

    def pad(self, align: int) -> None:
        self.out += bytes(-len(self.out) % align)

    def add_table(
        self, name: str, kind: int, data: bytes, rest: tuple[int, int, int, int], flags: int = 0
    ) -> None:
        """A section that is not loaded; `rest` is sh_link, sh_info, sh_addralign, sh_entsize."""
        self.rows.append((self.names.add(name), kind, flags, 0, len(self.out), len(data), *rest))
        self.out += data

    def add_segment(self, segment: OutSegment) -> bytes:
        """Append the segment's sections; its program header."""
        out, end = self.out, segment.address + segment.size
        inside = [s for s in self.exe.sections if segment.address <= s.address < end]
        self.pad(self.exe.page)  # segments begin at page boundaries
        offset = len(out)
        for s in inside:
            at = offset + s.address - segment.address
            if s.type != c.SHT_NOBITS:
                out += bytes(at - len(out)) + s.data
            name = self.names.add(s.name)
            where = (s.address, min(at, len(out)), s.size)
            self.rows.append((name, s.type, s.flags, *where, 0, 0, s.align, 0))
        filesz = len(out) - offset
        memsz = max((s.address + s.size for s in inside), default=segment.address) - segment.address
        return self.form.load_header(segment.flags, offset, segment.address, filesz, memsz, self.exe.page)

    def header(self, shoff: int) -> bytes:
        """The ELF header, once everything else has its place."""
        exe, count = self.exe, len(self.rows)
        return self.form.file_header(
            c.ET_EXEC, exe.machine, exe.entry,
            shoff=shoff, phnum=len(exe.segments), shnum=count, shstrndx=count - 1,
        )  # fmt: skip


def _symbol_table(exe: Executable, form: Codec) -> tuple[bytes, _Strings]:
    """Local symbols first, as the gABI wants; section positions become section indices."""
    strings = _Strings()
    width = (1 << exe.bits) - 1
    out = bytearray(form.symbol.size)
    for symbol in sorted(exe.symbols, key=lambda s: s.bind != c.STB_LOCAL):
        shndx = c.SHN_ABS if symbol.section is None else symbol.section + 1
        name, info = strings.add(symbol.name), symbol.bind << 4 | symbol.type
        out += form.symbol_entry(name, info, shndx, symbol.value & width, symbol.size & width)
    return bytes(out), strings
