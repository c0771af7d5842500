"""Messages with descriptors between two processes of the daemon."""

from __future__ import annotations

import os
import socket
from collections.abc import Callable, Iterator

import pytest

from lkmtools.wire.channel import MOST, Channel, Message
from lkmtools.wire.poller import Poller
from support.polling import PATIENCE, turn


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
