"""The ELF image of /dev/ksyms, made of rows: for both classes and byte orders, read back by pyelftools."""

from __future__ import annotations

import io
from typing import Any

import pytest
from elftools.elf.elffile import ELFFile

from lkmtools.abi import elf
from lkmtools.abi.datamodel import C_TEXT
from lkmtools.kern.lkm.ksyms_image import DATA, TEXT, KsymsSymbol, Table, build
from support.readelf import section, symbol_table

FORMS = [(bits, order) for bits in (64, 32) for order in ("little", "big")]
each_form = pytest.mark.parametrize(("bits", "order"), FORMS)
KERNEL = [
    KsymsSymbol("printf", 0xC0100000, 16, elf.STT_FUNC, elf.STB_GLOBAL, TEXT),
    KsymsSymbol("hz", 0xC0103000, 4, elf.STT_OBJECT, elf.STB_GLOBAL, DATA),
]
MODULE = [
    KsymsSymbol("helper", 0xC0200040, 24, elf.STT_FUNC, elf.STB_LOCAL, TEXT),
    KsymsSymbol("probe", 0xC0200000, 64, elf.STT_FUNC, elf.STB_WEAK, TEXT),
    KsymsSymbol("table", 0xC0201000, 8, elf.STT_OBJECT, elf.STB_GLOBAL, DATA),
    KsymsSymbol("MAGIC", 0xC0FFEE, 0, elf.STT_NOTYPE, elf.STB_GLOBAL, elf.SHN_ABS),
]


def image(bits: int, order: str, *tables: list[KsymsSymbol]) -> bytes:
    """An image of these tables for a machine of this class and byte order."""
    codec = elf.codec(bits, order)
    return b"".join(build(codec, 4711, [Table(codec, rows) for rows in tables]))


def read(data: bytes) -> ELFFile:
    """It as pyelftools sees it."""
    return ELFFile(io.BytesIO(data))


def entries(data: bytes) -> list[KsymsSymbol]:
    """Its symbols but the first."""
    bind = {f"STB_{name}": getattr(elf, f"STB_{name}") for name in ("LOCAL", "GLOBAL", "WEAK")}
    kind = {f"STT_{name}": getattr(elf, f"STT_{name}") for name in ("NOTYPE", "OBJECT", "FUNC")}
    symbols = list(symbol_table(read(data)).iter_symbols())
    assert (symbols[0].name, symbols[0]["st_value"], symbols[0]["st_shndx"]) == ("", 0, "SHN_UNDEF")
    return [
        KsymsSymbol(
            s.name, s["st_value"], s["st_size"], kind[s["st_info"]["type"]], bind[s["st_info"]["bind"]],
            elf.SHN_ABS if s["st_shndx"] == "SHN_ABS" else s["st_shndx"],
        )
        for s in symbols[1:]
    ]  # fmt: skip


@each_form
def test_symbols_come_back_local_ones_first(bits: int, order: str) -> None:
    """Every value, size, type, binding and section; one null symbol; the tables in their order."""
    expected = [MODULE[0], *KERNEL, *MODULE[1:]]
    assert expected == entries(image(bits, order, KERNEL, MODULE))


@each_form
def test_the_header_is_that_of_the_simulated_machine(bits: int, order: str) -> None:
    """ET_EXEC, no entry, no flags, OSABI 0, true e_shnum and e_shstrndx."""
    file = read(image(bits, order, KERNEL))
    assert (bits, order == "little") == (file.elfclass, file.little_endian)
    assert file["e_ident"]["EI_OSABI"] == "ELFOSABI_SYSV"
    found = {name: file[f"e_{name}"] for name in ("type", "machine", "entry", "flags", "shnum", "shstrndx")}
    assert found == {
        "type": "ET_EXEC", "machine": 4711, "entry": 0, "flags": 0, "shnum": 6, "shstrndx": 3,
    }  # fmt: skip


