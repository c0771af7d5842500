"""The supervisor's loop: events on descriptors, and timers that are due."""

from __future__ import annotations

from collections.abc import Callable

from lkmtools.errors import bug
from lkmtools.wire.poller import Handler, Poller
from lkmtools.wire.timers import Timers


class Loop:
    """A poller and timers. `failed` gets the handler that raised (None: a timer's action) and its error."""

    def __init__(self, poller: Poller, failed: Callable[[Handler | None, str], None]) -> None:
        self.poller = poller
        self.timers = Timers()
        self._failed = failed

    def turn(self) -> None:
        """Do what is due, then wait for what comes, and handle it."""
        try:
            self.timers.run()
        except Exception as error:
            self._failed(None, bug(error))
        for _, handler, events in self.poller.poll(self.timers.timeout()):
            try:
                handler(events)
            except Exception as error:
                self._failed(handler, bug(error))
