"""Messages between the supervisor and its kernel process, which trust each other.

A message is a JSON object in one packet of a Unix socket (SOCK_SEQPACKET), perhaps with descriptors. Neither
side waits for the other: messages that do not fit wait in a queue.
"""

from __future__ import annotations

import _socket
import json
import os
import select
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from typing import Any

from lkmtools.wire.poller import Poller
from lkmtools.wire.scm_rights import received, room, send_files
from lkmtools.wire.stream import GONE

MOST = 64 << 10  # bytes of a message; longer texts go in pieces
PIECE = 4 << 10  # characters of a text in one message: JSON makes at most 12 bytes of one
_RIGHTS = room(8)  # descriptors: at most 8 with one message

Message = dict[str, Any]


class Channel:
    """One end. on_message(message, descriptors) owns the descriptors; on_end() is called at the end."""

    def __init__(self, sock: _socket.socket) -> None:
        sock.setblocking(False)
        self.socket = sock
        self._queue: deque[tuple[bytes, Sequence[int]]] = deque()
        self._poller: Poller | None = None
        self.on_message: Callable[[Message, list[int]], None] = lambda message, files: None
        self.on_end: Callable[[], None] = lambda: None

    def attach(self, poller: Poller) -> None:
        """Serve the channel from a poller."""
        self._poller = poller
        poller.add(self.socket.fileno(), self._handle)
        self._watch()

    def close(self) -> None:
        """No more messages, in either direction."""
        if self._poller is not None:
            self._poller.forget(self.socket.fileno())
            self._poller = None
        self.socket.close()
        while self._queue:
            for fd in self._queue.popleft()[1]:
                os.close(fd)

    def send(self, message: Message, files: Sequence[int] = ()) -> None:
        """Send a message with copies of `files`, now or as soon as the other side has read enough."""
        data = json.dumps(message).encode()
        if len(data) > MOST:
            raise ValueError(f"a message of {len(data)} bytes; the limit is {MOST}")
        if self._queue or not self._try(data, files):
            self._queue.append((data, [os.dup(fd) for fd in files]))
            self._watch()

    def send_text(self, kind: str, text: str) -> None:
        """Send a text of any length, as one message or several: {"do": kind, "text": piece}."""
        for at in range(0, len(text), PIECE):
            self.send({"do": kind, "text": text[at : at + PIECE]})

    def receive(self) -> Iterator[tuple[Message, list[int]]]:
        """What has come; ends when nothing more is there now."""
        while True:
            try:
                data, rights, _, _ = self.socket.recvmsg(MOST, _RIGHTS, _socket.MSG_CMSG_CLOEXEC)
            except BlockingIOError:
                return
            except OSError:
                data, rights = b"", []
            if not data:
                self._ended()
                return
            yield json.loads(data), received(rights)

    def flush(self, seconds: float) -> None:
        """Send what is queued, waiting at most `seconds` for each message. For last words only."""
        self.socket.settimeout(seconds)
        while self._queue:
            data, files = self._queue.popleft()
            try:
                self._send(data, files)
            except OSError:
                return  # the other side does not read, or is gone
            finally:
                for fd in files:
                    os.close(fd)

    def _send(self, data: bytes, files: Sequence[int]) -> None:
        if files:
            send_files(self.socket, data, files)
        else:
            self.socket.send(data)

    def _try(self, data: bytes, files: Sequence[int]) -> bool:
        """Send a message; False when it has to wait. A side that is gone gets nothing more."""
        try:
            self._send(data, files)
        except BlockingIOError:
            return False
        except OSError as error:
            return error.errno in GONE  # its end is noticed where we read; else there is no room now
        return True

    def _handle(self, events: int) -> None:
        if events & select.EPOLLOUT:
            while self._queue and self._try(*self._queue[0]):
                for fd in self._queue.popleft()[1]:
                    os.close(fd)
            self._watch()
        if events & ~select.EPOLLOUT:
            for message, files in self.receive():
                self.on_message(message, files)

    def _ended(self) -> None:
        if self._poller is not None:
            self._poller.forget(self.socket.fileno())
            self._poller = None
        self.on_end()

    def _watch(self) -> None:
        if self._poller is not None:
            self._poller.watch(self.socket.fileno(), select.EPOLLIN | (select.EPOLLOUT if self._queue else 0))
