"""The supervisor's messages to its kernel process: one method per message."""

from __future__ import annotations

import os

from lkmtools.errors import KernelError
from lkmtools.kernproc.server import Server
from lkmtools.wire.channel import Message


class Orders:
    """The kernel process's end of the channel. A supervisor that is gone takes this process with it."""

    def __init__(self, server: Server) -> None:
        self._server = server
        self._orders = {
            "accept": lambda message, files: self._server.accept(),
            "rc started": self._rc_started,
            "rc ended": self._rc_ended,
            "no rc": self._no_rc,
            "share": self._share,
            "print": self._print,
            "end": self._end,
        }

    def attach(self) -> None:
        """Obey from now on."""
        channel = self._server.channel
        channel.on_message = lambda message, files: self._orders[message["do"]](message, files)
        channel.on_end = lambda: os._exit(0)
        channel.attach(self._server.poller)

    def _rc_started(self, message: Message, files: list[int]) -> None:
        """rc.lkm runs in a session of its own; what it prints comes from the descriptor."""
        assert self._server.gate.init is not None
        self._server.gate.init.rc_started(message["session"], *files)

    def _rc_ended(self, message: Message, files: list[int]) -> None:
        init = self._server.gate.init
        assert init is not None
        init.rc_ended(message["signal"])
        self._server.gate.when_calm(init.raise_securelevel)

    def _no_rc(self, message: Message, files: list[int]) -> None:
        """rc.lkm cannot be run: the boot goes on."""
        init = self._server.gate.init
        assert init is not None
        self._server.console.write(message["text"])
        self._server.gate.when_calm(init.raise_securelevel)

    def _share(self, message: Message, files: list[int]) -> None:
        """Allow one mount of a directory of the host."""
        answer = {"do": "shared", "id": message["id"], "errno": 0, "reason": "", "word": ""}
        try:
            hostfs = self._server.kernel.vfs.hostfs
            answer["word"] = hostfs.share(message["path"], message["writable"], message["session"])
        except KernelError as error:
            answer |= {"errno": error.errno, "reason": error.reason}
        self._server.channel.send(answer)

    def _print(self, message: Message, files: list[int]) -> None:
        """The supervisor has something for the message buffer, which this process writes."""
        self._server.console.write(message["text"])

    def _end(self, message: Message, files: list[int]) -> None:
        """End, and tell the clients why."""
        self._server.end(message["why"], message["stop"])
