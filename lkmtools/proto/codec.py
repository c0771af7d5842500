"""Frames to bytes and payloads to frames: one encoder and one decoder a type, in one table.

Decoders raise ProtocolError and nothing else, whatever they are fed; an encoder refuses what a decoder
would not take.
"""

from __future__ import annotations

import struct
from collections.abc import Callable
from struct import Struct
from typing import Any

from lkmtools.proto.frames import (
    BLANK,
    MAGIC,
    MAX_ARGS,
    MAX_FRAME,
    MAX_REGIONS,
    MAX_STRINGS,
    SHARE_FILES,
    VERSION,
    Answer,
    Asleep,
    Control,
    Exec,
    Exited,
    Frame,
    Hello,
    Map,
    Mapped,
    Panic,
    ProtocolError,
    Refused,
    Region,
    Result,
    Share,
    Signal,
    Syscall,
    Unmap,
    Welcome,
)

HEADER = Struct("<IHHI")

_U32 = Struct("<I")
_I32 = Struct("<i")
_EXITED = Struct("<Ii")
_HELLO_VERSION = Struct("<IHH")
_WELCOME = Struct("<HBBB3xIIII")
_SYSCALL = Struct("<IHH")
_ARGS = tuple(Struct(f"<{n}Q") for n in range(MAX_ARGS + 1))
_REGION = Struct("<QII")
_ONE_REGION = tuple(Struct(f"<{n}QQII") for n in range(MAX_ARGS + 1))  # arguments, and one region
_RESULT = Struct("<iHHQQ")
_PLAIN_RESULT = Struct("<iHHQQII")  # most results have no text: two lengths that are zero
_ONE_CHANGE = Struct("<iHHQQIIIII")  # ... and one change
_CHANGED = Struct("<III")
_ANSWER = Struct("<HH")
_MAP = Struct("<QQ")
_MAPPED = Struct("<iIQ")
_SHARE = Struct("<QQII")

_U64 = (1 << 64) - 1
_new = tuple.__new__  # a NamedTuple from its members, without a Python function in between
_NO_TEXT = bytes(4)
_BLANK_FROM = 32  # bytes: below this, looking for zeros costs more than sending them


class Payload:
    """A payload being decoded, from `at` to `end` of `data`: every take is checked against its end."""

    __slots__ = ("at", "begin", "data", "end", "name")

    def __init__(self, name: str, data: bytes | bytearray, begin: int, end: int) -> None:
        self.name = name
        self.data = data
        self.at = self.begin = begin
        self.end = end

    def take(self, form: Struct, what: str) -> tuple[Any, ...]:
        """The integers of `form`."""
        at = self.at
        self.at = end = at + form.size
        if end > self.end:
            raise self.short(what, at, form.size)
        return form.unpack_from(self.data, at)

    def raw(self, length: int, what: str) -> bytes | bytearray:
        """The next `length` bytes."""
        at = self.at
        self.at = end = at + length
        if end > self.end:
            raise self.short(what, at, length)
        return self.data[at:end]

    def text(self, what: str) -> str:
        """A counted UTF-8 string."""
        length = self.take(_U32, what)[0]
        if not length:
            return ""
        at = self.at - self.begin
        raw = self.raw(length, what)
        try:
            return raw.decode()
        except UnicodeDecodeError as error:
            bad = f"byte {raw[error.start]:#04x} at {at + error.start}"
            raise ProtocolError(f"{self.name}: {what} at byte {at} is not UTF-8: {bad}") from None

    def done(self) -> None:
        """Nothing may follow."""
        if self.at != self.end:
            at = self.at - self.begin
            raise ProtocolError(f"{self.name}: {self.end - self.at} bytes after its end at byte {at}")

    def short(self, what: str, at: int, length: int) -> ProtocolError:
        """The error of a payload that ends inside `what`."""
        return ProtocolError(
            f"{self.name}: {what} at byte {at - self.begin} needs {length} bytes, "
            f"but the payload ends at {self.end - self.begin}"
        )


def _over(place: str, value: int, limit: int) -> ProtocolError:
    return ProtocolError(f"{place} is {value}; the limit is {limit}")


