"""The tools that are connected to the supervisor, from the first boot to the end of the daemon."""

from __future__ import annotations

import _socket
import os
from collections.abc import Callable

from lkmtools.daemon.console import SupervisorConsole
from lkmtools.daemon.ctl import ControlConnection, Perform, Question
from lkmtools.daemon.listener import Listener
from lkmtools.wire.accept import Acceptor
from lkmtools.wire.poller import Poller

GOODBYE = 1.0  # seconds a tool that asked for the end may take to read its answer


class Tools:
    """`connections` to SOCKET.ctl, whose questions `perform` serves."""

    def __init__(
        self,
        control: Listener,
        poller: Poller,
        console: SupervisorConsole,
        log: Callable[[str], None],
        perform: Perform,
    ) -> None:
        self.connections: set[ControlConnection] = set()
        self._control, self._poller, self._console, self._log = control, poller, console, log
        self._perform = perform
        self._acceptor: Acceptor | None = None
        self._stops: list[Question] = []  # the requests to stop

    @property
    def welcome(self) -> bool:
        """Are connections taken?"""
        return self._acceptor is not None

    def listen(self) -> None:
        """Let them come, once."""
        if self._acceptor is None:
            self._control.listen()
            self._acceptor = Acceptor(self._control.socket, self._poller, self._take, self._log)

    def _take(self, sock: _socket.socket) -> None:
        self.connections.add(ControlConnection(sock, self._poller, self._perform, self._closed))

    def _closed(self, conn: ControlConnection) -> None:
        self.connections.discard(conn)
        self._console.unfollow(conn)

    def keep_stop(self, question: Question) -> None:
        """A request to stop is answered when the daemon has nothing else to do."""
        question.conn.stops = True
        self._stops.append(question)

    def refuse_all(self, why: str) -> None:
        """Take no more; only those remain that have asked for the end."""
        for conn in tuple(self.connections):
            if not conn.stops:
                conn.refuse(why)
        if self._acceptor is not None:
            self._acceptor.close()

    def answer_stops(self) -> None:
        """The daemon's last words."""
        for question in self._stops:
            if question.conn.fd >= 0:
                question.answer({"pid": os.getpid()})
                question.conn.drain(GOODBYE)
