"""Streams of frames between a server and a client that is slow, wrong or gone."""

from __future__ import annotations

import errno
import os
import socket
from collections.abc import Iterator
from types import SimpleNamespace

import pytest

from lkmtools.proto import Answer, Control, Frame, ProtocolError, Reader, Refused, encode
from lkmtools.wire.poller import Poller
from lkmtools.wire.stream import QUEUE, Stream
from support.polling import PATIENCE, turn

BIG = Answer(True, "x" * 50000)


class Server(Stream):
    """One end that notes what happens, and answers CONTROL: "echo", "big" (a long answer) or "bad"."""

    def __init__(self, sock: socket.socket, poller: Poller) -> None:
        self.frames: list[tuple[int, Frame]] = []
        self.events: list[str] = []
        self.bad_batch = False
        super().__init__(sock, poller)

    def on_frame(self, serial: int, frame: Frame) -> None:
        self.frames.append((serial, frame))
        assert isinstance(frame, Control)
        if frame.verb == "bad":
            raise ProtocolError("bad")
        self.send(BIG if frame.verb == "big" else Answer(True, frame.verb), serial)

    def on_batch(self) -> None:
        self.events.append("batch")
        if self.bad_batch:
            raise ProtocolError("bad batch")

    def on_end(self) -> None:
        self.events.append("end")

    def on_close(self) -> None:
        self.events.append("close")


class Pair:
    """A Server, its poller, and the other side's socket."""

    def __init__(self) -> None:
        self.poller = Poller()
        ours, self.socket = socket.socketpair()
        ours.setblocking(False)
        self.server = Server(ours, self.poller)
        self.reader = Reader()

    def send(self, *verbs: str) -> None:
        """Requests, with serials from 1."""
        self.socket.sendall(b"".join(encode(Control(verb, ""), i) for i, verb in enumerate(verbs, 1)))

    def receive(self) -> tuple[int, Frame] | None:
        """The next frame, while the server's loop does what there is to do; None at the end."""
        self.socket.setblocking(False)
        while (got := self.reader.next()) is None:
            turn(self.poller, 0)
            try:
                data = self.socket.recv(1 << 16)
            except BlockingIOError:
                continue
            if not data:
                return None
            self.reader.feed(data)
        return got

    def fill(self) -> int:
        """Ask for more long answers than the server makes while none is read: how many."""
        self.socket.sendall(encode(Control("big", ""), 9) * 40)
        while turn(self.poller, 0):
            pass
        return 40


@pytest.fixture
def pair() -> Iterator[Pair]:
    made = Pair()
    yield made
    made.server.close()
    made.socket.close()
    made.poller.close()


def test_frames_that_come_together_are_served_in_order(pair: Pair) -> None:
    """Each with its serial; then the batch is over."""
    pair.send("one", "two", "three")
    turn(pair.poller)
    assert [(serial, frame.verb) for serial, frame in pair.server.frames if isinstance(frame, Control)] == [
        (1, "one"), (2, "two"), (3, "three"),
    ]  # fmt: skip
    assert pair.server.events == ["batch"]
    assert [pair.receive() for _ in range(3)] == [
        (i, Answer(True, text)) for i, text in enumerate(("one", "two", "three"), 1)
    ]


def test_a_frame_may_come_byte_by_byte(pair: Pair) -> None:
    """It is served when it is whole."""
    data = encode(Control("one", "{}"), 7)
    for i in range(len(data)):
        assert pair.server.frames == []
        pair.socket.sendall(data[i : i + 1])
        turn(pair.poller)
    assert pair.server.frames == [(7, Control("one", "{}"))]


def test_who_does_not_read_is_not_read_from(pair: Pair) -> None:
    """The queue is bounded, and every answer comes when it reads at last."""
    count = pair.fill()
    assert QUEUE <= len(pair.server.out) < QUEUE + 2 * len(BIG.text)
    served = len(pair.server.frames)
    assert served < count
    assert [pair.receive() for _ in range(count)] == [(9, BIG)] * count
    assert len(pair.server.frames) == count
    assert not pair.server.out
    pair.socket.setblocking(True)
    pair.send("again")
    assert pair.receive() == (1, Answer(True, "again"))


def test_who_does_not_read_cannot_send_for_ever(pair: Pair) -> None:
    """It fills its own socket, not our memory, though it sends nothing but the ends of frames."""
    pair.fill()
    pair.socket.setblocking(False)
    sent, limit = 0, 1 << 24
    requests = encode(Control("big", ""), 9) * 1000
    with pytest.raises(BlockingIOError):  # noqa: PT012 that the last one fails is the point
        while sent < limit:
            sent += pair.socket.send(requests)
            turn(pair.poller, 0)
    assert len(pair.server.out) < QUEUE + 2 * len(BIG.text)