def _zero(place: str, value: int) -> None:
    if value:
        raise ProtocolError(f"{place} is {value:#x}; it must be 0")


def _text(text: str) -> bytes:
    if not text:
        return _NO_TEXT
    raw = text.encode("utf-8", "backslashreplace")
    return _U32.pack(len(raw)) + raw


def _encode_hello(frame: Hello) -> list[bytes]:
    return [_HELLO_VERSION.pack(MAGIC, frame.version, 0), _U32.pack(frame.host_pid), _text(frame.comm)]


def _decode_hello(payload: Payload) -> Hello:
    magic, version, zero = payload.take(_HELLO_VERSION, "magic and version")
    if magic != MAGIC:
        raise ProtocolError(f"HELLO: magic is {magic:#010x}; it must be {MAGIC:#010x}")
    if version != VERSION:  # another version may say the rest differently
        return Hello(version, 0, "")
    _zero("HELLO: reserved word", zero)
    frame = Hello(version, payload.take(_U32, "pid")[0], payload.text("comm"))
    payload.done()
    return frame


def _encode_welcome(frame: Welcome) -> list[bytes]:
    return [_WELCOME.pack(*frame[:8]), _text(frame.machine), _text(frame.text)]


def _decode_welcome(payload: Payload) -> Welcome:
    numbers = payload.take(_WELCOME, "kernel")
    frame = Welcome._make((*numbers, payload.text("machine"), payload.text("version text")))
    payload.done()
    return frame


def _encode_refused(frame: Refused) -> list[bytes]:
    return [_text(frame.why)]


def _decode_refused(payload: Payload) -> Refused:
    frame = Refused(payload.text("why"))
    payload.done()
    return frame


def _encode_syscall(frame: Syscall) -> list[bytes | bytearray]:
    number, args, regions = frame
    nargs, nregions = len(args), len(regions)
    if nargs > MAX_ARGS:
        raise _over("SYSCALL: number of arguments", nargs, MAX_ARGS)
    if nregions > MAX_REGIONS:
        raise _over("SYSCALL: number of regions", nregions, MAX_REGIONS)
    try:
        words = _ARGS[nargs].pack(*args)
    except struct.error:  # a negative one, or one too large
        words = _ARGS[nargs].pack(*[arg & _U64 for arg in args])
    out: list[bytes | bytearray] = [_SYSCALL.pack(number & 0xFFFFFFFF, nargs, nregions), words]
    total = 0
    for address, data in regions:
        length = len(data)
        total += length
        if total > MAX_FRAME:
            raise _over("SYSCALL: bytes of all regions", total, MAX_FRAME)
        if length >= _BLANK_FROM and data == bytes(length):
            out.append(_REGION.pack(address, length, BLANK))
        else:
            out.append(_REGION.pack(address, length, 0))
            out.append(data)
    return out


def _own(piece: bytes | bytearray) -> bytearray:
    """A piece of a frame as memory that can be written: that of a long frame is a copy already."""
    return piece if isinstance(piece, bytearray) else bytearray(piece)


def _usual_syscall(data: bytes | bytearray, at: int, end: int) -> Syscall | None:
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
    region = _new(Region, (address, _own(data[content:end])))
    return _new(Syscall, (number, tuple(args), (region,)))


def _decode_syscall(payload: Payload) -> Syscall:
    number, nargs, nregions = payload.take(_SYSCALL, "number and counts")
    if nargs > MAX_ARGS:
        raise _over("SYSCALL: number of arguments", nargs, MAX_ARGS)
    if nregions > MAX_REGIONS:
        raise _over("SYSCALL: number of regions", nregions, MAX_REGIONS)
    args = payload.take(_ARGS[nargs], "arguments")
    regions = []
    total = 0
    for _ in range(nregions):
        address, length, flags = payload.take(_REGION, "region")
        total += length
        if total > MAX_FRAME:
            raise _over("SYSCALL: bytes of all regions", total, MAX_FRAME)
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


