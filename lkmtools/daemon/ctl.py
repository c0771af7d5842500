"""Connections to the supervisor: control requests on SOCKET.ctl, and clients while there is no kernel."""

from __future__ import annotations

import json
import os
import socket
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any

from lkmtools.daemon import control
from lkmtools.evidence.marks import START, Cursor, Piece
from lkmtools.proto import (
    STOP,
    VERSION,
    Answer,
    Control,
    Frame,
    Hello,
    Panic,
    ProtocolError,
    other_version,
)
from lkmtools.proto.verbs import MOST
from lkmtools.proto.verbs import VERSION as ANSWERS
from lkmtools.wire.accept import peer
from lkmtools.wire.stream import Stream

if TYPE_CHECKING:
    from lkmtools.daemon.supervisor import Supervisor

REQUEST = MOST + (1 << 12)  # bytes of a request
STREAM = 1 << 20  # bytes unread by a follower of the message buffer from which on it gets no more
PIECE = 1 << 16  # characters of that text in one answer
UNANSWERED = 64  # requests that may wait for what the kernel says, or for its end

Later = Callable[[dict[str, Any]], None]


class ControlConnection(Stream):
    """A tool that asks the supervisor: HELLO, then any number of CONTROLs, each answered with its serial."""

    def __init__(self, supervisor: Supervisor, sock: socket.socket) -> None:
        self.supervisor = supervisor
        self.host_pid, uid, _ = peer(sock)
        self.owner = uid in (0, os.geteuid())
        self.following: int | None = None  # serial of a "dmesg" with follow
        self._cursor = START  # in the message buffer: what follows has not been sent
        self._pieces = False  # does it want to hear of boots and times?
        self._greeted = False
        self._unanswered = 0  # requests, which are answered later
        self._foreign: int | None = None  # another version of the protocol, which the tool speaks
        self._stopping: int | None = None  # serial of a "stop", which is answered last
        super().__init__(sock, supervisor.poller)

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
            control.perform(self.supervisor, self, serial, frame.verb, frame.arguments)
        else:
            when = "after HELLO" if self._greeted else "before HELLO"
            raise ProtocolError(f"{type(frame).__name__.upper()} {when}")

    def on_batch(self) -> None:
        """A tool of another version may only stop us, and says so at once."""
        if self._foreign is not None and self._stopping is None:
            self._refuse_foreign()

    def _refuse_foreign(self) -> None:
        self.refuse(other_version(self._foreign or 0, os.getpid()))

    def on_close(self) -> None:
        """It follows the message buffer no more."""
        self.supervisor.connections.discard(self)
        self.following = None
        self.supervisor.console.unfollow(self)

    def answer(self, serial: int, value: dict[str, Any]) -> None:
        """Answer a CONTROL."""
        self.send(Answer(True, json.dumps({"version": ANSWERS, **value})), serial)

    def deny(self, serial: int, why: str) -> None:
        """Answer a CONTROL that nobody will obey."""
        self.send(Answer(False, why), serial)

    def later(self, serial: int) -> Later | None:
        """What answers a request once that can be; None when so many wait that this one is denied."""
        if self._unanswered >= UNANSWERED:
            self.deny(
                serial, f"{UNANSWERED} requests of this connection wait for an answer; that is the limit"
            )
            return None
        self._unanswered += 1

        def answer(value: dict[str, Any]) -> None:
            self._unanswered -= 1
            self.answer(serial, value)

        return answer

    def stop(self, serial: int) -> None:
        """Remember the serial of the request to stop, which is answered last."""
        self._stopping = serial

    def stopped(self) -> None:
        """Answer the request to stop."""
        if self._stopping is not None:
            self.answer(self._stopping, {"pid": os.getpid()})

    # -- the message buffer -----------------------------------------------------------------------------

    def follow(self, serial: int, cursor: Cursor, pieces: bool) -> None:
        """Send what is printed after `cursor` as further answers to that request."""
        self.following, self._cursor, self._pieces = serial, cursor, pieces
        self.supervisor.console.follow(self, self.more_console)
        self.more_console()

    def more_console(self) -> None:
        """Send what was printed, unless much of it waits to be read: then some may be lost, which is said."""
        if self.following is None or len(self.out) > STREAM or self.closing:
            return
        pieces, lost, self._cursor = self.supervisor.console.msgbuf.pieces(self._cursor)
        for batch in _batches(pieces):
            more = {"pieces": batch} if self._pieces else {"text": "".join(piece.text for piece in batch)}
            if self._pieces or more["text"]:
                self.answer(self.following, {**more, "lost": lost})
                lost = 0

    def on_flushed(self) -> None:
        """There is room again."""
        self.more_console()


def _batches(pieces: list[Piece]) -> Iterator[list[Piece]]:
    """The same pieces, of which none has more than PIECE characters, as far as one answer may have them."""
    batch: list[Piece] = []
    room = PIECE
    for piece in pieces:
        for at in range(0, max(len(piece.text), 1), PIECE):
            part = piece._replace(text=piece.text[at : at + PIECE])
            if batch and len(part.text) > room:
                yield batch
                batch, room = [], PIECE
            batch.append(part)
            room -= len(part.text)
    if batch:
        yield batch


class Refusal(Stream):
    """A client that comes while there is no kernel: HELLO is answered with the reason."""

    def __init__(self, supervisor: Supervisor, sock: socket.socket) -> None:
        self.supervisor = supervisor
        super().__init__(sock, supervisor.poller)

    def on_frame(self, serial: int, frame: Frame) -> None:
        """Say why there is no process for it."""
        if type(frame) is not Hello:
            raise ProtocolError(f"{type(frame).__name__.upper()} before HELLO")
        if frame.version != VERSION:
            self.refuse(other_version(frame.version, os.getpid()), serial)
            return
        if self.supervisor.child is not None:  # there is a kernel by now: it is to come again
            self.finish()
            return
        self.send(Panic(self.supervisor.why_no_kernel(), ""), serial)
        self.finish()
