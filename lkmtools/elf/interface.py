"""What our C headers leave in an object: the interface that it was compiled for, and its dialect.

The note's content is the number of the interface, a 32-bit word in the object's byte order, and the dialect
of the source, a C string: "5.2", or the system whose names and prototypes the headers offered instead. The
layouts are those of NetBSD 5.2 in every dialect. Notes of interface 1 have the number only.
"""

from __future__ import annotations

from typing import Literal

from lkmtools.abi.cdefs import NOTE_OWNER, NOTE_SECTION, NOTE_TYPE
from lkmtools.abi.dialects import DIALECT
from lkmtools.elf.note import notes
from lkmtools.elf.object import Object
from lkmtools.errors import ObjectError
from lkmtools.tuples import NamedTuple


class Interface(NamedTuple):
    """The number of an interface, and the dialect of a source that was compiled for it."""

    number: int
    dialect: str = DIALECT


def interface_of(obj: Object) -> Interface | None:
    """The interface whose headers `obj` was compiled with (<sys/cdefs.h>).

    None for an object without the note: it was compiled with NetBSD's own headers, or without any.
    ObjectError for a damaged note, and for an object that was joined (ld -r) of objects with different notes.
    """
    found: dict[Interface, None] = {}
    order: Literal["little", "big"] = "little" if obj.byteorder == "little" else "big"
    for section in obj.sections:
        if section.name != NOTE_SECTION:
            continue
        where = f"{obj.name}: section {section.shndx} ({section.name})"
        for note in notes(section.data, obj.byteorder, where):
            if (note.owner, note.type) != (NOTE_OWNER, NOTE_TYPE):
                continue
            found[_interface(note.desc, order, where)] = None
    if len(found) > 1:
        numbers = " and ".join(f"{one.number} (dialect {one.dialect})" for one in found)
        raise ObjectError(
            f"{obj.name}: joined from objects that were compiled with the headers of interfaces {numbers}; "
            "compile all of them with the same"
        )
    return next(iter(found), None)


def _interface(desc: bytes, order: Literal["little", "big"], where: str) -> Interface:
    """A note's content; ObjectError."""
    number, dialect = int.from_bytes(desc[:4], order), desc[4:]
    if len(desc) < 4:
        raise ObjectError(f"{where}: the interface's number has {len(desc)} bytes, not 4")
    if number == 1 and not dialect:
        return Interface(number)
    if not dialect.endswith(b"\0") or not dialect[:-1].isascii() or b"\0" in dialect[:-1]:
        raise ObjectError(f"{where}: the dialect {dialect!r} is not a C string in ASCII")
    return Interface(number, dialect[:-1].decode())
