"""Bytes in, frames out. Everything that decides where a frame ends is in this file.

A Reader returns a frame, None ("more data") or raises ProtocolError; after an error it stays in error,
because nothing says where the next frame would begin. NoMemory is different: it concerns one frame, and the
next one can be read.
"""

from __future__ import annotations

from lkmtools.proto.codec import DECODERS, HEADER, USUAL
from lkmtools.proto.frames import MAX_FRAME, Frame, NoMemory, ProtocolError
from lkmtools.proto.payload import Payload

_HEADER_SIZE = HEADER.size


class Reader:
    """One direction of one connection.

    `limit` is how long a payload may be: it is kept until it is whole, in memory that grows as it comes.
    `last` is how long the last one was.
    """

    __slots__ = ("_at", "_buffer", "_error", "last", "limit")

    def __init__(self, limit: int = MAX_FRAME) -> None:
        self.limit = limit
        self.last = 0
        self._buffer: bytes | bytearray = b""
        self._at = 0  # where the next frame begins in it
        self._error: ProtocolError | None = None

    @property
    def kept(self) -> int:
        """Bytes of frames that have not come whole, or have not been asked for."""
        return len(self._buffer) - self._at

    def feed(self, data: bytes) -> None:
        """Bytes that arrived, in any portions. MemoryError, and then no further frame can be read."""
        at, self._at = self._at, 0
        if at == len(self._buffer):
            self._buffer = data  # the common case, a whole frame, is never copied
        elif isinstance(self._buffer, bytearray):
            del self._buffer[:at]
            self._buffer += data
        else:
            self._buffer = bytearray(self._buffer[at:]) + data

    def next(self) -> tuple[int, Frame] | None:
        """The next frame and its serial; None when more data is wanted."""
        if self._error is not None:
            raise self._error
        buffer, at = self._buffer, self._at
        begin = at + _HEADER_SIZE
        if len(buffer) < begin:
            return None
        try:
            length, kind, reserved, serial = HEADER.unpack_from(buffer, at)
            known = DECODERS.get(kind)
            if known is None:
                raise ProtocolError(f"frame type is {kind}; the limit is {max(DECODERS)}")
            name, decode = known
            if reserved:
                raise ProtocolError(f"{name}: reserved word of the header is {reserved:#x}; it must be 0")
            if length > self.limit:
                raise ProtocolError(f"{name}: payload length is {length}; the limit is {self.limit}")
            end = begin + length
            if len(buffer) < end:
                return None
            self.last = length
            if end < len(buffer):
                self._at = end
            else:
                self._at, self._buffer = 0, b""  # the frame's memory is given back with what it is made into
            usual = USUAL.get(kind)
            frame = None if usual is None else usual(buffer, begin, end)
            return serial, decode(Payload(name, buffer, begin, end)) if frame is None else frame
        except ProtocolError as error:
            self._error = error
            raise
        except MemoryError:
            raise NoMemory(name, serial, length) from None
