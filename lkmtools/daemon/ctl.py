"""SOCKET.ctl: a tool's connection to the supervisor, and the questions that arrive on it.

To answer later, keep the Question. To do something later, use timers.py.
"""

from __future__ import annotations

import _socket
import json
import os
from collections.abc import Callable
from typing import Any

from lkmtools.proto import STOP, VERSION, Answer, Control, Frame, Hello, ProtocolError, other_version
from lkmtools.proto.verbs import MOST
from lkmtools.proto.verbs import VERSION as ANSWERS
from lkmtools.wire.accept import peer
from lkmtools.wire.poller import Poller
from lkmtools.wire.stream import Stream

REQUEST = MOST + (1 << 12)  # bytes of a request
UNANSWERED = 64  # questions of a connection that may be kept at a time

Perform = Callable[["Question", str, str], None]  # is given the verb and its arguments, JSON text


class Denied(Exception):
    """A question that will not be answered: why."""


class Question:
    """A CONTROL of `conn`. An object that will answer it later keeps it until then."""

    __slots__ = ("_kept", "_serial", "conn")

    def __init__(self, conn: ControlConnection, serial: int) -> None:
        self.conn = conn
        self._serial = serial
        self._kept = False

    def keep(self) -> Question:
        """The same, which will be answered later. Denied when too many of its connection are."""
        if self.conn.kept >= UNANSWERED:
            raise Denied(f"{UNANSWERED} requests of this connection wait for an answer; that is the limit")
        self._kept = True
        self.conn.kept += 1
        return self

    def answer(self, value: dict[str, Any]) -> None:
        """Answer it; once more, and that is a further answer."""
        if self._kept:
            self._kept = False
            self.conn.kept -= 1
        self.conn.send(Answer(True, json.dumps({"version": ANSWERS, **value})), self._serial)

    def deny(self, why: str) -> None:
        """Answer with the reason why it is refused."""
        self.conn.send(Answer(False, why), self._serial)


class ControlConnection(Stream):
    """A tool that asks the supervisor: HELLO, then any number of CONTROLs, each answered with its serial.

    `owner`: the tool is the daemon's owner's, or root's. `stops`: it has asked for the daemon's end, and is
    answered last. `kept` counts its questions that wait for their answer. `more` is called when it has read
    what waited for it.
    """

    def __init__(
        self,
        sock: _socket.socket,
        poller: Poller,
        perform: Perform,
        closed: Callable[[ControlConnection], None],
    ) -> None:
        """`perform` serves a question, `closed` is called at the end."""
        self._perform, self._closed = perform, closed
        self.host_pid, uid, _ = peer(sock)
        self.owner = uid in (0, os.geteuid())
        self.stops = False
        self.kept = 0
        self.more: Callable[[], None] = lambda: None
        self._greeted = False
        self._foreign: int | None = None  # another version of the protocol, which the tool speaks
        super().__init__(sock, poller)

    def on_frame(self, serial: int, frame: Frame) -> None:
        """Serve a frame."""
        if type(frame) is Hello and not self._greeted:
            self._greeted = True
            self.greet(REQUEST)
            if frame.version != VERSION:
                self._foreign = frame.version
        elif type(frame) is Control and self._greeted:
            if self._foreign is not None and frame != STOP:
                self._refuse_foreign()
                return
            self._perform(Question(self, serial), frame.verb, frame.arguments)
        else:
            when = "after HELLO" if self._greeted else "before HELLO"
            raise ProtocolError(f"{type(frame).__name__.upper()} {when}")

    def on_batch(self) -> None:
        """A tool of another version may only stop us, and says so at once."""
        if self._foreign is not None and not self.stops:
            self._refuse_foreign()

    def _refuse_foreign(self) -> None:
        self.refuse(other_version(self._foreign or 0, os.getpid()))

    def on_flushed(self) -> None:
        """There is room again."""
        self.more()

    def on_close(self) -> None:
        """The tool is gone: send no more."""
        self.more = lambda: None
        self._closed(self)