def _encode_result(frame: Result) -> list[bytes | bytearray]:
    errno, (first, second), changed, reason, tty = frame
    if len(changed) == 1 and not (reason or tty):
        index, offset, data = changed[0]
        values = errno, 1, 0, first & _U64, second & _U64, 0, 0, index, offset, len(data)
        return [_ONE_CHANGE.pack(*values), data]
    if len(changed) > 0xFFFF:
        raise _over("RESULT: number of changes", len(changed), 0xFFFF)
    numbers = errno, len(changed), 0, first & _U64, second & _U64
    if reason or tty:
        head = _RESULT.pack(*numbers) + _text(reason) + _text(tty)
    else:
        head = _PLAIN_RESULT.pack(*numbers, 0, 0)
    out: list[bytes | bytearray] = [head]
    for index, offset, data in changed:
        out += _CHANGED.pack(index, offset, len(data)), data
    return out


def _usual_result(data: bytes | bytearray, at: int, end: int) -> Result | None:
    """A RESULT without text and with one change; None for any other, and for whatever is wrong."""
    content = at + _ONE_CHANGE.size
    if content > end:
        return None
    numbers = _ONE_CHANGE.unpack_from(data, at)
    errno, nchanged, zero, first, second, reason, tty, index, offset, length = numbers
    if nchanged != 1 or zero or reason or tty or content + length != end:
        return None
    return _new(Result, (errno, (first, second), ((index, offset, data[content:end]),), "", ""))


def _decode_result(payload: Payload) -> Result:
    errno, nchanged, zero, first, second = payload.take(_RESULT, "errno and values")
    _zero("RESULT: reserved word", zero)
    reason = payload.text("reason")
    tty = payload.text("tty")
    changed = []
    for _ in range(nchanged):
        index, offset, length = payload.take(_CHANGED, "changed region")
        changed.append((index, offset, payload.raw(length, "changed bytes")))
    payload.done()
    return Result(errno, (first, second), tuple(changed), reason, tty)


def _encode_control(frame: Control) -> list[bytes]:
    return [_text(frame.verb), _text(frame.arguments)]


def _decode_control(payload: Payload) -> Control:
    frame = Control(payload.text("verb"), payload.text("arguments"))
    payload.done()
    return frame


def _encode_answer(frame: Answer) -> list[bytes]:
    return [_ANSWER.pack(frame.ok, 0), _text(frame.text)]


def _decode_answer(payload: Payload) -> Answer:
    ok, zero = payload.take(_ANSWER, "ok")
    if ok > 1:
        raise _over("ANSWER: ok", ok, 1)
    _zero("ANSWER: reserved word", zero)
    frame = Answer(ok == 1, payload.text("text"))
    payload.done()
    return frame


def _encode_panic(frame: Panic) -> list[bytes]:
    return [_text(frame.reason), _text(frame.report)]


def _decode_panic(payload: Payload) -> Panic:
    frame = Panic(payload.text("reason"), payload.text("report"))
    payload.done()
    return frame


def _encode_map(frame: Map | Unmap) -> list[bytes]:
    return [_MAP.pack(*frame)]


def _decode_map(payload: Payload) -> Map:
    frame = Map._make(payload.take(_MAP, "offset and length"))
    payload.done()
    return frame


def _blobs(texts: tuple[bytes, ...], what: str) -> list[bytes]:
    if len(texts) > MAX_STRINGS:
        raise _over(f"EXEC: number of {what}", len(texts), MAX_STRINGS)
    return [_U32.pack(len(texts)), *(part for text in texts for part in (_U32.pack(len(text)), text))]


def _take_blobs(payload: Payload, what: str) -> tuple[bytes, ...]:
    count = payload.take(_U32, f"number of {what}")[0]
    if count > MAX_STRINGS:
        raise _over(f"EXEC: number of {what}", count, MAX_STRINGS)
    return tuple(bytes(payload.raw(payload.take(_U32, what)[0], what)) for _ in range(count))


def _encode_exec(frame: Exec) -> list[bytes | bytearray]:
    head = _I32.pack(frame.uid) + _text(frame.name)
    return [head, *_blobs(frame.args, "arguments"), *_blobs(frame.env, "environment strings"), frame.image]


def _decode_exec(payload: Payload) -> Exec:
    uid, name = payload.take(_I32, "uid")[0], payload.text("name")
    args = _take_blobs(payload, "arguments")
    env = _take_blobs(payload, "environment strings")
    return Exec(uid, name, args, env, payload.raw(payload.end - payload.at, "program"))


