"""Source lines: the file and line of a place in a section, from .debug_line.

The line number programs of DWARF 2 to 5 (section 6.2 of each) are run as far as they are needed. In an object
that is not linked yet an address is a relocation against a symbol of its section, which tells sections apart.
This serves messages only: what is damaged, compressed or larger than MOST has no lines, and is not an error.
(pyelftools first relocates all of the debug information, which takes ten times as long.)
"""

from __future__ import annotations

import os
from bisect import bisect_left
from collections.abc import Iterable
from contextlib import suppress
from typing import TYPE_CHECKING

from lkmtools.abi import elf as c
from lkmtools.abi.elf import codec
from lkmtools.elf import dwarf
from lkmtools.elf.dwarf import ByteReader, Damaged
from lkmtools.tuples import NamedTuple

if TYPE_CHECKING:
    from lkmtools.elf.object import Object, Section

MOST = 1 << 20  # bytes of .debug_line: a second of work, and more than any module has

_COPY, _ADVANCE_PC, _ADVANCE_LINE, _SET_FILE, _CONST_ADD_PC, _FIXED_ADVANCE_PC = 1, 2, 3, 4, 8, 9  # DW_LNS_*
_END_SEQUENCE, _SET_ADDRESS = 1, 2  # DW_LNE_*
_PATH, _DIRECTORY_INDEX = 1, 2  # DW_LNCT_*

SectionOffset = tuple[int, int]  # section index, offset in it
_NOWHERE = (0, 0)


def source_lines(obj: Object, places: Iterable[SectionOffset]) -> dict[SectionOffset, str]:
    """For those of `places` that the debug information of `obj` knows: "FILE:LINE"."""
    section = next((s for s in obj.sections if s.name == ".debug_line" and 0 < s.size <= MOST), None)
    if section is None or section.flags & c.SHF_COMPRESSED:
        return {}
    wanted: dict[int, list[int]] = {}
    for shndx, offset in sorted(set(places)):
        wanted.setdefault(shndx, []).append(offset)
    strings = next((bytes(s.data) for s in obj.sections if s.name == ".debug_line_str"), b"")
    r, targets = ByteReader(bytes(section.data), obj.byteorder), _targets(obj, section)
    found: dict[SectionOffset, str] = {}
    with suppress(Damaged):  # what was found before the damage is right
        while r.at < len(r.data) and wanted:
            unit = _unit(r)
            hits = _Program(unit, targets, wanted).run(r)
            names = _files(r, unit, targets, strings) if hits else {}
            found |= {
                place: f"{names[file]}:{line}"
                for place, (file, line) in hits.items()
                if file in names and line > 0  # 0: code of no line
            }
            r.at = unit.end
    return found


