"""Marks beside the message buffer: when a text was printed, and where a boot begins and ends.

The text that modules print is unchanged; a mark names the place in the buffer to which it applies.
"""

from __future__ import annotations

import struct
import sys
from enum import StrEnum
from typing import Any

from lkmtools.tuples import NamedTuple

_COUNT = struct.Struct("=Q")  # records written since the beginning
_STAMP = struct.Struct("=QQ")  # a place, and the time in nanoseconds since 1970
_EVENT = struct.Struct("=QQII")  # ... the boot, and the kind
# How many are kept. A boot has two events and prints more than 256 bytes: no event is lost before its text.
STAMPS, EVENTS = 1 << 14, 1 << 12
SIZE = 2 * _COUNT.size + STAMPS * _STAMP.size + EVENTS * _EVENT.size
PRECISION = 1_000_000  # nanoseconds: what is printed within them has one stamp


class Kind(StrEnum):
    """What a piece of the message buffer is: text, the beginning of a boot, or an end of one."""

    TEXT = "text"
    BOOT = "boot"
    PANICKED = "panicked"
    DIED = "died"  # its process did
    ENDED = "ended"  # as somebody wanted: lkmctl reboot, lkmctl stop


_KINDS = tuple(Kind)
CONTINUATION = bytes(range(0x80, 0xC0))  # bytes of UTF-8 that do not begin a character


class Piece(NamedTuple):
    """A piece of the message buffer: `boot` (0: unknown), and when, in seconds since 1970 (None: unknown).

    A piece of another kind than TEXT has no text.
    """

    kind: Kind
    boot: int
    time: float | None
    text: str


class Cursor(NamedTuple):
    """How far somebody has read: the place in the buffer, and the number of events."""

    place: int = 0
    events: int = 0


START = Cursor()


class _Ring:
    """Records of one shape in `memory`, of which the oldest go. One writer, any number of readers."""

    def __init__(self, memory: memoryview, form: struct.Struct, room: int) -> None:
        self._memory, self._form, self._room = memory, form, room

    @property
    def written(self) -> int:
        """How many there have been."""
        count: int = _COUNT.unpack_from(self._memory)[0]
        return count

    def append(self, *values: int) -> None:
        """One more; it counts once it is whole."""
        count = self.written
        self._form.pack_into(self._memory, self._at(count), *values)
        _COUNT.pack_into(self._memory, 0, count + 1)

    def _at(self, number: int) -> int:
        return _COUNT.size + number % self._room * self._form.size

    def read(self, place: int, number: int) -> list[tuple[int, tuple[Any, ...]]]:
        """Number and values of those about `place` or later, or from `number` on, and the one before them.

        The oldest is first. None is overwritten meanwhile. Places never go down.
        """
        end = self.written
        found: list[tuple[int, tuple[Any, ...]]] = []
        for at in range(end - 1, max(end - self._room, 0) - 1, -1):
            found.append((at, self._form.unpack_from(self._memory, self._at(at))))
            if found[-1][1][0] < place and at < number:
                break
        oldest = self.written - self._room + 1  # the one before it may be half another
        return [row for row in reversed(found) if row[0] >= oldest]


class Marks:
    """The marks in `memory`, which is SIZE bytes long."""

    def __init__(self, memory: memoryview) -> None:
        half = _COUNT.size + STAMPS * _STAMP.size
        self._stamps = _Ring(memory[:half], _STAMP, STAMPS)
        self._events = _Ring(memory[half:SIZE], _EVENT, EVENTS)
        self._stamped = 0

    def stamp(self, place: int, now: int) -> None:
        """What is printed from this place on is printed now, in nanoseconds since 1970."""
        if not 0 <= now - self._stamped < PRECISION:
            self._stamped = now
            self._stamps.append(place, now)

    def event(self, place: int, now: int, boot: int, kind: Kind) -> None:
        """A boot begins or ends at this place."""
        self._events.append(place, now, boot, _KINDS.index(kind))

    def last(self) -> tuple[int, Kind]:
        """The boot and the kind of the last event; 0 and TEXT when there is none."""
        rows = self._events.read(sys.maxsize, sys.maxsize)
        return (rows[-1][1][2], _KINDS[rows[-1][1][3]]) if rows else (0, Kind.TEXT)

    def cut(self, raw: bytes, begin: int, cursor: Cursor) -> tuple[list[Piece], Cursor]:
        """The bytes from place `begin` on in pieces, with the events that `cursor` has not seen."""
        end, seen = begin + len(raw), cursor.events
        out: list[Piece] = []
        at, boot, when = begin, 0, None
        for mark, number, now, event in self._between(begin, end, seen):
            place = mark
            while at < place < end and raw[place - begin] in CONTINUATION:
                place += 1  # a character that was printed in two parts stays whole
            if place > at:
                out.append(Piece(Kind.TEXT, boot, when, _text(raw[at - begin : place - begin])))
                at = place
            if event is None:
                when = now / 1e9
                continue
            boot = event[0]
            if number >= seen:
                seen = number + 1
                if place >= begin or cursor != START:  # else it is about text that is gone
                    out.append(Piece(_KINDS[event[1]], boot, now / 1e9, ""))
        if at < end:
            out.append(Piece(Kind.TEXT, boot, when, _text(raw[at - begin :])))
        return out, Cursor(end, seen)

    def _between(self, begin: int, end: int, seen: int) -> list[tuple[int, int, int, tuple[int, int] | None]]:
        """Place, number and time of each mark between two places, and of those that hold at the first.

        Events, which stand first, have boot and kind; those from number `seen` on are all there.
        """
        events = [
            (place, number, now, (boot, kind))
            for number, (place, now, boot, kind) in self._events.read(begin, seen)
        ]
        stamps = [
            (place, number, now, None) for number, (place, now) in self._stamps.read(begin, sys.maxsize)
        ]
        marks = [mark for mark in (*events, *stamps) if mark[0] <= end]
        return sorted(marks, key=lambda mark: (mark[0], mark[3] is None, mark[1]))


def _text(raw: bytes) -> str:
    return raw.decode("utf-8", "replace")