def _encode_exited(frame: Exited) -> list[bytes]:
    return [_EXITED.pack(frame.status, frame.errno), _text(frame.reason)]


def _decode_exited(payload: Payload) -> Exited:
    status, errno = payload.take(_EXITED, "status and errno")
    frame = Exited(status, errno, payload.text("reason"))
    payload.done()
    return frame


def _encode_mapped(frame: Mapped) -> list[bytes]:
    return [_MAPPED.pack(frame.errno, 0, frame.address)]


def _decode_mapped(payload: Payload) -> Mapped:
    errno, zero, address = payload.take(_MAPPED, "errno and address")
    _zero("MAPPED: reserved word", zero)
    payload.done()
    return Mapped(errno, address)


def _decode_unmap(payload: Payload) -> Unmap:
    frame = Unmap._make(payload.take(_MAP, "address and length"))
    payload.done()
    return frame


def _encode_signal(frame: Signal) -> list[bytes]:
    return [_U32.pack(frame.number)]


def _decode_signal(payload: Payload) -> Signal:
    frame = Signal(payload.take(_U32, "signal")[0])
    payload.done()
    return frame


def _encode_share(frame: Share) -> list[bytes]:
    if not 0 < frame.files <= SHARE_FILES:
        raise _over("SHARE: number of descriptors", frame.files, SHARE_FILES)
    return [_SHARE.pack(*frame)]


def _decode_share(payload: Payload) -> Share:
    frame = Share._make(payload.take(_SHARE, "place, protection and count"))
    if not 0 < frame.files <= SHARE_FILES:
        raise _over("SHARE: number of descriptors", frame.files, SHARE_FILES)
    payload.done()
    return frame


def _encode_asleep(frame: Asleep) -> list[bytes]:
    return []


def _decode_asleep(payload: Payload) -> Asleep:
    payload.done()
    return Asleep()


_FRAMES: tuple[tuple[int, str, type[Frame], Callable[..., Any], Callable[[Payload], Frame]], ...] = (
    (1, "HELLO", Hello, _encode_hello, _decode_hello),
    (2, "WELCOME", Welcome, _encode_welcome, _decode_welcome),
    (3, "REFUSED", Refused, _encode_refused, _decode_refused),
    (4, "SYSCALL", Syscall, _encode_syscall, _decode_syscall),
    (5, "RESULT", Result, _encode_result, _decode_result),
    (6, "CONTROL", Control, _encode_control, _decode_control),
    (7, "ANSWER", Answer, _encode_answer, _decode_answer),
    (8, "PANIC", Panic, _encode_panic, _decode_panic),
    (9, "MAP", Map, _encode_map, _decode_map),
    (10, "MAPPED", Mapped, _encode_mapped, _decode_mapped),
    (11, "UNMAP", Unmap, _encode_map, _decode_unmap),
    (12, "EXEC", Exec, _encode_exec, _decode_exec),
    (13, "EXITED", Exited, _encode_exited, _decode_exited),
    (14, "SIGNAL", Signal, _encode_signal, _decode_signal),
    (15, "SHARE", Share, _encode_share, _decode_share),
    (16, "ASLEEP", Asleep, _encode_asleep, _decode_asleep),
)
# Most frames have one shape: these read it, or answer None and leave the rest to the decoder.
USUAL: dict[int, Callable[[bytes | bytearray, int, int], Frame | None]] = {
    4: _usual_syscall,
    5: _usual_result,
}
_ENCODERS = {cls: (kind, name, encode) for kind, name, cls, encode, _ in _FRAMES}
DECODERS = {kind: (name, decode) for kind, name, _, _, decode in _FRAMES}


def encode(frame: Frame, serial: int) -> bytes:
    """The bytes of `frame`. ProtocolError if it is beyond a limit of the protocol."""
    kind, name, encoder = _ENCODERS[type(frame)]
    parts = encoder(frame)
    length = sum(map(len, parts))
    if length > MAX_FRAME:
        raise _over(f"{name}: payload length", length, MAX_FRAME)
    return b"".join([HEADER.pack(length, kind, 0, serial), *parts])
