"""The console: the message buffer, which the supervisor shares with the kernel process that writes it."""

from __future__ import annotations

import os
from collections.abc import Callable
from contextlib import suppress

from lkmtools.daemon.child import KernelProcess
from lkmtools.daemon.log import Log
from lkmtools.evidence import MsgBuf


class SupervisorConsole:
    """Calls `followers` of the message buffer, and the log, when something was printed."""

    def __init__(self, msgbuf: MsgBuf, bell: int, log: Log) -> None:
        """`bell` is the eventfd that the kernel process rings as it prints, while the buffer is watched."""
        self.msgbuf = msgbuf
        self.followers: dict[object, Callable[[], None]] = {}
        self.waiting = ""  # to be printed once the kernel process that boots can do it
        self._bell = bell
        self._log = log
        self._logged = msgbuf.written  # up to where the log of a daemon in the foreground has it
        log.poller.add(bell, self._rung)
        self._watch()

    def follow(self, who: object, more: Callable[[], None]) -> None:
        """Have `more` called whenever something was printed."""
        self.followers[who] = more
        self._watch()

    def unfollow(self, who: object) -> None:
        """Nothing happens when `who` does not follow it."""
        self.followers.pop(who, None)
        self._watch()

    def _watch(self) -> None:
        self.msgbuf.watched = bool(self.followers) or self._log.shows_console

    def print(self, text: str, child: KernelProcess | None) -> None:
        """Print, through the kernel process when there is one: it is then the only writer of the buffer."""
        if child is None:
            self.msgbuf.append(text.encode("utf-8", "backslashreplace"))
            self.printed()
        elif child.up:
            child.channel.send_text("print", text)
        else:
            self.waiting += text

    def take_waiting(self) -> str:
        """The text that has waited for a kernel process, for the caller to print."""
        text, self.waiting = self.waiting, ""
        return text

    def printed(self) -> None:
        """Something may have been printed: pass it on."""
        for more in tuple(self.followers.values()):
            more()
        if self._log.shows_console:
            text, lost, self._logged = self.msgbuf.since(self._logged)
            if lost:
                self._log.write(f"... {lost} bytes of the message buffer are lost\n")
            if text:
                self._log.write(text)

    def _rung(self, events: int) -> None:
        with suppress(BlockingIOError):
            os.eventfd_read(self._bell)
        self.printed()
