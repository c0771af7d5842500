"""Notes of an object (gABI chapter 5, "Note Section"), and the one that our C headers leave in it."""

from __future__ import annotations

import struct
from collections.abc import Iterator
from typing import TYPE_CHECKING, Literal, NamedTuple

from lkmtools.abi.cdefs import NOTE_OWNER, NOTE_SECTION, NOTE_TYPE
from lkmtools.errors import ObjectError

if TYPE_CHECKING:
    from lkmtools.elf.object import Object

_HEAD = 12  # bytes of namesz, descsz and type


class Note(NamedTuple):
    """A note: its owner's name with its NUL, what the owner calls its kind, and its content."""

    owner: bytes
    type: int
    desc: bytes


def notes(data: memoryview, byteorder: str, where: str) -> Iterator[Note]:
    """The notes of a section, whose fields are padded to 4 bytes; ObjectError for one that does not fit."""
    form = struct.Struct(("<" if byteorder == "little" else ">") + "III")
    at = 0
    while at < len(data):
        left = len(data) - at
        if left < _HEAD:
            raise ObjectError(
                f"{where}: note at {at:#x}: {left} bytes are left; a note's header needs {_HEAD}"
            )
        namesz, descsz, kind = form.unpack_from(data, at)
        desc = at + _HEAD + (namesz + 3 & -4)
        if desc + descsz > len(data):
            raise ObjectError(
                f"{where}: note at {at:#x}: a name of {namesz} and a content of {descsz} bytes "
                f"end past the section's end {len(data):#x}"
            )
        owner = bytes(data[at + _HEAD : at + _HEAD + namesz])
        yield Note(owner, kind, bytes(data[desc : desc + descsz]))
        at = desc + (descsz + 3 & -4)


def interface_of(obj: Object) -> int | None:
    """The number of the interface whose headers `obj` was compiled with (<sys/cdefs.h>).

    None for an object without the note: it was compiled with other headers, or without any. ObjectError for a
    damaged note, and for an object that was joined (ld -r) of objects with different numbers.
    """
    found: dict[int, None] = {}
    order: Literal["little", "big"] = "little" if obj.byteorder == "little" else "big"
    for section in obj.sections:
        if section.name != NOTE_SECTION:
            continue
        where = f"{obj.name}: section {section.shndx} ({section.name})"
        for note in notes(section.data, obj.byteorder, where):
            if (note.owner, note.type) != (NOTE_OWNER, NOTE_TYPE):
                continue
            if len(note.desc) != 4:
                raise ObjectError(f"{where}: the interface's number has {len(note.desc)} bytes, not 4")
            found[int.from_bytes(note.desc, order)] = None
    if len(found) > 1:
        numbers = " and ".join(map(str, found))
        raise ObjectError(
            f"{obj.name}: joined from objects that were compiled with the headers of interfaces {numbers}; "
            "compile all of them with the same"
        )
    return next(iter(found), None)
