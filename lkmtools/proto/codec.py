"""Frames to bytes and payloads to frames: one encoder and one decoder per type, in one table.

Decoders raise ProtocolError and nothing else, whatever the input; an encoder refuses what a decoder would not
accept.
"""

from __future__ import annotations

from collections.abc import Callable
from struct import Struct
from typing import Any

from lkmtools.proto import frames
from lkmtools.proto.frames import ProtocolError
from lkmtools.proto.payload import U32, Payload, counted, must_be_zero, over
from lkmtools.proto.requests import (
    decode_result,
    decode_syscall,
    encode_result,
    encode_syscall,
    usual_result,
    usual_syscall,
)

HEADER = Struct("<IHHI")

_I32 = Struct("<i")
_EXITED = Struct("<Ii")
_HELLO_VERSION = Struct("<IHH")
_WELCOME = Struct("<HBBB3xIIII")
_ANSWER = Struct("<HH")
_MAP = Struct("<QQ")
_MAPPED = Struct("<iIQ")
_SHARE = Struct("<QQII")


def _encode_hello(frame: frames.Hello) -> list[bytes]:
    return [
        _HELLO_VERSION.pack(frames.MAGIC, frame.version, 0),
        U32.pack(frame.host_pid),
        counted(frame.comm),
    ]


def _decode_hello(payload: Payload) -> frames.Hello:
    magic, version, zero = payload.take(_HELLO_VERSION, "magic and version")
    if magic != frames.MAGIC:
        raise ProtocolError(f"HELLO: magic is {magic:#010x}; it must be {frames.MAGIC:#010x}")
    if version != frames.VERSION:  # another version may say the rest differently
        return frames.Hello(version, 0, "")
    must_be_zero("HELLO: reserved word", zero)
    frame = frames.Hello(version, payload.take(U32, "pid")[0], payload.text("comm"))
    payload.done()
    return frame


def _encode_welcome(frame: frames.Welcome) -> list[bytes]:
    numbers = (
        frame.version, frame.pointer, frame.align64, frame.byteorder, frame.pid, frame.release, frame.boot,
        frame.host_pid,
    )  # fmt: skip
    return [_WELCOME.pack(*numbers), counted(frame.machine), counted(frame.text)]


def _decode_welcome(payload: Payload) -> frames.Welcome:
    version, pointer, align64, byteorder, pid, release, boot, host_pid = payload.take(_WELCOME, "kernel")
    machine, version_text = payload.text("machine"), payload.text("version text")
    payload.done()
    return frames.Welcome(
        version=version, pointer=pointer, align64=align64, byteorder=byteorder, pid=pid, release=release,
        boot=boot, host_pid=host_pid, machine=machine, text=version_text,
    )  # fmt: skip


def _encode_refused(frame: frames.Refused) -> list[bytes]:
    return [counted(frame.why)]


def _decode_refused(payload: Payload) -> frames.Refused:
    frame = frames.Refused(payload.text("why"))
    payload.done()
    return frame


def _encode_control(frame: frames.Control) -> list[bytes]:
    return [counted(frame.verb), counted(frame.arguments)]


def _decode_control(payload: Payload) -> frames.Control:
    frame = frames.Control(payload.text("verb"), payload.text("arguments"))
    payload.done()
    return frame


def _encode_answer(frame: frames.Answer) -> list[bytes]:
    return [_ANSWER.pack(frame.ok, 0), counted(frame.text)]


def _decode_answer(payload: Payload) -> frames.Answer:
    ok, zero = payload.take(_ANSWER, "ok")
    if ok > 1:
        raise over("ANSWER: ok", ok, 1)
    must_be_zero("ANSWER: reserved word", zero)
    frame = frames.Answer(ok == 1, payload.text("text"))
    payload.done()
    return frame


def _encode_panic(frame: frames.Panic) -> list[bytes]:
    return [counted(frame.reason), counted(frame.report), counted(frame.record)]


def _decode_panic(payload: Payload) -> frames.Panic:
    frame = frames.Panic(payload.text("reason"), payload.text("report"), payload.text("record"))
    payload.done()
    return frame


def _encode_map(frame: frames.Map) -> list[bytes]:
    return [_MAP.pack(frame.offset, frame.length)]


def _decode_map(payload: Payload) -> frames.Map:
    offset, length = payload.take(_MAP, "offset and length")
    payload.done()
    return frames.Map(offset, length)


def _blobs(texts: tuple[bytes, ...], what: str) -> list[bytes]:
    if len(texts) > frames.MAX_STRINGS:
        raise over(f"EXEC: number of {what}", len(texts), frames.MAX_STRINGS)
    return [U32.pack(len(texts)), *(part for text in texts for part in (U32.pack(len(text)), text))]


def _take_blobs(payload: Payload, what: str) -> tuple[bytes, ...]:
    count = payload.take(U32, f"number of {what}")[0]
    if count > frames.MAX_STRINGS:
        raise over(f"EXEC: number of {what}", count, frames.MAX_STRINGS)
    return tuple(bytes(payload.raw(payload.take(U32, what)[0], what)) for _ in range(count))


def _encode_exec(frame: frames.Exec) -> list[bytes | bytearray]:
    head = _I32.pack(frame.uid) + counted(frame.name)
    return [head, *_blobs(frame.args, "arguments"), *_blobs(frame.env, "environment strings"), frame.image]


