"""The symbol table of an object, held by column: a symbol becomes a row when somebody asks for it.

Stands for the part of bfd that reads SHT_SYMTAB (gABI chapter 4, "Symbol Table").
"""

from __future__ import annotations

import struct
from array import array
from collections.abc import Iterator, Sequence
from itertools import compress
from typing import overload

from lkmtools.abi import elf as c
from lkmtools.elf.columns import Code, Column, column
from lkmtools.elf.file import ElfFile
from lkmtools.elf.rows import rows
from lkmtools.errors import ObjectError
from lkmtools.tuples import NamedTuple

_LOW = bytes(info & 15 for info in range(256))  # of st_info: the type
_HIGH = bytes(info >> 4 for info in range(256))  # the binding
_VISIBILITY = bytes(other & 3 for other in range(256))
_CONSTANTS = 0x10000  # what is taken off SHN_ABS and its like, so that they are not section indices
ABS = c.SHN_ABS - _CONSTANTS
COMMON = (c.SHN_COMMON - _CONSTANTS, c.SHN_AMD64_LCOMMON - _CONSTANTS)

_WORD = struct.Struct("I")


class ObjectSymbol(NamedTuple):
    """An Elf_Sym. `shndx` is resolved through SHT_SYMTAB_SHNDX: an index, or SHN_ABS, SHN_COMMON ..."""

    name: str
    value: int
    size: int
    type: int
    bind: int
    visibility: int
    shndx: int
    reserved: bool  # shndx is one of the SHN_ constants, not a section index


class ObjectSymbols(Sequence[ObjectSymbol]):
    """The symbols of an object: rows, and columns.

    `places` has section indices, and for constants negative numbers (ABS, COMMON). `globals` has the
    numbers of the symbols that are not local.
    """

    __slots__ = ("binds", "globals", "kinds", "names", "places", "sizes", "values", "visibilities")

    def __init__(
        self,
        names: Sequence[str] = (),
        infos: bytes = b"",
        others: bytes = b"",
        places: Column = (),
        values: Column = (),
        sizes: Column = (),
    ) -> None:
        self.names = names
        self.kinds, self.binds = infos.translate(_LOW), infos.translate(_HIGH)
        self.visibilities = others.translate(_VISIBILITY)
        self.places = places
        self.values = values
        self.sizes = sizes
        self.globals = array("I", compress(range(len(names)), self.binds))

    def __len__(self) -> int:
        return len(self.names)

    @overload
    def __getitem__(self, index: int) -> ObjectSymbol: ...
    @overload
    def __getitem__(self, index: slice) -> Sequence[ObjectSymbol]: ...
    def __getitem__(self, index: int | slice) -> ObjectSymbol | Sequence[ObjectSymbol]:
        if isinstance(index, slice):
            return tuple(self[number] for number in range(len(self))[index])
        place = self.places[index]
        return ObjectSymbol(
            self.names[index], self.values[index], self.sizes[index], self.kinds[index], self.binds[index],
            self.visibilities[index], place % _CONSTANTS if place < 0 else place, place < 0,
        )  # fmt: skip

    def __iter__(self) -> Iterator[ObjectSymbol]:
        numbers = [place % _CONSTANTS if place < 0 else place for place in self.places]
        reserved = [place < 0 for place in self.places]
        fields = zip(
            self.names, self.values, self.sizes, self.kinds, self.binds, self.visibilities, numbers, reserved,
            strict=True,
        )  # fmt: skip
        return rows(ObjectSymbol, fields)


def read_symbol_table(file: ElfFile, index: int) -> ObjectSymbols:
    """The symbols in section `index`, or none when it is 0; ObjectError for a section that does not exist."""
    if not index or not file.sections[index].size:
        return ObjectSymbols()
    order, wide, table = file.header.byteorder, file.header.bits == 64, file.table(index, file.codec.symbol)
    # Elf64_Sym begins with st_name, st_info, st_other and st_shndx; Elf32_Sym has the last three at its end.
    code: Code = "Q" if wide else "I"
    info, size = (4, 24) if wide else (12, 16)
    words = table.cast(code)
    step = size // words.itemsize
    names = column("I", table.cast("I")[:: size // 4], order)
    strings = file.strings(file.sections[index].link) if any(names) else {0: ""}
    places: list[int] = [
        number if number < c.SHN_LORESERVE else number - _CONSTANTS
        for number in column("H", table.cast("H")[info // 2 + 1 :: size // 2], order)
    ]
    if c.SHN_XINDEX - _CONSTANTS in places:
        _extend(file, index, places)
    limit = len(file.sections)
    if max(places) >= limit:
        at, number = next(pair for pair in enumerate(places) if pair[1] >= limit)
        raise ObjectError(f"{file.name}: symbol {at}: section index {number}, limit {limit}")
    return ObjectSymbols(
        [*map(strings.__getitem__, names)], bytes(table[info::size]), bytes(table[info + 1 :: size]), places,
        column(code, words[1::step], order), column(code, words[2::step], order),
    )  # fmt: skip


def _extend(file: ElfFile, symtab: int, places: list[int]) -> None:
    """Put the section index from SHT_SYMTAB_SHNDX where a symbol has SHN_XINDEX."""
    found = enumerate(file.sections)
    index = next((i for i, row in found if row.type == c.SHT_SYMTAB_SHNDX and row.link == symtab), None)
    extended = () if index is None else words(file, index)
    for at, number in enumerate(places):
        if number == c.SHN_XINDEX - _CONSTANTS:
            if at >= len(extended):
                raise ObjectError(f"{file.name}: symbol {at}: no SHT_SYMTAB_SHNDX entry for it")
            places[at] = extended[at]


def words(file: ElfFile, index: int) -> array[int]:
    """A section of 32-bit words."""
    return column("I", file.table(index, _WORD).cast("I"), file.header.byteorder)
