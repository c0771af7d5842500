"""The ELF reader: what it reads, and the ObjectError that every malformed file is."""

from __future__ import annotations

import struct
from pathlib import Path

import pytest
from elftools.elf.elffile import ELFFile
from elftools.elf.relocation import RelocationSection

from lkmtools.elf import Group, Relocation, identify, machine_name, read_object, read_symbols
from lkmtools.elf.file import StringTable
from lkmtools.errors import ObjectError
from support.compiling import Compile
from support.elfwriter import (
    AW,
    AX,
    COMMONTYPE,
    FUNC,
    GLOBAL,
    GROUP,
    NOBITS,
    NOTE,
    SYMTAB_SHNDX,
    WEAK,
    A,
    Rel,
    Sec,
    Sym,
    W,
    relocatable,
)  # fmt: skip
from support.readelf import section, symbol_table

TEXT = Sec(".text", b"\xe8\0\0\0\0\xc3", flags=AX, relocs=[Rel(1, 4, "printf", -4)])
SYMBOLS = [Sym("entry", ".text", 0, 6, FUNC), Sym("printf")]
GOOD = relocatable([TEXT], SYMBOLS)


def patched(offset: int, form: str, value: int, data: bytes = GOOD) -> bytes:
    out = bytearray(data)
    struct.pack_into(form, out, offset, value)
    return bytes(out)


def header_of(index: int, data: bytes = GOOD) -> int:
    """The file offset of section header `index` of an ELF64 file."""
    return int(struct.unpack_from("<Q", data, 0x28)[0]) + 64 * index


@pytest.mark.parametrize(("bits", "order"), [(64, "<"), (64, ">"), (32, "<"), (32, ">")])
@pytest.mark.parametrize("rela", [True, False])
def test_every_class_and_byte_order_reads_the_same(bits: int, order: str, rela: bool) -> None:
    """ELF32 and ELF64, little- and big-endian, REL and RELA give the same rows."""
    obj = read_object(relocatable([TEXT], SYMBOLS, bits=bits, order=order, rela=rela), "m.o")
    assert (bits, "little" if order == "<" else "big") == (obj.bits, obj.byteorder)
    assert [s.name for s in obj.sections if s.allocated] == [".text"]
    assert TEXT.data == obj.sections[1].data
    assert [(s.name, s.shndx) for s in obj.symbols] == [("", 0), ("entry", 1), ("printf", 0)]
    assert (1, rela) == (obj.relocations[0].target, obj.relocations[0].rela)
    assert (Relocation(1, 4, 2, -4 if rela else 0),) == tuple(obj.relocations[0])


@pytest.mark.parametrize("kind", [0, 1, 2, 3, 4, 7, 8, 17, 18], ids="SHT_{}".format)
def test_the_null_section_is_nothing_whatever_its_header_says(kind: int) -> None:
    """As in ld; gABI: only sh_size (the number of sections) and sh_link (their names) may mean something."""
    odd, good, at = GOOD, read_object(GOOD, "m.o"), header_of(0)
    for offset, form, value in (
        (0, "<I", 1),
        (4, "<I", kind),
        (8, "<Q", A | W),
        (48, "<Q", 3),
        (56, "<Q", 1),
    ):
        odd = patched(at + offset, form, value, odd)
    obj = read_object(odd, "m.o")
    assert obj.sections == good.sections
    assert obj.loaded == good.loaded == {".text"}
    assert (list(obj.symbols), obj.groups) == (list(good.symbols), good.groups)
    assert [list(table) for table in obj.relocations] == [list(table) for table in good.relocations]


def test_relocations_of_sections_that_are_not_loaded_are_not_read() -> None:
    debug = Sec(".debug_info", bytes(8), flags=0, relocs=[Rel(0, 1, "entry")])
    obj = read_object(relocatable([TEXT, debug], SYMBOLS), "m.o")
    assert [table.target for table in obj.relocations] == [1]


