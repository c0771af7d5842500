"""The daemon's log, whatever standard error is: nothing holds it up, and what is lost is counted and said."""

from __future__ import annotations

import os
import pty
import re
import resource
import signal
import socket
import tty
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from lkmtools.daemon import log as module
from lkmtools.daemon.log import Log, open_log
from lkmtools.wire.poller import Poller
from support.polling import turn as turn_of

Make = Callable[..., Log]


@pytest.fixture
def make() -> Iterator[Make]:
    """make(descriptor, path): a Log that has that descriptor, which it owns, as standard error."""
    saved = os.dup(2)
    made: list[Log] = []

    def begin(fd: int, path: Path | None = None) -> Log:
        os.dup2(fd, 2)
        os.close(fd)
        made.append(Log(Poller(), str(path) if path else None))
        return made[-1]

    yield begin
    os.dup2(saved, 2)
    os.close(saved)
    for log in made:  # the daemon's goes with its process
        log.poller.close()
        if log._socket is not None:
            log._socket.close()
        if log._fd != 2:
            os.close(log._fd)


def turn(log: Log, timeout: float = 0) -> bool:
    """One round of the loop: had it something to do?"""
    return turn_of(log.poller, timeout) > 0


@contextmanager
def files_of_at_most(size: int) -> Iterator[None]:
    """As on a disk that is full."""
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    before = signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
        signal.signal(signal.SIGXFSZ, before)


def lost(count: int) -> str:
    return f"... {count} lines of the log are lost\n"


# -- a file ---------------------------------------------------------------------------------------------


def test_an_entry_has_time_and_process(make: Make, tmp_path: Path) -> None:
    """It ends with one newline; text as it is has neither."""
    log = make(open_log(str(tmp_path / "log")))
    log.entry("hello\nworld\n\n")
    log.write("as it is \udcff")
    stamp = rf"\d{{4}}-\d\d-\d\d \d\d:\d\d:\d\d lkmd\[{os.getpid()}\]: "
    assert re.fullmatch(rf"{stamp}hello\nworld\nas it is \\udcff", (tmp_path / "log").read_text())


def test_a_file_is_appended_to_and_is_the_owner_s(make: Make, tmp_path: Path) -> None:
    """It may be there already; a symbolic link is not followed."""
    path = tmp_path / "log"
    make(open_log(str(path))).write("first\n")
    make(open_log(str(path))).write("second\n")
    assert path.read_text() == "first\nsecond\n"
    assert path.stat().st_mode & 0o777 == 0o600
    (tmp_path / "link").symlink_to(path)
    with pytest.raises(OSError, match="Too many levels"):
        open_log(str(tmp_path / "link"))


def test_a_full_disk_costs_lines_which_are_counted_and_said(make: Make, tmp_path: Path) -> None:
    """Once there is room again, before the next line, and once."""
    path = tmp_path / "log"
    log = make(open_log(str(path)))
    log.write("before\n")
    with files_of_at_most(len("before\n")):
        for _ in range(3):
            log.write("one\n")
        log.write("two\nthree\n")
        log.write("without an end")
        assert log.lost == 6
    log.write("after\n")
    log.write("last\n")
    assert path.read_text() == "before\n" + lost(6) + "after\nlast\n"
    assert log.lost == 6


def test_a_disk_that_fills_up_within_a_line(make: Make, tmp_path: Path) -> None:
    """What found room stays, the rest counts as lost; also of the notice."""
    path = tmp_path / "log"
    log = make(open_log(str(path)))
    with files_of_at_most(10):
        log.write("first\nsecond\nthird\n")
        assert log.lost == 2
    with files_of_at_most(10 + 5):
        log.write("fourth\n")
        assert log.lost == 3
    log.write("fifth\n")
    assert path.read_text() == "first\nseco" + lost(2)[:5] + lost(3) + "fifth\n"


