"""Descriptors that never block: frames over a connection, messages between the daemon's own processes."""

from __future__ import annotations

import errno
import os
import resource
import select
import socket
from collections.abc import Callable, Iterator
from types import SimpleNamespace

import pytest

from lkmtools.proto import Answer, Control, Frame, ProtocolError, Reader, Refused, encode
from lkmtools.wire.channel import MOST, Channel, Message
from lkmtools.wire.forked import close_all_but
from lkmtools.wire.poller import Poller
from lkmtools.wire.stream import QUEUE, Stream

PATIENCE = 60.0  # seconds; nothing waits this long unless it is wrong
BIG = Answer(True, "x" * 50000)


def turn(poller: Poller, timeout: float = PATIENCE) -> int:
    """One round of a loop: how many descriptors something came for."""
    came = 0
    for _, handler, events in poller.poll(timeout):
        handler(events)
        came += 1
    return came


# -- frames ---------------------------------------------------------------------------------------------


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


# -- messages -------------------------------------------------------------------------------------------


class Ends:
    """Two channels, the second one in a poller; `came` is what it got."""

    def __init__(self) -> None:
        one, other = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        self.poller, self.far_poller = Poller(), Poller()
        self.near, self.far = Channel(one), Channel(other)
        self.came: list[tuple[Message, list[int]]] = []
        self.ended = 0
        self.far.on_message = lambda message, files: self.came.append((message, files))
        self.far.on_end = self._end
        self.near.attach(self.poller)
        self.far.attach(self.far_poller)

    def _end(self) -> None:
        self.ended += 1

    def close(self) -> None:
        self.near.close()
        self.far.close()
        for _, files in self.came:
            for fd in files:
                os.close(fd)
        self.poller.close()
        self.far_poller.close()

    def run(self, until: Callable[[], bool]) -> None:
        """Both loops, until something is so."""
        while not until():
            turn(self.poller, 0)
            turn(self.far_poller, 0)


@pytest.fixture
def ends() -> Iterator[Ends]:
    made = Ends()
    yield made
    made.close()


def test_a_message_comes_with_its_descriptors(ends: Ends) -> None:
    """They are copies, which no program we start inherits."""
    reading, writing = os.pipe()
    ends.near.send({"do": "this", "with": [1, None, "é"]}, [writing])
    ends.near.send({"do": "that"})
    os.close(writing)
    turn(ends.far_poller)
    (first, (copy,)), second = ends.came
    assert (first, second) == ({"do": "this", "with": [1, None, "é"]}, ({"do": "that"}, []))
    assert not os.get_inheritable(copy)
    os.write(copy, b"hello")
    assert os.read(reading, 5) == b"hello"
    os.close(reading)


def test_nobody_waits_for_a_side_that_does_not_read(ends: Ends) -> None:
    """What it has not read waits, in order, with descriptors that the sender has closed long since."""
    reading, writing = os.pipe()
    for i in range(2000):
        ends.near.send({"do": "count", "n": i, "pad": "x" * 500}, [writing] if i % 500 == 499 else [])
    os.close(writing)
    assert ends.near._queue
    ends.run(lambda: len(ends.came) == 2000)
    assert [message["n"] for message, _ in ends.came] == list(range(2000))
    assert [i for i, (_, files) in enumerate(ends.came) if files] == [499, 999, 1499, 1999]
    for _, files in ends.came:
        while files:
            os.close(files.pop())
    assert os.read(reading, 1) == b""  # no copy is left anywhere
    os.close(reading)
    assert turn(ends.poller, 0) == 0  # nor does the loop spin


@pytest.mark.parametrize("char", ["x", "é", "\0", "\U0001f600", "\udcff", '"', "\n"])
def test_long_texts_come_in_pieces(ends: Ends, char: str) -> None:
    """Whatever they are made of."""
    text = char * 100001
    ends.near.send_text("print", text)
    ends.run(lambda: sum(len(message["text"]) for message, _ in ends.came) >= len(text))
    assert "".join(message["text"] for message, _ in ends.came) == text
    assert {message["do"] for message, _ in ends.came} == {"print"}
    assert len(ends.came) > 1


def test_no_text_is_no_message(ends: Ends) -> None:
    """There is nothing to print."""
    ends.near.send_text("print", "")
    ends.near.send({"do": "next"})
    turn(ends.far_poller)
    assert ends.came == [({"do": "next"}, [])]


