"""The frame of an ELF file: ELF header, section headers, string tables, with every bound checked.

Stands for libelf's elf_begin/elf_getshdr (gABI chapter 4). The tables are read with the struct module:
pyelftools would cost modload a quarter of its start-up budget, and checks no bounds. Section contents
are views of the file's bytes, so a hostile file cannot make the reader copy more than it holds.
"""

from __future__ import annotations

import struct

from lkmtools.abi import elf as c
from lkmtools.abi.datamodel import C_TEXT
from lkmtools.abi.elf import codec
from lkmtools.errors import ObjectError
from lkmtools.tuples import NamedTuple

MAX_NAME = 4096  # bytes of one symbol or section name
MAX_INSIDE = 16 << 20  # bytes of all names of a string table that begin inside another one


class Header(NamedTuple):
    """The fields of an Elf_Ehdr that matter to a reader of sections."""

    bits: int
    byteorder: str
    type: int
    machine: int
    entry: int
    shoff: int
    shentsize: int
    shnum: int
    shstrndx: int


class SectionHeader(NamedTuple):
    """An Elf_Shdr; `name` is an offset into the section-name table."""

    name: int
    type: int
    flags: int
    addr: int
    offset: int
    size: int
    link: int
    info: int
    align: int
    entsize: int


_LTO = "LLVM bitcode, compiled with -flto; compile without it"
_ARCHIVE = "an ar archive; make one module of its members with lkmcc -r"
_OTHERS = {b"BC\xc0\xde": _LTO, b"\xde\xc0\x17\x0b": _LTO, b"!<arch>\n": _ARCHIVE, b"!<thin>\n": _ARCHIVE}


def read_header(data: bytes, name: str) -> Header:
    """The ELF header; ObjectError when `data` is not an ELF file of a class and byte order there is."""
    if data[:4] != c.ELFMAG:
        for magic, what in _OTHERS.items():
            if data.startswith(magic):
                raise ObjectError(f"{name}: not an ELF file: {what}")
        begin = f"it begins with {bytes(data[:4]).hex(' ')}, not with {c.ELFMAG.hex(' ')}"
        raise ObjectError(f"{name}: not an ELF file: {begin if data else 'it is empty'}")
    if len(data) < 16:
        raise ObjectError(f"{name}: ELF header: file has {len(data)} bytes, e_ident needs 16")
    if data[4] not in (c.ELFCLASS32, c.ELFCLASS64):
        raise ObjectError(f"{name}: ELF header: class {data[4]} is neither 1 (ELF32) nor 2 (ELF64)")
    if data[5] not in (c.ELFDATA2LSB, c.ELFDATA2MSB):
        raise ObjectError(f"{name}: ELF header: byte order {data[5]} is neither 1 (little) nor 2 (big)")
    bits = 64 if data[4] == c.ELFCLASS64 else 32
    byteorder = "little" if data[5] == c.ELFDATA2LSB else "big"
    form = codec(bits, byteorder).header
    if len(data) < form.size:
        raise ObjectError(f"{name}: ELF header: file has {len(data)} bytes, the header needs {form.size}")
    f = form.unpack_from(data)
    return Header(bits, byteorder, f[1], f[2], f[4], f[6], f[11], f[12], f[13])


class StringTable(dict[int, str]):
    """A string table: offset -> name. Names that begin inside another one are found when they are asked for.

    All names are read at once, for a symbol table asks for nearly all of them.
    """

    def __init__(self, data: bytes, where: str) -> None:
        self._text = data.decode("latin-1")  # a character is a byte, an index is an offset
        at = 0
        for name in self._text.split("\0"):
            if len(name) <= MAX_NAME:
                self[at] = name if name.isascii() else _utf8(name)
            at += len(name) + 1
        self.pop(at - 1 - len(name), None)  # what is behind the last NUL has no end
        self[0] = ""
        self._where = where
        self._left = MAX_INSIDE

    def __missing__(self, offset: int) -> str:
        """The name at `offset`; ObjectError when there is none."""
        text = self._text
        end = text.find("\0", offset, offset + MAX_NAME + 1)
        if end < 0:
            if offset >= len(text):
                raise ObjectError(f"{self._where}: offset {offset:#x}, limit {len(text):#x}")
            most = min(len(text) - offset, MAX_NAME + 1)
            raise ObjectError(f"{self._where}: name at {offset:#x} has no end in {most} bytes")
        self._left -= end - offset
        if self._left < 0:
            raise ObjectError(
                f"{self._where}: names that begin inside others have more than {MAX_INSIDE} bytes in all"
            )
        name = text[offset:end]
        self[offset] = name = name if name.isascii() else _utf8(name)
        return name


