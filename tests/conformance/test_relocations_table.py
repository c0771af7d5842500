"""Relocation results worked out by hand from the psABIs' formulas; no linker or compiler is needed.

One field at offset 4 of .text. amd64: base 0xffffffff81000000, so P = ...81000004, GOT = ...81001000 (the
page after .text), and G = 0x18 behind three reserved words. i386: base 0xc0400000, P = 0xc0400004,
GOT = 0xc0401000, G = 0x0c. A is -4 everywhere, the symbol's size 0x20.
"""

from __future__ import annotations

from typing import Any

import pytest

from lkmtools.errors import LinkError
from lkmtools.link import MACHINES, Image, link, load_object, prelink
from lkmtools.link.howto import Howto, Refusal
from support.elfwriter import AX, Rel, Sec, Sym, relocatable

BASE = {"amd64": 0xFFFFFFFF81000000, "i386": 0xC0400000}
FAR = {"amd64": 0xFFFFFFFF80100010, "i386": 0xC0100010}  # a kernel function
NEAR = {"amd64": BASE["amd64"] + 0x40, "i386": BASE["i386"] + 0x40}

# type: (S, the field's bytes)
AMD64 = {
    0: (FAR, "0000000000000000"),
    1: (FAR, "0c001080ffffffff"),  # S + A = ffffffff8010000c
    2: (FAR, "080010ff00000000"),  # 8010000c - 81000004 = -00effff8
    3: (FAR, "1400000000000000"),  # 18 - 4
    4: (FAR, "080010ff00000000"),
    9: (FAR, "1010000000000000"),  # 1000 + 18 - 4 - 4
    10: (0x12345678, "7456341200000000"),
    11: (FAR, "0c00108000000000"),
    12: (0x1234, "3012000000000000"),
    13: (NEAR, "3800000000000000"),  # 40 - 4 - 4
    14: (0x12, "0e00000000000000"),
    15: (NEAR, "3800000000000000"),
    24: (FAR, "080010ffffffffff"),
    25: (FAR, "0cf00fffffffffff"),  # 8010000c - 81001000 = -00f00ff4
    26: (FAR, "f80f000000000000"),  # 1000 - 4 - 4
    27: (FAR, "1400000000000000"),
    28: (FAR, "1010000000000000"),
    29: (FAR, "f80f000000000000"),
    30: (FAR, "1400000000000000"),
    31: (FAR, "0cf00fffffffffff"),
    32: (FAR, "1c00000000000000"),
    33: (FAR, "1c00000000000000"),
    39: (FAR, "080010ff00000000"),
    40: (FAR, "080010ff00000000"),
    41: (FAR, "1010000000000000"),
    42: (FAR, "1010000000000000"),
    43: (FAR, "1010000000000000"),
    46: (FAR, "1010000000000000"),
    49: (FAR, "1010000000000000"),
}
I386 = {
    0: (FAR, "fcffffff"),
    1: (FAR, "0c0010c0"),
    2: (FAR, "0800d0ff"),  # c010000c - c0400004 = -002ffff8
    3: (FAR, "08000000"),  # 0c - 4
    4: (FAR, "0800d0ff"),
    9: (FAR, "0cf0cfff"),  # c010000c - c0401000 = -00300ff4
    10: (FAR, "f80f0000"),
    11: (FAR, "0c0010c0"),
    20: (0x1234, "3012ffff"),
    21: (NEAR, "3800ffff"),
    22: (0x12, "0effffff"),
    23: (NEAR, "38ffffff"),
    38: (FAR, "1c000000"),
    43: (FAR, "08000000"),
}
TABLES: dict[str, dict[int, tuple[Any, str]]] = {"amd64": AMD64, "i386": I386}


def link_field(machine: str, kind: int, value: int, before: int = 0x83) -> Image:
    """.text with one relocation of type `kind` against a symbol of the kernel whose value is `value`."""
    wide = machine == "amd64"
    data = bytes((0, 0, 0, before)) + (bytes(8) if wide else (-4).to_bytes(4, "little", signed=True))
    text = Sec(".text", data, flags=AX, relocs=[Rel(4, kind, "sym", -4)])
    file = relocatable(
        [text], [Sym("sym", size=0x20)], machine=62 if wide else 3, bits=64 if wide else 32, rela=wide
    )
    return link(prelink(load_object(file, "m.o"), machine=machine), BASE[machine], lambda name: value)


