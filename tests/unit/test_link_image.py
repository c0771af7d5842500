"""Link: symbol values, imports, undefined symbols, the image's bytes, and the file it is written to."""

from __future__ import annotations

import shutil
import struct
import subprocess
from collections.abc import Mapping
from io import BytesIO
from pathlib import Path

import pytest
from elftools.elf.elffile import ELFFile

from lkmtools.elf import read_symbols
from lkmtools.errors import LinkError
from lkmtools.link import Image, Import, Symbol, UndefinedSymbols, link, load_object, prelink, write_output
from support.compiling import Compile
from support.elfwriter import (
    AW,
    AX,
    FILE,
    FUNC,
    IFUNC,
    LOCAL,
    NOBITS,
    OBJECT,
    SECTION,
    TLSTYPE,
    WEAK,
    A,
    Rel,
    Sec,
    Sym,
    relocatable,
)

BASE = 0xFFFFFFFF81000000
ABS64, PC32 = 1, 2


def linked(sections: list[Sec], symbols: list[Sym], kernel: Mapping[str, int] | None = None) -> Image:
    return link(prelink(load_object(relocatable(sections, symbols), "m.o")), BASE, dict(kernel or {}).get)


def word(sections: list[Sec], symbols: list[Sym], kernel: Mapping[str, int] | None = None) -> int:
    """The first eight bytes of the image as a number."""
    return int.from_bytes(linked(sections, symbols, kernel).data[:8], "little")


def pointer(sym: str | int, addend: int = 0, name: str = ".data") -> Sec:
    return Sec(name, bytes(8), flags=AW, relocs=[Rel(0, ABS64, sym, addend)])


OTHER = Sec(".other", bytes(32), flags=AW, align=16)


def test_a_section_symbol_s_value_is_its_section() -> None:
    assert word([pointer(1, 5), OTHER], [Sym("", ".other", type=SECTION, bind=LOCAL)]) == BASE + 16 + 5


def test_absolute_and_common_symbols_have_their_values() -> None:
    assert word([pointer("a", 1)], [Sym("a", "ABS", 0x1234)]) == 0x1235
    assert word([pointer("c", 1)], [Sym("c", "COMMON", 32, 8)]) == BASE + 32 + 1


def test_hidden_symbols_are_like_global_ones() -> None:
    assert word([pointer("h"), OTHER], [Sym("h", ".other", 4, other=2)]) == BASE + 20


def test_the_object_s_own_weak_definition_is_kept() -> None:
    """The kernel's symbol of the same name is not even asked for."""
    assert word([pointer("w"), OTHER], [Sym("w", ".other", 8, bind=WEAK)], {"w": 1}) == BASE + 24


def test_an_undefined_weak_symbol_is_zero_unless_the_kernel_has_it() -> None:
    symbols = [Sym("maybe", bind=WEAK)]
    assert word([pointer("maybe")], symbols) == 0
    assert linked([pointer("maybe")], symbols).imports == ()
    assert linked([pointer("maybe")], symbols, {"maybe": 77}).imports == (Import("maybe", 77),)


def test_an_undefined_symbol_is_zero_though_the_null_section_says_that_it_is_loaded() -> None:
    """Its number, SHN_UNDEF, is that of no section: one of its size and flags has no place in the image."""
    data = bytearray(relocatable([pointer("maybe")], [Sym("maybe", bind=WEAK)]))
    (headers,) = struct.unpack_from("<Q", data, 0x28)
    expected = link(prelink(load_object(bytes(data), "m.o")), BASE, lambda _: None)
    struct.pack_into("<IIQQQQ", data, headers, 0, 8, AW, 0, 0, 64)  # SHT_NOBITS of 64 bytes
    odd = link(prelink(load_object(bytes(data), "m.o")), BASE, lambda _: None)
    assert (odd.data, odd.sections) == (expected.data, expected.sections)
    assert odd.data[:8] == bytes(8)


def test_relocation_zero_symbol_means_no_symbol() -> None:
    assert word([pointer(0, 0x55)], []) == 0x55


def test_imports_are_in_order_of_first_use() -> None:
    text = Sec(".text", bytes(12), flags=AX, relocs=[Rel(8, PC32, "b"), Rel(0, PC32, "a"), Rel(4, PC32, "b")])
    kernel = {"a": BASE - 16, "b": BASE - 32, "c": 1}
    expected = (Import("b", BASE - 32), Import("a", BASE - 16))
    assert linked([text], [Sym("a"), Sym("b")], kernel).imports == expected