def _utf8(name: str) -> str:
    """What was read as Latin-1, as C text."""
    return name.encode("latin-1").decode(*C_TEXT)


class ElfFile:
    """An ELF file whose section headers are known to be sound: every section lies inside the file.

    Section 0 is a null section whatever its header says: SHN_UNDEF is the number of no section.
    """

    def __init__(self, data: bytes, name: str) -> None:
        self.data = memoryview(data)
        self.name = name
        self.header = read_header(data, name)
        self.codec = codec(self.header.bits, self.header.byteorder)
        self.sections = self._read_sections()
        self._strings: dict[int, StringTable] = {}

    def _read_sections(self) -> tuple[SectionHeader, ...]:
        h, form = self.header, self.codec.section
        if h.shoff == 0:
            return ()
        if h.shentsize != form.size:
            raise ObjectError(f"{self.name}: ELF header: e_shentsize is {h.shentsize}, not {form.size}")
        self._inside("section header table", h.shoff, max(h.shnum, 1) * form.size)
        first = SectionHeader._make(form.unpack_from(self.data, h.shoff))
        count = h.shnum or first.size  # gABI: a count of 0xff00 or more is in the null section
        if not count:
            return ()
        self._inside("section header table", h.shoff, count * form.size)
        table = self.data[h.shoff : h.shoff + count * form.size]
        rows = tuple(map(SectionHeader._make, form.iter_unpack(table)))
        rows = (first._replace(name=0, type=c.SHT_NULL, flags=0, align=0, entsize=0), *rows[1:])
        for index, row in enumerate(rows):
            if row.offset + row.size > len(self.data) and row.type not in (c.SHT_NOBITS, c.SHT_NULL):
                self._inside(f"section {index}", row.offset, row.size)
        return rows

    def _inside(self, what: str, offset: int, size: int) -> None:
        end, limit = offset + size, len(self.data)
        if end > limit:
            raise ObjectError(
                f"{self.name}: {what}: {offset:#x}+{size:#x} ends past the file's end {limit:#x}"
            )

    def contents(self, index: int) -> memoryview:
        """The bytes of section `index`; empty for SHT_NOBITS and SHT_NULL."""
        row = self.sections[index]
        if row.type in (c.SHT_NOBITS, c.SHT_NULL):
            return self.data[:0]
        return self.data[row.offset : row.offset + row.size]

    def table(self, index: int, form: struct.Struct) -> memoryview:
        """The bytes of a section of equal entries, after a check of their size."""
        row = self.sections[index]
        if row.entsize != form.size or row.size % form.size:
            raise ObjectError(
                f"{self.name}: section {index}: {row.size} bytes in entries of {row.entsize}, not {form.size}"
            )
        return self.contents(index)

    def string(self, index: int, offset: int) -> str:
        """The NUL-terminated name at `offset` of string table `index`; ObjectError when there is none."""
        return self.strings(index)[offset]

    def strings(self, index: int) -> StringTable:
        """String table `index`: its names by their offsets; ObjectError when it is not one."""
        found = self._strings.get(index)
        if found is None:
            if not 0 < index < len(self.sections) or self.sections[index].type != c.SHT_STRTAB:
                raise ObjectError(f"{self.name}: section {index} is not a string table")
            found = self._strings[index] = StringTable(
                bytes(self.contents(index)), f"{self.name}: string table {index}"
            )
        return found

    def place(self, index: int) -> str:
        """Section `index` in a message: file, number and name."""
        return f"{self.name}: section {index} ({self.section_name(index)})"

    def section_name(self, index: int) -> str:
        """The name of section `index`; "" when the file has no section-name table."""
        return self.string(self._shstrndx, self.sections[index].name) if self._shstrndx else ""

    def section_names(self) -> list[str]:
        """The names of all sections."""
        strings = self.strings(self._shstrndx) if self._shstrndx else {row.name: "" for row in self.sections}
        return [strings[row.name] for row in self.sections]

    @property
    def _shstrndx(self) -> int:
        """The number of the section-name table; 0 for none."""
        number = self.header.shstrndx
        return self.sections[0].link if number == c.SHN_XINDEX else number