@pytest.mark.parametrize(("machine", "kind"), [(m, kind) for m, table in TABLES.items() for kind in table])
def test_a_field_holds_what_the_psabi_s_formula_gives(machine: str, kind: int) -> None:
    value, expected = TABLES[machine][kind]
    number: int = value[machine] if isinstance(value, dict) else value
    size = 8 if machine == "amd64" else 4
    assert expected == link_field(machine, kind, number).data[4 : 4 + size].hex()


@pytest.mark.parametrize("machine", TABLES)
def test_every_formula_has_a_stored_expectation(machine: str) -> None:
    assert sorted(TABLES[machine]) == [r.type for r in MACHINES[machine].rows if isinstance(r, Howto)]


def test_every_type_the_psabis_number_has_a_row() -> None:
    """Types 0-51 of amd64; 0-43 of i386, where 12 and 13 were never given out."""
    assert list(range(52)) == sorted(MACHINES["amd64"].howtos)
    assert [n for n in range(44) if n not in (12, 13)] == sorted(MACHINES["i386"].howtos)


@pytest.mark.parametrize("kind", [3, 43])
def test_an_i386_got_load_without_a_base_register_gets_the_slot_s_address(kind: int) -> None:
    """`mov foo@GOT, %eax` has ModRM 05: an absolute address. c0401000 + 0c - 4."""
    assert link_field("i386", kind, FAR["i386"], before=0x05).data[4:8].hex() == "081040c0"


def test_the_got_slot_holds_the_symbol_s_value() -> None:
    img = link_field("amd64", 9, FAR["amd64"])
    assert FAR["amd64"].to_bytes(8, "little") == img.data[0x1018:0x1020]


P64 = BASE["amd64"] + 4
LIMITS = [
    # machine, type, least and greatest S (A is -4) that fit; one further does not
    ("amd64", 2, P64 + 4 - (1 << 31), P64 + 4 + (1 << 31) - 1),
    ("amd64", 10, 4, (1 << 32) + 3),
    ("amd64", 11, (1 << 64) - (1 << 31) + 4, (1 << 64) - 1),
    ("amd64", 12, 4, (1 << 16) + 3),
    ("amd64", 15, P64 + 4 - 128, P64 + 4 + 127),
    ("i386", 20, 4, (1 << 16) + 3),
    ("i386", 23, BASE["i386"] + 8 - 128, BASE["i386"] + 8 + 127),
]


@pytest.mark.parametrize(("machine", "kind", "least", "greatest"), LIMITS)
def test_a_value_is_refused_one_beyond_its_range(machine: str, kind: int, least: int, greatest: int) -> None:
    """At both ends of the range the value fits; beyond its end the error names place, value and range."""
    wrap = 1 << MACHINES[machine].bits
    for value in (least, greatest):
        link_field(machine, kind, value % wrap)
    if greatest + 1 < wrap:
        with pytest.raises(LinkError, match=r"m.o: \.text\+0x4: R_.* against `sym' at .* legal range .*\.\."):
            link_field(machine, kind, greatest + 1)


def test_the_overflow_text_has_everything() -> None:
    with pytest.raises(LinkError) as caught:
        link_field("amd64", 10, FAR["amd64"])
    assert str(caught.value) == (
        "m.o: .text+0x4: R_X86_64_32 against `sym' at 0xffffffff80100010: value 0xffffffff8010000c does not "
        "fit, legal range 0x0..0xffffffff; compile with -mcmodel=kernel -fno-pic"
    )


@pytest.mark.parametrize(
    ("machine", "kind"),
    [(m, row.type) for m, machine in MACHINES.items() for row in machine.rows if isinstance(row, Refusal)],
)
def test_a_refused_relocation_says_what_to_do(machine: str, kind: int) -> None:
    row = MACHINES[machine].howtos[kind]
    with pytest.raises(LinkError, match=rf"m.o: \.text\+0x4: {row.name} against `sym' is not possible: .*; "):
        link_field(machine, kind, 0)


def test_an_unknown_relocation_type_is_named_by_number() -> None:
    with pytest.raises(
        LinkError, match=r"m.o: .text\+0x4: relocation type 99 against `sym' is not known for amd64"
    ):
        link_field("amd64", 99, 0)
