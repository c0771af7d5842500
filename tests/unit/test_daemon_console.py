"""The supervisor's console: who follows the message buffer, and what the log of the foreground has of it."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from lkmtools.daemon.console import SupervisorConsole
from lkmtools.daemon.log import Log, open_log
from lkmtools.evidence.msgbuf import MSGBUF_SIZE, MsgBuf
from lkmtools.wire.poller import Poller
from support.polling import turn


@pytest.fixture
def bell() -> Iterator[int]:
    fd = os.eventfd(0, os.EFD_NONBLOCK)
    yield fd
    os.close(fd)


@contextmanager
def logged(path: Path) -> Iterator[None]:
    """Standard error goes to `path` meanwhile."""
    saved, file = os.dup(2), open_log(str(path))
    os.dup2(file, 2)
    os.close(file)
    try:
        yield
    finally:
        os.dup2(saved, 2)
        os.close(saved)


@pytest.fixture
def poller() -> Iterator[Poller]:
    made = Poller()
    yield made
    made.close()


def test_the_log_of_the_foreground_has_what_is_printed(tmp_path: Path, poller: Poller, bell: int) -> None:
    """What was overwritten before it came to the log is counted there."""
    buf = MsgBuf()
    buf.append(b"an earlier boot\n")
    with logged(tmp_path / "log"):
        console = SupervisorConsole(buf, bell, Log(poller, shows_console=True))
        assert buf.watched
        buf.append(b"by the kernel\n")
        os.eventfd_write(bell, 1)
        turn(poller, 0)
        console.print("by the supervisor\n", None)
        before = buf.written
        buf.append(b"x" * (MSGBUF_SIZE + 5))
        os.eventfd_write(bell, 1)
        turn(poller, 0)
    assert (tmp_path / "log").read_text().splitlines() == [
        "by the kernel",
        "by the supervisor",
        f"... {buf.written - before - MSGBUF_SIZE} bytes of the message buffer are lost",
        "x" * MSGBUF_SIZE,
    ]


def test_a_log_file_has_nothing_of_it_and_followers_come_and_go(
    tmp_path: Path, poller: Poller, bell: int
) -> None:
    """The kernel need not ring while nobody follows."""
    buf = MsgBuf()
    came: list[str] = []
    with logged(tmp_path / "log"):
        console = SupervisorConsole(buf, bell, Log(poller, str(tmp_path / "log")))
        assert not buf.watched
        console.follow("a", lambda: came.append("a"))
        console.follow("b", lambda: console.unfollow("b") or came.append("b"))
        assert buf.watched
        console.print("one\n", None)
        console.print("two\n", None)
    assert came == ["a", "b", "a"]
    console.unfollow("a")
    console.unfollow("a")
    assert (buf.watched, (tmp_path / "log").read_text()) == (False, "")