def test_a_group_has_its_signature_and_members() -> None:
    group = Sec(".group", struct.pack("<II", 1, 2), GROUP, 0, 4, link=3, info=1, entsize=4)
    obj = read_object(relocatable([group, Sec(".text.f", b"\xc3", flags=AX)], [Sym("f", ".text.f")]), "m.o")
    assert (Group("f", True, (2,)),) == obj.groups


def test_the_build_id_is_the_note_s_descriptor() -> None:
    note = Sec(".note.gnu.build-id", struct.pack("<III", 4, 3, 3) + b"GNU\0" + b"abc\0", NOTE, A, 4)
    assert read_object(relocatable([TEXT, note], SYMBOLS), "m.o").buildid == b"abc"


def test_a_symbol_in_a_section_beyond_0xff00_is_found_through_its_extension() -> None:
    """SHN_XINDEX: the section index stands in SHT_SYMTAB_SHNDX."""
    extension = Sec(".symtab_shndx", struct.pack("<III", 0, 2, 0), SYMTAB_SHNDX, 0, 4, link=4, entsize=4)
    data = relocatable([extension, TEXT], [Sym("entry", 0xFFFF), Sym("printf")])
    assert read_object(data, "m.o").symbols[1][-2:] == (2, False)


def test_defines_looks_at_global_and_weak_definitions_only() -> None:
    symbols = [Sym("l", ".text", bind=0), Sym("w", ".text", bind=WEAK), Sym("g", ".text"), Sym("u")]
    obj = read_object(relocatable([Sec(".text", b"\xc3", flags=AX)], symbols), "m.o")
    assert [obj.defines(name) for name in "lwgu"] == [False, True, True, False]


def test_a_compiled_object_reads_as_pyelftools_reads_it(cc: Compile, machine: str) -> None:
    """Sections, symbols and relocations of a real object agree with an independent reader."""
    source = "int f(int); static int n[4]; int g(int x) { return f(x) + n[x & 3]++; }"
    path = cc(source, machine=machine, name="oracle")
    obj = read_object(path.read_bytes(), path.name)
    with path.open("rb") as stream:
        elf = ELFFile(stream)
        symtab = symbol_table(elf)
        assert [s.name for s in elf.iter_sections()] == [s.name for s in obj.sections]
        assert [s["sh_size"] for s in elf.iter_sections()] == [s.size for s in obj.sections]
        assert [(s["st_value"], s["st_size"]) for s in symtab.iter_symbols()] == [s[1:3] for s in obj.symbols]
        for table in obj.relocations:
            theirs = section(elf, table.name)
            assert isinstance(theirs, RelocationSection)
            rows = theirs.iter_relocations()
            expected = [(r["r_offset"], r["r_info_type"], r["r_info_sym"]) for r in rows]
            assert expected == [entry[:3] for entry in table]


