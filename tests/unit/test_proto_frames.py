"""One table of frames and their bytes serves encoder and decoder: the golden bytes of protocol version 2."""

from __future__ import annotations

import pytest

from lkmtools.proto import (
    MAX_FRAME,
    Answer,
    Control,
    Exec,
    Exited,
    Frame,
    Hello,
    Map,
    Mapped,
    Panic,
    ProtocolError,
    Reader,
    Refused,
    Region,
    Reported,
    Result,
    Share,
    Signal,
    Syscall,
    Unmap,
    Welcome,
    encode,
)

SERIAL = 0x01020304
TAIL = "000004030201"  # the header's reserved word and the serial


def golden(length: int, kind: int, *payload: str) -> bytes:
    """A frame from hexadecimal text, its length said again by hand."""
    data = bytes.fromhex("".join(payload))
    assert length == len(data)
    return length.to_bytes(4, "little") + kind.to_bytes(2, "little") + bytes.fromhex(TAIL) + data


# (frame, its bytes)
CASES: dict[str, tuple[Frame, bytes]] = {
    "hello": (
        Hello(4, 0x1234, "modstat"),
        golden(23, 1, "4c4b4d31 0400 0000 34120000", "07000000 6d6f6473746174"),
    ),
    "welcome": (
        Welcome(2, 8, 8, 0, 5, 502000000, 2, 99, "amd64", "NetBSD"),
        golden(
            43, 2, "0200 08 08 00 000000", "05000000 80e9eb1d 02000000 63000000",
            "05000000 616d643634", "06000000 4e6574425344",
        ),
    ),
    "refused": (Refused("no"), golden(6, 3, "02000000 6e6f")),
    "syscall without arguments": (Syscall(20, (), ()), golden(8, 4, "14000000 0000 0000")),
    "syscall with a region": (
        Syscall(54, (3, 0xC048670B), (Region(0x10000, bytearray(b"\1\2\3")),)),
        golden(
            43, 4, "36000000 0200 0100", "0300000000000000 0b6748c000000000",
            "0000010000000000 03000000 00000000 010203",
        ),
    ),
    "syscall with a blank region": (
        Syscall(3, (0xFFFFFFFFFFFFFFFF,), (Region(0x11000, bytearray(4096)),)),
        golden(
            32, 4, "03000000 0100 0100", "ffffffffffffffff", "0010010000000000 00100000 01000000"
        ),
    ),
    "result": (
        Result(0, (7, 0), ((0, 2, b"ab"),), "", "hi\n"),
        golden(
            49, 5, "00000000 0100 0000 0700000000000000 0000000000000000", "00000000", "03000000 68690a",
            "00000000 02000000 02000000 6162",
        ),
    ),
    "result with an errno": (
        Result(16, (0, 0), (), "held", ""),
        golden(
            36, 5, "10000000 0000 0000 0000000000000000 0000000000000000", "04000000 68656c64", "00000000"
        ),
    ),
    "control": (Control("status", "{}"), golden(16, 6, "06000000 737461747573", "02000000 7b7d")),
    "answer": (Answer(True, "{}"), golden(10, 7, "0100 0000", "02000000 7b7d")),
    "answer that says why not": (Answer(False, "\u00e9"), golden(10, 7, "0000 0000", "02000000 c3a9")),
    "panic": (
        Panic("why", "all", "{}"), golden(20, 8, "03000000 776879", "03000000 616c6c", "02000000 7b7d"),
    ),
    "map": (Map(0x1000, 0x3000), golden(16, 9, "0010000000000000 0030000000000000")),
    "mapped": (Mapped(0, 0x40001000), golden(16, 10, "00000000 00000000 0010004000000000")),
    "mapped nowhere": (Mapped(12, 0), golden(16, 10, "0c000000 00000000 0000000000000000")),
    "unmap": (Unmap(0x40001000, 0x3000), golden(16, 11, "0010004000000000 0030000000000000")),
    "exited": (Exited(0x300, 8, "no"), golden(14, 13, "00030000 08000000 02000000 6e6f")),
    "share": (
        Share(0, 0x3000, 3, 2),
        golden(24, 15, "0000000000000000 0030000000000000 03000000 02000000"),
    ),
    "reported": (Reported("it", "{}"), golden(12, 17, "02000000 6974", "02000000 7b7d")),
    "signal": (Signal(2), golden(4, 14, "02000000")),
}  # fmt: skip

