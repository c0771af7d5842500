"""The clients' socket while there is no kernel: clients that connect learn why."""

from __future__ import annotations

import _socket
import os
from collections.abc import Callable

from lkmtools.daemon.listener import Listener
from lkmtools.proto import VERSION, Frame, Hello, Panic, ProtocolError, other_version
from lkmtools.wire.accept import Acceptor
from lkmtools.wire.poller import Poller
from lkmtools.wire.stream import Stream

Why = Callable[[], str | None]  # why there is no kernel; None when there is one


class Door:
    """While it is shut the supervisor takes the clients' connections; else the kernel process does."""

    def __init__(self, clients: Listener, poller: Poller, why: Why, log: Callable[[str], None]) -> None:
        """`clients` is their socket, which listens once the door was shut for the first time."""
        self._clients, self._poller, self._why, self._log = clients, poller, why, log
        self._acceptor: Acceptor | None = None

    def shut(self) -> None:
        """There is no kernel: answer for it. Again, and nothing is done."""
        if self._acceptor is None:
            self._clients.listen()
            self._acceptor = Acceptor(self._clients.socket, self._poller, self._take, self._log)

    def open(self) -> None:
        """Clients that connect from now on wait for a kernel."""
        if self._acceptor is not None:
            self._acceptor.close()
            self._acceptor = None

    def _take(self, sock: _socket.socket) -> None:
        RefusedClient(sock, self._poller, self._why)


class RefusedClient(Stream):
    """A client that came while there was no kernel: HELLO is answered with the reason."""

    def __init__(self, sock: _socket.socket, poller: Poller, why: Why) -> None:
        self._why = why
        super().__init__(sock, poller)

    def on_frame(self, serial: int, frame: Frame) -> None:
        """Say why there is no process for it."""
        if type(frame) is not Hello:
            raise ProtocolError(f"{type(frame).__name__.upper()} before HELLO")
        if frame.version != VERSION:
            self.refuse(other_version(frame.version, os.getpid()), serial)
            return
        why = self._why()
        if why is not None:  # else it is to come again, to the kernel
            self.send(Panic(why, ""), serial)
        self.finish()
