"""The modules that a kernel has or had, with their symbols, to explain addresses after its death.

A record is appended when a module is about to run for the first time, and its state is changed in place. When
the table is full, the records of modules that are still loaded move to its other half, which is used from
then on.
"""

from __future__ import annotations

import struct
from bisect import bisect_right
from collections.abc import Sequence
from contextlib import suppress
from enum import IntEnum

from lkmtools.abi.datamodel import C_TEXT
from lkmtools.evidence.record import RecordedModule
from lkmtools.tuples import NamedTuple

_TABLE = struct.Struct("=QQQ")  # which half counts; bytes used in each
_WORD = struct.Struct("=Q")  # one of these
# Length, state, id, symbols, area, size; bytes of name, path, names; checksum, bytes of code.
_RECORD = struct.Struct("=IIiIQQIIIII4x")
_STATE_AT = 4
_TRIES = 3


class ModuleState(IntEnum):
    """What a module is."""

    GONE = 0
    LOADING = 1
    LOADED = 2


class ModuleRecord(NamedTuple):
    """A module: `symbols` are pairs of address and name, by address.

    `checksum` is that of its object (elf/checksum.py), 0 when it is not known. The first `code` bytes are
    executable.
    """

    state: ModuleState
    id: int
    area: int
    size: int
    name: str
    path: str
    symbols: Sequence[tuple[int, str]]
    checksum: int = 0
    code: int = 0

    def holds(self, addr: int) -> bool:
        """Is the address in its memory?"""
        return self.area <= addr < self.area + self.size

    def recorded(self) -> RecordedModule:
        """The module in a record."""
        gone = self.state == ModuleState.GONE
        return RecordedModule(self.name, self.path, self.area, self.size, self.checksum, gone)

    def locate(self, addr: int) -> str:
        """The address as function+offset [module]."""
        at = bisect_right(self.symbols, (addr, "\U0010ffff")) - 1
        start, name = self.symbols[at] if at >= 0 else (self.area, f"{self.area:#x}")
        gone = ", unloaded" if self.state == ModuleState.GONE else ""
        return f"{name}+{addr - start:#x} [{self.name}{gone}]"


class ModuleTable:
    """The records in `memory`."""

    def __init__(self, memory: memoryview) -> None:
        half = (len(memory) - _TABLE.size) // 2 & -8
        self._head = memory[: _TABLE.size]
        self._halves = memory[_TABLE.size :][:half], memory[_TABLE.size :][half : 2 * half]
        self._places: dict[int, int] = {}  # of modules that are not gone, by id
        self.without_symbols = 0  # modules for whose symbols there was no room

    def add(self, module: ModuleRecord, addresses: bytes, names: Sequence[str]) -> None:
        """Append a module; `addresses` are those of its symbols as 64-bit words, `names` their names."""
        record = _pack(module, addresses, "\0".join(names).encode(*C_TEXT), len(names))
        if not self._fits(record):
            self._move()
        if not self._fits(record):
            self.without_symbols += 1
            record = _pack(module, b"", b"", 0)
        if not self._fits(record):
            return
        which, *used = _TABLE.unpack(self._head)
        at = used[which]
        self._halves[which][at : at + len(record)] = record
        self._use(which, at + len(record))
        self._places[module.id] = at

    def mark(self, ident: int, state: ModuleState, name: str = "") -> None:
        """Module `ident` is loaded, or gone; `name` is what it calls itself, when it was loaded."""
        place = self._places.get(ident)
        if place is None:
            return
        which = _TABLE.unpack(self._head)[0]
        half = self._halves[which]
        if name:
            _rename(half, place, name)
        struct.pack_into("=I", half, place + _STATE_AT, state)
        if state == ModuleState.GONE:
            del self._places[ident]

    def records(self, symbols: bool = True) -> list[ModuleRecord]:
        """All records, the oldest first, with or without symbols; nothing of one that was being written.

        A writer that goes on may move the table while it is read: then it is read again.
        """
        for _ in range(_TRIES):
            with suppress(ValueError, struct.error):  # it moved twice meanwhile: this is not a record
                return self._read(symbols)
        return []

    def _read(self, symbols: bool) -> list[ModuleRecord]:
        which, *used = _TABLE.unpack(self._head)
        if which > 1:
            return []
        half, at, found = self._halves[which], 0, []
        while at < min(used[which], len(half)):
            record, at = _unpack(half, at, symbols)
            found.append(record)
        return found

    def _fits(self, record: bytes) -> bool:
        which, *used = _TABLE.unpack(self._head)
        return len(record) <= len(self._halves[which]) - int(used[which])

    def _move(self) -> None:
        """Copy the records of modules that are there to the other half, then let that count."""
        which = _TABLE.unpack(self._head)[0]
        other = 1 - which
        source, target, at = self._halves[which], self._halves[other], 0
        places = {}
        for ident, place in self._places.items():
            length = struct.unpack_from("=I", source, place)[0]
            target[at : at + length] = source[place : place + length]
            places[ident] = at
            at += length
        self._use(other, at)
        _WORD.pack_into(self._head, 0, other)
        self._places = places

    def _use(self, half: int, size: int) -> None:
        """So many bytes of a half are records: one word, stored when they are."""
        _WORD.pack_into(self._head, _WORD.size * (1 + half), size)


_NAME_ROOM = 64  # bytes for the name, which is known only after the entry point has run


def _pack(module: ModuleRecord, addresses: bytes, names: bytes, count: int) -> bytes:
    name = module.name.encode(*C_TEXT)[:_NAME_ROOM].ljust(_NAME_ROOM, b"\0")
    path = module.path.encode(*C_TEXT)
    tail = name + path + bytes(-len(path) % 8) + addresses + names
    tail += bytes(-len(tail) % 8)
    head = _RECORD.pack(
        _RECORD.size + len(tail), module.state, module.id, count, module.area, module.size,
        _NAME_ROOM, len(path), len(names), module.checksum, module.code,
    )  # fmt: skip
    return head + tail


def _rename(half: memoryview, place: int, name: str) -> None:
    at = place + _RECORD.size
    half[at : at + _NAME_ROOM] = name.encode(*C_TEXT)[:_NAME_ROOM].ljust(_NAME_ROOM, b"\0")


def _unpack(half: memoryview, at: int, symbols: bool) -> tuple[ModuleRecord, int]:
    length, state, ident, count, area, size, lname, lpath, lnames, checksum, code = _RECORD.unpack_from(
        half, at
    )
    if length < _RECORD.size:
        raise ValueError(f"the record at {at} has {length} bytes")
    start = at + _RECORD.size
    name, path = (
        bytes(half[begin : begin + size]).rstrip(b"\0").decode(*C_TEXT)
        for begin, size in ((start, lname), (start + lname, lpath))
    )
    found: list[tuple[int, str]] = []
    if symbols and count:
        start += lname + lpath + (-lpath % 8)
        addresses = struct.unpack_from(f"={count}Q", half, start)
        names = bytes(half[start + 8 * count :][:lnames]).decode(*C_TEXT).split("\0")
        found = list(zip(addresses, names, strict=True))
    module = ModuleRecord(ModuleState(state), ident, area, size, name, path, found, checksum, code)
    return module, at + length