def test_start_and_stop_symbols_bound_a_section_with_a_c_name() -> None:
    """All sections of the name, as the LKM era's link sets want."""
    symbols = [Sym("__start_link_set"), Sym("__stop_link_set", bind=WEAK)]
    sets = [Sec("link_set", bytes(8), flags=AW, align=8), Sec("link_set", bytes(4), flags=AW)]
    assert word([pointer("__start_link_set"), *sets], symbols) == BASE + 8
    assert word([pointer("__stop_link_set"), *sets], symbols) == BASE + 20
    with pytest.raises(UndefinedSymbols):
        word([pointer("__start_link_set")], symbols)


def test_start_of_a_set_with_two_permissions_is_refused() -> None:
    sections = [pointer("__start_s"), Sec("s", bytes(8), flags=AW), Sec("s", bytes(8), flags=A)]
    with pytest.raises(LinkError, match="__start_s: sections s have different permissions"):
        word(sections, [Sym("__start_s")])


def test_the_linker_s_own_symbols_need_no_kernel() -> None:
    assert word([pointer("_DYNAMIC")], [Sym("_DYNAMIC", bind=WEAK)]) == 0
    got = linked([pointer("_GLOBAL_OFFSET_TABLE_")], [Sym("_GLOBAL_OFFSET_TABLE_")])
    table = next(s.address for s in got.sections if s.name == ".got")
    pointed = next(s.address for s in got.sections if s.name == ".data") - BASE
    assert table.to_bytes(8, "little") == got.data[pointed : pointed + 8]
    assert got.symbol("_GLOBAL_OFFSET_TABLE_") == Symbol(
        "_GLOBAL_OFFSET_TABLE_", table, 0, OBJECT, LOCAL, ".got"
    )


def test_all_undefined_symbols_are_reported_at_once_with_their_first_use() -> None:
    code = [Rel(0x52, PC32, "dazukofs_register"), Rel(0x60, PC32, "dazukofs_register"), Rel(4, PC32, "known")]
    text = Sec(".text", bytes(128), flags=AX, relocs=code)
    data = Sec(".data", bytes(16), flags=AW, relocs=[Rel(8, ABS64, "mcount"), Rel(0, ABS64, "weak")])
    raw = Sec("raw", bytes(8), relocs=[Rel(0, ABS64, "lost")])
    symbols = [
        Sym("dazuko_load", ".text", 0x40, 0x30, FUNC),
        Sym("first", ".text", 0, 0x40, FUNC),
        Sym("table", ".data", 0, 16, OBJECT, LOCAL),
        Sym("dazukofs_register"),
        Sym("known"),
        Sym("weak", bind=WEAK),
        Sym("mcount"),
        Sym("lost"),
    ]
    with pytest.raises(UndefinedSymbols) as caught:
        linked([text, data, raw], symbols, {"known": BASE})
    assert str(caught.value).splitlines() == [
        "undefined symbol `dazukofs_register', first used in dazuko_load+0x12 (.text+0x52)",
        "undefined symbol `mcount', first used in table+0x8 (.data+0x8) (compile without -pg)",
        "undefined symbol `lost', first used in raw+0x0",
    ]
    assert caught.value.file == "m.o"
    assert caught.value.references[0] == ("dazukofs_register", ".text", 0x52, "dazuko_load+0x12", "")


def test_the_first_use_has_its_line_where_debug_information_has_it(each_cc: Compile, machine: str) -> None:
    source = "int lost(int);\nint entry(int a)\n{\n\treturn 1 +\n\t    lost(a);\n}\n"
    obj = load_object(each_cc(source, machine, "m").read_bytes(), "m.o")
    with pytest.raises(UndefinedSymbols) as caught:
        link(prelink(obj, machine), 0xC0400000 if machine == "i386" else BASE, lambda name: None)
    (use,) = caught.value.references
    assert (use.name, use.section, use.line.rpartition(":")[2]) == ("lost", ".text", "5")
    place = f"entry+{use.offset:#x} (.text+{use.offset:#x})"
    assert str(use) == f"undefined symbol `lost', first used at {use.line}, in {place}"


def test_the_innermost_symbol_of_a_use_is_found_among_many() -> None:
    """Ten thousand functions, and as many missing symbols."""
    count = 10_000
    code = [Rel(16 * i + 4, PC32, f"lost{i}") for i in range(count)]
    symbols = [Sym("all", ".text", 0, 16 * count, FUNC)]
    symbols += [Sym(f"f{i}", ".text", 16 * i, 16, FUNC) for i in range(count)]
    symbols += [Sym(f"lost{i}") for i in range(count)]
    with pytest.raises(UndefinedSymbols) as caught:
        linked([Sec(".text", bytes(16 * count), flags=AX, relocs=code)], symbols)
    assert [use.function for use in caught.value.references] == [f"f{i}+0x4" for i in range(count)]


