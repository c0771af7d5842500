"""What is due later, in the loops of supervisor and kernel process."""

from __future__ import annotations

import time

import pytest

from lkmtools.wire.timers import Timers


@pytest.fixture
def now(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """The clock's seconds, which only the test moves."""
    clock = [100.0]
    monkeypatch.setattr(time, "monotonic", lambda: clock[0])
    return clock


def test_actions_are_done_once_in_the_order_in_which_they_are_due(now: list[float]) -> None:
    """Those of one moment in the order in which they were asked for; those that are forgotten never."""
    timers, done = Timers(), list[str]()
    timers.after(2, lambda: done.append("late"))
    timers.after(1, lambda: done.append("first"))
    timers.after(1, lambda: done.append("second"))
    timers.forget(timers.after(1, lambda: done.append("forgotten")))
    timers.run()
    assert done == []
    now[0] += 1
    timers.run()
    assert done == ["first", "second"]
    now[0] += 5
    timers.run()
    timers.run()
    assert done == ["first", "second", "late"]


def test_nobody_waits_longer_than_until_something_is_due(now: list[float]) -> None:
    """-1 is for ever, and what is overdue is no time at all."""
    timers = Timers()
    assert [timers.within(wait) for wait in (-1, 0, 7)] == [-1, 0, 7]
    timers.after(5, lambda: None)
    assert [timers.within(wait) for wait in (-1, 0, 3, 7)] == [5, 0, 3, 5]
    now[0] += 9
    assert [timers.within(wait) for wait in (-1, 3)] == [0, 0]