@pytest.mark.parametrize("bad", [b"HTTP/1.1 400 Bad Request\r\n", encode(Control("bad", ""), 3)])
def test_what_is_wrong_is_refused_and_nothing_more_is_served(pair: Pair, bad: bytes) -> None:
    """What was asked before is answered first; what comes after it is not heard."""
    pair.socket.sendall(encode(Control("good", ""), 1) + bad + encode(Control("late", ""), 4))
    turn(pair.poller)
    assert pair.receive() == (1, Answer(True, "good"))
    got = pair.receive()
    assert got is not None
    assert isinstance(got[1], Refused)
    assert got[1].why.startswith("protocol error: ")
    assert pair.receive() is None
    assert [frame.verb for _, frame in pair.server.frames if isinstance(frame, Control)][:1] == ["good"]
    assert "late" not in [frame.verb for _, frame in pair.server.frames if isinstance(frame, Control)]
    assert (pair.server.events.count("close"), pair.server.fd) == (1, -1)


def test_a_batch_may_be_refused(pair: Pair) -> None:
    """After its frames have been served."""
    pair.server.bad_batch = True
    pair.send("one")
    assert pair.receive() == (1, Answer(True, "one"))
    assert pair.receive() == (0, Refused("protocol error: bad batch"))
    assert pair.receive() is None


def test_a_refusal_waits_behind_what_is_queued(pair: Pair) -> None:
    """It comes last, and only then the connection is closed."""
    count = pair.fill()
    pair.server.refuse("enough", 5)
    pair.server.refuse("enough", 5)
    assert pair.server.fd >= 0
    served = len(pair.server.frames)
    assert [pair.receive() for _ in range(served)] == [(9, BIG)] * served
    assert pair.receive() == (5, Refused("enough"))
    pair.receive()
    assert (pair.server.fd, len(pair.server.frames)) == (-1, served)
    assert served < count


def test_half_closed_peer_gets_its_answers(pair: Pair) -> None:
    """All that it asked for; then the end."""
    pair.send("one", "two")
    pair.socket.shutdown(socket.SHUT_WR)
    assert [pair.receive() for _ in range(3)] == [(1, Answer(True, "one")), (2, Answer(True, "two")), None]
    assert pair.server.events[0] == "batch"
    assert (pair.server.events.count("close"), "end" in pair.server.events) == (1, True)


def test_half_closed_peer_that_reads_late_gets_its_answers(pair: Pair) -> None:
    """They wait for it, and a loop that has nothing else to do does not spin."""
    count = pair.fill()
    pair.socket.shutdown(socket.SHUT_WR)
    assert turn(pair.poller, 0) == 0
    assert [pair.receive() for _ in range(count)] == [(9, BIG)] * count
    assert pair.receive() is None


def test_peer_that_is_gone_is_forgotten(pair: Pair) -> None:
    """Also when much waits for it, and when it left what we sent unread."""
    pair.fill()
    pair.socket.close()
    while pair.server.fd >= 0:
        turn(pair.poller)
    assert (pair.server.events.count("close"), turn(pair.poller, 0)) == (1, 0)


def test_peer_that_resets_is_at_its_end(pair: Pair) -> None:
    """Nothing was queued, something was unread."""
    pair.send("one")
    turn(pair.poller)
    pair.socket.close()
    turn(pair.poller)
    assert (pair.server.fd, pair.server.events.count("close")) == (-1, 1)


def test_closing_twice_is_closing_once(pair: Pair) -> None:
    """And what is sent afterwards is sent to nobody."""
    for _ in range(2):
        pair.server.close()
        pair.server.send(BIG, 1)
        pair.server.drain(PATIENCE)
        pair.server.watch()
    assert pair.server.events == ["end", "close"]
    assert not pair.server.out
    assert pair.socket.recv(1) == b""


def test_last_words_wait_for_their_reader(pair: Pair) -> None:
    """drain() sends all of the queue while the other side reads."""
    pair.fill()
    queued = len(pair.server.out)
    child = os.fork()
    if child == 0:
        try:
            pair.socket.setblocking(True)
            pair.server.socket.close()
            while pair.socket.recv(1 << 16):
                pass
        finally:
            os._exit(0)
    pair.server.drain(PATIENCE)
    assert queued > 0
    assert not pair.server.out
    pair.server.close()
    assert os.waitpid(child, 0)[1] == 0


def test_last_words_are_given_up_where_nobody_reads(pair: Pair) -> None:
    """The queue is empty all the same."""
    pair.fill()
    pair.server.drain(0.001)
    assert not pair.server.out


@pytest.mark.parametrize(
    ("error", "closed"), [(errno.ENOBUFS, True), (errno.ENOMEM, True), (errno.EPIPE, False)]
)
def test_a_frame_that_the_host_has_no_room_for_ends_the_connection(error: int, closed: bool) -> None:
    """The other side must not wait for it. The end of a side that is gone is noticed by reading."""
    ours, theirs = socket.socketpair()
    poller = Poller()
    server = Server(ours, poller)

    def fail(data: bytes) -> int:
        raise OSError(error, os.strerror(error))

    server.socket = SimpleNamespace(send=fail, close=ours.close)  # type: ignore[assignment]
    server.send(Answer(True, "lost"), 1)
    assert (server.fd < 0) == closed
    assert server.events == (["end", "close"] if closed else [])
    server.close()
    theirs.close()
    poller.close()
