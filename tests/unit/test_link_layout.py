"""Prelink: which sections are loaded and where, what is refused, and what the object still needs."""

from __future__ import annotations

import struct
from typing import Any

import pytest

from lkmtools.errors import LinkError
from lkmtools.link import Prelink, Segment, WrongMachine, load_object, prelink
from support.elfwriter import (
    AW,
    AX,
    EXCLUDE,
    FUNC,
    GROUP,
    NOBITS,
    TLS,
    WEAK,
    A,
    Rel,
    Sec,
    Sym,
    W,
    X,
    relocatable,
)

TEXT = Sec(".text", bytes(16), flags=AX, align=16)


def laid_out(sections: list[Sec], symbols: list[Sym] | None = None, **options: Any) -> Prelink:
    data = relocatable(sections, symbols or [], **options)
    return prelink(load_object(data, "m.o"), entry_names=("xxxinit", "m_lkmentry"))


def places(pre: Prelink) -> list[tuple[str, int, int]]:
    return [(s.name, s.address, s.size) for s in pre.sections]


def test_permission_classes_come_in_order_each_on_its_own_page() -> None:
    """Code, read-only data, writable data, zeros, whatever the file's order; the size is in whole pages."""
    pre = laid_out(
        [
            Sec(".bss", size=5000, type=NOBITS, flags=AW, align=32),
            Sec(".data", b"abc", flags=AW),
            Sec(".rodata", bytes(10), align=4),
            Sec(".comment", b"not loaded", flags=0),
            TEXT,
        ]
    )
    assert places(pre) == [(".text", 0, 16), (".rodata", 4096, 10), (".data", 8192, 3), (".bss", 8224, 5000)]
    assert pre.segments == (Segment(0, 4096, 5), Segment(4096, 4096, 1), Segment(8192, 8192, 3))
    assert pre.size == 16384


def test_alignment_is_kept_and_empty_sections_take_no_page() -> None:
    pre = laid_out([TEXT, Sec(".data", flags=AW, align=8), Sec(".text.b", b"\xc3", flags=AX, align=64)])
    assert places(pre) == [(".text", 0, 16), (".text.b", 64, 1)]
    assert pre.segments == (Segment(0, 4096, 5),)


def test_writable_code_is_a_class_of_its_own() -> None:
    pre = laid_out([Sec("wx", b"\xc3", flags=A | W | X), TEXT])
    assert [(s.offset, s.prot) for s in pre.segments] == [(0, 5), (4096, 7)]


def test_sections_of_one_name_stand_together() -> None:
    pre = laid_out([Sec("set", b"1"), Sec("other", b"2"), Sec("set", b"3")])
    assert places(pre) == [("set", 0, 1), ("set", 1, 1), ("other", 2, 1)]


def test_excluded_sections_are_not_loaded() -> None:
    assert places(laid_out([TEXT, Sec("junk", b"x", flags=A | EXCLUDE)])) == [(".text", 0, 16)]


def test_common_symbols_are_zeros_after_the_rest_each_aligned() -> None:
    """st_value of a common symbol is its alignment."""
    pre = laid_out(
        [Sec(".bss", size=3, type=NOBITS, flags=AW)], [Sym("c", "COMMON", 4, 5), Sym("d", "COMMON", 16, 8)]
    )
    assert places(pre) == [(".bss", 0, 3), ("COMMON", 16, 24)]
    assert pre.commons == {1: 16, 2: 32}


def test_a_common_symbol_of_no_size_has_a_place_all_the_same() -> None:
    assert laid_out([TEXT], [Sym("c", "COMMON", 1, 0)]).commons == {1: 16}


def test_a_got_follows_the_read_only_data_with_a_slot_for_each_symbol() -> None:
    """Three reserved words, then one slot a symbol, however often it is used."""
    relocs = [Rel(0, 9, "a"), Rel(4, 42, "b"), Rel(8, 41, "a")]
    pre = laid_out([Sec(".text", bytes(16), flags=AX, relocs=relocs)], [Sym("a"), Sym("b")])
    assert places(pre) == [(".text", 0, 16), (".got", 4096, 40)]
    assert (pre.got, pre.slots) == (4096, {1: 24, 2: 32})


def test_using_the_got_symbol_makes_a_got_without_slots() -> None:
    relocs = [Rel(0, 2, "_GLOBAL_OFFSET_TABLE_")]
    pre = laid_out([Sec(".text", bytes(4), flags=AX, relocs=relocs)], [Sym("_GLOBAL_OFFSET_TABLE_")])
    assert places(pre) == [(".text", 0, 4), (".got", 4096, 24)]
    assert pre.undefined == ()


