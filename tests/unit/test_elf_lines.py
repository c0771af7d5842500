"""Lines of source code out of .debug_line: against pyelftools, and what damage does."""

from __future__ import annotations

import random
import struct
from io import BytesIO
from itertools import pairwise
from pathlib import Path

import pytest
from elftools.elf.elffile import ELFFile

from lkmtools.elf import Object, read_object
from lkmtools.elf.lines import MOST, source_lines
from support.compiling import Compile
from support.elfwriter import AX, Rel, Sec, Sym, relocatable
from support.readelf import line_rows

SOURCE = """
int printf(const char *, ...);
static int twice(int x)
{
	return printf("twice %d\\n", x) +
		printf("%d\\n", x);
}

int entry(int a)
{
	int i, sum = 0;
	for (i = 0; i < a; i++)
		sum += twice(a) * twice(i);
	if (sum)
		printf("sum\\n");
	return sum;
}
"""


def places(obj: Object) -> list[tuple[int, int]]:
    """Where code is relocated: what messages ask for."""
    return [
        (table.target, entry.offset)
        for table in obj.relocations
        for entry in table
        if obj.sections[table.target].name.startswith((".text", ".init"))
    ]


def by_pyelftools(data: bytes, offsets: list[int]) -> dict[int, int]:
    """The line of each offset in .text, of an object whose only code is there."""
    lines: dict[int, int] = {}
    dwarf = ELFFile(BytesIO(data)).get_dwarf_info()
    for unit in dwarf.iter_CUs():
        states = line_rows(dwarf, unit)
        for row, following in pairwise(states):
            for offset in offsets:
                if not row.end_sequence and row.address <= offset < following.address:
                    lines[offset] = row.line
    return lines


@pytest.mark.parametrize("version", [2, 3, 4, 5])
def test_lines_are_those_that_pyelftools_finds(each_cc: Compile, machine: str, version: int) -> None:
    """Every version of DWARF, each compiler, both machines."""
    path = each_cc(SOURCE, machine, flags=(f"-gdwarf-{version}",))
    obj = read_object(path.read_bytes(), "m.o")
    wanted = places(obj)
    found = source_lines(obj, wanted)
    expected = by_pyelftools(path.read_bytes(), [offset for _, offset in wanted])
    assert {offset: int(text.rpartition(":")[2]) for (_, offset), text in found.items()} == expected
    assert {5, 6, 15} <= set(expected.values())
    (name,) = {text.rpartition(":")[0] for text in found.values()}
    assert name.endswith(("<stdin>", "-stdin.c"))  # what a compiler calls its standard input


def test_sections_are_told_apart_and_joined_units_have_their_files(cc: Compile, tmp_path: Path) -> None:
    """Each section of an object begins at 0; a name in another directory has it."""
    there = tmp_path / "there"
    there.mkdir()
    (there / "part.h").write_text("void part(void);\nstatic inline void inner(void)\n{\n\tpart();\n}\n")
    split = (
        '#include "part.h"\nvoid first(void);\nvoid one(void) { inner(); }\nvoid two(void)\n{ first(); }\n'
    )
    flags = ("-ffunction-sections", f"-I{there}", "-O2")
    joined = cc.join(cc(split, name="split", flags=flags), cc(SOURCE, name="source"))
    obj = read_object(joined.read_bytes(), "m.o")
    names = {
        (table.target, entry.offset): obj.symbols[entry.symbol].name
        for table in obj.relocations
        for entry in table
    }
    found = {names[place]: text for place, text in source_lines(obj, places(obj)).items()}
    assert found["part"] == f"{there}/part.h:4"
    assert found["first"] == "<stdin>:5"
    assert found["printf"] == "<stdin>:15"


def unit(program: bytes, version: int = 4, files: bytes = b"\0m.c\0\0\0\0\0", span: int = 14) -> bytes:
    """.debug_line of one unit."""
    fixed = struct.pack("<BBBbBB", 1, 1, 1, -5, span, 13) + bytes((0, 1, 1, 1, 1, 0, 0, 0, 1, 0, 0, 1))
    body = fixed + files
    rest = struct.pack("<HI", version, len(body)) + body + program
    return struct.pack("<I", len(rest)) + rest


