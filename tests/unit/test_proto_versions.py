"""What every version of the protocol has in common from 3 on, byte for byte: HELLO, REFUSED, and stop."""

from __future__ import annotations

import pytest

from lkmtools import __version__
from lkmtools.proto import STOP, VERSION, Control, Frame, Hello, Reader, Refused, encode, other_version

# Never change these: a daemon that runs could not be stopped any more by the tools that come after it.
GOLDEN: dict[str, tuple[int, Frame, bytes]] = {
    "HELLO": (
        0,
        Hello(VERSION, 0x1234, "lkmctl"),
        bytes.fromhex("16000000 0100 0000 00000000  4c4b4d31 0400 0000 34120000  06000000 6c6b6d63746c"),
    ),
    "HELLO of another version": (
        0,
        Hello(99, 0x1234, "x"),
        bytes.fromhex("11000000 0100 0000 00000000  4c4b4d31 6300 0000 34120000  01000000 78"),
    ),
    "REFUSED": (7, Refused("no"), bytes.fromhex("06000000 0300 0000 07000000  02000000 6e6f")),
    "stop": (1, STOP, bytes.fromhex("0e000000 0600 0000 01000000  04000000 73746f70  02000000 7b7d")),
}
each = pytest.mark.parametrize(("serial", "frame", "data"), GOLDEN.values(), ids=GOLDEN)


@each
def test_written(serial: int, frame: Frame, data: bytes) -> None:
    assert encode(frame, serial) == data


@each
def test_read(serial: int, frame: Frame, data: bytes) -> None:
    reader = Reader()
    reader.feed(data)
    got = reader.next()
    if isinstance(frame, Hello) and frame.version != VERSION:
        frame = Hello(frame.version, 0, "")  # what else a later version says is not for us
    assert got == (serial, frame)


def test_the_version_is_one_that_has_two_sockets() -> None:
    """Older ones are stopped as client/older.py does."""
    assert VERSION >= 3
    assert Control("stop", "{}") == STOP


def test_a_refusal_names_both_versions_and_the_daemons_process() -> None:
    why = other_version(99, 4711)
    assert f"(pid 4711, lkmtools {__version__}) speaks protocol {VERSION}, the tool 99" in why
    assert "kill 4711" in why
    assert "structs" not in why


def test_a_tool_with_other_layouts_hears_of_them() -> None:
    why = "the tool 3 (before version 4 the structs were not those of NetBSD 5.2): upgrade"
    assert why in other_version(3, 4711)
