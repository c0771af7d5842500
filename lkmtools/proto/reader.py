"""Bytes in, frames out. Everything that decides where a frame ends is in this file.

A Reader returns a frame, None ("more data") or raises ProtocolError; after an error it stays in error,
because nothing says where the next frame would begin.
"""

from __future__ import annotations

from lkmtools.proto.codec import DECODERS, HEADER, Payload
from lkmtools.proto.frames import MAX_FRAME, Frame, ProtocolError

_HEADER_SIZE = HEADER.size


class Reader:
    """One direction of one connection."""

    __slots__ = ("_buffer", "_error")

    def __init__(self) -> None:
        self._buffer = bytearray()
        self._error: ProtocolError | None = None

    def feed(self, data: bytes) -> None:
        """Bytes that arrived, in any portions."""
        self._buffer += data

    def next(self) -> tuple[int, Frame] | None:
        """The next frame and its serial; None when more data is wanted."""
        if self._error:
            raise self._error
        buffer = self._buffer
        if len(buffer) < _HEADER_SIZE:
            return None
        try:
            return self._decode(buffer)
        except ProtocolError as error:
            self._error = error
            self._buffer = bytearray()
            raise

    def _decode(self, buffer: bytearray) -> tuple[int, Frame] | None:
        length, kind, reserved, serial = HEADER.unpack_from(buffer)
        known = DECODERS.get(kind)
        if known is None:
            raise ProtocolError(f"frame type is {kind}; the limit is {max(DECODERS)}")
        if reserved:
            raise ProtocolError(f"{known[0]}: reserved word of the header is {reserved:#x}; it must be 0")
        if length > MAX_FRAME:
            raise ProtocolError(f"{known[0]}: payload length is {length}; the limit is {MAX_FRAME}")
        end = _HEADER_SIZE + length
        if len(buffer) < end:
            return None
        payload = bytes(memoryview(buffer)[_HEADER_SIZE:end])
        del buffer[:end]
        return serial, known[1](Payload(known[0], payload))