MALFORMED = {
    "empty": (b"", "m.o: not an ELF file: it is empty"),
    "text": (b"#!/bin/sh\n", "not an ELF file: it begins with 23 21 2f 62"),
    "no ident": (b"\x7fELF\2\1", "file has 6 bytes, e_ident needs 16"),
    "class": (patched(4, "B", 3), "class 3 is neither 1"),
    "byte order": (patched(5, "B", 0), "byte order 0 is neither 1"),
    "short header": (GOOD[:63], "file has 63 bytes, the header needs 64"),
    "no sections": (patched(0x28, "<Q", 0), "no section header table"),
    "executable": (patched(16, "<H", 2), "m.o: ELF64 amd64 executable, not a relocatable object"),
    "header size": (patched(0x3A, "<H", 40), "e_shentsize is 40, not 64"),
    "header table": (patched(0x28, "<Q", 1 << 60), "section header table: 0x1000000000000000+"),
    "truncated": (GOOD[:-1], "section header table: "),
    "section end": (patched(header_of(1) + 0x20, "<Q", 1 << 40), "section 1: 0x40+0x10000000000 ends past"),
    "alignment": (patched(header_of(1) + 0x30, "<Q", 3), "(.text): alignment 3 is not a power of two"),
    "name": (patched(header_of(1), "<I", 9999), "string table 5: offset 0x270f, limit"),
    "names' table": (patched(0x3E, "<H", 1), "section 1 is not a string table"),
    "names' index": (patched(0x3E, "<H", 77), "section 77 is not a string table"),
    "relocated section": (patched(header_of(2) + 0x2C, "<I", 99), "relocates section 99, the file has 6"),
    "relocations' symbols": (
        patched(header_of(2) + 0x28, "<I", 1),
        "symbol table is section 1, the file's is 3",
    ),
    "entry size": (patched(header_of(2) + 0x38, "<Q", 16), "section 2: 24 bytes in entries of 16, not 24"),
    "symbol index": (
        relocatable([Sec(".text", bytes(8), relocs=[Rel(0, 1, 9)])], SYMBOLS),
        "section 2 (.rela.text): entry 0: symbol index 9, limit 3",
    ),
    "symbol's section": (
        relocatable([TEXT], [Sym("entry", 99), Sym("printf")]),
        "symbol 1: section index 99, limit 6",
    ),
    "no extension": (
        relocatable([TEXT], [Sym("entry", 0xFFFF), Sym("printf")]),
        "symbol 1: no SHT_SYMTAB_SHNDX",
    ),
    "group": (
        relocatable([Sec(".group", struct.pack("<II", 1, 44), GROUP, 0, 4, link=2, entsize=4)], [Sym("f")]),
        "section 1 (group): member section 44, the file has 5 sections",
    ),
    "group's symbols": (
        relocatable([Sec(".group", bytes(8), GROUP, 0, 4, link=1, entsize=4)], [Sym("f")]),
        "section 1 (group): its symbol table is section 1, the file's is 2",
    ),
    "group's signature": (
        relocatable([Sec(".group", bytes(8), GROUP, 0, 4, link=2, info=2, entsize=4)], [Sym("f")]),
        "section 1 (group): signature symbol 2, limit 2",
    ),
    "long name": (relocatable([TEXT], [Sym("x" * 5000), Sym("printf")]), "has no end in 4097 bytes"),
    "compressed": (patched(header_of(1) + 8, "<Q", 0x802), "loaded sections cannot be compressed"),
}


@pytest.mark.parametrize("case", MALFORMED)
def test_a_malformed_file_is_an_object_error_with_its_place(case: str) -> None:
    """Each case names the file, the place, the value found and the limit."""
    data, text = MALFORMED[case]
    with pytest.raises(ObjectError) as caught:
        read_object(data, "m.o")
    assert str(caught.value).startswith("m.o: ")
    assert text in str(caught.value)


def test_relocation_sections_that_share_bytes_cannot_multiply_the_work() -> None:
    """Relocation sections over the same bytes are refused, not read over and over."""
    data = relocatable([Sec(name, bytes(8), relocs=[Rel(0, 0, 0)]) for name in "abcd"])
    shared = len(data)
    data += bytes(24 * 100)
    for index in (5, 6, 7, 8):
        data = patched(header_of(index, data) + 0x18, "<Q", shared, data)
        data = patched(header_of(index, data) + 0x20, "<Q", 24 * 100, data)
    with pytest.raises(ObjectError, match="relocation sections overlap"):
        read_object(data, "m.o")


@pytest.mark.parametrize(
    ("data", "text"),
    [
        (GOOD, "ELF64 amd64 relocatable"),
        (relocatable([TEXT], SYMBOLS, machine=183, etype=3), "ELF64 aarch64 shared object"),
        (
            relocatable([TEXT], SYMBOLS, machine=8, bits=32, order=">", etype=2),
            "ELF32 big-endian mips executable",
        ),
        (relocatable([TEXT], SYMBOLS, machine=0x1234, etype=9), "ELF64 machine 4660 type 9"),
        (b"hello", "not an ELF file"),
        (b"\x7fELF", "damaged ELF file"),
    ],
)
def test_identify_says_what_a_file_is(data: bytes, text: str) -> None:
    assert text == identify(data)


