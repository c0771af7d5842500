"""Sections that are not loaded, in the file of modload -o: their relocations, and what is left out."""

from __future__ import annotations

import struct
import subprocess
import sys
import zlib
from collections.abc import Mapping
from io import BytesIO

import pytest
from elftools.elf.elffile import ELFFile

from lkmtools.elf.writer import OutSection
from lkmtools.link import debug_sections, link, load_object, prelink, write_output
from support.compiling import Compile
from support.elfwriter import (
    AX,
    EXCLUDE,
    GROUP,
    IFUNC,
    LOCAL,
    NOTE,
    RELA,
    SECTION,
    STRTAB,
    WEAK,
    Rel,
    Sec,
    Sym,
    relocatable,
)
from support.readelf import line_rows, section, symbol_table

BASE = 0x400000
ABS64, ABS32, PC32, GOTPCREL, TLS = 1, 10, 2, 9, 17
COMPRESSED, MERGE, STRINGS = 0x800, 0x10, 0x20
TEXT = Sec(".text", bytes(16), flags=AX, align=16)


def debug(name: str, size: int, *relocs: Rel, align: int = 1) -> Sec:
    return Sec(name, bytes(size), flags=0, align=align, relocs=list(relocs))


def packed(name: str, data: bytes, kind: int = 1, size: int | None = None, align: int = 1) -> Sec:
    """A section as SHF_COMPRESSED wants it; `size` is what its header says."""
    header = struct.pack("<IIQQ", kind, 0, len(data) if size is None else size, align)
    return Sec(name, header + zlib.compress(data), flags=COMPRESSED)


def written(
    sections: list[Sec], symbols: list[Sym], kernel: Mapping[str, int] | None = None
) -> tuple[dict[str, OutSection], list[str]]:
    """The sections by name, and the warnings."""
    pre = prelink(load_object(relocatable(sections, symbols), "m.o"))
    warnings: list[str] = []
    img = link(pre, BASE, dict(kernel or {}).get)
    return {s.name: s for s in debug_sections(pre, img, warnings.append)}, warnings


def words(
    sections: list[Sec], symbols: list[Sym], kernel: Mapping[str, int] | None = None, name: str = ".debug_x"
) -> list[int]:
    """The 64-bit words of section `name`; nothing is warned about."""
    found, warnings = written(sections, symbols, kernel)
    assert warnings == []
    return [word for (word,) in struct.iter_unpack("<Q", found[name].data)]


def test_addresses_are_those_of_the_image() -> None:
    """Of the module's own symbols, and of the kernel's where loaded code needs them, too."""
    text = Sec(".text", bytes(16), flags=AX, relocs=[Rel(0, ABS64, "kernel")])
    x = debug(".debug_x", 24, Rel(0, ABS64, "f", 2), Rel(8, ABS64, "kernel", 1), Rel(16, ABS64, "five"))
    symbols = [Sym("f", ".text", 8), Sym("kernel"), Sym("five", "ABS", 5)]
    assert words([text, x], symbols, {"kernel": 0x300000}) == [BASE + 10, 0x300001, 5]


def test_what_is_not_in_the_image_is_0_whatever_its_addend() -> None:
    """An ifunc, and a symbol that only debugging information names; a weak one has its addend, as in ld."""
    relocs = [Rel(0, ABS64, "ifunc", 4), Rel(8, ABS64, "ghost", 4), Rel(16, ABS64, "weak", 4)]
    symbols = [Sym("ifunc", ".text", type=IFUNC), Sym("ghost"), Sym("weak", bind=WEAK)]
    assert words([TEXT, debug(".debug_x", 24, *relocs)], symbols) == [0, 0, 4]


@pytest.mark.parametrize(("name", "expected"), [(".debug_x", 0), (".debug_ranges", 1)])
def test_a_use_of_a_discarded_group_is_a_tombstone(name: str, expected: int) -> None:
    """In .debug_ranges 1, as 0 would end the list."""

    def group(member: int) -> Sec:
        return Sec(".group", struct.pack("<II", 1, member), GROUP, 0, 4, link=7, info=2, entsize=4)

    code = [Sec(".text.f", b"\xc3", flags=AX), Sec(".text.f", b"\xc3", flags=AX)]
    sections = [group(3), group(4), *code, debug(name, 8, Rel(0, ABS64, 1, 8))]
    symbols = [Sym("", 4, type=SECTION, bind=LOCAL), Sym("f", 3)]
    assert words(sections, symbols, name=name) == [expected]


