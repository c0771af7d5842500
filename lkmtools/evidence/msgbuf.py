"""The message buffer (kern/subr_log.c of NetBSD 5.2): what kernels printed last, as UTF-8.

Beside it are marks (marks.py): when its text was printed, and which boot that was in.
"""

from __future__ import annotations

import mmap
import struct
import time

from lkmtools.evidence import marks
from lkmtools.evidence.marks import CONTINUATION, Cursor, Kind, Piece

MSGBUF_SIZE = 1 << 19  # bytes kept, as MSGBUFSIZE of a kernel's configuration
_COUNTS = struct.Struct("=QQ")  # bytes written since the beginning; bytes that are being written, too
_WATCHED = struct.Struct("=16xQ")
_START = _WATCHED.size


class MsgBuf:
    """A ring of bytes with one writer at a time. Others may read meanwhile, in this process or another."""

    def __init__(self) -> None:
        self._mem = mmap.mmap(-1, _START + MSGBUF_SIZE + marks.SIZE)
        self._marks = marks.Marks(memoryview(self._mem)[_START + MSGBUF_SIZE :])
        self._begins = 0  # the boot whose first text comes next

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

    def begin(self, boot: int) -> None:
        """What this process prints from now on is of this boot, which begins with the first of it."""
        self._begins = boot

    def end(self, boot: int, kind: Kind) -> None:
        """That boot has ended. Nothing happens when it has printed nothing."""
        if self._marks.last() == (boot, Kind.BOOT):
            self._marks.event(self.written, time.time_ns(), boot, kind)

    def append(self, data: bytes) -> None:
        """Print bytes; the oldest go."""
        mem, begin, now = self._mem, self.written, time.time_ns()
        if self._begins:
            self._marks.event(begin, now, self._begins, Kind.BOOT)
            self._begins = 0
        self._marks.stamp(begin, now)
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
        raw, begin = self._bytes(place)
        return raw.decode("utf-8", "replace"), begin - min(place, begin), begin + len(raw)

    def _bytes(self, place: int) -> tuple[bytes, int]:
        """What there is of what was printed from `place` on, and the place where that begins."""
        end, mem = self.written, self._mem
        first = min(max(place, end - MSGBUF_SIZE), end)
        at, to = first % MSGBUF_SIZE, end % MSGBUF_SIZE
        if first == end:
            raw = b""
        elif at < to:
            raw = mem[_START + at : _START + to]
        else:
            raw = mem[_START + at : _START + MSGBUF_SIZE] + mem[_START : _START + to]
        oldest = _COUNTS.unpack_from(mem)[1] - MSGBUF_SIZE  # what is older was overwritten while we copied
        begin = min(max(first, oldest), end)
        return raw[begin - first :], begin

    def pieces(self, cursor: Cursor = marks.START) -> tuple[list[Piece], int, Cursor]:
        """What has come since `cursor` in pieces, how many bytes are lost, and the next cursor.

        The whole buffer begins with a whole line, if there is one.
        """
        raw, begin = self._bytes(cursor.place)
        lost = begin - min(cursor.place, begin)
        if lost and cursor == marks.START:
            skipped = raw.find(b"\n") + 1
            whole = raw[skipped:] if 0 < skipped < len(raw) else raw.lstrip(CONTINUATION)
            begin, raw = begin + len(raw) - len(whole), whole
        pieces, after = self._marks.cut(raw, begin, cursor)
        return pieces, lost, after

    def text(self) -> str:
        """The whole text. When older text was overwritten it begins with a whole line, if there is one."""
        return "".join(piece.text for piece in self.pieces()[0])

    def tail(self, most: int) -> str:
        """The last `most` bytes, fewer than the buffer has; nothing else is copied: memory may be short."""
        end = self.written
        at, most = end % MSGBUF_SIZE, min(most, end)
        mem = self._mem
        before = bytes(mem[_START + MSGBUF_SIZE - (most - at) : _START + MSGBUF_SIZE]) if most > at else b""
        return (before + bytes(mem[_START + max(at - most, 0) : _START + at])).decode("utf-8", "replace")
