"""The number that our C headers leave in an object: the interface that it was compiled for."""

from __future__ import annotations

from typing import Literal

from lkmtools.abi.cdefs import NOTE_OWNER, NOTE_SECTION, NOTE_TYPE
from lkmtools.elf.note import notes
from lkmtools.elf.object import Object
from lkmtools.errors import ObjectError


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