def header_of(file: ELFFile, name: str) -> dict[str, Any]:
    """A section header."""
    return dict(section(file, name).header)


@each_form
def test_sections_are_those_of_the_original_and_two_that_cover_memory(bits: int, order: str) -> None:
    """null, .symtab, .strtab, .shstrtab, then .text and .data without bytes."""
    file = read(image(bits, order, KERNEL, MODULE))
    names = [s.name for s in file.iter_sections()]
    assert names == ["", ".symtab", ".strtab", ".shstrtab", ".text", ".data"]
    symtab = header_of(file, ".symtab")
    entry = 24 if bits == 64 else 16
    assert (2, 2, entry, bits // 8, 7 * entry) == tuple(
        symtab[f"sh_{m}"] for m in ("link", "info", "entsize", "addralign", "size")
    )
    for name, start, end in ((".text", 0xC0100000, 0xC0201000), (".data", 0xC0103000, 0xC0202000)):
        header = section(file, name)
        assert ("SHT_NOBITS", start, end - start) == (
            header["sh_type"], header["sh_addr"], header["sh_size"],
        )  # fmt: skip


@each_form
def test_two_segments_cover_text_and_data(bits: int, order: str) -> None:
    """PT_LOAD R|X and R|W, with memory and without bytes."""
    segments = [s.header for s in read(image(bits, order, KERNEL, MODULE)).iter_segments()]
    assert [(s["p_type"], s["p_flags"], s["p_vaddr"], s["p_filesz"], s["p_memsz"]) for s in segments] == [
        ("PT_LOAD", 5, 0xC0100000, 0, 0x101000),
        ("PT_LOAD", 6, 0xC0103000, 0, 0xFF000),
    ]


@each_form
def test_the_parts_of_the_file_are_in_order(bits: int, order: str) -> None:
    """ELF header, program headers, section headers, .shstrtab, padding, .symtab, .strtab, end."""
    data = image(bits, order, KERNEL, MODULE)
    file = read(data)
    header, program, row = (64, 56, 64) if bits == 64 else (52, 32, 40)
    assert file["e_phoff"] == header
    assert file["e_shoff"] == header + 2 * program
    shstrtab, symtab, strtab = (section(file, name) for name in (".shstrtab", ".symtab", ".strtab"))
    assert shstrtab["sh_offset"] == file["e_shoff"] + 6 * row
    end = shstrtab["sh_offset"] + shstrtab["sh_size"]
    assert symtab["sh_offset"] == -(-end // 8) * 8
    assert data[end : symtab["sh_offset"]].strip(b"\0") == b""
    assert strtab["sh_offset"] == symtab["sh_offset"] + symtab["sh_size"]
    assert strtab["sh_offset"] + strtab["sh_size"] == len(data)


@each_form
def test_tables_move_within_the_string_table(bits: int, order: str) -> None:
    """A packed table is used again in another place: after others came before it, and after they went."""
    codec = elf.codec(bits, order)
    kernel, module = Table(codec, KERNEL), Table(codec, MODULE)
    alone = b"".join(build(codec, 4711, [module]))
    together = b"".join(build(codec, 4711, [kernel, module]))
    assert image(bits, order, KERNEL, MODULE) == together
    assert alone == b"".join(build(codec, 4711, [module]))


def test_no_symbols_at_all_are_an_image_too() -> None:
    """Of nothing but the null symbol."""
    data = image(64, "little")
    assert entries(data) == []
    assert section(read(data), ".symtab")["sh_info"] == 1


def test_names_need_not_be_ascii() -> None:
    """Bytes of a name are kept as they are."""
    names = b"caf\xc3\xa9", b"caf\xe9"  # UTF-8, and not
    rows = [
        KsymsSymbol(name.decode(*C_TEXT), 0x1000, 1, elf.STT_FUNC, elf.STB_GLOBAL, TEXT) for name in names
    ]
    assert b"\0caf\xc3\xa9\0caf\xe9\0" in image(64, "little", rows)