def _decode_exec(payload: Payload) -> frames.Exec:
    uid, name = payload.take(_I32, "uid")[0], payload.text("name")
    args = _take_blobs(payload, "arguments")
    env = _take_blobs(payload, "environment strings")
    return frames.Exec(uid, name, args, env, payload.raw(payload.end - payload.at, "program"))


def _encode_exited(frame: frames.Exited) -> list[bytes]:
    return [_EXITED.pack(frame.status, frame.errno), counted(frame.reason)]


def _decode_exited(payload: Payload) -> frames.Exited:
    status, errno = payload.take(_EXITED, "status and errno")
    frame = frames.Exited(status, errno, payload.text("reason"))
    payload.done()
    return frame


def _encode_mapped(frame: frames.Mapped) -> list[bytes]:
    return [_MAPPED.pack(frame.errno, 0, frame.address)]


def _decode_mapped(payload: Payload) -> frames.Mapped:
    errno, zero, address = payload.take(_MAPPED, "errno and address")
    must_be_zero("MAPPED: reserved word", zero)
    payload.done()
    return frames.Mapped(errno, address)


def _encode_unmap(frame: frames.Unmap) -> list[bytes]:
    return [_MAP.pack(frame.address, frame.length)]


def _decode_unmap(payload: Payload) -> frames.Unmap:
    address, length = payload.take(_MAP, "address and length")
    payload.done()
    return frames.Unmap(address, length)


def _encode_signal(frame: frames.Signal) -> list[bytes]:
    return [U32.pack(frame.number)]


def _decode_signal(payload: Payload) -> frames.Signal:
    frame = frames.Signal(payload.take(U32, "signal")[0])
    payload.done()
    return frame


def _encode_share(frame: frames.Share) -> list[bytes]:
    if not 0 < frame.files <= frames.SHARE_FILES:
        raise over("SHARE: number of descriptors", frame.files, frames.SHARE_FILES)
    return [_SHARE.pack(frame.address, frame.length, frame.prot, frame.files)]


def _decode_share(payload: Payload) -> frames.Share:
    address, length, prot, files = payload.take(_SHARE, "place, protection and count")
    if not 0 < files <= frames.SHARE_FILES:
        raise over("SHARE: number of descriptors", files, frames.SHARE_FILES)
    payload.done()
    return frames.Share(address, length, prot, files)


def _encode_asleep(frame: frames.Asleep) -> list[bytes]:
    return []


def _decode_asleep(payload: Payload) -> frames.Asleep:
    payload.done()
    return frames.Asleep()


def _encode_reported(frame: frames.Reported) -> list[bytes]:
    return [counted(frame.text), counted(frame.record)]


def _decode_reported(payload: Payload) -> frames.Reported:
    frame = frames.Reported(payload.text("text"), payload.text("record"))
    payload.done()
    return frame


_FRAMES: tuple[
    tuple[int, str, type[frames.Frame], Callable[..., Any], Callable[[Payload], frames.Frame]], ...
] = (
    (1, "HELLO", frames.Hello, _encode_hello, _decode_hello),
    (2, "WELCOME", frames.Welcome, _encode_welcome, _decode_welcome),
    (3, "REFUSED", frames.Refused, _encode_refused, _decode_refused),
    (4, "SYSCALL", frames.Syscall, encode_syscall, decode_syscall),
    (5, "RESULT", frames.Result, encode_result, decode_result),
    (6, "CONTROL", frames.Control, _encode_control, _decode_control),
    (7, "ANSWER", frames.Answer, _encode_answer, _decode_answer),
    (8, "PANIC", frames.Panic, _encode_panic, _decode_panic),
    (9, "MAP", frames.Map, _encode_map, _decode_map),
    (10, "MAPPED", frames.Mapped, _encode_mapped, _decode_mapped),
    (11, "UNMAP", frames.Unmap, _encode_unmap, _decode_unmap),
    (12, "EXEC", frames.Exec, _encode_exec, _decode_exec),
    (13, "EXITED", frames.Exited, _encode_exited, _decode_exited),
    (14, "SIGNAL", frames.Signal, _encode_signal, _decode_signal),
    (15, "SHARE", frames.Share, _encode_share, _decode_share),
    (16, "ASLEEP", frames.Asleep, _encode_asleep, _decode_asleep),
    (17, "REPORTED", frames.Reported, _encode_reported, _decode_reported),
)
# Most frames have one shape: these read it, or answer None and leave the rest to the decoder.
USUAL: dict[int, Callable[[bytes | bytearray, int, int], frames.Frame | None]] = {
    4: usual_syscall,
    5: usual_result,
}
_ENCODERS = {cls: (kind, name, encode) for kind, name, cls, encode, _ in _FRAMES}
DECODERS = {kind: (name, decode) for kind, name, _, _, decode in _FRAMES}


def encode(frame: frames.Frame, serial: int) -> bytes:
    """The bytes of `frame`. ProtocolError if it is beyond a limit of the protocol."""
    kind, name, encoder = _ENCODERS[type(frame)]
    parts = encoder(frame)
    length = sum(map(len, parts))
    if length > frames.MAX_FRAME:
        raise over(f"{name}: payload length", length, frames.MAX_FRAME)
    return b"".join([HEADER.pack(length, kind, 0, serial), *parts])
