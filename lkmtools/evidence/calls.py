"""The last kernel calls of module code: the registers at each, in a ring.

A call is recorded as the registers stood, by one copy; what its arguments mean is worked out by whoever reads
the ring, after a death. Each record carries a stamp that only grows, which says what came last.
"""

from __future__ import annotations

import struct
from itertools import cycle
from typing import NamedTuple

SLOTS = 256
REGISTERS = 11  # 64-bit words in a record, at most; then the stamp
STACK = 64  # bytes of the stack behind the return address, at the end of a record
_STOP = 8 * (REGISTERS + 1)
_RECORD = _STOP + STACK
SIZE = _RECORD * (SLOTS + 1)
_WORDS = struct.Struct(f"={REGISTERS + 1}Q")


class Call(NamedTuple):
    """One kernel call: pc, sp, fp ... as the machine's port orders them, and what lay on the stack."""

    stamp: int
    registers: tuple[int, ...]
    stack: bytes


class CallRing:
    """The ring, in `memory` of SIZE bytes or in memory of its own.

    `entered[0]` is the address of the function of a module that the kernel has called, while it has not
    returned; else 0.
    `stopped` has the registers when machine code stopped last, which the emulator stores there itself, and
    the stamp, `stamp[0]`. To record a call: `ring[place := next(places)] = stopped`; what it has on the
    stack, at most STACK bytes, is stored at `place.stop`.
    """

    def __init__(self, memory: memoryview | None = None) -> None:
        if memory is None:
            memory = memoryview(bytearray(SIZE))
        self.stopped = memory[:_STOP]
        self.stamp = self.stopped[8 * REGISTERS :].cast("Q")
        self.entered = memory[_STOP:].cast("Q")[:1]
        self.ring = memory[_RECORD:SIZE]
        starts = range(0, SLOTS * _RECORD, _RECORD)
        self.places = cycle([slice(at, at + _STOP) for at in starts])

    def last_stop(self) -> tuple[int, ...]:
        """The registers when machine code stopped last; zeros before the first time."""
        return _WORDS.unpack(self.stopped)[:REGISTERS]

    def last(self, most: int) -> list[Call]:
        """The last calls, newest first."""
        found = []
        for at in range(0, SLOTS * _RECORD, _RECORD):
            record = bytes(self.ring[at : at + _RECORD])
            *registers, stamp = _WORDS.unpack_from(record)
            if stamp:
                found.append(Call(stamp, tuple(registers), record[_STOP:]))
        return sorted(found, reverse=True)[:most]
