"""The last kernel calls of module code: the registers at each and its result, in a ring.

A call is recorded by one copy of the registers, which also clears the result; that is stored when the call
returns. The reader of the ring decodes the arguments after a death.
Each record begins with the number of blocks that the CPU had run, which only grows and so gives the order.
"""

from __future__ import annotations

import struct
import sys
from binascii import crc32
from itertools import cycle

from lkmtools.tuples import NamedTuple

SLOTS = 64  # four times as many make a call 2 % longer: they do not fit the processor's first cache
REGISTERS = 10  # 64-bit words in a record, at most
STACK = 64  # bytes of the stack behind the return address, at the end of a record
_RETURNS_TO = 3  # in a record: the address that a stub returns to
CELL = 24  # bytes of the block hook's cell (machine/brake.py), of which the last eight count blocks
_STOP = 8 * (2 + REGISTERS)  # the number of blocks, the registers, and _NONE
_RECORD = _STOP + STACK
_ENTERED = CELL - 8 + _STOP
_RING = _ENTERED + 8
_SPARE = _RING + _RECORD * SLOTS
SIZE = _SPARE + 8
_WORDS = struct.Struct(f"={2 + REGISTERS}Q")
_NONE = 0x9D5A0B3C71E62F84  # instead of a result: no function returns this


class Call(NamedTuple):
    """One kernel call: pc, sp, fp ... as the machine's port orders them, and what lay on the stack.

    `result` has 64 bits; None: the call has not returned.
    """

    blocks: int
    registers: tuple[int, ...]
    stack: bytes
    result: int | None = None


class CallRing:
    """The ring, in `memory` of SIZE bytes or in memory of its own.

    `cell` is for the block hook, and `registers` for those of the last stop, which the emulator stores there
    itself; `returns_to[0]` is the return address, at a stub. `stopped` are both: the number of blocks, and
    the registers. To record a call: `at, behind, place = next(places)`, `ring[at] = stopped`, and
    `ring[behind] =` STACK bytes of the stack when it has arguments on it; then `results[place] =` its result,
    of 64 bits. `entered[0]` is the address of the function of a module that the kernel has called, while it
    has not returned; else 0.
    """

    def __init__(self, memory: memoryview | None = None) -> None:
        if memory is None:
            memory = memoryview(bytearray(SIZE))
        self.cell = memory[:CELL]
        self.registers = memory[CELL:_ENTERED]
        self.stopped = memory[CELL - 8 : _ENTERED]
        self.returns_to = self.registers.cast("Q")[_RETURNS_TO:]
        self.entered = memory[_ENTERED:_RING].cast("Q")
        self.ring = memory[_RING:_SPARE]
        self.results = memory[_RING:SIZE].cast("Q")
        memory[_ENTERED - 8 : _ENTERED] = _NONE.to_bytes(8, sys.byteorder)
        self.places = cycle(
            [
                (slice(at, at + _STOP), slice(at + _STOP, at + _RECORD), (at + _STOP) // 8 - 1)
                for at in range(0, SLOTS * _RECORD, _RECORD)
            ]
        )

    def last_stop(self) -> tuple[int, ...]:
        """The registers when machine code stopped last; zeros before the first time."""
        return _WORDS.unpack(self.stopped)[1:-1]

    def still(self, place: int, stopped: tuple[int, ...]) -> int:
        """The place for the result of the call that was recorded at `place`, with `stopped` as pc, sp and fp.

        It is the same, or a spare one when the calls that were made meanwhile have been recorded over it.
        """
        first = place - REGISTERS
        return (
            place if tuple(self.results[first : first + len(stopped)]) == stopped else len(self.results) - 1
        )

    def sign(self) -> int:
        """A number that changes whenever there are more calls."""
        return crc32(self.ring)

    def last(self, most: int) -> list[Call]:
        """The last calls, newest first."""
        found = []
        for at in range(0, SLOTS * _RECORD, _RECORD):
            record = bytes(self.ring[at : at + _RECORD])
            blocks, *registers, result = _WORDS.unpack_from(record)
            if blocks:
                returned = None if result == _NONE else result
                found.append(Call(blocks, tuple(registers), record[_STOP:], returned))
        return sorted(found, key=lambda call: call.blocks, reverse=True)[:most]
