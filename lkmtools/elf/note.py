"""Notes of an object (gABI chapter 5, "Note Section")."""

from __future__ import annotations

import struct
from collections.abc import Iterator

from lkmtools.errors import ObjectError
from lkmtools.tuples import NamedTuple

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
