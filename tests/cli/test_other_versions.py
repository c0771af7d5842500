"""Tools and daemons of other protocol versions: each hears of it, and stop works between all of them."""

from __future__ import annotations

import os
import signal
import socket
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import pytest

from lkmtools import __version__
from lkmtools.proto import STOP, VERSION, Answer, Control, Frame, Hello, Panic, Refused, Welcome, encode
from support.daemons import PATIENCE, Daemon, Place, Raw, Run
from support.deaths import Frail, children, ended, left


def frame(kind: int, serial: bytes, payload: bytes) -> bytes:
    """A frame of protocol 2, as it always was."""
    return len(payload).to_bytes(4, "little") + kind.to_bytes(2, "little") + bytes(2) + serial + payload


def text(value: str) -> bytes:
    return len(value).to_bytes(4, "little") + value.encode()


def test_stop_ends_a_daemon_of_protocol_2(place: Place, pool: ThreadPoolExecutor) -> None:
    """One socket for everything: HELLO of version 2, WELCOME, CONTROL stop, ANSWER, end."""
    heard: list[bytes] = []

    def serve(listening: socket.socket) -> None:
        conn, _ = listening.accept()
        with conn:
            hello = conn.recv(4096)
            welcome = b"\2\0\x08\x08\0\0\0\0" + b"".join(
                number.to_bytes(4, "little") for number in (5, 502000000, 1, os.getpid())
            )
            conn.sendall(frame(2, hello[8:12], welcome + text("amd64") + text("NetBSD 5.2")))
            stop = conn.recv(4096)
            conn.sendall(frame(7, stop[8:12], b"\1\0\0\0" + text('{"version": 1}')))
            heard.extend([hello, stop])
        os.unlink(place.socket)

    with socket.socket(socket.AF_UNIX) as listening:
        listening.bind(place.socket)
        listening.listen()
        serving = pool.submit(serve, listening)
        assert Run(0, "", "") == place.run("lkmctl", "stop")
        serving.result(PATIENCE)
    hello, stop = heard
    assert (hello[4:6], hello[12:18]) == (b"\1\0", b"LKM1\2\0")
    assert (stop[4:6], stop[12:]) == (b"\6\0", text("stop") + text("{}"))


def test_a_daemon_of_protocol_3_refuses_a_tool_that_has_other_layouts(
    place: Place, pool: ThreadPoolExecutor
) -> None:
    """It says so itself: modstat prints that, and asks nothing."""
    why = "this lkmd (pid 7, lkmtools 0.1.0) speaks protocol 3, the tool 4: upgrade the older one"
    heard: list[bytes] = []

    def serve(listening: socket.socket) -> None:
        conn, _ = listening.accept()
        with conn:
            hello = conn.recv(4096)
            conn.sendall(frame(3, hello[8:12], text(why)))
            heard.extend([hello, conn.recv(4096)])

    with socket.socket(socket.AF_UNIX) as listening:
        listening.bind(place.socket)
        listening.listen()
        serving = pool.submit(serve, listening)
        run = place.run("modstat")
        serving.result(PATIENCE)
    assert (run.status, run.out) == (69, "")
    assert why in run.err
    hello, after = heard
    assert hello[12:18] == b"LKM1\4\0"
    assert after == b""


@pytest.mark.parametrize("version", [2, 3, 5])
def test_a_tool_refuses_a_daemon_that_welcomes_it_in_another_version(
    place: Place, pool: ThreadPoolExecutor, version: int
) -> None:
    """No system call is sent to it."""
    heard: list[bytes] = []

    def serve(listening: socket.socket) -> None:
        conn, _ = listening.accept()
        with conn:
            hello = conn.recv(4096)
            welcome = Welcome(version, 8, 8, 0, 5, 502000000, 1, 77, "amd64", "NetBSD 5.2")
            conn.sendall(encode(welcome, int.from_bytes(hello[8:12], "little")))
            heard.append(conn.recv(4096))

    with socket.socket(socket.AF_UNIX) as listening:
        listening.bind(place.socket)
        listening.listen()
        serving = pool.submit(serve, listening)
        run = place.run("modstat")
        serving.result(PATIENCE)
    assert (run.status, run.out) == (69, "")
    assert f"lkmd (pid 77) speaks protocol {version}" in run.err
    assert f"this tool (lkmtools {__version__}) {VERSION}: upgrade the older one" in run.err
    assert heard == [b""]


def ask(path: str, *frames: Frame) -> Frame | None:
    """The answer to frames that are sent in one piece."""
    raw = Raw(path)
    try:
        raw.send(*frames)
        return raw.receive()
    finally:
        raw.socket.close()


def test_a_tool_of_another_version_is_refused_with_pid_and_version(daemon: Daemon) -> None:
    for path in (daemon.socket, f"{daemon.socket}.ctl"):
        for version in (1, 2, 3, 99):
            answer = ask(path, Hello(version, os.getpid(), "other"))
            assert isinstance(answer, Refused)
            assert f"(pid {daemon.pid}, lkmtools {__version__})" in answer.why
            assert f"speaks protocol {VERSION}, the tool {version}" in answer.why
    refused = ask(f"{daemon.socket}.ctl", Hello(99, os.getpid(), "other"), Control("status", "{}"))
    assert isinstance(refused, Refused)
    with daemon.connect() as p:
        assert p.control("status")["boot"] == 1


def test_a_tool_of_another_version_can_stop_the_daemon(daemon: Daemon) -> None:
    watches = [os.pidfd_open(pid) for pid in (daemon.pid, *map(int, children(daemon.pid)))]
    answer = ask(f"{daemon.socket}.ctl", Hello(99, os.getpid(), "other"), STOP)
    assert isinstance(answer, Answer)
    assert answer.ok
    for watch in watches:
        ended(watch)
    assert left(daemon) == []


def test_a_tool_of_another_version_hears_of_itself_while_there_is_no_kernel(
    frail: Callable[..., Frail],
) -> None:
    """A tool of ours hears why there is none."""
    daemon = frail(more="backoff.BURST, backoff.RATE = 1, 0.001")
    os.kill(daemon.kernel(), signal.SIGKILL)
    daemon.until(lambda status: status["state"] == "held back")
    answer = ask(daemon.socket, Hello(99, os.getpid(), "other"))
    assert isinstance(answer, Refused)
    assert f"pid {daemon.pid}" in answer.why
    assert isinstance(ask(daemon.socket, Hello(VERSION, os.getpid(), "ours")), Panic)
