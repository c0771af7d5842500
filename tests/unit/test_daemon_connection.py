"""What a connection does when the host refuses to pass descriptors on."""

from __future__ import annotations

import errno
import socket
from types import SimpleNamespace
from typing import Any

import pytest

from lkmtools.abi.errno import ENOMEM
from lkmtools.kern.uvm.uvm_map import Pages
from lkmtools.kernproc import connection as connections
from lkmtools.kernproc.connection import Connection
from lkmtools.wire.poller import Poller


def test_too_many_descriptors_on_their_way_are_ENOMEM(monkeypatch: pytest.MonkeyPatch) -> None:
    """A host allows a user so many that nobody has received: who wants more is told, and may try again."""

    def refuse(*_: Any) -> int:
        raise OSError(errno.ETOOMANYREFS, "Too many references: cannot splice")

    ours, theirs = socket.socketpair()
    with ours, theirs:
        process: Any = SimpleNamespace(mapped=lambda done, error, addr: done(error, addr))
        nobody: Any = None
        connection = Connection(nobody, ours, Poller(), process, nobody)
        answers: list[tuple[int, int]] = []
        with monkeypatch.context() as patch:
            patch.setattr(connections, "send_files", refuse)
            connection.share(Pages([1], 0, 4096, 3), [0], lambda *answer: answers.append(answer))
        assert answers == [(ENOMEM, 0)]
        connection.share(Pages([1], 0, 4096, 3), [0], lambda *answer: answers.append(answer))
        assert len(theirs.recv(100)) == 12 + 24
        assert len(answers) == 1