def test_a_message_that_is_too_long_is_an_error_of_the_sender(ends: Ends) -> None:
    """The limit is said, and the channel works on."""
    with pytest.raises(ValueError, match=rf"a message of \d+ bytes; the limit is {MOST}"):
        ends.near.send({"text": "x" * MOST})
    ends.near.send({"text": "x" * (MOST - len('{"text": ""}'))})
    turn(ends.far_poller)
    assert len(ends.came[0][0]["text"]) == MOST - len('{"text": ""}')


def test_the_end_is_noticed_once_and_after_what_was_sent(ends: Ends) -> None:
    """Then sending does no harm."""
    ends.near.send({"do": "last"})
    ends.near.close()
    turn(ends.far_poller)
    assert (ends.came, ends.ended) == ([({"do": "last"}, [])], 1)
    ends.far.send({"do": "anything"})
    assert turn(ends.far_poller, 0) == 0
    assert ends.ended == 1


def test_what_waits_at_the_end_is_closed(ends: Ends) -> None:
    """Descriptors of messages that will never be sent, for one."""
    reading, writing = os.pipe()
    while not ends.near._queue:
        ends.near.send({"pad": "x" * 5000})
    ends.near.send({"do": "this"}, [writing])
    os.close(writing)
    ends.near.close()
    assert os.read(reading, 1) == b""
    os.close(reading)
    ends.run(lambda: bool(ends.ended))
    assert {"do": "this"} not in [message for message, _ in ends.came]


def test_last_words_of_a_channel_wait_for_its_reader(ends: Ends) -> None:
    """For a while: a side that does not read gets what it has room for."""
    while len(ends.near._queue) < 3:
        ends.near.send({"pad": "x" * 5000})
    ends.near.flush(0.001)
    left = len(ends.near._queue)
    assert left < 3
    turn(ends.far_poller)
    ends.near.flush(PATIENCE)
    assert not ends.near._queue


def test_a_channel_without_a_loop_is_read_when_asked() -> None:
    """As the supervisor reads what a dead kernel process still said."""
    one, other = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    near, far = Channel(one), Channel(other)
    ended: list[bool] = []
    far.on_end = lambda: ended.append(True)
    assert list(far.receive()) == []
    near.send({"do": "one"})
    near.send({"do": "two"})
    near.close()
    assert [message["do"] for message, _ in far.receive()] == ["one", "two"]
    assert ended == [True]
    far.close()


# -- the poller -----------------------------------------------------------------------------------------


def test_a_descriptor_that_was_forgotten_meanwhile_is_left_out() -> None:
    """By a handler of the same round."""
    poller, called = Poller(), []
    pipes = [os.pipe() for _ in range(2)]
    for reading, writing in pipes:
        os.write(writing, b"x")
        poller.add(reading, lambda events, fd=reading: called.append(fd))  # type: ignore[misc]
    for fd, handler, events in poller.poll(0):
        handler(events)
        poller.forget(next(reading for reading, _ in pipes if reading != fd))
    assert len(called) == 1
    poller.watch(called[0], select.EPOLLOUT)
    assert turn(poller, 0) == 0
    poller.close()
    with pytest.raises(ValueError, match="closed epoll"):
        turn(poller, 0)
    for reading, writing in pipes:
        os.close(reading)
        os.close(writing)


# -- descriptors ----------------------------------------------------------------------------------------


@pytest.mark.parametrize("keep", [{0, 1, 2}, {0, 1, 2, 3}, {0, 1, 2, 5, 9}, {1}])
def test_every_other_descriptor_is_closed(keep: set[int]) -> None:
    """Also when the process may open no other to look."""
    pid = os.fork()
    if pid == 0:
        status = 1
        try:
            for fd in range(3, 12):
                os.dup2(1, fd)
            resource.setrlimit(resource.RLIMIT_NOFILE, (12, 12))
            close_all_but(keep)
            status = int({fd for fd in range(12) if _is_open(fd)} != keep)
        finally:
            os._exit(status)
    assert os.waitpid(pid, 0)[1] == 0


def _is_open(fd: int) -> bool:
    try:
        os.fstat(fd)
    except OSError:
        return False
    return True


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