def test_a_hidden_symbol_that_nothing_uses_must_be_defined_all_the_same() -> None:
    """By the kernel or by another file of the module; the message cannot name a first use."""
    symbols = [Sym("h", other=2), Sym("p", other=3), Sym("default"), Sym("weak", bind=WEAK, other=2)]
    with pytest.raises(UndefinedSymbols) as caught:
        linked([OTHER], symbols, {"p": 7})
    assert str(caught.value) == (
        "undefined symbol `h', which nothing uses; but a hidden, protected or internal symbol must be defined"
    )
    assert linked([OTHER], symbols, {"p": 7, "h": 8}).imports == (Import("h", 8), Import("p", 7))


REFUSED = {
    "multiple": ([OTHER], [Sym("x", ".other"), Sym("x", ".other", 4)], "m.o: multiple definition of `x'"),
    "thread-local": ([pointer("t")], [Sym("t", type=TLSTYPE, section=".data")], "symbol `t' is thread-local"),
    "ifunc": (
        [pointer("i"), OTHER],
        [Sym("i", ".other", type=IFUNC)],
        "symbol `i' is chosen at run time (ifunc)",
    ),
    "not loaded": (
        [pointer("d"), Sec(".debug", b"x", flags=0)],
        [Sym("d", ".debug")],
        ".data+0x0: symbol `d' is in section .debug, which is not loaded",
    ),
    "unknown index": ([pointer("u")], [Sym("u", 0xFF77)], "symbol `u' has the unknown section index 0xff77"),
}


@pytest.mark.parametrize("case", REFUSED)
def test_a_symbol_without_an_address_is_refused_where_it_is_used(case: str) -> None:
    """Each case names file, place, symbol and reason."""
    sections, symbols, text = REFUSED[case]
    with pytest.raises(LinkError) as caught:
        linked(sections, symbols)
    assert text in str(caught.value)


@pytest.mark.parametrize("base", [BASE + 8, -4096, 1 << 64])
def test_a_base_off_a_page_or_outside_the_address_space_is_refused(base: int) -> None:
    pre = prelink(load_object(relocatable([OTHER]), "m.o"))
    with pytest.raises(
        LinkError,
        match=r"m\.o: cannot be linked at .*: for 0x1000 bytes the address must be a multiple of 0x1000",
    ):
        link(pre, base, lambda name: None)


def test_a_kernel_value_wider_than_an_address_is_refused() -> None:
    with pytest.raises(LinkError, match="symbol `k': value 0x10000000000000000, limit 0x10000000000000000"):
        word([pointer("k")], [Sym("k")], {"k": 1 << 64})


def test_one_prelink_links_at_many_addresses() -> None:
    pre = prelink(load_object(relocatable([pointer("o"), OTHER], [Sym("o", ".other")]), "m.o"))
    for base in (0, 0x1000, BASE):
        img = link(pre, base, lambda name: None)
        assert (base + 16).to_bytes(8, "little") == img.data[:8]
        assert (pre.size, base) == (len(img.data), img.base)


def test_symbols_are_all_defined_ones_with_absolute_values() -> None:
    symbols = [
        Sym("m.c", "ABS", type=FILE, bind=LOCAL),
        Sym("", ".other", type=SECTION, bind=LOCAL),
        Sym("loc", ".other", 4, 4, OBJECT, LOCAL),
        Sym("abs", "ABS", 9),
        Sym("undefined"),
        Sym("com", "COMMON", 8, 8, OBJECT),
    ]
    assert tuple(linked([OTHER], symbols).symbols) == (
        Symbol("loc", BASE + 4, 4, OBJECT, LOCAL, ".other"),
        Symbol("abs", 9, 0, 0, 1, "*ABS*"),
        Symbol("com", BASE + 32, 8, OBJECT, 1, "COMMON"),
    )


def test_a_global_symbol_is_found_before_a_local_one_of_its_name() -> None:
    img = linked([OTHER], [Sym("s", ".other", 4, bind=LOCAL), Sym("s", ".other", 8)])
    found = img.symbol("s")
    assert found is not None
    assert (found.value, img.symbol("none")) == (BASE + 8, None)


SAMPLE = """
int printf(const char *, ...);
static int counter; int shared[4] = {1, 2}; static const char text[] = "sample";
int sample_lkmentry(int a) { counter += a; shared[0]++; return printf("%s %d", text, counter); }
"""


