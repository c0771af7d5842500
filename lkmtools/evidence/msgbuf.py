"""The message buffer (kern/subr_log.c of NetBSD 5.2): what kernels printed last, as UTF-8."""

from __future__ import annotations

import mmap
import struct

MSGBUF_SIZE = 1 << 19  # bytes kept, as MSGBUFSIZE of a kernel's configuration
_COUNTS = struct.Struct("=QQ")  # bytes written since the beginning; bytes that are being written, too
_WATCHED = struct.Struct("=16xQ")
_START = _WATCHED.size


class MsgBuf:
    """A ring of bytes with one writer at a time. Others may read meanwhile, in this process or another."""

    def __init__(self) -> None:
        self._mem = mmap.mmap(-1, MSGBUF_SIZE + _START)

    @property
    def written(self) -> int:
        """How many bytes have been printed since the buffer was made: a place for since()."""
        count: int = _COUNTS.unpack_from(self._mem)[0]
        return count

    @property
    def watched(self) -> bool:
        """Does somebody want to hear at once of what is printed?"""
        return bool(_WATCHED.unpack_from(self._mem)[0])

    @watched.setter
    def watched(self, value: bool) -> None:
        self._mem[_COUNTS.size] = value

    def append(self, data: bytes) -> None:
        """Print bytes; the oldest go."""
        mem, begin = self._mem, self.written
        end = begin + len(data)
        _COUNTS.pack_into(mem, 0, begin, end)
        at = begin % MSGBUF_SIZE
        if at + len(data) <= MSGBUF_SIZE:
            mem[_START + at : _START + at + len(data)] = data
        else:
            self._wrap(data[-MSGBUF_SIZE:], end)
        _COUNTS.pack_into(mem, 0, end, end)

    def _wrap(self, data: bytes, end: int) -> None:
        """Store bytes of which the last is byte end - 1, over the end of the ring."""
        at = (end - len(data)) % MSGBUF_SIZE
        first = data[: MSGBUF_SIZE - at]
        self._mem[_START + at : _START + at + len(first)] = first
        rest = data[len(first) :]
        self._mem[_START : _START + len(rest)] = rest

    def since(self, place: int) -> tuple[str, int, int]:
        """What was printed from `place` on: the text, how many bytes of it are lost, and the next place."""
        end = self.written
        at = end % MSGBUF_SIZE
        raw = self._mem[_START + at :] + self._mem[_START : _START + at]  # the last byte is byte end - 1
        oldest = max(_COUNTS.unpack_from(self._mem)[1] - MSGBUF_SIZE, 0)  # overwritten while we were copying
        begin = min(max(place, oldest), end)
        text = raw[MSGBUF_SIZE - (end - begin) :] if end > begin else b""
        return text.decode("utf-8", "replace"), begin - min(place, begin), end

    def text(self) -> str:
        """The whole text. When older text was overwritten it begins with a whole line, if there is one."""
        return self.look()[0]

    def tail(self, most: int) -> str:
        """The last `most` bytes, fewer than the buffer has; nothing else is copied: memory may be short."""
        end = self.written
        at, most = end % MSGBUF_SIZE, min(most, end)
        mem = self._mem
        before = bytes(mem[_START + MSGBUF_SIZE - (most - at) : _START + MSGBUF_SIZE]) if most > at else b""
        return (before + bytes(mem[_START + max(at - most, 0) : _START + at])).decode("utf-8", "replace")

    def look(self) -> tuple[str, int]:
        """text(), and the place where it ends: what since() gives from there is not in it."""
        text, lost, place = self.since(0)
        if not lost:
            return text, place
        begin = text.find("\n") + 1
        return text[begin if begin < len(text) else 0 :].lstrip("\ufffd"), place