def test_undefined_names_come_once_in_order_of_first_use() -> None:
    relocs = [Rel(8, 2, "z"), Rel(0, 2, "a"), Rel(4, 2, "z"), Rel(12, 2, "weak")]
    symbols = [Sym("a"), Sym("unused"), Sym("weak", bind=WEAK), Sym("z")]
    assert laid_out([Sec(".text", bytes(16), flags=AX, relocs=relocs)], symbols).undefined == (
        "z",
        "a",
        "weak",
    )


def test_what_only_debug_information_uses_is_not_needed() -> None:
    debug = Sec(".debug_info", bytes(8), flags=0, relocs=[Rel(0, 1, "ghost")])
    assert laid_out([TEXT, debug], [Sym("ghost")]).undefined == ()


def test_the_entry_is_the_first_of_the_names_that_is_defined() -> None:
    both = [Sym("m_lkmentry", ".text", type=FUNC), Sym("xxxinit", ".text", type=FUNC)]
    assert laid_out([TEXT], both).entry == "xxxinit"
    assert laid_out([TEXT], both[:1]).entry == "m_lkmentry"
    assert laid_out([TEXT], [Sym("xxxinit")]).entry is None


def test_the_first_comdat_group_of_a_signature_wins() -> None:
    def group(member: int) -> Sec:
        return Sec(".group", struct.pack("<II", 1, member), GROUP, 0, 4, link=5, info=1, entsize=4)

    sections = [group(3), group(4), Sec(".text.f", b"\x90\xc3", flags=AX), Sec(".text.f", b"\xc3", flags=AX)]
    assert places(laid_out(sections, [Sym("f", 3)])) == [(".text.f", 0, 2)]


def test_an_object_for_another_machine_is_refused_by_both_names() -> None:
    data = relocatable([TEXT], machine=183)
    with pytest.raises(WrongMachine, match=r"^m\.o is aarch64; this kernel is amd64$") as caught:
        prelink(load_object(data, "m.o"), machine="amd64")
    assert (caught.value.found, caught.value.wanted) == ("aarch64", "amd64")


def test_an_object_of_the_wrong_class_is_refused() -> None:
    with pytest.raises(WrongMachine, match=r"m\.o is amd64 \(32 bits, little-endian\); this kernel is amd64"):
        laid_out([TEXT], bits=32)


REFUSED = {
    "nothing": ([Sec(".comment", b"x", flags=0)], [], "no section to load"),
    "constructors": ([Sec(".init_array", bytes(8), flags=AW)], [], "section .init_array holds constructors"),
    "old constructors": (
        [Sec(".ctors.100", bytes(8), flags=AW)],
        [],
        "section .ctors.100 holds constructors",
    ),
    "thread-local": (
        [Sec(".tbss", size=4, type=NOBITS, flags=AW | TLS)],
        [],
        "section .tbss is thread-local",
    ),
    "alignment": (
        [Sec(".data", b"x", flags=AW, align=8192)],
        [],
        "section .data: alignment 8192, limit 4096",
    ),
    "size": (
        [Sec(".bss", size=1 << 27, type=NOBITS, flags=AW)],
        [],
        "section .bss: image of 0x8000000 bytes, limit 0x4000000",
    ),
    "common size": ([TEXT], [Sym("c", "COMMON", 8, 1 << 62)], "section COMMON: image of"),
    "common alignment": ([TEXT], [Sym("c", "COMMON", 24, 8)], "common symbol c: alignment 24"),
    "relocated zeros": (
        [Sec(".bss", size=8, type=NOBITS, flags=AW, relocs=[Rel(0, 1, "x")])],
        [Sym("x")],
        "relocations for .bss, which has no contents",
    ),
    "field beyond the end": (
        [Sec(".data", bytes(8), flags=AW, relocs=[Rel(5, 2, "x")])],
        [Sym("x")],
        ".data+0x5: R_X86_64_PC32 changes 4 bytes, the section ends at 0x8",
    ),
}


@pytest.mark.parametrize("case", REFUSED)
def test_what_cannot_be_a_module_is_refused_with_its_place(case: str) -> None:
    """Each case names the file, the section and the reason."""
    sections, symbols, text = REFUSED[case]
    with pytest.raises(LinkError) as caught:
        laid_out(sections, symbols)
    assert str(caught.value).startswith("m.o: ")
    assert text in str(caught.value)


def test_empty_constructor_sections_are_harmless() -> None:
    assert places(laid_out([TEXT, Sec(".init_array", flags=AW)])) == [(".text", 0, 16)]