def sample(cc: Compile, machine: str) -> Image:
    path = cc(SAMPLE, machine=machine, name="sample")
    base = {"amd64": BASE, "i386": 0xC0400000}[machine]
    pre = prelink(load_object(path.read_bytes(), path.name), machine, ("xxxinit", "sample_lkmentry"))
    return link(pre, base, {"printf": base - 4096}.get)


def test_the_written_file_holds_the_image(cc: Compile, machine: str) -> None:
    """pyelftools finds segments, bytes, entry and symbols of the image in it, and modload -A reads it."""
    img = sample(cc, machine)
    data = write_output(img)
    elf = ELFFile(BytesIO(data))
    entry = img.symbol("sample_lkmentry")
    assert entry is not None
    assert (elf["e_type"], elf["e_entry"]) == ("ET_EXEC", entry.value)
    memory = bytearray(img.size)
    for segment in elf.iter_segments():
        start = segment["p_vaddr"] - img.base
        memory[start : start + segment["p_filesz"]] = segment.data()
    assert bytes(memory) == img.data
    assert [p["p_flags"] for p in elf.iter_segments()] == [5, 4, 6]
    assert {s.name: s.value for s in img.symbols if s.bind} == read_symbols(data)


@pytest.mark.skipif(shutil.which("readelf") is None, reason="binutils are not installed")
def test_binutils_read_the_written_file_without_a_warning(cc: Compile, machine: str, tmp_path: Path) -> None:
    path = tmp_path / "sample"
    path.write_bytes(write_output(sample(cc, machine)))
    for command in (["readelf", "-aW"], ["nm"], ["objdump", "-dtr"], ["size"]):
        done = subprocess.run([*command, str(path)], capture_output=True, text=True, check=True)
        assert done.stderr == ""
        assert "arning" not in done.stdout
    names = subprocess.run(["nm", str(path)], capture_output=True, text=True, check=True).stdout
    assert {"T sample_lkmentry", "b counter", "D shared"} <= {
        line.split(" ", 1)[1] for line in names.splitlines()
    }


def test_zeros_are_zero_and_nobits_is_part_of_the_image() -> None:
    img = linked([Sec(".bss", size=9000, type=NOBITS, flags=AW)], [])
    assert (img.size, img.data) == (12288, bytes(12288))


ADVICE = {
    "__x86_indirect_thunk_rax": "-mindirect-branch=keep", "__x86_indirect_thunk_array": "-mindirect-branch",
    "__llvm_retpoline_r11": "-mno-retpoline", "__x86_return_thunk": "-mfunction-return",
    "__addvsi3": "-ftrapv", "__subvdi3": "-ftrapv", "__mulvti3": "-ftrapv", "__negvsi2": "-ftrapv",
    "__absvdi2": "-ftrapv", "__morestack": "-fsplit-stack",
    "__cyg_profile_func_exit": "-finstrument-functions", "__stack_chk_fail": "-fno-stack-protector",
}  # fmt: skip


@pytest.mark.parametrize(("name", "option"), ADVICE.items(), ids=ADVICE)
def test_what_a_compiler_calls_by_itself_comes_with_the_option_that_stops_it(name: str, option: str) -> None:
    text = Sec(".text", bytes(16), flags=AX, relocs=[Rel(4, PC32, name)])
    with pytest.raises(UndefinedSymbols) as caught:
        linked([text], [Sym(name)])
    assert option in str(caught.value).partition("(")[2]


@pytest.mark.parametrize(
    ("option", "source"),
    [
        ("-ftrapv", "int f(int a, int b) { return a + b - a * b + -a; }"),
        ("-finstrument-functions", "int f(int a) { return a; }"),
        ("-fstack-protector-all", "int f(int a) { volatile char c[16]; c[a] = 1; return c[0]; }"),
        ("-mindirect-branch=thunk-extern", "int f(int (*g)(void)) { return g() + 1; }"),
        ("-mfunction-return=thunk-extern", "int f(int a) { return a; }"),
    ],
)
def test_advice_for_what_a_real_compiler_makes(cc: Compile, machine: str, option: str, source: str) -> None:
    """Every undefined symbol of such an object has some."""
    gcc = cc.using("gcc")
    obj = load_object(gcc(source, machine=machine, name="odd", flags=(option,)).read_bytes(), "odd.o")
    with pytest.raises(UndefinedSymbols) as caught:
        link(prelink(obj, machine=machine), 0xC0100000 if machine == "i386" else BASE, lambda name: None)
    assert caught.value.references
    assert all(" (compile with" in str(reference) for reference in caught.value.references)
