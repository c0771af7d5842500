"""One turn of a Poller, for tests of what stands on it."""

from __future__ import annotations

from lkmtools.wire.poller import Poller

PATIENCE = 60.0  # seconds; nothing waits this long unless it is wrong


def turn(poller: Poller, timeout: float = PATIENCE) -> int:
    """One round of a loop: how many descriptors something came for."""
    came = 0
    for _, handler, events in poller.poll(timeout):
        handler(events)
        came += 1
    return came
