"""A tool that follows the message buffer (lkmctl dmesg -f) and is sent messages as they are printed."""

from __future__ import annotations

from collections.abc import Iterator

from lkmtools.daemon.console import SupervisorConsole
from lkmtools.daemon.ctl import Question
from lkmtools.evidence.marks import Cursor, Piece

STREAM = 1 << 20  # bytes unread by a follower of the message buffer from which on it gets no more
PIECE = 1 << 16  # characters of that text in one answer


class Follower:
    """Sends what is printed after `cursor` as further answers to `question`, which has been answered."""

    def __init__(self, console: SupervisorConsole, question: Question, cursor: Cursor, pieces: bool) -> None:
        """`pieces`: the tool wants to hear of boots and times. What its connection followed before ends."""
        self._msgbuf, self._question, self._cursor, self._pieces = console.msgbuf, question, cursor, pieces
        question.conn.more = self.more
        console.follow(question.conn, self.more)
        self.more()

    def more(self) -> None:
        """Send what was printed, unless much of it waits to be read: then some may be lost, which is said."""
        conn = self._question.conn
        if conn.fd < 0 or conn.closing or len(conn.out) > STREAM:
            return
        pieces, lost, self._cursor = self._msgbuf.pieces(self._cursor)
        for batch in _batches(pieces):
            more = {"pieces": batch} if self._pieces else {"text": "".join(piece.text for piece in batch)}
            if self._pieces or more["text"]:
                self._question.answer({**more, "lost": lost})
                lost = 0


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
