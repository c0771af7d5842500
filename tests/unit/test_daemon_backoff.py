"""How fast kernels may boot, by a clock of the test's."""

from __future__ import annotations

from types import SimpleNamespace

import pytest

from lkmtools.daemon import backoff
from lkmtools.daemon.backoff import BURST, RATE, Backoff


class Clock:
    """What time.monotonic() says."""

    def __init__(self) -> None:
        self.now = 1000.0

    def monotonic(self) -> float:
        return self.now


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    made = Clock()
    monkeypatch.setattr(backoff, "time", SimpleNamespace(monotonic=made.monotonic))
    return made


def test_a_burst_of_boots_does_not_wait_and_the_next_one_does(clock: Clock) -> None:
    """Each further one by the rate, until time passes."""
    bucket = Backoff()
    assert [bucket.next() for _ in range(BURST)] == [0.0] * BURST
    assert [bucket.next() for _ in range(3)] == [1 / RATE, 2 / RATE, 3 / RATE]


def test_who_has_waited_may_boot_and_the_next_waits_again(clock: Clock) -> None:
    """As a supervisor does: it takes one boot, and waits as long as it is told."""
    bucket = Backoff()
    for _ in range(BURST):
        bucket.next()
    for _ in range(10):
        wait = bucket.next()
        assert wait == pytest.approx(1 / RATE)
        clock.now += wait


def test_boots_at_less_than_the_rate_never_wait(clock: Clock) -> None:
    """However many there are."""
    bucket = Backoff()
    for _ in range(10 * BURST):
        assert bucket.next() == 0.0
        clock.now += 1 / RATE


def test_a_long_rest_earns_no_more_than_a_burst(clock: Clock) -> None:
    """A daemon that was good for a month is not let run wild for a month."""
    bucket = Backoff()
    clock.now += 1e7
    assert [bucket.next() for _ in range(BURST + 1)] == [0.0] * BURST + [1 / RATE]


def test_who_asks_for_a_boot_begins_anew(clock: Clock) -> None:
    """lkmctl reboot does not wait, nor does what follows it."""
    bucket = Backoff()
    for _ in range(2 * BURST):
        bucket.next()
    bucket.clear()
    assert [bucket.next() for _ in range(BURST + 1)] == [0.0] * BURST + [1 / RATE]
