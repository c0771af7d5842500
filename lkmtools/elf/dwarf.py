"""Numbers and strings of DWARF, read from bytes with every bound checked."""

from __future__ import annotations

from typing import Literal

STRING, BLOCK, LINE_STRP, UDATA = 0x08, 0x09, 0x1F, 0x0F  # DW_FORM_*
FIXED = {0x0B: 1, 0x05: 2, 0x06: 4, 0x07: 8, 0x1E: 16}  # DW_FORM_data1, 2, 4, 8 and 16: bytes

_LEB_BYTES = 10  # of a number of 64 bits


class Damaged(Exception):
    """The debug information does not hold together."""


class ByteReader:
    """A moving place `at` in bytes. Every method raises Damaged where the bytes end too early."""

    def __init__(self, data: bytes, byteorder: str, at: int = 0) -> None:
        self.data = data
        self.at = at
        self._order: Literal["little", "big"] = "little" if byteorder == "little" else "big"

    def take(self, size: int) -> bytes:
        """The next `size` bytes."""
        at, self.at = self.at, self.at + size
        if self.at > len(self.data):
            raise Damaged
        return self.data[at : self.at]

    def number(self, size: int, signed: bool = False) -> int:
        """An integer of `size` bytes."""
        return int.from_bytes(self.take(size), self._order, signed=signed)

    def leb(self, signed: bool = False) -> int:
        """A number of variable length (7.6, LEB128), of 64 bits at most."""
        value = 0
        for shift in range(0, 7 * _LEB_BYTES, 7):
            byte = self.number(1)
            value |= (byte & 0x7F) << shift
            if byte < 0x80:
                return value - (0x80 << shift) if signed and byte & 0x40 else value
        raise Damaged

    def string(self) -> str:
        """A NUL-terminated string."""
        end = self.data.find(b"\0", self.at)
        if end < 0:
            raise Damaged
        at, self.at = self.at, end + 1
        return self.data[at:end].decode("utf-8", "backslashreplace")
