"""How fast kernels may be booted one after the other, so that a supervisor does not reboot for ever.

There are BURST boots to begin with, and RATE more per second. When none is left, the next boot waits.
"""

from __future__ import annotations

import time

BURST = 100
RATE = 2.0


class Backoff:
    """A bucket of boots."""

    def __init__(self) -> None:
        self.clear()

    def clear(self) -> None:
        """Somebody has asked for a boot: begin anew."""
        self._left = float(BURST)
        self._at = time.monotonic()

    def next(self) -> float:
        """Take one boot: how many seconds it has to wait."""
        now = time.monotonic()
        self._left = min(BURST, self._left + (now - self._at) * RATE)
        self._at = now
        self._left -= 1
        return -self._left / RATE if self._left < 0 else 0.0
