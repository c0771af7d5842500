"""The console and its message buffer (subr_log.c). It survives reboots, as a message buffer in RAM does."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable

MSGBUF_SIZE = 1 << 19  # characters kept, as MSGBUFSIZE of a kernel's configuration
_CHUNK = 1 << 12  # characters that are given up at once


class Console:
    """What kernels printed last; `subscribe` gets each new piece of text as it is printed."""

    def __init__(self) -> None:
        self._chunks: deque[str] = deque()
        self._size = 0  # of the chunks
        self._fresh: list[str] = []  # what will be the next chunk
        self._fresh_size = 0
        self._cut = False  # something was given up
        self._subscribers: list[Callable[[str], None]] = []

    def write(self, text: str) -> None:
        """Print `text`, which need not be whole lines."""
        if not text:
            return
        self._fresh.append(text)
        self._fresh_size += len(text)
        if self._fresh_size >= _CHUNK:
            self._put_away()
        for subscriber in tuple(self._subscribers):
            subscriber(text)

    def _put_away(self) -> None:
        """Make a chunk of what is fresh, and give up the oldest ones."""
        chunk = "".join(self._fresh)
        self._fresh.clear()
        self._fresh_size = 0
        self._cut = self._cut or self._size + len(chunk) > MSGBUF_SIZE
        self._chunks.append(chunk[-MSGBUF_SIZE:])
        self._size += len(self._chunks[-1])
        while self._size > MSGBUF_SIZE:
            self._size -= len(self._chunks.popleft())

    def text(self) -> str:
        """The whole message buffer; from the beginning of a line, unless all that is left is one."""
        text = "".join((*self._chunks, *self._fresh))
        return text[text.find("\n") + 1 :] if self._cut else text

    def subscribe(self, callback: Callable[[str], None]) -> Callable[[], None]:
        """Call `callback(text)` for everything printed from now on; returns how to stop it."""
        self._subscribers.append(callback)
        return lambda: self._subscribers.remove(callback)
