"""Clients that do not keep to the protocol hurt nobody but themselves: raw sockets against a real daemon."""

from __future__ import annotations

import json
import os
import resource
import socket
import struct
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest

from lkmtools import __version__
from lkmtools.abi.fcntl import O_WRONLY
from lkmtools.abi.syscall import SYS_getpid, SYS_open
from lkmtools.daemon.address import control_path
from lkmtools.daemon.ctl import UNANSWERED
from lkmtools.proto import (
    STOP,
    VERSION,
    Answer,
    Control,
    Hello,
    Refused,
    Region,
    Result,
    Syscall,
    encode,
)
from support.daemons import Daemon, Raw, send_with_fds

GETPID = Syscall(SYS_getpid, (), ())


@contextmanager
def raw(daemon: Daemon, hello: bool = True) -> Iterator[Raw]:
    """A raw connection to the kernel, greeted unless `hello` is false."""
    client = Raw(daemon.socket)
    with client.socket:
        if hello:
            client.greet("raw")
        yield client


@contextmanager
def control(daemon: Daemon, hello: bool = True) -> Iterator[Raw]:
    """A raw connection to the supervisor, which does not answer HELLO."""
    client = Raw(control_path(daemon.socket))
    with client.socket:
        if hello:
            client.send(Hello(VERSION, os.getpid(), "raw"))
        yield client


@contextmanager
def either(daemon: Daemon, which: str, hello: bool = True) -> Iterator[Raw]:
    """A connection to the one or the other."""
    with (raw if which == "kernel" else control)(daemon, hello) as client:
        yield client


@pytest.fixture(params=["kernel", "supervisor"])
def which(request: pytest.FixtureRequest) -> str:
    """Each of the daemon's two processes."""
    return str(request.param)


@pytest.fixture
def bystander(daemon: Daemon) -> Iterator[None]:
    """A process served before and after whatever the test does, by the same daemon and kernel."""
    with daemon.connect("bystander") as p:
        assert p.pid == p.getpid()
        yield
        assert p.pid == p.getpid()
    status = daemon.status()
    assert (daemon.pid, 1, 0) == (status["pid"], status["boot"], status["panics"])


pytestmark = pytest.mark.usefixtures("bystander")


def test_another_version_is_refused_with_a_hint(daemon: Daemon) -> None:
    """HELLO of version 1 gets REFUSED that names both versions, then the end."""
    with raw(daemon, hello=False) as client:
        client.send(Hello(1, 1, "modload"))
        refused = client.receive()
        assert isinstance(refused, Refused)
        ours = f"this lkmd (pid {daemon.pid}, lkmtools {__version__})"
        assert refused.why.startswith(f"{ours} speaks protocol {VERSION}, the tool 1 (before version 4 the ")
        assert "lkmctl stop" in refused.why
        assert client.receive() is None


GARBAGE = {
    "text": b"GET / HTTP/1.0\r\n\r\n",
    "zeros": bytes(64),
    "an oversized frame": bytes.fromhex("01000004 0400 0000 00000000"),
    "control before hello": encode(Control("status", "{}"), 1),
    "a system call before hello": encode(GETPID, 1),
    "a frame that only daemons send": encode(Result(0, (0, 0), (), "", ""), 1),
}


@pytest.mark.parametrize("data", GARBAGE.values(), ids=GARBAGE)
def test_garbage_is_refused_and_the_connection_closed(daemon: Daemon, which: str, data: bytes) -> None:
    """The daemon says what is wrong and closes."""
    with either(daemon, which, hello=False) as client:
        client.socket.sendall(data)
        refused = client.receive()
        assert isinstance(refused, Refused)
        assert refused.why.startswith("protocol error: ")
        assert client.receive() is None


def test_second_hello_is_refused(daemon: Daemon, which: str) -> None:
    """A connection is one process."""
    with either(daemon, which) as client:
        client.send(Hello(VERSION, 1, "again"))
        assert Refused("protocol error: HELLO after HELLO") == client.receive()


def test_system_call_while_one_is_pending_is_refused(daemon: Daemon) -> None:
    """One request in flight: the second open of the exclusive /dev/lkm waits, a further call is an error."""
    with daemon.connect() as holder:
        holder.open("/dev/lkm", 2)
        with raw(daemon) as client:
            opens = Syscall(SYS_open, (0x10000, 2, 0), (Region(0x10000, bytearray(b"/dev/lkm\0")),))
            client.send(opens, GETPID)
            expected = Refused("protocol error: SYSCALL while another is in flight; the limit is 1")
            assert expected == client.receive()


