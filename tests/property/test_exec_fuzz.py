"""EXEC frames of any content and with any number of descriptors end in EXITED or REFUSED, and hurt nobody."""

from __future__ import annotations

import os
import select
from collections.abc import Callable
from contextlib import suppress
from signal import SIGKILL
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from lkmtools.proto import Exec, Exited, Frame, Refused, Signal, encode
from support.compiling import Compile
from support.daemons import Daemon, Raw, send_with_fds

PROGRAM = "int main(int argc, char **argv) { return argc; }\n"
EXEC_FILES = 3
LONG_ENOUGH = 2  # seconds: a damaged program may loop, and is killed then
uids = st.sampled_from([-1, 0, 1000, (1 << 31) - 1, -(1 << 31)])
names = st.one_of(st.just("p"), st.text(st.characters(exclude_categories=["Cs"]), max_size=300))
strings = st.lists(st.binary(max_size=60), max_size=6).map(tuple)


changes = st.lists(st.tuples(st.integers(0, 200), st.integers(0, 255)), max_size=6)
cuts = st.one_of(st.just(1.0), st.floats(0, 1))


def damaged(image: bytes, changed: list[tuple[int, int]], part: float) -> bytes:
    """The program with some bytes of its headers replaced, and only the first part of it."""
    data = bytearray(image)
    for at, value in changed:
        data[at] = value
    return bytes(data[: int(part * len(data))])


def answer(daemon: Daemon, frame: Exec, count: int) -> Frame:
    """What a new client hears when it sends `frame` with `count` descriptors."""
    files = [os.open(os.devnull, os.O_RDWR) for _ in range(count)]
    raw = Raw(daemon.socket)
    try:
        raw.greet("fuzz")
        with suppress(BrokenPipeError):  # it has been refused already
            send_with_fds(raw.socket, encode(frame, 7), files)
        if not select.select([raw.socket], [], [], LONG_ENOUGH)[0]:
            raw.send(Signal(SIGKILL))
        got = raw.receive()
        assert got is not None, "the daemon closed the connection without a word"
        return got
    finally:
        raw.socket.close()


def test_exec_frames_of_any_content_end_in_an_answer(
    start_daemon: Callable[..., Daemon], cc: Compile, machine: str
) -> None:
    """Names, arguments, environments and images at random; the right program still runs afterwards."""
    daemon = start_daemon("--machine", machine)
    image = cc.program(PROGRAM, machine).read_bytes()

    @settings(max_examples=60, deadline=None)
    @given(uids, names, strings, strings, changes, cuts, st.integers(0, 5))
    def try_it(
        uid: int, name: str, args: Any, env: Any, changed: list[tuple[int, int]], part: float, count: int
    ) -> None:
        got = answer(daemon, Exec(uid, name, args, env, damaged(image, changed, part)), count)
        if count == EXEC_FILES:
            assert isinstance(got, Exited)
        else:
            assert isinstance(got, Refused)
            assert "descriptors; it must be 3" in got.why

    try_it()
    assert answer(daemon, Exec(-1, "p", (b"p", b"a"), (), image), EXEC_FILES) == Exited(2 << 8, 0, "")
    with daemon.connect() as p:
        assert p.boot == 1
        assert p.control("status")["kernel"]["programs"]["running"] == 0
