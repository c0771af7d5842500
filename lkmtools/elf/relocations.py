"""Relocation sections, held by column: a table of 300,000 entries is read without an object for each.

Stands for the part of bfd that reads SHT_REL and SHT_RELA (gABI chapter 4, "Relocation"). Every entry of a
table names a symbol that exists; whether its field lies inside the section is for the linker to say.
"""

from __future__ import annotations

import sys
from array import array
from collections.abc import Iterator

from lkmtools.abi import elf as c
from lkmtools.elf.file import ElfFile
from lkmtools.errors import ObjectError
from lkmtools.tuples import NamedTuple


class Relocation(NamedTuple):
    """An Elf_Rel or Elf_Rela; `addend` is 0 for REL, whose addend is in the field."""

    offset: int
    type: int
    symbol: int
    addend: int


class RelocationTable:
    """A relocation section: what it relocates (`target`, a section index) and how, column by column.

    `addends` is empty for REL, where the field holds the addend. `named`: the symbols, by first use.
    """

    __slots__ = ("addends", "name", "named", "offsets", "rela", "symbols", "target", "types")

    def __init__(self, name: str, target: int, columns: tuple[array[int], ...]) -> None:
        self.name = name
        self.target = target
        self.offsets, self.types, self.symbols, self.addends = columns
        self.named = array("I", dict.fromkeys(self.symbols))
        self.rela = bool(self.addends)

    def __len__(self) -> int:
        return len(self.offsets)

    def __iter__(self) -> Iterator[Relocation]:
        addends = self.addends if self.rela else array("q", bytes(8 * len(self)))
        return map(Relocation, self.offsets, self.types, self.symbols, addends)


def relocation_table(file: ElfFile, index: int, symtab: int, nsymbols: int, left: int) -> RelocationTable:
    """Relocation section `index`, which is not empty; it and those after it may have `left` bytes."""
    row, where = file.sections[index], file.place(index)
    if not symtab or row.link != symtab:
        raise ObjectError(f"{where}: its symbol table is section {row.link}, the file's is {symtab}")
    if row.size > left:
        raise ObjectError(f"{where}: relocation sections overlap: together larger than the file")
    rela = row.type == c.SHT_RELA
    table = file.table(index, file.codec.rela if rela else file.codec.rel)
    columns = (_wide_columns if file.header.bits == 64 else _narrow_columns)(
        table, rela, file.header.byteorder
    )
    found = RelocationTable(file.section_name(index), row.info, columns)
    if max(found.named) >= nsymbols:
        at, symbol = next(pair for pair in enumerate(found.symbols) if pair[1] >= nsymbols)
        raise ObjectError(f"{where}: entry {at}: symbol index {symbol}, limit {nsymbols}")
    return found


def _wide_columns(table: memoryview, rela: bool, byteorder: str) -> tuple[array[int], ...]:
    """Elf64_Rel and Elf64_Rela: r_offset, r_info (symbol << 32 | type), r_addend."""
    words, step = _words("Q", table, byteorder), 3 if rela else 2
    halves = array("I", words[1::step].tobytes())
    low = 0 if sys.byteorder == "little" else 1
    addends = array("q", words[2::3].tobytes() if rela else b"")
    return words[0::step], halves[low::2], halves[1 - low :: 2], addends


def _narrow_columns(table: memoryview, rela: bool, byteorder: str) -> tuple[array[int], ...]:
    """Elf32_Rel and Elf32_Rela: r_offset, r_info (symbol << 8 | type), r_addend."""
    words, step = _words("I", table, byteorder), 3 if rela else 2
    info = words[1::step]
    types, symbols = array("I", (word & 0xFF for word in info)), array("I", (word >> 8 for word in info))
    return words[0::step], types, symbols, array("i", words[2::3].tobytes() if rela else b"")


def _words(code: str, data: memoryview, byteorder: str) -> array[int]:
    words = array(code)
    words.frombytes(data)
    if byteorder != sys.byteorder:
        words.byteswap()
    return words
