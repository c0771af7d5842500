"""Measuring two things against each other: in turn, so that a slow spell of the machine hits both.

What happens wholly in this process is best measured as PROCESSOR time: the longer of two things is
interrupted more often by whoever else uses the machine.
"""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable, Mapping
from functools import partial
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
        if self.other == 1:  # measured against nothing, or a figure that is a ratio itself
            figures = f"{self.name:<58} {self.ours:10.{1 if self.limit is None else 2}f} {self.unit}"
        else:
            figures = f"{self.name:<58} {self.ours:10.1f} / {self.other:8.1f} {self.unit} = {self.ratio:5.2f}"
        if self.limit is None:
            return figures
        return f"{figures}  at most {self.limit:g}: {'ok' if self.ratio <= self.limit else 'OVER'}"


Clock = Callable[[], float]  # seconds
REAL: Clock = time.perf_counter
PROCESSOR: Clock = time.process_time  # of this process, the host's kernel included


def once(action: Callable[[], object], clock: Clock = REAL) -> float:
    """How long `action` takes, in microseconds."""
    began = clock()
    action()
    return (clock() - began) * 1e6


def pair(
    name: str,
    ours: Callable[[], object],
    other: Callable[[], object],
    limit: float | None,
    runs: int,
    per: int = 1,
    clock: Clock = REAL,
) -> Result:
    """The medians of `runs` runs of each, in turn after a warm-up; a run does `per` things."""
    times = in_turn({"ours": partial(once, ours, clock), "other": partial(once, other, clock)}, runs)
    return Result(name, times["ours"] / per, times["other"] / per, limit)


def in_turn(
    actions: Mapping[str, Callable[[], float]], runs: int, skipped: list[str] | None = None
) -> dict[str, float]:
    """The medians of what actions answer that measure themselves, in turn after a warm-up.

    An action whose RuntimeError can be added to `skipped` is left out; the first one's is an error always.
    """
    ours = next(iter(actions))
    found: dict[str, list[float]] = {name: [] for name in actions}
    for _ in range(1 + runs):
        for name in tuple(found):
            try:
                found[name].append(actions[name]())
            except RuntimeError as error:
                if skipped is None or name == ours:
                    raise
                skipped.append(f"{name}: {error}")
                del found[name]
    return {name: statistics.median(times[1:]) for name, times in found.items()}
