"""What has to wait: until the module that runs away lets go, or until the boot is over."""

from __future__ import annotations

import os
from collections import deque
from collections.abc import Callable, Sequence
from typing import NamedTuple


class Later(NamedTuple):
    """Something to do, and the host's descriptors that it owns until it is done."""

    action: Callable[[], None]
    files: Sequence[int] = ()


class Waiting:
    """Two queues, in the order of arrival: what may be done `now`, and what is held."""

    def __init__(self) -> None:
        self.now: deque[Later] = deque()
        self._held: deque[Later] = deque()  # until the boot is over

    def add(self, action: Callable[[], None], files: Sequence[int] = ()) -> None:
        """Do this in the next round of the loop."""
        self.now.append(Later(action, files))

    def hold(self, action: Callable[[], None], files: Sequence[int] = ()) -> None:
        """Do this when the boot is over."""
        self._held.append(Later(action, files))

    def booted(self) -> None:
        """What was held may be done."""
        self.now += self._held
        self._held.clear()

    def run(self) -> None:
        """Do what there is to do."""
        while self.now:
            self.now.popleft().action()

    def give_up(self) -> None:
        """There is no kernel any more to do any of it."""
        for later in (*self.now, *self._held):
            close_all(later.files)
        self.now.clear()
        self._held.clear()


def close_all(files: Sequence[int]) -> None:
    """Close descriptors of the host."""
    for fd in files:
        os.close(fd)