def test_a_section_of_a_discarded_group_is_not_written() -> None:
    def group(member: int) -> Sec:
        return Sec(".group", struct.pack("<II", 1, member), GROUP, 0, 4, link=6, info=1, entsize=4)

    macros = [Sec(".debug_macro", b"one", flags=0), Sec(".debug_macro", b"two", flags=0)]
    found, _ = written([group(3), group(4), *macros, TEXT], [Sym("m", 3)])
    assert found[".debug_macro"].data == b"one"


def test_sections_of_one_name_are_joined_aligned_and_refer_to_each_other() -> None:
    """An offset into a joined section counts from its beginning; PC-relative is from there, too."""
    parts = [debug(".debug_a", 3), Sec(".debug_a", b"abcd", flags=0, align=8)]
    relocs = [Rel(0, ABS64, 1, 1), Rel(8, PC32, 1)]
    symbols = [Sym("", 3, type=SECTION, bind=LOCAL)]
    found, _ = written([TEXT, *parts, debug(".debug_x", 16, *relocs)], symbols)
    assert (found[".debug_a"].data, found[".debug_a"].align) == (bytes(8) + b"abcd", 8)
    assert struct.unpack("<Qi4x", found[".debug_x"].data) == (9, 0)


def test_strings_keep_their_flags_unless_the_pieces_differ() -> None:
    def strings(name: str, flags: int) -> Sec:
        return Sec(name, b"a\0", flags=flags, entsize=1)

    both = MERGE | STRINGS
    rows = [strings(".debug_str", both), strings(".debug_str", both)]
    odd = [strings(".debug_odd", both), strings(".debug_odd", 0)]
    found, _ = written([TEXT, *rows, *odd], [])
    assert (found[".debug_str"].flags, found[".debug_str"].entsize) == (both, 1)
    assert (found[".debug_odd"].flags, found[".debug_odd"].entsize) == (0, 0)


def test_sections_that_ld_drops_are_dropped() -> None:
    kept = [
        Sec(".comment", b"gcc", flags=0),
        Sec(".note.x", b"note", NOTE, 0),
        Sec(".stabstr", b"s", STRTAB, 0),
    ]
    dropped = [
        Sec(".note.GNU-stack", b"x", flags=0),
        Sec(".gnu_debuglink", b"x", flags=0),
        Sec(".llvm_addrsig", b"x", flags=EXCLUDE),
        Sec(".odd", b"x", STRTAB, 0),
        Sec(".debug_empty", b"", flags=0),
    ]
    found, warnings = written([TEXT, *kept, *dropped], [])
    assert ([*found], warnings) == ([".comment", ".note.x", ".stabstr"], [])


@pytest.mark.parametrize("form", ["zlib", "old"])
def test_compressed_sections_are_written_as_they_were(form: str) -> None:
    """And relocated after that."""
    data = struct.pack("<Q", 0) * 40
    x = packed(".debug_x", data, align=8)
    if form == "old":
        x = Sec(".zdebug_x", b"ZLIB" + struct.pack(">Q", len(data)) + zlib.compress(data), flags=0)
    x.relocs = [Rel(312, ABS64, "f")]
    found, warnings = written([TEXT, x], [Sym("f", ".text", 1)])
    assert warnings == []
    assert found[".debug_x"].data == data[:-8] + struct.pack("<Q", BASE + 1)
    assert found[".debug_x"].align == (8 if form == "zlib" else 1)


