"""The last kernel calls of module code: the registers at each, in a ring.

A call is recorded by one copy of the registers; the reader of the ring decodes the arguments after a death.
Each record begins with the number of blocks that the CPU had run, which only grows and so gives the order.
"""

from __future__ import annotations

import struct
from binascii import crc32
from itertools import cycle

from lkmtools.tuples import NamedTuple

SLOTS = 256
REGISTERS = 10  # 64-bit words in a record, at most
STACK = 64  # bytes of the stack behind the return address, at the end of a record
CELL = 24  # bytes of the block hook's cell (machine/brake.py), of which the last eight count blocks
_STOP = 8 * (1 + REGISTERS)
_RECORD = _STOP + STACK
_ENTERED = CELL - 8 + _STOP
_RING = _ENTERED + 8
SIZE = _RING + _RECORD * SLOTS
_WORDS = struct.Struct(f"={1 + REGISTERS}Q")


class Call(NamedTuple):
    """One kernel call: pc, sp, fp ... as the machine's port orders them, and what lay on the stack."""

    blocks: int
    registers: tuple[int, ...]
    stack: bytes


class CallRing:
    """The ring, in `memory` of SIZE bytes or in memory of its own.

    `cell` is for the block hook, and `registers` for those of the last stop, which the emulator stores there
    itself. `stopped` are both: the number of blocks, and the registers. To record a call: `at, behind =
    next(places)`, `ring[at] = stopped`, and `ring[behind] =` STACK bytes of the stack when it has arguments
    on it. `entered[0]` is the address of the function of a module that the kernel has called, while it has
    not returned; else 0.
    """

    def __init__(self, memory: memoryview | None = None) -> None:
        if memory is None:
            memory = memoryview(bytearray(SIZE))
        self.cell = memory[:CELL]
        self.registers = memory[CELL:_ENTERED]
        self.stopped = memory[CELL - 8 : _ENTERED]
        self.entered = memory[_ENTERED:_RING].cast("Q")
        self.ring = memory[_RING:SIZE]
        self.places = cycle(
            [
                (slice(at, at + _STOP), slice(at + _STOP, at + _RECORD))
                for at in range(0, SLOTS * _RECORD, _RECORD)
            ]
        )

    def last_stop(self) -> tuple[int, ...]:
        """The registers when machine code stopped last; zeros before the first time."""
        return _WORDS.unpack(self.stopped)[1:]

    def sign(self) -> int:
        """Another number whenever there have been more calls."""
        return crc32(self.ring)

    def last(self, most: int) -> list[Call]:
        """The last calls, newest first."""
        found = []
        for at in range(0, SLOTS * _RECORD, _RECORD):
            record = bytes(self.ring[at : at + _RECORD])
            blocks, *registers = _WORDS.unpack_from(record)
            if blocks:
                found.append(Call(blocks, tuple(registers), record[_STOP:]))
        return sorted(found, reverse=True)[:most]
