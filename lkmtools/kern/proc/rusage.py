"""What processes have used (`<sys/resource.h>`)."""

from __future__ import annotations


class Rusage:
    """What processes have used: seconds of the host's processor, signals taken."""

    __slots__ = ("seconds", "signals")

    def __init__(self, seconds: float = 0.0, signals: int = 0) -> None:
        self.seconds = seconds
        self.signals = signals

    def add(self, other: Rusage) -> None:
        """And what these have used."""
        self.seconds += other.seconds
        self.signals += other.signals
