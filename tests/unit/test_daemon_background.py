"""What whoever starts a daemon hears from it: that it listens, that it is ready, why it is not."""

from __future__ import annotations

import os

import pytest

from lkmtools.daemon.background import LISTENING, READY, Readiness, outcome


@pytest.mark.parametrize(
    ("said", "expected"),
    [
        (LISTENING + READY, READY),
        (LISTENING + READY + b"at boot: one\nat boot: two", READY + b"at boot: one\nat boot: two"),
        (LISTENING + b"the kernel died", b"the kernel died"),
        (LISTENING, b""),
        (b"no room", b"no room"),
        (b"", b""),
    ],
)
def test_whoever_starts_the_daemon_hears_how_it_went(said: bytes, expected: bytes) -> None:
    """Nothing more than that it listens, or nothing at all, says a daemon that has died."""
    reading, writing = os.pipe()
    os.write(writing, said)
    os.close(writing)
    assert outcome(reading, 60) == expected


def test_nobody_waits_for_a_boot_for_ever() -> None:
    """Once the socket listens; then the daemon speaks to nobody."""
    reading, writing = os.pipe()
    daemon = Readiness(writing)
    daemon.listening()
    assert outcome(reading, 0) is None
    daemon.ready()
