"""The message buffer and single texts, whose writer may die between any two bytes."""

from __future__ import annotations

import struct
from collections.abc import Iterator

import pytest

from lkmtools.evidence import MsgBuf
from lkmtools.evidence.latest import Latest
from lkmtools.evidence.msgbuf import MSGBUF_SIZE

# -- the message buffer ---------------------------------------------------------------------------------


def test_what_was_printed_is_there() -> None:
    """All of it, and what followed any place."""
    buf = MsgBuf()
    assert (buf.text(), buf.written, buf.since(0)) == ("", 0, ("", 0, 0))
    buf.append(b"one\n")
    place = buf.written
    buf.append("zwölf\n".encode())
    assert buf.text() == "one\nzwölf\n"
    assert buf.since(place) == ("zwölf\n", 0, buf.written)
    assert buf.since(buf.written) == ("", 0, buf.written)


@pytest.mark.parametrize("size", [1, 997, 4096, MSGBUF_SIZE - 1, MSGBUF_SIZE, MSGBUF_SIZE + 1])
def test_the_ring_keeps_the_last_bytes(size: int) -> None:
    """In portions of any size, also larger than it is; over its end."""
    buf = MsgBuf()
    data = (bytes(range(33, 127)) * (size // 94 + 1))[:size]
    printed = data * min((2 * MSGBUF_SIZE + 100) // size + 1, 2000)
    for _ in range(len(printed) // size):
        buf.append(data)
    text, lost, place = buf.since(0)
    assert (text.encode(), lost, place) == (
        printed[-MSGBUF_SIZE:], max(len(printed) - MSGBUF_SIZE, 0), len(printed),
    )  # fmt: skip


def test_who_comes_late_hears_how_much_is_lost() -> None:
    """From any place: of what was overwritten since."""
    buf = MsgBuf()
    buf.append(b"x" * 100)
    buf.append(b"y" * MSGBUF_SIZE)
    assert buf.since(0)[1] == 100
    assert buf.since(30) == ("y" * MSGBUF_SIZE, 70, MSGBUF_SIZE + 100)
    assert buf.since(100)[1] == 0
    assert buf.since(130) == ("y" * (MSGBUF_SIZE - 30), 0, MSGBUF_SIZE + 100)


def test_what_is_left_begins_with_a_whole_line() -> None:
    """A single line that is longer than the buffer begins with a whole character."""
    buf = MsgBuf()
    buf.append(b"first\n" + b"second line\n")
    buf.append(b"x" * (MSGBUF_SIZE - 6) + b"\n")
    assert buf.text() == "x" * (MSGBUF_SIZE - 6) + "\n"
    buf.append("é".encode() * MSGBUF_SIZE)
    assert buf.text() == "é" * (MSGBUF_SIZE // 2)
    buf.append(b"x")
    assert buf.text() == "é" * (MSGBUF_SIZE // 2 - 1) + "x"


def test_bytes_that_are_no_text_do_no_harm() -> None:
    """A writer that died within a character, for one."""
    buf = MsgBuf()
    buf.append(b"a\xff\xc3")
    buf.append(b"b")
    assert buf.text() == "a\ufffd\ufffdb"


def test_what_a_dying_writer_overwrote_is_not_shown() -> None:
    """It said what it was about to write first: that much of the oldest counts as lost."""
    buf = MsgBuf()
    buf.append(b"x" * MSGBUF_SIZE)
    end = buf.written
    struct.pack_into("=QQ", buf._mem, 0, end, end + 10)
    assert buf.since(0) == ("x" * (MSGBUF_SIZE - 10), 10, end)
    buf.append(b"next\n")
    assert buf.text().endswith("xnext\n")  # a single line, of which this is the end


def test_it_is_known_whether_somebody_watches() -> None:
    """The flag is beside the text, and does not change it."""
    buf = MsgBuf()
    buf.append(b"text")
    assert buf.watched is False
    for value in (True, True, False):
        buf.watched = value
        assert (buf.watched, buf.text()) == (value, "text")


# -- one text -------------------------------------------------------------------------------------------


def test_the_latest_version_counts() -> None:
    """From nothing to as much as there is room for."""
    latest = Latest(memoryview(bytearray(200)))
    assert latest.read() is None
    for text in (b"one", b"", b"a longer one", b"x" * latest.room, b"two"):
        latest.write(text)
        assert latest.read() == text
    with pytest.raises(ValueError, match=f"{latest.room + 1} bytes; the limit is {latest.room}"):
        latest.write(bytes(latest.room + 1))
    assert latest.read() == b"two"


def deaths(before: bytes, after: bytes, head: int) -> Iterator[bytes]:
    """The memory at each moment of a write: the head is cleared, then the text is stored, then the head."""
    now = bytearray(before)
    changed = [i for i in range(len(before)) if before[i] != after[i]]
    start = changed[0] // (len(before) // 2) * (len(before) // 2)
    for i in range(start, start + head):
        now[i] = 0
        yield bytes(now)
    for i in (*range(start + head, start + len(before) // 2), *range(start, start + head)):
        now[i] = after[i]
        yield bytes(now)
    assert now == after


@pytest.mark.parametrize("new", [b"", b"n", b"new!", b"a new one, longer than the older"])
@pytest.mark.parametrize("writes", [0, 1, 2, 5, 255, 256, 65535])
def test_a_death_at_any_byte_of_a_write_leaves_a_whole_version(writes: int, new: bytes) -> None:
    """The older one until the very last byte that changes; in no case another text."""
    memory = bytearray(2 * (24 + 40))
    latest = Latest(memoryview(memory))
    latest._sequence = max(writes - 2, 0)
    versions: list[bytes | None] = [None, None]
    for i in range(min(writes, 2)):
        versions.append(b"version %d" % i)
        latest.write(b"version %d" % i)
    before = bytes(memory)
    latest.write(new)
    found = [Latest(memoryview(bytearray(now))).read() for now in deaths(before, bytes(memory), 24)]
    cut = found.index(new)
    assert found == [versions[-1]] * cut + [new] * (len(found) - cut)
    assert cut >= 24 + len(new)
