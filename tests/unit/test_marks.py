"""Marks beside the message buffer: every piece of text has its boot and time, whatever is lost."""

from __future__ import annotations

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lkmtools.evidence import MsgBuf
from lkmtools.evidence.marks import EVENTS, STAMPS, Cursor, Kind
from lkmtools.evidence.msgbuf import MSGBUF_SIZE

Step = tuple[str, str]
steps = st.lists(
    st.tuples(st.sampled_from(["print", "boot", "end", "read"]), st.text("aé\n", max_size=5)), max_size=30
)


@given(steps)
def test_pieces_tell_what_was_printed_when(done: list[Step]) -> None:
    """Read at once or bit by bit: the same text, boots and ends."""
    buf = MsgBuf()
    boot, begins, expected, parts, cursor = 0, False, [], [], Cursor()
    for what, text in done:
        if what == "print":
            if begins and text:
                expected.append((Kind.BOOT, boot, ""))
            if text:
                begins = False
                buf.append(text.encode())
                expected.append((Kind.TEXT, boot, text))
        elif what == "boot":
            boot, begins = boot + 1, True
            buf.begin(boot)
        elif what == "end":
            buf.end(boot, Kind.DIED)
            if not begins and [row for row in expected if row[0] != Kind.TEXT][-1:] == [
                (Kind.BOOT, boot, "")
            ]:
                expected.append((Kind.DIED, boot, ""))
        else:
            more, lost, cursor = buf.pieces(cursor)
            assert lost == 0
            parts += more
    more, _, cursor = buf.pieces(cursor)
    parts += more
    now = time.time()
    for pieces in (parts, buf.pieces()[0]):
        assert joined([(piece.kind, piece.boot, piece.text) for piece in pieces]) == joined(expected)
        assert all(piece.time is not None and now - 60 < piece.time <= now for piece in pieces)
    assert buf.pieces(cursor) == ([], 0, cursor)
    assert buf.text() == "".join(text for _, _, text in expected)


def joined(rows: list[tuple[Kind, int, str]]) -> list[tuple[Kind, int, str]]:
    """Texts of one boot that follow one another as one."""
    out: list[tuple[Kind, int, str]] = []
    for kind, boot, text in rows:
        if out and kind == Kind.TEXT and out[-1][:2] == (kind, boot):
            out[-1] = (kind, boot, out[-1][2] + text)
        else:
            out.append((kind, boot, text))
    return out


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """The time in nanoseconds, which goes on by a second whenever somebody looks."""
    now = [0]

    def look() -> int:
        now[0] += 1_000_000_000
        return now[0]

    monkeypatch.setattr(time, "time_ns", look)
    return now


def test_text_whose_stamp_is_gone_has_no_time(clock: list[int]) -> None:
    """Of very short lines there are more than stamps."""
    buf = MsgBuf()
    buf.begin(1)
    for _ in range(STAMPS + 10):
        buf.append(b"x\n")
    pieces = buf.pieces()[0]
    texts = [piece for piece in pieces if piece.kind == Kind.TEXT]
    assert pieces[0].kind == Kind.BOOT
    assert (texts[0].time, texts[0].boot, len(texts[0].text)) == (None, 1, 2 * 11)
    assert [piece.time for piece in texts[1:]] == [float(second) for second in range(12, STAMPS + 11)]


def test_a_clock_that_is_set_back_is_believed(monkeypatch: pytest.MonkeyPatch) -> None:
    buf = MsgBuf()
    for now in (5_000_000_000, 5_000_000_001, 3_000_000_000):
        monkeypatch.setattr(time, "time_ns", lambda now=now: now)
        buf.append(b"x\n")
    assert [(piece.time, piece.text) for piece in buf.pieces()[0]] == [(5.0, "x\nx\n"), (3.0, "x\n")]


def test_boots_whose_text_is_gone_are_not_listed() -> None:
    """The first one that is left may have lost its beginning; who follows hears of all."""
    buf = MsgBuf()
    buf.append(b"before\n")
    cursor = buf.pieces()[2]
    for boot in (1, 2, 3):
        buf.begin(boot)
        buf.append(b"line\n" * (MSGBUF_SIZE // 10))
        buf.end(boot, Kind.PANICKED)
    pieces = buf.pieces()[0]
    assert [(piece.kind, piece.boot) for piece in pieces] == [
        (Kind.TEXT, 1), (Kind.PANICKED, 1), (Kind.BOOT, 2), (Kind.TEXT, 2), (Kind.PANICKED, 2),
        (Kind.BOOT, 3), (Kind.TEXT, 3), (Kind.PANICKED, 3),
    ]  # fmt: skip
    followed, lost, _ = buf.pieces(cursor)
    assert [(piece.kind, piece.boot) for piece in followed if piece.kind == Kind.BOOT] == [
        (Kind.BOOT, boot) for boot in (1, 2, 3)
    ]
    assert lost == buf.written - MSGBUF_SIZE - len("before\n")


def test_a_boot_that_prints_nothing_leaves_no_mark() -> None:
    buf = MsgBuf()
    for boot in range(1, 2 * EVENTS):
        buf.begin(boot)
        buf.end(boot, Kind.DIED)
    assert buf.pieces() == ([], 0, Cursor())


def test_a_character_that_is_printed_in_two_parts_is_one(monkeypatch: pytest.MonkeyPatch) -> None:
    """Also where each part has a stamp of its own; and a reader in between gets the rest of it later."""
    clock = iter(range(0, 10**12, 10**9))
    monkeypatch.setattr(time, "time_ns", lambda: next(clock))
    buf = MsgBuf()
    buf.begin(1)
    for part in (b"gr\xc3", b"\xbcn ", b"\xe2", b"\x82", b"\xac\n"):
        buf.append(part)
    texts = [piece.text for piece in buf.pieces()[0] if piece.kind == Kind.TEXT]
    assert texts == ["gr\u00fc", "n ", "\u20ac", "\n"]
    assert buf.text() == "gr\u00fcn \u20ac\n"


def test_a_follower_reads_no_more_marks_than_are_new() -> None:
    """However many there are."""
    buf = MsgBuf()
    for boot in range(1, 200):
        buf.begin(boot)
        buf.append(b"x" * 300)
        buf.end(boot, Kind.ENDED)
    _, _, cursor = buf.pieces()
    buf.append(b"new\n")
    assert len(buf._marks._events.read(cursor.place, cursor.events)) <= 2
    pieces, lost, _ = buf.pieces(cursor)
    assert ("".join(piece.text for piece in pieces), lost) == ("new\n", 0)