def test_machines_are_called_as_netbsd_calls_its_ports() -> None:
    assert [machine_name(n) for n in (3, 62, 183, 40, 243)] == ["i386", "amd64", "aarch64", "arm", "riscv"]


def test_read_symbols_gives_defined_globals_and_prefers_strong_ones() -> None:
    symbols = [
        Sym("local", ".text", 1, bind=0),
        Sym("both", ".text", 2, bind=WEAK),
        Sym("both", ".text", 3),
        Sym("weak", 77 + 0xFE00, 4, bind=WEAK),
        Sym("abs", "ABS", 5, bind=GLOBAL),
        Sym("undefined"),
        Sym("common", "COMMON", 8, 4, COMMONTYPE),
    ]
    data = relocatable([Sec(".text", b"\xc3", flags=AX)], symbols, etype=2)
    assert read_symbols(data, "netbsd") == {"both": 3, "weak": 4, "abs": 5}
    nameless = data.replace(b"both\0", bytes(5))
    assert read_symbols(nameless, "netbsd") == {"weak": 4, "abs": 5}


@pytest.mark.parametrize(
    ("data", "text"),
    [
        (GOOD, "netbsd: ELF64 amd64 relocatable: its symbols have no addresses"),
        (patched(0x3C, "<H", 3, patched(0x3E, "<H", 0, patched(16, "<H", 2))), "has no symbol table"),
        (b"", "netbsd: not an ELF file"),
    ],
)
def test_read_symbols_refuses_files_without_addresses(data: bytes, text: str) -> None:
    with pytest.raises(ObjectError) as caught:
        read_symbols(data, "netbsd")
    assert text in str(caught.value)


def test_nobits_sections_have_a_size_and_no_bytes(tmp_path: Path) -> None:
    obj = read_object(relocatable([Sec(".bss", type=NOBITS, flags=AW, size=1 << 40)]), "m.o")
    assert (obj.sections[1].size, len(obj.sections[1].data)) == (1 << 40, 0)


def retyped(kind: int, flags: int = 0) -> bytes:
    """GOOD, whose relocation section is of another type, and has these flags besides."""
    out = bytearray(GOOD)
    (shoff,) = struct.unpack_from("<Q", out, 0x28)
    (count,) = struct.unpack_from("<H", out, 0x3C)
    headers = [shoff + 64 * i for i in range(count)]
    (at,) = [at for at in headers if struct.unpack_from("<I", out, at + 4)[0] == 4]
    struct.pack_into("<I", out, at + 4, kind)
    (old,) = struct.unpack_from("<Q", out, at + 8)
    struct.pack_into("<Q", out, at + 8, old | flags)
    return bytes(out)


RELOCATING = {
    12: "which this linker does not know", 0x13: "SHT_RELR: ", 0x14: "which this linker does not know",
    0x40000014: "SHT_CREL: compile without -Wa,--crel", 0x5FFFFFFF: "which this linker does not know",
    0x60000001: "SHT_ANDROID_REL: ", 0x60000002: "SHT_ANDROID_RELA: ", 0x6FFFFF00: "SHT_ANDROID_RELR: ",
}  # fmt: skip


@pytest.mark.parametrize(("kind", "what"), RELOCATING.items(), ids=map(hex, RELOCATING))
def test_relocations_of_a_kind_that_is_not_known_are_refused(kind: int, what: str) -> None:
    """Nothing would be relocated, without a word."""
    where = rf"^m\.o: section \d+ \(\.rela\.text\): its type is {kind:#x}, {what}"
    with pytest.raises(ObjectError, match=where):
        read_object(retyped(kind), "m.o")


@pytest.mark.parametrize("kind", [1, 7, 0x60001234, 0x70000123, 0x80000001])
def test_what_names_itself_a_relocation_section_is_refused_whatever_its_type(kind: int) -> None:
    """SHF_INFO_LINK says that its sh_info is what it relocates."""
    with pytest.raises(ObjectError, match=f"its type is {kind:#x}, which this linker does not know"):
        read_object(retyped(kind, 0x40), "m.o")


