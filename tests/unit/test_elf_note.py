"""The note of our C headers: what number an object has, and every way in which the note may be damaged."""

from __future__ import annotations

import struct

import pytest

from lkmtools.elf import Interface, interface_of, read_object
from lkmtools.errors import ObjectError
from support.elfwriter import AX, NOTE, Sec, Sym, relocatable

TEXT = Sec(".text", b"\xc3", flags=AX)


def note(
    number: int,
    order: str = "<",
    owner: bytes = b"lkmtools\0",
    kind: int = 1,
    dialect: bytes = b"5.2\0",
) -> bytes:
    """A note as <sys/cdefs.h> writes it."""
    head = struct.pack(order + "III", len(owner), 4 + len(dialect), kind)
    desc = struct.pack(order + "I", number) + dialect
    return head + owner.ljust(len(owner) + 3 & -4, b"\0") + desc.ljust(len(desc) + 3 & -4, b"\0")


def interface(
    *data: bytes, bits: int = 64, order: str = "<", name: str = ".note.lkmtools"
) -> Interface | None:
    """interface_of() an object with sections of notes."""
    rows = [TEXT, *(Sec(name, part, NOTE, 0, 4) for part in data)]
    return interface_of(
        read_object(relocatable(rows, [Sym("entry", ".text")], bits=bits, order=order), "m.o")
    )


@pytest.mark.parametrize(("bits", "order"), [(64, "<"), (64, ">"), (32, "<"), (32, ">")])
def test_the_number_is_read_in_every_class_and_byte_order(bits: int, order: str) -> None:
    assert interface(note(7, order), bits=bits, order=order) == (7, "5.2")


@pytest.mark.parametrize("dialect", ["1.4", "4.0", "openbsd", ""])
def test_the_dialect_is_the_string_behind_the_number(dialect: str) -> None:
    assert interface(note(2, dialect=dialect.encode() + b"\0")) == Interface(2, dialect)


def test_the_notes_of_interface_1_have_no_dialect() -> None:
    assert interface(note(1, dialect=b"")) == Interface(1, "5.2")


def test_an_object_without_the_note_has_no_number() -> None:
    """Nor has one whose notes are somebody else's, or of another kind, or in another section."""
    assert interface() is None
    assert interface(b"") is None
    assert interface(note(1, owner=b"NetBSD\0")) is None
    assert interface(note(1, kind=2)) is None
    assert interface(note(1), name=".note.other") is None


def test_joined_objects_have_a_note_each() -> None:
    """In one section (ld -r) or in several; a note of somebody else may stand among them."""
    assert interface(note(2) + note(2)) == (2, "5.2")
    assert interface(note(2), note(3, owner=b"NetBSD\0") + note(2)) == (2, "5.2")


@pytest.mark.parametrize(
    ("data", "why"),
    [
        (note(1) + note(2), r"joined from objects .* interfaces 1 \(dialect 5.2\) and 2 \(dialect 5.2\)"),
        (note(2) + note(2, dialect=b"1.4\0"), r"interfaces 2 \(dialect 5.2\) and 2 \(dialect 1.4\)"),
        (note(2, dialect=b""), "the dialect b'' is not a C string in ASCII"),
        (note(2, dialect=b"1.4"), "the dialect b'1.4' is not a C string in ASCII"),
        (note(2, dialect=b"1\0.4\0"), "is not a C string in ASCII"),
        (note(2, dialect=b"\xff\0"), "is not a C string in ASCII"),
        (note(1)[:5], r"section 2 \(.note.lkmtools\): note at 0x0: 5 bytes are left"),
        (note(2) + b"\0\0\0", "note at 0x20: 3 bytes are left"),
        (note(2)[:-1], "a name of 9 and a content of 8 bytes end past the section's end 0x1f"),
        (struct.pack("<III", 0xFFFFFFFF, 4, 1), "a name of 4294967295 "),
        (struct.pack("<III", 9, 0xFFFFFFFF, 1) + b"lkmtools\0\0\0\0", "a content of 4294967295 bytes"),
        (struct.pack("<III", 9, 2, 1) + b"lkmtools\0\0\0\0\1\0\0\0", "number has 2 bytes, not 4"),
    ],
)
def test_a_damaged_note_is_an_object_error_that_names_it(data: bytes, why: str) -> None:
    with pytest.raises(ObjectError, match=why):
        interface(data)
