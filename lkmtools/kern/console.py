"""The console and its message buffer (subr_log.c). It survives reboots, as a message buffer in RAM does."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable

MSGBUF_LINES = 4096


class Console:
    """Lines printed by kernels, oldest first; `subscribe` gets each new piece of text as it is printed."""

    def __init__(self) -> None:
        self.lines: deque[str] = deque(maxlen=MSGBUF_LINES)
        self._partial = ""
        self._subscribers: list[Callable[[str], None]] = []

    def write(self, text: str) -> None:
        """Print `text`, which need not be whole lines."""
        if not text:
            return
        *whole, self._partial = (self._partial + text).split("\n")
        self.lines.extend(whole)
        for subscriber in tuple(self._subscribers):
            subscriber(text)

    def text(self) -> str:
        """The whole message buffer; it ends in a newline unless a line is unfinished."""
        return "".join(line + "\n" for line in self.lines) + self._partial

    def subscribe(self, callback: Callable[[str], None]) -> Callable[[], None]:
        """Call `callback(text)` for everything printed from now on; returns how to stop it."""
        self._subscribers.append(callback)
        return lambda: self._subscribers.remove(callback)
