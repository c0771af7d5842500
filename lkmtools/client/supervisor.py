"""The daemon's supervisor on SOCKET.ctl, which answers whatever the kernel process is doing."""

from __future__ import annotations

import _socket
import json
import os
import struct
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from lkmtools.client.transport import Transport
from lkmtools.daemon import address
from lkmtools.errors import DaemonError, LkmtoolsError, PanicError
from lkmtools.proto import VERSION, Answer, Control, Hello

if TYPE_CHECKING:
    from types import TracebackType


class SupervisorConnection:
    """A connection to the supervisor of the daemon at `path`. DaemonError when there is none.

    `ask` is one request; after "stop" and "reboot" the connection ends when that is done: see wait_end().
    """

    def __init__(self, path: str, comm: str = "python") -> None:
        self.path = path
        sock = address.open_socket(address.control_path(path))
        if sock is None:
            raise DaemonError(_nobody(path))
        self._transport = Transport(sock)
        self._hello: Hello | None = Hello(VERSION, os.getpid(), comm)

    def __enter__(self) -> SupervisorConnection:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """End the connection."""
        self._transport.close()

    def ask(self, verb: str, **arguments: Any) -> dict[str, Any]:
        """The answer to a control request (proto/verbs.py). DaemonError says why there is none."""
        before, self._hello = self._hello, None
        return answer_of(self._transport.request(Control(verb, json.dumps(arguments)), before=before))

    def stream(self, verb: str, **arguments: Any) -> Iterator[dict[str, Any]]:
        """ask(), and then without end every further answer ("dmesg" with follow=True)."""
        yield self.ask(verb, **arguments)
        while True:
            yield answer_of(self._transport.wait())

    def wait_end(self) -> None:
        """Wait until the supervisor has closed this connection."""
        self._transport.wait_end()


def _nobody(path: str) -> str:
    """Why there is no supervisor behind the socket `path`."""
    sock = address.open_socket(path)
    if sock is None:
        return address.nobody(path)
    pid = struct.unpack("3i", sock.getsockopt(_socket.SOL_SOCKET, _socket.SO_PEERCRED, 12))[0]
    sock.close()
    return (
        f"pid {pid} listens at {path}, and nobody at {address.control_path(path)}: it is an lkmd of an older "
        "protocol, which lkmctl stop ends, or a service manager that starts lkmd for the first tool: modstat"
    )


def answer_of(frame: object) -> dict[str, Any]:
    """The JSON of an ANSWER. DaemonError for any other frame, and for an answer that is a refusal."""
    if type(frame) is not Answer:
        raise DaemonError(f"the daemon answered CONTROL with {type(frame).__name__.upper()}")
    if not frame.ok:
        raise DaemonError(frame.text)
    answer: dict[str, Any] = json.loads(frame.text)
    return answer


def waits_for(path: str, **process: int) -> str:
    """For what the kernel at the socket `path` lets a process wait ("pid" of "boot"), or anybody: in words.

    "" when it cannot be told. The kernel is not asked: it may be what is busy.
    """
    try:
        with SupervisorConnection(path) as supervisor:
            return str(supervisor.ask("waits", **process)["text"])
    except DaemonError:
        return ""


def what_became_of(path: str, boot: int, daemon: int) -> LkmtoolsError:
    """The error of a client whose connection to a boot ended without a word; `daemon` is its daemon's pid."""
    try:
        with SupervisorConnection(path) as supervisor:
            fate = supervisor.ask("fate", boot=boot, daemon=daemon)
    except DaemonError:
        return DaemonError("the daemon closed the connection (it was stopped, or it died)")
    if fate["kind"] == "alive":
        return DaemonError("the kernel closed the connection")
    if fate["kind"] == "stopped":
        return DaemonError(fate["reason"])
    if fate["kind"] == "forgotten":
        return PanicError(f"boot {boot} of the kernel has ended; the daemon does not remember how")
    return PanicError(fate["reason"], fate["report"], fate.get("record", ""))
