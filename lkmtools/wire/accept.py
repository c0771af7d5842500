"""Accepting connections: the next one, its owner, and what to do if there is no descriptor for it."""

from __future__ import annotations

import _socket
import os
import struct
from collections.abc import Callable
from contextlib import suppress
from errno import EMFILE, ENFILE, ENOBUFS, ENOMEM

from lkmtools.proto import Refused, encode
from lkmtools.wire.poller import Poller

BACKLOG = 512
PAUSE = 1.0  # seconds
_UCRED = struct.Struct("iII")  # struct ucred of Linux: pid, uid, gid
_NO_ROOM = (EMFILE, ENFILE, ENOBUFS, ENOMEM)


def peer(sock: _socket.socket) -> tuple[int, int, int]:
    """(pid, uid, gid) of the process at the other end: SO_PEERCRED of unix(7)."""
    raw = sock.getsockopt(_socket.SOL_SOCKET, _socket.SO_PEERCRED, _UCRED.size)
    pid, uid, gid = _UCRED.unpack(raw)
    return pid, uid, gid


class Acceptor:
    """Gives each connection that comes to `listening` to `take`, as long as it is open.

    One that finds no descriptor is refused with the reason; `log` hears of it. Where not even that can be
    done, connections wait for PAUSE seconds.
    """

    def __init__(
        self,
        listening: _socket.socket,
        poller: Poller,
        take: Callable[[_socket.socket], None],
        log: Callable[[str], None],
    ) -> None:
        self._listening, self._poller, self._take, self._log = listening, poller, take, log
        self._spare: int | None = _nothing()
        self._open = True
        poller.add(listening.fileno(), lambda events: self._accept())

    def close(self) -> None:
        """Take no more; the socket goes on listening."""
        if self._open:
            self._open = False
            self._poller.forget(self._listening.fileno())
            self._give_up_spare()

    def _accept(self) -> None:
        try:
            sock = _next(self._listening)
        except OSError as error:
            if error.errno not in _NO_ROOM:
                raise
            self._turn_away(os.strerror(error.errno))
            return
        if sock is not None:
            self._take(sock)

    def _turn_away(self, why: str) -> None:
        """There is no descriptor for the next connection: give up the spare one to refuse it."""
        self._give_up_spare()
        try:
            if sock := _next(self._listening):
                with suppress(OSError):  # it may be gone
                    sock.send(encode(Refused(f"the daemon has no descriptor for one more client: {why}"), 0))
                sock.close()
                self._log(f"a connection was refused: {why}")
            self._spare = _nothing()
        except OSError:  # somebody else was quicker
            self._poller.pause(self._listening.fileno(), PAUSE)

    def _give_up_spare(self) -> None:
        if self._spare is not None:
            os.close(self._spare)
            self._spare = None


def _next(listening: _socket.socket) -> _socket.socket | None:
    """The next connection, non-blocking; None when there is none now. OSError EMFILE and the like."""
    try:
        fd, _ = listening._accept()  # type: ignore[attr-defined]  # what socket.accept() calls
    except (BlockingIOError, ConnectionAbortedError):
        return None
    sock = _socket.socket(listening.family, listening.type, listening.proto, fd)
    sock.setblocking(False)
    return sock


def _nothing() -> int:
    """A descriptor that is good for nothing."""
    return os.open(os.devnull, os.O_RDONLY | os.O_CLOEXEC)