def test_a_long_log_is_begun_anew_and_one_older_one_is_kept(
    make: Make, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Beyond the limit; no line is lost but those of still older ones."""
    monkeypatch.setattr(module, "LIMIT", 100)
    path = tmp_path / "s.log"
    log = make(open_log(str(path)), path)
    lines = [f"line {i:4}\n" for i in range(100)]
    for line in lines:
        log.write(line)
    assert sorted(os.listdir(tmp_path)) == ["s.log", "s.log.0"]
    old, new = (tmp_path / "s.log.0").read_text(), path.read_text()
    assert "".join(lines).endswith(old + new)
    assert 100 < len(old) <= 110
    assert 0 < len(new) <= 110
    assert log.lost == 0
    assert path.stat().st_mode & 0o777 == 0o600


def test_a_log_of_somebody_else_s_choice_is_not_begun_anew(
    make: Make, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Where standard error goes is not the daemon's to change, nor is SIGHUP about it."""
    monkeypatch.setattr(module, "LIMIT", 10)
    log = make(open_log(str(tmp_path / "theirs")))
    for _ in range(10):
        log.write("a line\n")
        log.reopen()
    assert os.listdir(tmp_path) == ["theirs"]


def test_a_log_that_was_moved_away_is_opened_anew(make: Make, tmp_path: Path) -> None:
    """At SIGHUP, and not before."""
    path = tmp_path / "s.log"
    log = make(open_log(str(path)), path)
    log.write("one\n")
    path.rename(tmp_path / "old")
    log.write("two\n")
    log.reopen()
    log.write("three\n")
    assert ((tmp_path / "old").read_text(), path.read_text()) == ("one\ntwo\n", "three\n")


def test_a_log_that_cannot_be_opened_anew_goes_on(
    make: Make, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The old file is better than none, also beyond the limit."""
    monkeypatch.setattr(module, "LIMIT", 10)
    place = tmp_path / "gone"
    place.mkdir()
    path = place / "s.log"
    log = make(open_log(str(path)), path)
    os.link(path, tmp_path / "kept")
    path.unlink()
    place.rmdir()
    log.reopen()
    log.write("one line and more\n")
    log.write("two\n")
    assert (tmp_path / "kept").read_text() == "one line and more\ntwo\n"
    assert log.lost == 0


# -- devices, pipes, sockets ----------------------------------------------------------------------------


def test_a_device_that_is_full_costs_every_line(make: Make) -> None:
    """And nothing else; the loop has nothing to do."""
    log = make(os.open("/dev/full", os.O_WRONLY))
    for _ in range(5):
        log.write("one\ntwo\n")
        log.flush()
    assert log.lost == 10
    assert not turn(log)


class LogReader:
    """Who reads the other end, or does not."""

    def __init__(self, fd: int) -> None:
        self.fd = fd
        os.set_blocking(fd, False)

    def read(self, log: Log, end: str) -> str:
        """What comes, while the log's loop runs, until it ends so."""
        data = b""
        while not data.endswith(end.encode()):
            turn(log)
            try:
                data += os.read(self.fd, 1 << 16)
            except BlockingIOError:
                continue
        return data.decode()


def a_pipe() -> tuple[int, int]:
    return os.pipe()


def a_terminal() -> tuple[int, int]:
    ours, theirs = pty.openpty()
    tty.setraw(theirs)
    return ours, theirs


def a_socket() -> tuple[int, int]:
    ours, theirs = socket.socketpair()
    return ours.detach(), theirs.detach()


ENDS = [a_pipe, a_terminal, a_socket]
LINE = "x" * 99 + "\n"


@pytest.mark.parametrize("kind", ENDS)
def test_a_reader_gets_what_is_written(make: Make, kind: Callable[[], tuple[int, int]]) -> None:
    """At once, and the loop has nothing to do."""
    ours, theirs = kind()
    log = make(theirs)
    log.write("hello\n")
    assert os.read(ours, 100) == b"hello\n"
    assert not turn(log)
    os.close(ours)


@pytest.mark.parametrize("kind", ENDS)
def test_nobody_waits_for_a_reader_that_does_not_read(
    make: Make, kind: Callable[[], tuple[int, int]]
) -> None:
    """All of it waits, in order; the descriptor, which others may share, blocks as before."""
    ours, theirs = kind()
    log = make(theirs)
    reader = LogReader(ours)
    text = "".join(f"{i:98} \n" for i in range(5000))
    for i in range(0, len(text), 12345):
        log.write(text[i : i + 12345])
    assert os.get_blocking(2)
    assert (log.lost, reader.read(log, text[-100:])) == (0, text)
    assert not turn(log)
    log.write("again\n")
    assert reader.read(log, "again\n") == "again\n"
    os.close(ours)


@pytest.mark.parametrize("kind", ENDS)
def test_what_waits_is_bounded_and_what_is_lost_is_said(
    make: Make, monkeypatch: pytest.MonkeyPatch, kind: Callable[[], tuple[int, int]]
) -> None:
    """Behind all that had waited; written later, it comes after that."""
    monkeypatch.setattr(module, "_QUEUE", 100000)
    ours, theirs = kind()
    log = make(theirs)
    reader = LogReader(ours)
    written = 0
    while log.lost < 2:
        log.write(LINE)
        written += 1
    text = reader.read(log, lost(2))
    assert text == LINE * (written - 2) + lost(2)
    assert len(log._queue) == 0
    log.write("again\n")
    assert reader.read(log, "again\n") == "again\n"
    assert log.lost == 2
    os.close(ours)


@pytest.mark.parametrize("kind", [a_pipe, a_socket])
def test_a_reader_that_has_gone_costs_every_line(make: Make, kind: Callable[[], tuple[int, int]]) -> None:
    """No signal, no error."""
    ours, theirs = kind()
    log = make(theirs)
    os.close(ours)
    for _ in range(3):
        log.write("one\ntwo\n")
    assert log.lost == 6
    assert not turn(log)


@pytest.mark.parametrize("kind", [a_pipe, a_socket])
def test_what_waits_for_a_reader_that_goes_is_lost(make: Make, kind: Callable[[], tuple[int, int]]) -> None:
    """The loop notices, once."""
    ours, theirs = kind()
    log = make(theirs)
    while not log._queue:
        log.write(LINE)
    log.write(LINE)
    log.write("end\n")
    os.close(ours)
    while log._queue:
        turn(log)
    assert log.lost == 3
    assert not turn(log)
    log.write("one\n")
    assert log.lost == 4


def test_a_terminal_that_hangs_up_costs_lines_and_nothing_else(make: Make) -> None:
    """Closing a window does not end a daemon that runs in it, if it ignores SIGHUP."""
    ours, theirs = a_terminal()
    log = make(theirs)
    log.write("hello\n")
    os.close(ours)
    for _ in range(3):
        log.write("one\n")
    assert log.lost == 3
    assert not turn(log)


def test_no_standard_error_at_all(make: Make) -> None:
    """It was closed before we came."""
    log = make(os.open(os.devnull, os.O_WRONLY))
    os.close(2)
    log = Log(log.poller)
    log.write("one\n")
    assert log.lost == 1
