"""Things to do later, for a loop that polls."""

from __future__ import annotations

import heapq
import time
from collections.abc import Callable
from itertools import count


class Timers:
    """Actions by the time at which they are due. An action is called once, by run()."""

    def __init__(self) -> None:
        self._heap: list[tuple[float, int, Callable[[], None]]] = []
        self._order = count()

    def after(self, seconds: float, action: Callable[[], None]) -> int:
        """Call `action` after `seconds` seconds; the number that forget() takes."""
        number = next(self._order)
        heapq.heappush(self._heap, (time.monotonic() + seconds, number, action))
        return number

    def forget(self, number: int) -> None:
        """The action is not called, and what it refers to is not kept; nothing when it has been called."""
        self._heap = [entry for entry in self._heap if entry[1] != number]
        heapq.heapify(self._heap)

    def timeout(self) -> float:
        """Seconds until something is due; -1 when nothing ever is."""
        return max(self._heap[0][0] - time.monotonic(), 0.0) if self._heap else -1

    def within(self, timeout: float) -> float:
        """How long to wait for something else, for `timeout` seconds at most (-1: ever), until one is due."""
        due = self.timeout()
        return timeout if due < 0 or 0 <= timeout < due else due

    def run(self) -> None:
        """Do what is due."""
        while self._heap and self._heap[0][0] <= time.monotonic():
            heapq.heappop(self._heap)[2]()