def test_control_is_answered_while_a_call_sleeps(daemon: Daemon) -> None:
    """CONTROL needs no free process."""
    with daemon.connect() as holder:
        holder.open("/dev/lkm", 2)
        with raw(daemon) as client:
            opens = Syscall(SYS_open, (0x10000, 2, 0), (Region(0x10000, bytearray(b"/dev/lkm\0")),))
            client.send(opens, Control("ps", "{}"))
            assert isinstance(client.receive(), Answer)


@pytest.mark.parametrize(("which", "verb"), [("kernel", "ps"), ("supervisor", "status")])
def test_pipelined_controls_are_answered_in_order(daemon: Daemon, which: str, verb: str) -> None:
    """Many requests in one portion get as many answers, each with its serial."""
    with either(daemon, which) as client:
        client.send(*[Control(verb, "{}")] * 20)
        assert [(i, Answer) for i in range(1, 21)] == [
            (serial, type(frame)) for serial, frame in (client.receive_serial() for _ in range(20))
        ]


def test_the_supervisor_serves_no_system_call(daemon: Daemon) -> None:
    """It is no kernel."""
    with control(daemon) as client:
        client.send(GETPID)
        assert client.receive() == Refused("protocol error: SYSCALL after HELLO")


@pytest.mark.parametrize("verb", ["status", "stop", "share"])
def test_the_kernel_answers_no_question_to_the_supervisor(daemon: Daemon, verb: str) -> None:
    """It says what it answers."""
    with raw(daemon) as client:
        client.send(Control(verb, "{}"))
        why = f"unknown control request: {verb!r}; the requests are ps, ksyms, addr2sym"
        assert client.receive() == Answer(False, why)


def send_until_it_blocks(sock: socket.socket, data: bytes, limit: int) -> int:
    """Send `data` again and again: how many bytes were taken, `limit` or more if it never blocks."""
    sent = 0
    while sent < limit:
        try:
            sent += sock.send(data)
        except BlockingIOError:
            break
    return sent


