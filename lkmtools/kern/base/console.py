"""The console and its message buffer (subr_log.c). The buffer survives reboots, as one in RAM does."""

from __future__ import annotations

from collections.abc import Callable

from lkmtools.abi.datamodel import C_TEXT
from lkmtools.evidence import MsgBuf


class Console:
    """What kernels printed last; `subscribe` gets each new piece of text as it is printed."""

    def __init__(self, buffer: MsgBuf | None = None) -> None:
        self.buffer = MsgBuf() if buffer is None else buffer
        self._subscribers: list[Callable[[str], None]] = []

    def write(self, text: str) -> None:
        """Print `text`, which need not be whole lines."""
        if not text:
            return
        self.buffer.append(text.encode(*C_TEXT))
        for subscriber in tuple(self._subscribers):
            subscriber(text)

    def text(self) -> str:
        """The whole message buffer. When older text was overwritten it begins with a whole line, if any."""
        return self.buffer.text()

    def subscribe(self, callback: Callable[[str], None]) -> Callable[[], None]:
        """Call `callback(text)` for everything printed from now on; returns how to stop it."""
        self._subscribers.append(callback)
        return lambda: self._subscribers.remove(callback)
