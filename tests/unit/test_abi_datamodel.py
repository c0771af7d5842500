"""Structs of the C headers for Python: laid out by the rules of C, or with offsets that are given."""

from __future__ import annotations

import pytest

from lkmtools.abi.datamodel import ILP32_I386, LP64, Placed, Struct

_pair = Struct("pair", "int first; void *second")
_big = Placed(
    "big",
    (64, 40),
    "struct big *b_next 16/4; u_short b_flags 8/0; char b_name[5] 25/17; struct pair b_pairs[2] 32/24; "
    "int b_lower -/8; struct big *b_list.le_next 0/12",
    {"pair": _pair},
)


def test_a_structs_members_are_aligned_in_order() -> None:
    """A 64-bit integer is aligned to 8 bytes, on i386 to 4; the struct to its largest member."""
    mixed = Struct("mixed", "char c; int64_t wide; struct pair pairs[2]; char end", {"pair": _pair})
    found = [
        (layout.size, *(field.offset for field in layout.fields.values()))
        for layout in (mixed.layout(LP64), mixed.layout(ILP32_I386))
    ]
    assert found == [(56, 0, 8, 16, 24, 32, 40, 48), (32, 0, 4, 12, 16, 20, 24, 28)]


def test_placed_members_lie_where_they_are_said_to() -> None:
    """Each machine has its own offsets and size, and a member that one machine lacks is not in its layout."""
    lp64, ilp32 = _big.layout(LP64), _big.layout(ILP32_I386)
    assert (lp64.size, lp64.align, ilp32.size, ilp32.align) == (64, 8, 40, 4)
    assert {name: field.offset for name, field in lp64.fields.items()} == {
        "b_list.le_next": 0,
        "b_flags": 8,
        "b_next": 16,
        "b_name": 25,
        "b_pairs[0].first": 32,
        "b_pairs[0].second": 40,
        "b_pairs[1].first": 48,
        "b_pairs[1].second": 56,
    }
    assert [ilp32.offsetof(name) for name in ("b_flags", "b_lower", "b_pairs[1].second")] == [0, 8, 36]


def test_a_placed_struct_is_packed_and_unpacked_like_any_other() -> None:
    """Bytes that no member names are zero; a member of a member is an attribute with "_" for "."."""
    layout = _big.layout(LP64)
    raw = layout.pack(**{"b_next": 7, "b_name": b"ab", "b_pairs[1].first": -1, "b_list.le_next": 9})
    assert len(raw) == 64
    assert raw[25:30] == b"ab\0\0\0"
    assert raw[30:48] == bytes(18)
    found = layout.unpack(raw)
    assert (found.b_next, found.b_list_le_next, found.b_flags) == (7, 9, 0)
    assert layout.get(raw, 0, "b_pairs[1].first") == -1
    assert layout.select("b_flags", "b_next").unpack_from(raw) == (0, 7)


def test_a_placed_struct_nests_in_a_struct() -> None:
    """It is aligned like a pointer there."""
    outer = Struct("outer", "char c; struct big big; char end", {"big": _big})
    assert outer.layout(LP64).offsetof("big.b_flags") == 16
    assert (outer.layout(LP64).size, outer.layout(ILP32_I386).size) == (80, 48)


@pytest.mark.parametrize(
    ("members", "message"),
    [
        ("int a 2/4", "struct bad: LP64: a at 2 is not aligned to 4 bytes"),
        ("void *a 0/0; int b 4/4", "struct bad: LP64: b at 4 overlaps a, which ends at 8"),
        ("struct pair a[2] 8/0", "struct bad: LP64: a at 8 ends at 40, beyond the struct's 32 bytes"),
        ("int a", "struct bad: 'int a' does not end with LP64/ILP32 offsets"),
        ("int a 4", "struct bad: 'int a 4' does not end with LP64/ILP32 offsets"),
        ("int a x/4", "struct bad: 'int a x/4' does not end with LP64/ILP32 offsets"),
        ("int 4a 0/0", "cannot read the member declaration 'int 4a'"),
    ],
)
def test_a_bad_declaration_is_a_value_error(members: str, message: str) -> None:
    """It names the struct, the machine, the member and its offset."""
    with pytest.raises(ValueError, match="^" + message.replace("[", r"\[") + "$"):
        Placed("bad", (32, 16), members, {"pair": _pair}).layout(LP64)


def test_a_declaration_is_checked_for_the_machine_that_is_asked_for() -> None:
    """A fault in the i386 offsets does not stop an amd64 kernel."""
    odd = Placed("odd", (16, 8), "int64_t a 8/2")
    assert odd.layout(LP64).offsetof("a") == 8
    with pytest.raises(ValueError, match="ILP32: a at 2 is not aligned to 4 bytes"):
        odd.layout(ILP32_I386)