PLAIN = debug(".debug_y", 8, Rel(0, ABS64, "f"))
DAMAGED = {
    "unknown type": (debug(".debug_x", 8, Rel(0, 99, "f")), "relocation type 99 against `f' is not known"),
    "refused type": (debug(".debug_x", 8, Rel(0, TLS, "f")), "R_X86_64_DTPOFF64 against `f' is not possible"),
    "table": (debug(".debug_x", 8, Rel(0, GOTPCREL, "f")), "R_X86_64_GOTPCREL against `f' needs a"),
    "beyond the end": (debug(".debug_x", 8, Rel(1, ABS64, "f")), "+0x1: R_X86_64_64 changes 8 bytes, the"),
    "range": (debug(".debug_x", 8, Rel(0, ABS32, "f", -1 << 40)), "+0x0: R_X86_64_32 against `f' at 0x4"),
    "symbol": (debug(".debug_x", 8, Rel(0, ABS64, 77)), "entry 0: symbol index 77, limit 2"),
    "zstd": (packed(".debug_x", b"data", kind=2), "compressed with zstd, not zlib; compile with -gz=zlib or"),
    "other method": (packed(".debug_x", b"data", kind=9), "compressed with method 9, not zlib"),
    "header": (Sec(".debug_x", b"short", flags=COMPRESSED), "5 bytes, the header of what is compressed"),
    "old header": (Sec(".zdebug_x", b"ZLIB", flags=0), "4 bytes, the header of what is compressed needs 12"),
    "no zlib": (Sec(".debug_x", struct.pack("<IIQQ", 1, 0, 4, 1) + b"junk", flags=COMPRESSED), "Error -3"),
    "too little": (packed(".debug_x", b"data", size=5), "0x5 bytes before compression, 0x4 after it"),
    "too much": (packed(".debug_x", b"data", size=3), "0x3 bytes before compression, more after it"),
    "huge": (packed(".debug_x", b"data", size=1 << 62), "0x4000000000000000 bytes, limit 0x10000000"),
    "odd alignment": (packed(".debug_x", b"data", align=3), "alignment 3 before compression is not a power"),
    "large alignment": (packed(".debug_x", b"data", align=1 << 40), "alignment 1099511627776, limit 4096"),
}  # fmt: skip


@pytest.mark.parametrize("case", DAMAGED)
def test_a_damaged_section_is_left_out_with_a_warning_and_no_other(case: str) -> None:
    """It names the file, the place and the section; the module is linked all the same."""
    section, text = DAMAGED[case]
    found, warnings = written([TEXT, section, PLAIN], [Sym("f", ".text")])
    assert [*found] == [".debug_y"]
    (warning,) = warnings
    assert warning.startswith("m.o: ")
    assert text in warning
    name = ".zdebug_x" if section.name == ".zdebug_x" else ".debug_x"
    assert warning.endswith(f"; the output file has no {name}")


def test_relocations_for_another_symbol_table_are_damage() -> None:
    table = Sec(".rela.debug_x", bytes(24), RELA, 0, link=2, info=2, entsize=24)
    _, warnings = written([TEXT, debug(".debug_x", 8), table], [Sym("f", ".text")])
    assert "its symbol table is section 2, the file's is 4; the output file has no .debug_x" in warnings[0]


def test_all_sections_together_have_a_limit() -> None:
    """As one file may say of a hundred sections that they are large."""
    rows = [packed(f".debug_{i}", bytes(100 << 20)) for i in range(3)]
    found, warnings = written([TEXT, *rows], [])
    assert [*found] == [".debug_0", ".debug_1"]
    assert warnings == [
        "m.o: section 4 (.debug_2): 0x6400000 bytes, limit 0x3800000; the output file has no .debug_2"
    ]


def test_the_file_shows_them_without_an_address(cc: Compile, machine: str) -> None:
    """Symbols keep their sections, and pyelftools reads the file's line table."""
    path = cc("int f(int x) { return x + 1; }", machine=machine, name="shown")
    pre = prelink(load_object(path.read_bytes(), "shown.o"), machine=machine)
    img = link(pre, 0xC0400000 if machine == "i386" else 0xFFFFFFFF81400000, lambda name: None)
    data = write_output(img, debug_sections(pre, img, pytest.fail))
    elf = ELFFile(BytesIO(data))
    debug_info = section(elf, ".debug_info")
    assert (debug_info["sh_addr"], debug_info["sh_flags"]) == (0, 0)
    symbol = img.symbol("f")
    assert symbol
    dwarf = elf.get_dwarf_info()
    (unit,) = dwarf.iter_CUs()
    rows = line_rows(dwarf, unit)
    assert (rows[0].address, rows[0].line) == (symbol.value, 1)
    named = next(s for s in symbol_table(elf).iter_symbols() if s.name == "f")
    assert elf.get_section(named["st_shndx"]).name == ".text"


def test_a_load_without_a_file_reads_none_of_it() -> None:
    """Damage in it does not matter, and the code that would find it is not even imported."""
    data = relocatable([TEXT, packed(".debug_x", b"data", size=3)], [Sym("f", ".text")])
    code = f"""import sys
from lkmtools.link import link, load_object, prelink
link(prelink(load_object({data!r}, "m.o")), {BASE}, {{}}.get)
print(sorted({{"zlib", "lkmtools.link.debug", "lkmtools.elf.unloaded"}} & sys.modules.keys()))"""
    out = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout
    assert out == "[]\n"