@pytest.mark.parametrize("kind", [0x6FFF4C03, 0x6FFFFFF5, 0x70000001, 0x80000001])
def test_sections_of_other_kinds_are_no_obstacle(kind: int) -> None:
    """LLVM's address table, GNU attributes, unwind tables of amd64, and a user's own."""
    extra = Sec(".extra", bytes(8), kind, 0)
    assert read_object(relocatable([TEXT, extra], SYMBOLS), "m.o").relocations


@pytest.mark.parametrize(
    ("data", "what"),
    [
        (b"BC\xc0\xde5\x14\0\0", "LLVM bitcode, compiled with -flto; compile without it"),
        (b"\xde\xc0\x17\x0b\0\0\0\0", "LLVM bitcode, compiled with -flto; compile without it"),
        (b"!<arch>\na.o/", "an ar archive; make one module of its members with lkmcc -r"),
        (b"!<thin>\na.o/", "an ar archive; make one module of its members with lkmcc -r"),
    ],
)
def test_what_people_give_instead_of_an_object_is_named(data: bytes, what: str) -> None:
    with pytest.raises(ObjectError, match=f"^m.o: not an ELF file: {what}$"):
        read_object(data, "m.o")


def test_objects_for_link_time_optimization(cc: Compile, machine: str) -> None:
    """gcc's slim ones have no machine code; its fat ones are as any other."""
    gcc, source = cc.using("gcc"), "int f(int a) { return a + 1; }"
    slim = gcc(source, machine=machine, name="slim", flags=("-flto", "-fno-fat-lto-objects"))
    with pytest.raises(ObjectError, match=r"^slim\.o: compiled with -flto: it has no machine code; "):
        read_object(slim.read_bytes(), "slim.o")
    fat = gcc(source, machine=machine, name="fat", flags=("-flto", "-ffat-lto-objects"))
    assert read_object(fat.read_bytes(), "fat.o").defines("f")


def table(data: bytes) -> StringTable:
    """A string table that is called by its file."""
    return StringTable(data, "m.o: string table 1")


def test_names_in_a_string_table_are_found_wherever_they_begin() -> None:
    """Whole ones, the ends of others, those that are not UTF-8 (each another), and the empty one."""
    names = table(b"\0main\0\xff\xfe\0\xff\xfd\0")
    assert [names[at] for at in (0, 1, 3, 6)] == ["", "main", "in", "\udcff\udcfe"]
    assert names[6] != names[9]
    assert names[9].encode("utf-8", "surrogateescape") == b"\xff\xfd"


@pytest.mark.parametrize(
    ("data", "offset", "what"),
    [
        (b"\0ab", 1, "name at 0x1 has no end in 2 bytes"),
        (b"\0" + bytes(0), 1, "offset 0x1, limit 0x1"),
        (b"\0" + b"x" * 4097 + b"\0", 1, "name at 0x1 has no end in 4097 bytes"),
    ],
)
def test_a_name_without_an_end_is_refused(data: bytes, offset: int, what: str) -> None:
    with pytest.raises(ObjectError) as caught:
        table(data)[offset]
    assert str(caught.value) == f"m.o: string table 1: {what}"


def test_names_that_begin_inside_others_have_a_limit(monkeypatch: pytest.MonkeyPatch) -> None:
    """A small table could stand for any amount of text; asking twice for a name counts once."""
    monkeypatch.setattr("lkmtools.elf.file.MAX_INSIDE", 27)
    names = table(b"\0" + b"x" * 10 + b"\0")
    assert [len(names[at]) for at in (2, 2, 3, 1)] == [9, 9, 8, 10]
    assert len(names[4]) == 7
    with pytest.raises(ObjectError, match="names that begin inside others have more than 27 bytes in all"):
        names[5]
