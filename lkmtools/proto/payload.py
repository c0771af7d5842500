"""The content of a frame, piece by piece: what decoders take from it, and what encoders put into it."""

from __future__ import annotations

from struct import Struct
from typing import Any

from lkmtools.proto.frames import ProtocolError

U32 = Struct("<I")
_NO_TEXT = bytes(4)


class Payload:
    """A payload being decoded, from `at` to `end` of `data`: every take is checked against its end."""

    __slots__ = ("at", "begin", "data", "end", "name")

    def __init__(self, name: str, data: bytes | bytearray, begin: int, end: int) -> None:
        self.name = name
        self.data = data
        self.at = self.begin = begin
        self.end = end

    def take(self, form: Struct, what: str) -> tuple[Any, ...]:
        """The integers of `form`."""
        at = self.at
        self.at = end = at + form.size
        if end > self.end:
            raise self.short(what, at, form.size)
        return form.unpack_from(self.data, at)

    def raw(self, length: int, what: str) -> bytes | bytearray:
        """The next `length` bytes."""
        at = self.at
        self.at = end = at + length
        if end > self.end:
            raise self.short(what, at, length)
        return self.data[at:end]

    def text(self, what: str) -> str:
        """A counted UTF-8 string."""
        length = self.take(U32, what)[0]
        if not length:
            return ""
        at = self.at - self.begin
        raw = self.raw(length, what)
        try:
            return raw.decode()
        except UnicodeDecodeError as error:
            bad = f"byte {raw[error.start]:#04x} at {at + error.start}"
            raise ProtocolError(f"{self.name}: {what} at byte {at} is not UTF-8: {bad}") from None

    def done(self) -> None:
        """Nothing may follow."""
        if self.at != self.end:
            at = self.at - self.begin
            raise ProtocolError(f"{self.name}: {self.end - self.at} bytes after its end at byte {at}")

    def short(self, what: str, at: int, length: int) -> ProtocolError:
        """The error of a payload that ends inside `what`."""
        return ProtocolError(
            f"{self.name}: {what} at byte {at - self.begin} needs {length} bytes, "
            f"but the payload ends at {self.end - self.begin}"
        )


def over(place: str, value: int, limit: int) -> ProtocolError:
    """The error of a number beyond its limit."""
    return ProtocolError(f"{place} is {value}; the limit is {limit}")


def must_be_zero(place: str, value: int) -> None:
    """ProtocolError for a reserved word that is used."""
    if value:
        raise ProtocolError(f"{place} is {value:#x}; it must be 0")


def counted(text: str) -> bytes:
    """A string as Payload.text() takes it."""
    if not text:
        return _NO_TEXT
    raw = text.encode("utf-8", "backslashreplace")
    return U32.pack(len(raw)) + raw
