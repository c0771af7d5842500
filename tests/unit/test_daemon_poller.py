"""The poller: waits of any length, each at most an hour at a time."""

from __future__ import annotations

import os
import time
from types import SimpleNamespace
from typing import Any

import pytest

from lkmtools.kern.proc.hostfile import HostPoll
from lkmtools.wire.poller import Poller

DAY = 86400.0
WAITS = [0.0, 0.25, 30 * DAY, 1e9, 1e19, float(2**63), -1]


@pytest.mark.parametrize("seconds", WAITS)
def test_a_wait_of_any_length_ends_when_something_comes(seconds: float) -> None:
    """epoll itself takes less than 25 days."""
    poller = Poller()
    reads, writes = os.pipe()
    poller.add(reads, print)
    os.write(writes, b"x")
    assert [(fd, handler) for fd, handler, _ in poller.poll(seconds)] == [(reads, print)]
    poller.close()
    os.close(reads)
    os.close(writes)


@pytest.mark.parametrize("seconds", WAITS)
def test_no_wait_is_longer_than_an_hour(seconds: float) -> None:
    """But one without limit; whoever waits looks again."""
    asked: list[float] = []
    fake: Any = SimpleNamespace(poll=lambda timeout: asked.append(timeout) or [])
    poller, host = Poller(), HostPoll()
    for some in (poller, host):
        some.close()
        some._epoll = fake
    host._waiting[7] = (fake, 1)
    assert list(poller.poll(seconds)) == []
    host.poll(fake, seconds)
    assert asked == [min(seconds, 3600.0)] * 2


def test_a_pause_ends(monkeypatch: pytest.MonkeyPatch) -> None:
    """Until then nobody is told, and no wait is longer; to forget a descriptor ends it too."""
    now = [100.0]
    monkeypatch.setattr(time, "monotonic", lambda: now[0])
    poller = Poller()
    reads, writes = os.pipe()
    poller.add(reads, print)
    os.write(writes, b"x")
    poller.pause(reads, 5)
    asked: list[float] = []
    poll = poller._epoll.poll
    poller._epoll = SimpleNamespace(  # type: ignore[assignment]
        poll=lambda timeout: asked.append(timeout) or poll(0), modify=poller._epoll.modify,
        unregister=poller._epoll.unregister, close=poller._epoll.close,
    )  # fmt: skip
    assert [list(poller.poll(timeout)) for timeout in (-1, 3, 60)] == [[]] * 3
    now[0] += 4
    assert list(poller.poll(-1)) == []
    now[0] += 1
    assert [(fd, handler) for fd, handler, _ in poller.poll(-1)] == [(reads, print)]
    assert asked == [5, 3, 5, 1, -1]
    poller.pause(reads, 5)
    poller.forget(reads)
    now[0] += 5
    assert list(poller.poll(0)) == []
    poller.close()
    os.close(reads)
    os.close(writes)
