"""How a time grows with a size: times at some sizes, and the slope between the two largest in log-log."""

from __future__ import annotations

import gc
import math
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import NamedTuple

from bench.measure import PROCESSOR, Clock, Result, once

SLOPE = 1.1  # at most


class Curve(NamedTuple):
    """What was measured, in what unit the sizes are, and at each size (rising) the microseconds it took."""

    name: str
    unit: str
    sizes: tuple[int, ...]
    times: tuple[float, ...]

    @property
    def slope(self) -> float:
        """1 when twice the size takes twice the time, 2 when it takes four times as long, 0 when as long."""
        (small, large), (before, after) = self.sizes[-2:], self.times[-2:]
        return math.log(after / before) / math.log(large / small)

    def result(self) -> Result:
        """The line of the report."""
        name = f"{self.name}, {self.sizes[-2]:,} to {self.sizes[-1]:,} {self.unit}"
        return Result(name, self.slope, 1, SLOPE, "slope")


def curve(
    name: str,
    unit: str,
    sizes: Sequence[int],
    prepare: Callable[[int], Callable[[], object]],
    runs: int = 7,
    clock: Clock = PROCESSOR,
) -> Curve:
    """The least time of `runs` runs of what `prepare` returns for each size; all sizes in turn."""
    actions = [prepare(size) for size in sizes]
    with no_collector():
        rounds = [[once(action, clock) for action in actions] for _ in range(runs)]
    return Curve(name, unit, tuple(sizes), tuple(map(min, zip(*rounds, strict=True))))


@contextmanager
def no_collector() -> Iterator[None]:
    """When Python collects garbage, and how much it looks at, depends on all that this process has done."""
    gc.collect()
    gc.disable()
    try:
        yield
    finally:
        gc.enable()
