"""Whatever a reader is fed, it gives a frame, None or ProtocolError; what is encoded comes back."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from lkmtools.proto import (
    VERSION,
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
    Result,
    Share,
    Signal,
    Syscall,
    Unmap,
    Welcome,
    encode,
)

u8, u16, u32, u64 = (st.integers(0, (1 << bits) - 1) for bits in (8, 16, 32, 64))
text = st.text(st.characters(exclude_categories=["Cs"]), max_size=40)
i32 = st.integers(-(1 << 31), (1 << 31) - 1)
blobs = st.lists(st.binary(max_size=40), max_size=4).map(tuple)
regions = st.builds(Region, u64, st.binary(max_size=80).map(bytearray))
frames: st.SearchStrategy[Frame] = st.one_of(
    st.builds(Hello, st.just(VERSION), u32, text),
    st.builds(Welcome, u16, u8, u8, u8, u32, u32, u32, u32, text, text),
    st.builds(Refused, text),
    st.builds(Syscall, u32, st.lists(u64, max_size=8).map(tuple), st.lists(regions, max_size=4).map(tuple)),
    st.builds(
        Result,
        i32,
        st.tuples(u64, u64),
        st.lists(st.tuples(u32, u32, st.binary(max_size=40)), max_size=4).map(tuple),
        text,
        text,
    ),
    st.builds(Control, text, text),
    st.builds(Answer, st.booleans(), text),
    st.builds(Panic, text, text),
    st.builds(Map, u64, u64),
    st.builds(Mapped, i32, u64),
    st.builds(Unmap, u64, u64),
    st.builds(Exec, i32, text, blobs, blobs, st.binary(max_size=80)),
    st.builds(Exited, u32, i32, text),
    st.builds(Signal, u32),
    st.builds(Share, u64, u64, u32, st.integers(1, 253)),
)


def read_all(reader: Reader) -> list[tuple[int, Frame]]:
    """Every frame that is there."""
    out = []
    while (got := reader.next()) is not None:
        out.append(got)
    return out


def frames_of(reader: Reader) -> list[tuple[int, Frame]]:
    """Every frame that is there; none when it refuses what it was fed, with a ProtocolError."""
    try:
        return read_all(reader)
    except ProtocolError:
        return []


@given(st.lists(st.tuples(u32, frames), max_size=5), st.data())
def test_frames_in_any_portions_come_back(sent: list[tuple[int, Frame]], data: st.DataObject) -> None:
    """Encoding, cutting anywhere and decoding is the identity."""
    stream = b"".join(encode(frame, serial) for serial, frame in sent)
    cuts = sorted(data.draw(st.lists(st.integers(0, len(stream)), max_size=6)))
    reader = Reader()
    received = []
    for begin, end in zip([0, *cuts], [*cuts, len(stream)], strict=True):
        reader.feed(stream[begin:end])
        received += read_all(reader)
    assert sent == received


@given(st.lists(st.binary(max_size=200), max_size=5))
def test_random_bytes_raise_nothing_but_protocol_errors(portions: list[bytes]) -> None:
    """The fuzz invariant: what comes out are frames, until there is an error and nothing more."""
    reader = Reader()
    for portion in portions:
        reader.feed(portion)
        assert all(isinstance(frame, Frame) for _, frame in frames_of(reader))


@given(frames, st.integers(1, 15), st.binary(max_size=120))
def test_random_payloads_of_known_types_raise_nothing_else(frame: Frame, kind: int, payload: bytes) -> None:
    """A well-formed header before random or another type's content."""
    for content in (payload, encode(frame, 1)[12:], encode(frame, 1)[12:] + payload):
        reader = Reader()
        reader.feed(len(content).to_bytes(4, "little") + kind.to_bytes(2, "little") + bytes(6) + content)
        assert len(frames_of(reader)) <= 1