def test_client_that_never_reads_is_not_read_from_for_ever(daemon: Daemon) -> None:
    """It blocks in its own send, while others are served; read at last, every answer is there."""
    with control(daemon) as client:
        client.socket.setblocking(False)
        request = encode(Control("dmesg", "{}"), 7)
        sent = send_until_it_blocks(client.socket, request * 100, 1 << 26)
        assert sent < 1 << 26
        assert daemon.status()["state"] == "running"
        client.socket.setblocking(True)
        answers = [client.receive() for _ in range(sent // len(request))]
    assert {Answer} == {type(answer) for answer in answers}


def test_follower_that_does_not_read_loses_text_and_hears_how_much(daemon: Daemon) -> None:
    """More is written to the console at once than any frame could hold."""
    with daemon.connect() as p, control(daemon) as client:
        client.send(Control("dmesg", '{"follow": true}'))
        client.receive()
        console = p.open("/dev/console", O_WRONLY)
        written, heard, lost = p.write(console, bytes(12 << 20)), 0, 0
        while heard + lost < written:
            written += p.write(console, b"x") if not lost else 0  # what was lost is said with the next text
            answer = client.receive()
            assert isinstance(answer, Answer)
            more = json.loads(answer.text)
            heard, lost = heard + len(more["text"]), lost + more["lost"]
        assert heard + lost == written
        assert p.control("dmesg")["text"].endswith("x")


def test_client_that_sends_descriptors_nobody_takes_is_refused(daemon: Daemon) -> None:
    """They would be the daemon's to keep: no more than an EXEC takes wait for it."""
    with raw(daemon) as client, open(os.devnull) as null:
        for _ in range(2):
            files = [os.dup(null.fileno()) for _ in range(2)]
            send_with_fds(client.socket, encode(Control("ps", "{}"), 1), files)
            assert isinstance(client.receive(), Answer)
        assert client.receive() == Refused("protocol error: EXEC with 4 descriptors; it must be 3")


def test_client_that_dies_within_a_frame_is_forgotten(daemon: Daemon) -> None:
    """Half a frame, then the end: its process is gone."""
    with raw(daemon) as client:
        client.socket.sendall(encode(GETPID, 1)[:10])
    with daemon.connect() as p:
        assert "raw" not in [proc["comm"] for proc in p.control("ps")["processes"]]


@pytest.mark.parametrize(("which", "verb"), [("kernel", "ps"), ("supervisor", "status")])
def test_half_closed_client_still_gets_its_answer(daemon: Daemon, which: str, verb: str) -> None:
    """What was asked before the client closed its sending side is answered, then the connection ends."""
    with either(daemon, which) as client:
        client.send(Control(verb, "{}"))
        client.socket.shutdown(socket.SHUT_WR)
        assert isinstance(client.receive(), Answer)
        assert client.receive() is None


@pytest.mark.parametrize("frames", [[], [Control("status", "{}")], [Control("status", "{}"), STOP]])
def test_the_supervisor_refuses_another_version_all_but_stop(daemon: Daemon, frames: list[Control]) -> None:
    """At once, as soon as it has come; see test_stopping_works_in_every_version for that."""
    with control(daemon, hello=False) as client:
        client.send(Hello(7, 1, "lkmctl"), *frames)
        refused = client.receive()
        assert isinstance(refused, Refused)
        assert f"speaks protocol {VERSION}, the tool 7: " in refused.why
        assert client.receive() is None


BAD_CONTROLS = {
    "unknown verb": ("{}", "halt", "unknown control request: 'halt'"),
    "not JSON": ("{", "", "the arguments are not JSON"),
    "not an object": ("[]", "", "the arguments are not a JSON object"),
    "nested too deep": ("[" * 100000, "", "the arguments are not JSON"),
}


@pytest.mark.parametrize(("text", "verb", "why"), BAD_CONTROLS.values(), ids=BAD_CONTROLS)
def test_bad_control_is_answered_with_why(daemon: Daemon, which: str, text: str, verb: str, why: str) -> None:
    """The connection lives on."""
    good = "ps" if which == "kernel" else "dmesg"
    with either(daemon, which) as client:
        client.send(Control(verb or good, text))
        answer = client.receive()
        assert isinstance(answer, Answer)
        assert not answer.ok
        assert why in answer.text
        client.send(Control(good, "{}"))
        answer = client.receive()
        assert isinstance(answer, Answer)
        assert answer.ok


def test_questions_that_wait_for_an_answer_are_bounded(daemon: Daemon) -> None:
    """Those beyond are denied at once, and the others answered; then there is room for more."""
    with control(daemon) as client:
        for _ in range(2):
            client.send(*[Control("fate", '{"boot": 1}')] * (UNANSWERED + 3))
            answers = [client.receive() for _ in range(UNANSWERED + 3)]
            assert [answer.ok for answer in answers if isinstance(answer, Answer)] == [
                *[False] * 3, *[True] * UNANSWERED,
            ]  # fmt: skip
        assert answers[0] == Answer(
            False, f"{UNANSWERED} requests of this connection wait for an answer; that is the limit"
        )


def test_hundred_connections_at_once(daemon: Daemon) -> None:
    """Each is a process of its own."""
    clients = [Raw(daemon.socket) for _ in range(100)]
    pids = set()
    for client in clients:
        pids.add(client.greet("many").pid)
    assert daemon.status()["connections"] == 100 + 1  # the bystander
    for client in clients:
        client.socket.close()
    assert len(pids) == 100


def test_more_connections_than_descriptors(daemon: Daemon, which: str) -> None:
    """Those for whom there is none left hear that at once, and the daemon does not spin."""
    process, path = daemon.kernel_pid, daemon.socket
    if which == "supervisor":
        process, path = daemon.pid, control_path(daemon.socket)
    _, most = resource.prlimit(process, resource.RLIMIT_NOFILE)
    resource.prlimit(process, resource.RLIMIT_NOFILE, (32, most))
    clients = [Raw(path) for _ in range(64)]
    closed = 0
    for client in clients:
        try:
            client.send(Hello(VERSION, 1, "many"), *([Control("dmesg", "{}")] if which != "kernel" else []))
        except BrokenPipeError:
            closed += 1
        else:
            frame = client.receive()
            if isinstance(frame, Refused):
                assert frame.why == "the daemon has no descriptor for one more client: Too many open files"
                closed += 1
    for client in clients:
        client.socket.close()
    assert 32 < closed < 64
    while "a connection was refused: Too many open files" not in daemon.log():
        pass  # the kernel process has the supervisor write it
    resource.prlimit(process, resource.RLIMIT_NOFILE, (most, most))  # it may not have seen all of them go yet


@pytest.mark.parametrize(
    ("greeted", "limit"),
    [(False, 1 << 12), (True, {"kernel": 64 << 20, "supervisor": (1 << 20) + (1 << 12)})],
)
def test_memory_is_kept_for_so_much_of_a_frame(daemon: Daemon, which: str, greeted: bool, limit: Any) -> None:
    """Little before HELLO; the bystander is served meanwhile."""
    most = limit[which] if isinstance(limit, dict) else limit
    path = daemon.socket if which == "kernel" else control_path(daemon.socket)
    kind = {"kernel": 4, "supervisor": 6}[which]
    for length in (most, most + 1):
        client = Raw(path)
        if greeted:
            client.send(Hello(VERSION, 1, "big"))
            if which == "kernel":
                client.receive()
        client.socket.sendall(struct.pack("<IHHI", length, kind, 0, 1))
        if length > most:
            refused = client.receive()
            assert isinstance(refused, Refused)
            assert f"payload length is {length}; the limit is {most}" in refused.why
        else:
            assert daemon.status()["state"] == "running"  # it waits for the rest, and for nothing else
        client.socket.close()
