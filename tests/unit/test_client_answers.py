"""What a process of lkmtools.client makes of the answers to its requests."""

from __future__ import annotations

import io
import socket
import threading

import pytest

from lkmtools import client
from lkmtools.abi.syscall import SYS_open, SYS_read
from lkmtools.client.transport import Transport
from lkmtools.errors import DaemonError, PanicError
from lkmtools.proto import Hello, Panic, Reader, Result, Syscall, Welcome, encode


class Scripted:
    """The other end of a connection, which answers what it is told to: for what no right daemon sends."""

    def __init__(self, *answers: object) -> None:
        ours, theirs = socket.socketpair()
        self.transport = Transport(ours)
        self.peer = theirs
        self.answers = list(answers)
        self.thread = threading.Thread(target=self._serve)
        self.thread.start()

    def _serve(self) -> None:
        reader = Reader()
        while self.answers and (data := self.peer.recv(65536)):
            reader.feed(data)
            while (got := reader.next()) is not None:
                answer = self.answers.pop(0)
                self.peer.sendall(answer if isinstance(answer, bytes) else encode(answer, got[0]))  # type: ignore[arg-type]
        self.peer.close()

    def process(self, byteorder: int = 0) -> client.Process:
        return client.Process(
            self.transport, Welcome(1, 8, 8, byteorder, 1, 502000000, 1, 1, "amd64", ""), "test"
        )


WRONG = {
    "not a frame": (b"HTTP/1.1 400 Bad Request\r\n", "does not speak our protocol"),
    "another frame": (Hello(1, 1, "x"), "answered SYSCALL with HELLO"),
    "a region we did not send": (Result(0, (0, 0), ((1, 0, b"x"),), "", ""), "region is 1; the limit is 0"),
    "a change beyond the region": (
        Result(0, (0, 0), ((0, 3, b"xy"),), "", ""),
        "end of change is 5; the limit",
    ),
}


@pytest.mark.parametrize(("answer", "why"), WRONG.values(), ids=WRONG)
def test_wrong_answer_is_a_daemon_error(answer: object, why: str) -> None:
    """A daemon that is none cannot confuse a tool."""
    script = Scripted(answer)
    p = script.process()
    with p, pytest.raises(DaemonError, match=why):
        p.syscall(SYS_open, p.buffer(b"abc\0"))
    script.thread.join()


def test_unknown_data_model_is_refused() -> None:
    """Big-endian LP64 is not ours."""
    script = Scripted()
    with pytest.raises(DaemonError, match="unknown data model"):
        script.process(byteorder=1)
    script.transport.close()
    script.thread.join()


def test_panic_carries_reason_and_report() -> None:
    """Also when the answer was already on its way before the request."""
    script = Scripted(Panic("why", "all about it"))
    p = script.process()
    with p, pytest.raises(PanicError) as caught:
        p.getpid()
    assert (caught.value.reason, caught.value.report) == ("why", "all about it")
    script.thread.join()


def test_uprintf_text_goes_to_the_terminal() -> None:
    """By default standard error; here a file of the caller's."""
    script = Scripted(Result(0, (7, 0), (), "", "hello\n"))
    p = script.process()
    p.tty = io.StringIO()
    with p:
        assert p.getpid() == 7
    assert p.tty.getvalue() == "hello\n"
    script.thread.join()


def test_only_what_changed_comes_back_into_the_buffer() -> None:
    """A short read leaves the rest as it was."""
    script = Scripted(Result(0, (2, 0), ((0, 1, b"ab"),), "", ""))
    p = script.process()
    with p:
        buf = p.buffer(b"xxxx")
        assert p.syscall(SYS_read, 0, buf, 4)[0] == 2
    assert buf.data == b"xabx"
    script.thread.join()


def test_registers_are_signed() -> None:
    """A register_t of all ones is -1."""
    script = Scripted(Result(0, ((1 << 64) - 1, 5), (), "", ""))
    p = script.process()
    with p:
        assert p.syscall(1) == (-1, 5)
    script.thread.join()


def test_request_is_the_frame_of_the_protocol() -> None:
    """Number, words and regions: strings at addresses of their own, buffers at theirs."""
    ours, theirs = socket.socketpair()
    with theirs:
        theirs.sendall(encode(Result(0, (0, 0), (), "", ""), 1))
        p = client.Process(Transport(ours), Welcome(1, 4, 4, 0, 1, 1, 1, 1, "i386", ""), "test")
        with p:
            buf, other = p.buffer(b"12"), p.buffer(b"3")
            p.syscall(5, "/x", -1, buf, b"raw", *p.quad(1 << 33), also=[other])
        reader = Reader()
        reader.feed(theirs.recv(65536))
        _, frame = reader.next() or (0, None)
    assert isinstance(frame, Syscall)
    assert frame.args == (0x12000, 0xFFFFFFFF, 0x10000, 0x13000, 0, 2)
    assert [(r.address, bytes(r.data)) for r in frame.regions] == [
        (0x12000, b"/x\0"), (0x10000, b"12"), (0x13000, b"raw"), (0x11000, b"3"),
    ]  # fmt: skip