def _targets(obj: Object, section: Section) -> dict[int, SectionOffset]:
    """By the offset of each relocated field of `section` the place that it refers to."""
    out: dict[int, SectionOffset] = {}
    form = codec(obj.bits, obj.byteorder)
    shift = 32 if obj.bits == 64 else 8
    for table in obj.sections:
        if table.name not in (f".rel{section.name}", f".rela{section.name}"):
            continue
        if table.size > MOST:
            return {}
        rela = table.type == c.SHT_RELA
        size = (form.rela if rela else form.rel).size
        for entry in (form.rela if rela else form.rel).iter_unpack(table.data[: table.size // size * size]):
            offset, symbol = entry[0], entry[1] >> shift
            if symbol >= len(obj.symbols):
                continue
            field = section.data[offset : offset + obj.bits // 8]
            addend = entry[2] if rela else ByteReader(bytes(field), obj.byteorder).number(len(field))
            out[offset] = obj.symbols[symbol].shndx, obj.symbols[symbol].value + addend
    return out


class _Unit(NamedTuple):
    """The header of a unit (6.2.4): what its program needs, and where its tables of files are."""

    version: int
    word: int  # bytes of an offset: 8 in 64-bit DWARF
    tables: int
    program: int
    end: int
    step: int  # minimum_instruction_length
    base: int  # line_base
    range: int  # line_range
    lengths: bytes  # standard_opcode_lengths, from opcode 1 on


def _unit(r: ByteReader) -> _Unit:
    """The header at the reader's place."""
    word = 4
    length = r.number(4)
    if length == 0xFFFFFFFF:
        length, word = r.number(8), 8
    end = r.at + length
    version = r.number(2)
    if not 2 <= version <= 5 or end > len(r.data):
        raise Damaged
    if version == 5:
        r.take(2)  # sizes of an address and of a segment selector
    length = r.number(word)
    program = r.at + length
    step = r.number(1)
    r.take(2 if version >= 4 else 1)  # maximum operations per instruction, default_is_stmt
    base, span, opcodes = r.number(1, signed=True), r.number(1), r.number(1)
    lengths = r.take(max(opcodes - 1, 0))
    if not span or not opcodes or not r.at <= program <= end:
        raise Damaged
    return _Unit(version, word, r.at, program, end, step, base, span, lengths)


class _Program:
    """The state machine of a unit (6.2.2). `row` is the last row: it holds up to the next one."""

    def __init__(self, unit: _Unit, targets: dict[int, SectionOffset], wanted: dict[int, list[int]]) -> None:
        self.unit = unit
        self.targets = targets
        self.wanted = wanted
        self.first = len(unit.lengths) + 1  # special opcode
        self.hits: dict[SectionOffset, tuple[int, int]] = {}
        self.reset()

    def reset(self) -> None:
        """The registers at the beginning of a sequence."""
        self.shndx, self.address, self.file, self.line = 0, 0, 1, 1
        self.row: tuple[int, int, int] | None = None

    def run(self, r: ByteReader) -> dict[SectionOffset, tuple[int, int]]:
        """File number and line of each wanted place that the unit covers."""
        r.at = self.unit.program
        while r.at < self.unit.end:
            opcode = r.number(1)
            if opcode >= self.first:
                self.advance(opcode - self.first)
                self.line += self.unit.base + (opcode - self.first) % self.unit.range
                self.emit()
            elif opcode:
                self.standard(opcode, r)
            else:
                self.extended(r)
        return self.hits

    def advance(self, operation: int) -> None:
        """The address part of a special opcode."""
        self.address += operation // self.unit.range * self.unit.step

    def standard(self, opcode: int, r: ByteReader) -> None:
        """DW_LNS_* (6.2.5.2)."""
        if opcode == _COPY:
            self.emit()
        elif opcode == _ADVANCE_PC:
            self.address += r.leb() * self.unit.step
        elif opcode == _ADVANCE_LINE:
            self.line += r.leb(signed=True)
        elif opcode == _SET_FILE:
            self.file = r.leb()
        elif opcode == _CONST_ADD_PC:
            self.advance(255 - self.first)
        elif opcode == _FIXED_ADVANCE_PC:
            self.address += r.number(2)
        else:
            for _ in range(self.unit.lengths[opcode - 1]):
                r.leb()

    def extended(self, r: ByteReader) -> None:
        """DW_LNE_* (6.2.5.3)."""
        size = r.leb()
        end = r.at + size
        kind = r.number(1)
        if kind == _SET_ADDRESS:
            self.shndx, self.address = self.targets.get(r.at, _NOWHERE)
            self.row = None
        elif kind == _END_SEQUENCE:
            self.emit()
            self.reset()
        r.at = end

    def emit(self) -> None:
        """A new row: the one before it covers the wanted places up to its address."""
        places = self.wanted.get(self.shndx)
        if places and self.row is not None:
            start, file, line = self.row
            low, high = bisect_left(places, start), bisect_left(places, self.address)
            for offset in places[low:high]:
                self.hits[self.shndx, offset] = file, line
            del places[low:high]
            if not places:
                del self.wanted[self.shndx]
        self.row = self.address, self.file, self.line


def _files(r: ByteReader, unit: _Unit, targets: dict[int, SectionOffset], strings: bytes) -> dict[int, str]:
    """The files of a unit by number; names are relative to where the compiler ran."""
    r.at = unit.tables
    if unit.version == 5:
        directories = [_path(row) for row in _rows(r, unit, targets, strings)]
        rows = [(_path(row), _directory(row)) for row in _rows(r, unit, targets, strings)]
        first = 0
    else:
        directories, rows, first = [""], [], 1
        while name := r.string():
            directories.append(name)
        while name := r.string():
            rows.append((name, r.leb()))
            r.leb()  # time
            r.leb()  # size
    if r.at > unit.program:
        raise Damaged
    return {
        number: os.path.join(directories[index], name) if 0 < index < len(directories) else name
        for number, (name, index) in enumerate(rows, first)
    }


def _path(row: dict[int, str | int]) -> str:
    """The path of a row, "" for none; Damaged for one that is a number."""
    path = row.get(_PATH, "")
    if not isinstance(path, str):
        raise Damaged
    return path


def _directory(row: dict[int, str | int]) -> int:
    """The number of its directory; Damaged for one that is a text."""
    index = row.get(_DIRECTORY_INDEX, 0)
    if not isinstance(index, int):
        raise Damaged
    return index


def _rows(
    r: ByteReader, unit: _Unit, targets: dict[int, SectionOffset], strings: bytes
) -> list[dict[int, str | int]]:
    """A table of directories or files of version 5: for each row content type -> value."""
    formats = [(r.leb(), r.leb()) for _ in range(r.number(1))]
    count = r.leb()
    if count > unit.end - r.at:  # a row has a byte at least
        raise Damaged
    return [{kind: _value(r, form, unit, targets, strings) for kind, form in formats} for _ in range(count)]


def _value(
    r: ByteReader, form: int, unit: _Unit, targets: dict[int, SectionOffset], strings: bytes
) -> str | int:
    if form == dwarf.STRING:
        return r.string()
    if form == dwarf.LINE_STRP:
        at = targets.get(r.at, (0, -1))[1]
        offset = r.number(unit.word)
        return ByteReader(strings, "little", at if at >= 0 else offset).string()
    if form == dwarf.UDATA:
        return r.leb()
    if form == dwarf.BLOCK:
        r.take(r.leb())
        return 0
    if form in dwarf.FIXED:
        return r.number(dwarf.FIXED[form])
    raise Damaged
