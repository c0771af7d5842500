"""A number that tells two builds of an object apart: debug information may be stripped from either.

By it the file is found again of which a module was made.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from zlib import crc32

from lkmtools.abi import elf as c
from lkmtools.elf.object import Object, read_object
from lkmtools.elf.regular import read_regular
from lkmtools.errors import ObjectError

_MOST = 64 << 20  # bytes of an object that is read again


def checksum(obj: Object) -> int:
    """The CRC-32 over names, sizes and contents of the sections with SHF_ALLOC, before relocation.

    `strip -g` does not change it. It is never 0, which stands for one that nobody said.
    """
    found = 0
    for section in obj.sections:
        if section.flags & c.SHF_ALLOC:
            head = f"{section.name}\0{section.size}\0".encode("utf-8", "backslashreplace")
            found = crc32(section.data, crc32(head, found))
    return found or 1


def read_original(path: str, number: int) -> tuple[Object, bytes]:
    """The object in a file whose checksum is `number`, and the bytes of the file. OSError, ObjectError."""
    data = read_regular(path, most=_MOST + 1)
    if len(data) > _MOST:
        size = os.stat(path).st_size
        raise ObjectError(f"{path} has {size} bytes; objects of up to {_MOST} are read")
    obj = read_object(data, path)
    if checksum(obj) != number:
        raise ObjectError(f"{path} has changed since it was loaded")
    return obj, data


def candidates(path: str, directories: Sequence[str]) -> Iterator[str]:
    """Where the object of a module may be: where it was loaded from, then by its name in `directories`.

    These have whole objects of modules that were stripped.
    """
    yield path
    for each in directories:
        yield os.path.join(each, os.path.basename(path))
