"""A number that tells two builds of an object apart: debug information may be stripped from either."""

from __future__ import annotations

from zlib import crc32

from lkmtools.abi import elf as c
from lkmtools.elf.object import Object


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
