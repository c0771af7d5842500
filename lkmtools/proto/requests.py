"""SYSCALL and RESULT to bytes and back: the frames of every system call, made for speed.

Most of them have one shape, which usual_syscall() and usual_result() read at once. What these do not know, or
what is wrong, they leave to the decoders, which say what is wrong.
"""

from __future__ import annotations

import struct
from struct import Struct

from lkmtools.proto.frames import (
    BLANK,
    MAX_ARGS,
    MAX_FRAME,
    MAX_REGIONS,
    ProtocolError,
    Region,
    Result,
    Syscall,
)
from lkmtools.proto.payload import Payload, counted, must_be_zero, over

_SYSCALL = Struct("<IHH")
_ARGS = tuple(Struct(f"<{n}Q") for n in range(MAX_ARGS + 1))
_REGION = Struct("<QII")
_ONE_REGION = tuple(Struct(f"<{n}QQII") for n in range(MAX_ARGS + 1))  # arguments, and one region
_RESULT = Struct("<iHHQQ")
_PLAIN_RESULT = Struct("<iHHQQII")  # most results have no text: two lengths that are zero
_ONE_CHANGE = Struct("<iHHQQIIIII")  # ... and one change
_CHANGED = Struct("<III")

_U64 = (1 << 64) - 1
_BLANK_FROM = 32  # bytes: below this, looking for zeros costs more than sending them


def encode_syscall(frame: Syscall) -> list[bytes | bytearray]:
    """The pieces of its payload. ProtocolError beyond a limit."""
    args, regions = frame.args, frame.regions
    nargs, nregions = len(args), len(regions)
    if nargs > MAX_ARGS:
        raise over("SYSCALL: number of arguments", nargs, MAX_ARGS)
    if nregions > MAX_REGIONS:
        raise over("SYSCALL: number of regions", nregions, MAX_REGIONS)
    try:
        words = _ARGS[nargs].pack(*args)
    except struct.error:  # a negative one, or one too large
        words = _ARGS[nargs].pack(*[arg & _U64 for arg in args])
    out: list[bytes | bytearray] = [_SYSCALL.pack(frame.number & 0xFFFFFFFF, nargs, nregions), words]
    total = 0
    for region in regions:
        data = region.data
        length = len(data)
        total += length
        if total > MAX_FRAME:
            raise over("SYSCALL: bytes of all regions", total, MAX_FRAME)
        if length >= _BLANK_FROM and data == bytes(length):
            out.append(_REGION.pack(region.address, length, BLANK))
        else:
            out.append(_REGION.pack(region.address, length, 0))
            out.append(data)
    return out


def _own(piece: bytes | bytearray) -> bytearray:
    """A piece of a frame as memory that can be written: that of a long frame is a copy already."""
    return piece if isinstance(piece, bytearray) else bytearray(piece)


def usual_syscall(data: bytes | bytearray, at: int, end: int) -> Syscall | None:
    """A SYSCALL with one region that has content; None for any other, and for whatever is wrong."""
    number, nargs, nregions = _SYSCALL.unpack_from(data, at) if at + _SYSCALL.size <= end else (0, 0, 0)
    if nregions != 1 or nargs > MAX_ARGS:
        return None
    form, at = _ONE_REGION[nargs], at + _SYSCALL.size
    content = at + form.size
    if content > end:
        return None
    *args, address, length, flags = form.unpack_from(data, at)
    if flags or content + length != end:
        return None
    return Syscall(number, tuple(args), (Region(address, _own(data[content:end])),))


def decode_syscall(payload: Payload) -> Syscall:
    """Any SYSCALL. ProtocolError."""
    number, nargs, nregions = payload.take(_SYSCALL, "number and counts")
    if nargs > MAX_ARGS:
        raise over("SYSCALL: number of arguments", nargs, MAX_ARGS)
    if nregions > MAX_REGIONS:
        raise over("SYSCALL: number of regions", nregions, MAX_REGIONS)
    args = payload.take(_ARGS[nargs], "arguments")
    regions = []
    total = 0
    for _ in range(nregions):
        address, length, flags = payload.take(_REGION, "region")
        total += length
        if total > MAX_FRAME:
            raise over("SYSCALL: bytes of all regions", total, MAX_FRAME)
        if flags == 0:
            data = _own(payload.raw(length, "region content"))
        elif flags == BLANK:
            data = bytearray(length)
        else:
            at = payload.at - payload.begin - 4
            raise ProtocolError(f"SYSCALL: region flags at byte {at} are {flags:#x}; the limit is 1")
        regions.append(Region(address, data))
    payload.done()
    return Syscall(number, args, tuple(regions))


def encode_result(frame: Result) -> list[bytes | bytearray]:
    """The pieces of its payload. ProtocolError beyond a limit."""
    errno, changed, reason, tty = frame.errno, frame.changed, frame.reason, frame.tty
    first, second = frame.retval
    if len(changed) == 1 and not (reason or tty):
        index, offset, data = changed[0]
        values = errno, 1, 0, first & _U64, second & _U64, 0, 0, index, offset, len(data)
        return [_ONE_CHANGE.pack(*values), data]
    if len(changed) > 0xFFFF:
        raise over("RESULT: number of changes", len(changed), 0xFFFF)
    numbers = errno, len(changed), 0, first & _U64, second & _U64
    if reason or tty:
        head = _RESULT.pack(*numbers) + counted(reason) + counted(tty)
    else:
        head = _PLAIN_RESULT.pack(*numbers, 0, 0)
    out: list[bytes | bytearray] = [head]
    for index, offset, data in changed:
        out += _CHANGED.pack(index, offset, len(data)), data
    return out


def usual_result(data: bytes | bytearray, at: int, end: int) -> Result | None:
    """A RESULT without text and with one change; None for any other, and for whatever is wrong."""
    content = at + _ONE_CHANGE.size
    if content > end:
        return None
    numbers = _ONE_CHANGE.unpack_from(data, at)
    errno, nchanged, zero, first, second, reason, tty, index, offset, length = numbers
    if nchanged != 1 or zero or reason or tty or content + length != end:
        return None
    return Result(errno, (first, second), ((index, offset, data[content:end]),), "", "")


def decode_result(payload: Payload) -> Result:
    """Any RESULT. ProtocolError."""
    errno, nchanged, zero, first, second = payload.take(_RESULT, "errno and values")
    must_be_zero("RESULT: reserved word", zero)
    reason = payload.text("reason")
    tty = payload.text("tty")
    changed = []
    for _ in range(nchanged):
        index, offset, length = payload.take(_CHANGED, "changed region")
        changed.append((index, offset, payload.raw(length, "changed bytes")))
    payload.done()
    return Result(errno, (first, second), tuple(changed), reason, tty)
