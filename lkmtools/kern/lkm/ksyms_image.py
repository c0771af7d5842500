"""The ELF file that /dev/ksyms is, made of symbol tables; pure (kern_ksyms.c's ksyms_hdr, FreeBSD ksyms.c).

Layout: ELF header, two program headers, six section headers, .shstrtab, padding, .symtab, .strtab. Sections
0 to 3 are null, .symtab, .strtab and .shstrtab as in FreeBSD's image; behind them stand two that have no
bytes, .text and .data, so that a symbol's section index means something. Local symbols come before global
ones, as the gABI wants.

Each table is packed once, when it comes. A new image concatenates the packed tables; only the name offsets of
those that moved within .strtab are added to.
"""

from __future__ import annotations

from array import array
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Literal

from lkmtools.abi import elf as c
from lkmtools.abi.datamodel import C_TEXT
from lkmtools.abi.elf import Codec
from lkmtools.abi.vmparam import PAGE_SIZE, round_page, trunc_page
from lkmtools.tuples import NamedTuple

if TYPE_CHECKING:
    ImagePart = bytes | array[int]

SYMTAB, STRTAB, SHSTRTAB, TEXT, DATA = 1, 2, 3, 4, 5  # section numbers of every image
_NAMES = b"\0.symtab\0.strtab\0.shstrtab\0.text\0.data\0"
_NO_EXTENT = (0, 0)


class KsymsSymbol(NamedTuple):
    """A symbol: STT_ type, STB_ binding, and TEXT, DATA or SHN_ABS as its section."""

    name: str
    value: int
    size: int
    type: int
    bind: int
    section: int


class Table:
    """The packed symbols of the kernel or of one module; `base` is where its names begin in .strtab."""

    __slots__ = ("_names", "base", "codec", "data", "globals", "locals", "strings", "text")

    def __init__(self, codec: Codec, rows: Iterable[KsymsSymbol]) -> None:
        rows = list(rows)
        self.codec = codec
        self.base = 0
        self.locals, self.globals = array("I"), array("I")
        packed: tuple[list[bytes], list[bytes]] = ([], [])
        at, names, entry = 0, [], codec.symbol_entry
        for name, value, size, kind, bind, section in rows:
            raw = name.encode(*C_TEXT) + b"\0"
            packed[bind != c.STB_LOCAL].append(entry(at, bind << 4 | kind, section, value, size))
            names.append(raw)
            at += len(raw)
        self.strings = b"".join(names)
        self.locals.frombytes(b"".join(packed[0]))
        self.globals.frombytes(b"".join(packed[1]))
        self._names = [self._offsets(words) for words in (self.locals, self.globals)]
        self.text = _extent(rows, TEXT)
        self.data = _extent(rows, DATA)

    def entry(self, local: bool, number: int) -> bytes:
        """One Elf_Sym of the local or of the global ones."""
        step = self.codec.symbol.size // 4
        return (self.locals if local else self.globals)[number * step : (number + 1) * step].tobytes()

    def rebase(self, base: int) -> None:
        """Let the names begin at `base` of .strtab: st_name, the first word of an entry, moves with them."""
        if base == self.base:
            return
        self.base = base
        step = self.codec.symbol.size // 4
        for words, (names, ones) in zip((self.locals, self.globals), self._names, strict=True):
            size = len(words) // step * 4
            words[::step] = array("I", (names + base * ones).to_bytes(size, self._order))

    @property
    def _order(self) -> Literal["little", "big"]:
        return "little" if self.codec.byteorder == "little" else "big"

    def _offsets(self, words: array[int]) -> tuple[int, int]:
        """Every st_name as a digit of one integer in base 2**32, and as many ones: one sum moves them all."""
        names = words[:: self.codec.symbol.size // 4].tobytes()
        ones = int.from_bytes(b"\1\0\0\0" * (len(names) // 4), "little")
        return int.from_bytes(names, self._order), ones


def _extent(rows: list[KsymsSymbol], section: int) -> tuple[int, int]:
    """From the first byte of the symbols in `section` to behind the last; (0, 0) when there are none."""
    inside = [row for row in rows if row.section == section]
    if not inside:
        return _NO_EXTENT
    return min(row.value for row in inside), max(row.value + row.size for row in inside)


def build(codec: Codec, machine: int, tables: Sequence[Table]) -> list[ImagePart]:
    """The image of `tables`, in their order, in pieces. Moves their bases; .strtab must stay below 4 GiB."""
    base = 1
    for table in tables:
        table.rebase(base)
        base += len(table.strings)
    entry = codec.symbol.size
    names_at = codec.header.size + 2 * codec.program.size + 6 * codec.section.size
    symtab_at = names_at + len(_NAMES) + 7 & -8
    first_global = 1 + sum(len(table.locals) for table in tables) * 4 // entry
    count = first_global + sum(len(table.globals) for table in tables) * 4 // entry
    strtab_at = symtab_at + count * entry
    text = _span([table.text for table in tables])
    data = _span([table.data for table in tables])
    word = codec.bits // 8
    rows = (
        (".symtab", c.SHT_SYMTAB, 0, 0, symtab_at, count * entry, STRTAB, first_global, word, entry),
        (".strtab", c.SHT_STRTAB, 0, 0, strtab_at, base, 0, 0, 1, 0),
        (".shstrtab", c.SHT_STRTAB, 0, 0, names_at, len(_NAMES), 0, 0, 1, 0),
        (".text", c.SHT_NOBITS, c.SHF_ALLOC | c.SHF_EXECINSTR, text[0], 0, text[1], 0, 0, 16, 0),
        (".data", c.SHT_NOBITS, c.SHF_ALLOC | c.SHF_WRITE, data[0], 0, data[1], 0, 0, 16, 0),
    )
    shoff = codec.header.size + 2 * codec.program.size
    head = b"".join(
        (
            codec.file_header(c.ET_EXEC, machine, 0, shoff=shoff, phnum=2, shnum=6, shstrndx=SHSTRTAB),
            _program(codec, c.PF_R | c.PF_X, text),
            _program(codec, c.PF_R | c.PF_W, data),
            bytes(codec.section.size),
            *(codec.section.pack(_name(name), *rest) for name, *rest in rows),
            _NAMES,
        )
    )
    return [
        head.ljust(symtab_at, b"\0") + bytes(entry),
        *(table.locals for table in tables if table.locals),
        *(table.globals for table in tables if table.globals),
        b"\0",
        *(table.strings for table in tables if table.strings),
    ]


def _name(section: str) -> int:
    return _NAMES.index(b"\0" + section.encode() + b"\0") + 1


def _span(extents: list[tuple[int, int]]) -> tuple[int, int]:
    """(address, size) of what covers all `extents`, in whole pages."""
    found = [extent for extent in extents if extent != _NO_EXTENT]
    if not found:
        return 0, 0
    start = trunc_page(min(start for start, _ in found))
    end = round_page(max(end for _, end in found))
    return start, end - start


def _program(codec: Codec, flags: int, span: tuple[int, int]) -> bytes:
    """A PT_LOAD without bytes in the file: memory that is there already."""
    return codec.load_header(flags, 0, span[0], 0, span[1], PAGE_SIZE)
