"""Measuring two things against each other: in turn, so that a slow spell of the machine hits both."""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable
from typing import NamedTuple


class Result(NamedTuple):
    """One line of the report. Times in microseconds; `limit` is the ratio that must not be exceeded."""

    name: str
    ours: float
    other: float
    limit: float | None
    unit: str = "us"

    @property
    def ratio(self) -> float:
        """Ours over the other."""
        return self.ours / self.other

    def line(self) -> str:
        """The line as it is printed."""
        if self.other == 1:  # measured against nothing
            return f"{self.name:<58} {self.ours:10.1f} {self.unit}"
        figures = f"{self.name:<58} {self.ours:10.1f} / {self.other:8.1f} {self.unit} = {self.ratio:5.2f}"
        if self.limit is None:
            return figures
        return f"{figures}  at most {self.limit:g}: {'ok' if self.ratio <= self.limit else 'OVER'}"


def once(action: Callable[[], object]) -> float:
    """How long `action` takes, in microseconds."""
    began = time.perf_counter()
    action()
    return (time.perf_counter() - began) * 1e6


def pair(
    name: str,
    ours: Callable[[], object],
    other: Callable[[], object],
    limit: float | None,
    runs: int,
    per: int = 1,
) -> Result:
    """The medians of `runs` runs of each, in turn after a warm-up; a run does `per` things."""
    ours(), other()
    mine, theirs = [], []
    for _ in range(runs):
        mine.append(once(ours) / per)
        theirs.append(once(other) / per)
    return Result(name, statistics.median(mine), statistics.median(theirs), limit)
