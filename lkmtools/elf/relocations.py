"""Relocation sections, held by column: a table of 300,000 entries is read without an object for each.

Stands for the part of bfd that reads SHT_REL and SHT_RELA (gABI chapter 4, "Relocation"). Every entry of a
table names a symbol that exists; whether its field lies inside the section is for the linker to say.
"""

from __future__ import annotations

from array import array
from collections.abc import Iterator

from lkmtools.abi import elf as c
from lkmtools.elf.columns import Column, column, narrowed, regular
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

    `addends` is empty for REL, where the field holds the addend. `kinds` has the types and `named` the
    symbols, each once, by first use.
    """

    __slots__ = ("addends", "kinds", "name", "named", "offsets", "rela", "symbols", "target", "types")

    def __init__(self, name: str, target: int, columns: tuple[Column, Column, Column, Column]) -> None:
        self.name = name
        self.target = target
        self.offsets, self.types, self.symbols, self.addends = columns
        self.kinds = tuple(dict.fromkeys(self.types))
        self.named = array("I", dict.fromkeys(self.symbols))
        self.rela = bool(self.addends)

    def __len__(self) -> int:
        return len(self.offsets)

    def __iter__(self) -> Iterator[Relocation]:
        addends = self.addends if self.rela else bytes(len(self))
        return map(Relocation, self.offsets, self.types, self.symbols, addends)


def relocation_table(file: ElfFile, index: int, symtab: int, nsymbols: int, left: int) -> RelocationTable:
    """Relocation section `index`, which is not empty; it and those after it may have `left` bytes."""
    row = file.sections[index]
    if not symtab or row.link != symtab:
        raise ObjectError(
            f"{file.place(index)}: its symbol table is section {row.link}, the file's is {symtab}"
        )
    if row.size > left:
        raise ObjectError(f"{file.place(index)}: relocation sections overlap: together larger than the file")
    rela = row.type == c.SHT_RELA
    table = file.table(index, file.codec.rela if rela else file.codec.rel)
    columns = (_wide_columns if file.header.bits == 64 else _narrow_columns)(
        table, rela, file.header.byteorder
    )
    found = RelocationTable(file.section_name(index), row.info, columns)
    if max(found.named) >= nsymbols:
        at, symbol = next(pair for pair in enumerate(found.symbols) if pair[1] >= nsymbols)
        raise ObjectError(f"{file.place(index)}: entry {at}: symbol index {symbol}, limit {nsymbols}")
    return found


def _wide_columns(table: memoryview, rela: bool, byteorder: str) -> tuple[Column, Column, Column, Column]:
    """Elf64_Rel and Elf64_Rela: r_offset, r_info (symbol << 32 | type), r_addend."""
    words, halves, step = table.cast("Q"), table.cast("I"), 3 if rela else 2
    kind, symbol = (2, 3) if byteorder == "little" else (3, 2)
    return (
        regular(column("Q", words[::step], byteorder)),
        narrowed(column("I", halves[kind :: 2 * step], byteorder)),
        narrowed(column("I", halves[symbol :: 2 * step], byteorder)),
        column("q", words[2::step], byteorder) if rela else b"",
    )


def _narrow_columns(table: memoryview, rela: bool, byteorder: str) -> tuple[Column, Column, Column, Column]:
    """Elf32_Rel and Elf32_Rela: r_offset, r_info (symbol << 8 | type), r_addend."""
    words, step = table.cast("I"), 3 if rela else 2
    info = column("I", words[1::step], byteorder)
    return (
        regular(column("I", words[::step], byteorder)),
        bytes(word & 0xFF for word in info),
        narrowed(array("I", (word >> 8 for word in info))),
        column("i", words[2::step], byteorder) if rela else b"",
    )