ADDRESS = b"\0\x09\x02" + bytes(8)  # DW_LNE_set_address
GOOD = ADDRESS + b"\x03\x06\x01\x02\x10\0\1\1"  # line 7, copy, 16 bytes, the end


def obj_of(lines: bytes, relocated: bool = True) -> Object:
    at = lines.find(ADDRESS) + 3
    relocs = [Rel(at, 1, ".text", 0)] if relocated else []
    rows = [Sec(".text", bytes(32), flags=AX), Sec(".debug_line", lines, flags=0, relocs=relocs)]
    return read_object(relocatable(rows, [Sym(".text", ".text", type=3, bind=0)]), "m.o")


def test_a_program_by_hand() -> None:
    """A row covers what is before the next; DWARF 6 is not known, nor what lies outside the sequence."""
    wanted = [(1, 0), (1, 15), (1, 16), (2, 4)]
    assert source_lines(obj_of(unit(GOOD)), wanted) == {(1, 0): "m.c:7", (1, 15): "m.c:7"}
    assert source_lines(obj_of(unit(GOOD, version=6)), wanted) == {}
    assert source_lines(obj_of(unit(GOOD), relocated=False), wanted) == {}
    assert source_lines(obj_of(unit(GOOD.replace(b"\x03\x06", b"\x03\x7f"))), wanted) == {}  # line 0


def unit5(files: bytes) -> bytes:
    """.debug_line of one unit of version 5 with one directory, d; `files` is the table of files."""
    fixed = struct.pack("<BBBbBB", 1, 1, 1, -5, 14, 13) + bytes((0, 1, 1, 1, 1, 0, 0, 0, 1, 0, 0, 1))
    body = fixed + b"\x01\x01\x08\x01d\0" + files
    rest = struct.pack("<HBBI", 5, 8, 0, len(body)) + body + GOOD
    return struct.pack("<I", len(rest)) + rest


NAMES = b"\x02\x01\x08\x02\x0b\x02a.c\0\0m.c\0\0"  # path: DW_FORM_string, directory: DW_FORM_data1; two files


def test_a_table_of_files_by_hand() -> None:
    assert source_lines(obj_of(unit5(NAMES)), [(1, 0)]) == {(1, 0): "m.c:7"}


@pytest.mark.parametrize(
    "lines",
    [
        unit5(b"\x02\x01\x08\x02\x08\x02a.c\0x\0m.c\0x\0"),  # the directory is a text
        unit5(b"\x02\x01\x0b\x02\x0b\x02\x01\0\x01\0"),  # the path is a number
        unit(GOOD)[:-1],
        unit(GOOD)[:9],
        b"\xff\xff\xff\xff" + unit(GOOD),
        unit(GOOD, span=0),
        unit(GOOD, files=b"\0m.c"),
        unit(GOOD[:11] + b"\x03" + b"\xff" * 40 + GOOD[11:]),
        bytes(MOST + 1),
        bytes(64),
    ],
)
def test_what_is_damaged_or_too_large_has_no_lines(lines: bytes) -> None:
    assert source_lines(obj_of(lines), [(1, 0)]) == {}


def test_random_damage_raises_nothing(cc: Compile) -> None:
    """Bytes of the debug sections changed at random, in every version."""
    chance = random.Random(11)
    for version in (4, 5):
        data = cc(SOURCE, flags=(f"-gdwarf-{version}",)).read_bytes()
        obj = read_object(data, "m.o")
        spans = [(data.find(bytes(s.data)), s.size) for s in obj.sections if s.name.startswith(".debug_line")]
        for _ in range(100):
            damaged = bytearray(data)
            for start, size in spans:
                damaged[start + chance.randrange(size)] = chance.randrange(256)
            obj = read_object(bytes(damaged), "m.o")
            for text in source_lines(obj, places(obj)).values():
                assert ":" in text