each_case = pytest.mark.parametrize(("frame", "data"), CASES.values(), ids=CASES)


@each_case
def test_encoded_bytes_are_the_golden_ones(frame: Frame, data: bytes) -> None:
    """The encoder writes what protocol version 2 always was."""
    assert data == encode(frame, SERIAL)


@each_case
def test_decoded_whole(frame: Frame, data: bytes) -> None:
    """The decoder gives frame and serial back, and then wants more."""
    reader = Reader()
    reader.feed(data)
    assert (SERIAL, frame) == reader.next()
    assert reader.next() is None


@each_case
def test_decoded_byte_by_byte(frame: Frame, data: bytes) -> None:
    """Nothing comes before the last byte."""
    reader = Reader()
    for i in range(len(data) - 1):
        reader.feed(data[i : i + 1])
        assert reader.next() is None
    reader.feed(data[-1:])
    assert (SERIAL, frame) == reader.next()


@each_case
def test_decoded_twice_in_a_row(frame: Frame, data: bytes) -> None:
    """Two frames in one portion are two frames."""
    reader = Reader()
    reader.feed(data + data)
    assert [(SERIAL, frame)] * 2 == [reader.next(), reader.next()]
    assert reader.next() is None


@each_case
def test_garbage_after_a_frame_is_an_error_of_its_own(frame: Frame, data: bytes) -> None:
    """The frame comes first; then the reader is in error and stays there."""
    reader = Reader()
    reader.feed(data + b"\xff" * 12)
    assert (SERIAL, frame) == reader.next()
    for _ in range(2):
        with pytest.raises(ProtocolError, match="frame type is 65535; the limit is 17"):
            reader.next()
        reader.feed(data)


@each_case
def test_payload_with_a_byte_more_is_refused(frame: Frame, data: bytes) -> None:
    """A payload must end where its content does."""
    length = len(data) - 12 + 1
    reader = Reader()
    reader.feed(length.to_bytes(4, "little") + data[4:] + b"\0")
    with pytest.raises(ProtocolError, match="1 bytes after its end"):
        reader.next()


@each_case
def test_payload_cut_anywhere_is_refused(frame: Frame, data: bytes) -> None:
    """A header that promises less than the content needs is an error, at every length."""
    for length in range(len(data) - 12):
        reader = Reader()
        reader.feed(length.to_bytes(4, "little") + data[4 : 12 + length])
        with pytest.raises(ProtocolError, match="the payload ends at"):
            reader.next()


def test_hello_of_another_version_tells_only_the_version() -> None:
    """What follows the version may be anything: the daemon must be able to refuse it politely."""
    reader = Reader()
    reader.feed(golden(12, 1, "4c4b4d31 0500 ffff deadbeef"))
    assert (SERIAL, Hello(5, 0, "")) == reader.next()


def test_negative_words_are_sent_as_two_complements() -> None:
    """An argument of -1 is all ones."""
    reader = Reader()
    reader.feed(encode(Syscall(1, (-1,), ()), 1))
    assert (1, Syscall(1, (0xFFFFFFFFFFFFFFFF,), ())) == reader.next()


