"""The daemon's log, which never blocks the daemon.

In the background it is the file SOCKET.log: bounded, with one older file beside it, and reopened at
SIGHUP. In the foreground it is standard error, whatever that is: a terminal, a pipe that nobody reads, a full
disk. Lines that cannot be written are counted, and the next line that can be written reports how many were
lost.
"""

from __future__ import annotations

import _socket
import os
import select
import stat
import time
from collections import deque
from contextlib import suppress

from lkmtools.wire.poller import Poller

LIMIT = 1 << 20  # bytes of SOCKET.log, after which a new one is started
_QUEUE = 1 << 20  # bytes that wait for a reader of standard error
_STDERR = 2


def open_log(path: str) -> int:
    """The log file at `path`, to append to. OSError."""
    flags = os.O_WRONLY | os.O_CREAT | os.O_APPEND | os.O_NOFOLLOW | os.O_CLOEXEC | os.O_NONBLOCK
    return os.open(path, flags, 0o600)


class Log:
    """Writes to standard error; `path` is the file behind it, None when somebody else chose it."""

    def __init__(self, poller: Poller, path: str | None = None, shows_console: bool = False) -> None:
        """`shows_console`: it gets what the kernel prints, too."""
        self.lost = 0  # lines, in all
        self._unsaid = 0  # of them, since the log last said so
        self._path = path
        self.poller = poller
        self.shows_console = shows_console
        self._queue: deque[bytes] = deque()
        self._queued = 0
        self._watched = False
        self._fd = -1
        self._look()

    @property
    def has_file(self) -> bool:
        """Is there a SOCKET.log, which can be reopened?"""
        return self._path is not None

    def _look(self) -> None:
        """See what standard error is."""
        if self._watched:
            self.poller.forget(self._fd)
            self._watched = False
        if self._fd not in (-1, _STDERR):
            os.close(self._fd)
        try:
            mode = os.fstat(_STDERR).st_mode
        except OSError:
            mode = 0
        self._regular = stat.S_ISREG(mode)
        self._socket = _socket.socket(fileno=os.dup(_STDERR)) if stat.S_ISSOCK(mode) else None
        # A terminal takes part of what it is given, and then waits: we open it once more, for ourselves.
        self._fd = _STDERR
        if stat.S_ISCHR(mode):
            with suppress(OSError):
                flags = os.O_WRONLY | os.O_NONBLOCK | os.O_NOCTTY | os.O_CLOEXEC
                self._fd = os.open("/proc/self/fd/2", flags)

    def entry(self, text: str) -> None:
        """One entry, with the time and our process."""
        stamp = time.strftime("%Y-%m-%d %H:%M:%S")
        self.write(f"{stamp} lkmd[{os.getpid()}]: {text.rstrip()}\n")

    def write(self, text: str) -> None:
        """Text as it is. Never blocks, never fails."""
        data = text.encode("utf-8", "backslashreplace")
        if self._regular:
            self._to_file(data)
            return
        if self._queued + len(data) > _QUEUE:
            self._lose(data)
            return
        self._queue.append(data)
        self._queued += len(data)
        self.flush()

    def _lose(self, data: bytes) -> None:
        lines = data.count(b"\n") or 1
        self.lost += lines
        self._unsaid += lines

    def _notice(self) -> bytes:
        unsaid, self._unsaid = self._unsaid, 0
        return f"... {unsaid} lines of the log are lost\n".encode() if unsaid else b""

    def _to_file(self, data: bytes) -> None:
        unsaid, notice = self._unsaid, self._notice()
        try:
            if self._path is not None and os.fstat(_STDERR).st_size > LIMIT:
                self._rotate()
            written = os.write(_STDERR, notice + data) - len(notice)
        except OSError:
            written = -1
        if written < 0:
            self._unsaid = unsaid
        if rest := data[max(written, 0) :]:
            self._lose(rest)

    def _rotate(self) -> None:
        assert self._path is not None
        with suppress(OSError):
            os.replace(self._path, f"{self._path}.0")
        self.reopen()

    def reopen(self) -> None:
        """Reopen SOCKET.log, after it was moved away."""
        if self._path is None:
            return
        try:
            fd = open_log(self._path)
        except OSError:
            return  # the old one is better than none
        os.dup2(fd, _STDERR)
        os.close(fd)
        self._look()

    def flush(self) -> None:
        """Write what waits, as far as it is taken now."""
        if not self._queue:
            return
        poll = select.poll()
        poll.register(self._fd, select.POLLOUT)
        while self._queue and poll.poll(0):
            try:
                written = self._some(self._queue[0])
            except BlockingIOError:
                break
            except OSError:
                while self._queue:
                    self._lose(self._queue.popleft())  # nobody will ever read it
                self._queued = 0
                break
            data = self._queue.popleft()
            self._queued -= written
            if written < len(data):
                self._queue.appendleft(data[written:])
            elif not self._queue and (notice := self._notice()):
                self._queue.append(notice)
                self._queued += len(notice)
        self._watch()

    def _some(self, data: bytes) -> int:
        """Write the beginning of `data`: as much as a pipe that is ready takes without waiting."""
        if self._socket is not None:
            return self._socket.send(data, _socket.MSG_DONTWAIT)
        return os.write(self._fd, data[: select.PIPE_BUF])

    def _watch(self) -> None:
        """Be called again when the reader of standard error has made room."""
        if bool(self._queue) == self._watched:
            return
        self._watched = bool(self._queue)
        with suppress(OSError):  # epoll(7) does not take every kind of file
            if self._watched:
                self.poller.add(self._fd, self._ready, select.EPOLLOUT)
            else:
                self.poller.forget(self._fd)

    def _ready(self, events: int) -> None:
        if events & ~select.EPOLLOUT:  # the reader is gone
            while self._queue:
                self._lose(self._queue.popleft())
            self._queued = 0
            self._watch()
        else:
            self.flush()
