"""A text whose last complete version can be found whenever its writer dies."""

from __future__ import annotations

import struct
from binascii import crc32

_HEAD = struct.Struct("=QQQ")  # sequence number (0: nothing valid), length, CRC-32 begun with that number


class Latest:
    """Two copies in `memory`: a write replaces the older one."""

    def __init__(self, memory: memoryview) -> None:
        half = len(memory) // 2
        self._copies = memory[:half], memory[half : 2 * half]
        self._sequence = 0

    @property
    def room(self) -> int:
        """The longest text, in bytes."""
        return len(self._copies[0]) - _HEAD.size

    def write(self, data: bytes) -> None:
        """Store a new version; ValueError when it is longer than there is room."""
        if len(data) > self.room:
            raise ValueError(f"{len(data)} bytes; the limit is {self.room}")
        self._sequence += 1
        copy = self._copies[self._sequence % 2]
        _HEAD.pack_into(copy, 0, 0, 0, 0)
        copy[_HEAD.size : _HEAD.size + len(data)] = data
        _HEAD.pack_into(copy, 0, self._sequence, len(data), crc32(data, self._sequence & 0xFFFFFFFF))

    def read(self) -> bytes | None:
        """The newest version that is whole; None when there is none."""
        for _ in range(3):  # a writer that goes on may replace both copies while we read
            found = [version for copy in self._copies if (version := _version(copy)) is not None]
            if found:
                return max(found)[1]
        return None


def _version(copy: memoryview) -> tuple[int, bytes] | None:
    sequence, length, checksum = _HEAD.unpack_from(copy)
    if not sequence or length > len(copy) - _HEAD.size:
        return None
    data = bytes(copy[_HEAD.size : _HEAD.size + length])
    return (sequence, data) if crc32(data, sequence & 0xFFFFFFFF) == checksum else None