REFUSED = {
    "unknown type 0": (golden(0, 0), "frame type is 0; the limit is 17"),
    "unknown type 18": (golden(0, 18), "frame type is 18; the limit is 17"),
    "header's reserved word": (bytes.fromhex("00000000 0300 0100 00000000"), "REFUSED: reserved word"),
    "frame too long": (
        bytes.fromhex("01000004 0400 0000 00000000"),
        f"SYSCALL: payload length is {MAX_FRAME + 1}; the limit is {MAX_FRAME}",
    ),
    "wrong magic": (golden(8, 1, "00000000 0100 0000"), "HELLO: magic is 0x00000000; it must be 0x314d4b4c"),
    "nine arguments": (golden(8, 4, "01000000 0900 0000"), "number of arguments is 9; the limit is 8"),
    "254 descriptors": (
        golden(24, 15, "0000000000000000 0030000000000000 03000000 fe000000"),
        "SHARE: number of descriptors is 254; the limit is 253",
    ),
    "1025 regions": (golden(8, 4, "01000000 0000 0104"), "number of regions is 1025; the limit is 1024"),
    "unknown region flags": (
        golden(24, 4, "01000000 0000 0100", "0000010000000000 00000000 02000000"),
        "SYSCALL: region flags at byte 20 are 0x2; the limit is 1",
    ),
    "blank regions of more than a frame": (
        golden(
            40, 4, "01000000 0000 0200", "0000010000000000 00000004 01000000",
            "0000080000000000 01000000 01000000",
        ),
        f"SYSCALL: bytes of all regions is {MAX_FRAME + 1}; the limit is {MAX_FRAME}",
    ),
    "text that is not UTF-8": (
        golden(6, 3, "02000000 61ff"),
        "REFUSED: why at byte 4 is not UTF-8: byte 0xff at 5",
    ),
    "answer neither yes nor no": (golden(8, 7, "0200 0000 00000000"), "ANSWER: ok is 2; the limit is 1"),
    "text longer than the payload": (
        golden(5, 3, "ffffffff 61"),
        "REFUSED: why at byte 4 needs 4294967295 bytes, but the payload ends at 5",
    ),
}  # fmt: skip


@pytest.mark.parametrize(("data", "why"), REFUSED.values(), ids=REFUSED)
def test_refusal_names_place_value_and_limit(data: bytes, why: str) -> None:
    """A frame beyond the protocol is refused with the place, the value and the limit."""
    reader = Reader()
    reader.feed(data)
    with pytest.raises(ProtocolError) as caught:
        reader.next()
    assert why in str(caught.value)


UNSENDABLE = {
    "nine arguments": (Syscall(1, (0,) * 9, ()), "number of arguments is 9; the limit is 8"),
    "1025 regions": (
        Syscall(1, (), (Region(0, bytearray()),) * 1025),
        "number of regions is 1025; the limit is 1024",
    ),
    "too much memory": (
        Syscall(1, (), (Region(0, bytearray(MAX_FRAME)), Region(0, bytearray(1)))),
        f"bytes of all regions is {MAX_FRAME + 1}; the limit is {MAX_FRAME}",
    ),
    "no descriptors": (Share(0, 4096, 1, 0), "number of descriptors is 0; the limit is 253"),
    "a report too long": (Panic("", "x" * MAX_FRAME), f"payload length is {MAX_FRAME + 12}; the limit is"),
}


@pytest.mark.parametrize(("frame", "why"), UNSENDABLE.values(), ids=UNSENDABLE)
def test_encoder_refuses_what_no_decoder_takes(frame: Frame, why: str) -> None:
    """The limits hold on the sending side too."""
    with pytest.raises(ProtocolError, match=why):
        encode(frame, 1)


def test_exec_is_as_documented() -> None:
    """uid, name, counted arguments and environment strings, and the program to the payload's end."""
    frame = Exec(-1, "p", (b"p", b"x y"), (b"A=1",), b"\x7fELF")
    data = golden(
        40, 12, "ffffffff 01000000 70", "02000000 01000000 70 03000000 782079",
        "01000000 03000000 413d31", "7f454c46",
    )  # fmt: skip
    assert encode(frame, SERIAL) == data
    reader = Reader()
    reader.feed(data)
    assert reader.next() == (SERIAL, frame)
