"""connect(): find the daemon, start one if there is none, become a process of its kernel."""

from __future__ import annotations

import _socket
import os
from collections.abc import Callable

from lkmtools.client.process import Process
from lkmtools.client.transport import ConnectionEnded, Transport
from lkmtools.daemon import address
from lkmtools.errors import DaemonError
from lkmtools.proto import VERSION, Hello, Welcome, other_daemon

HANDSHAKE = 30  # seconds a daemon may take to say WELCOME
RETRIES = 3  # after connections that ended before WELCOME: their kernel has died


def connect(
    socket: str | None = None,
    comm: str = "python",
    autostart: bool = True,
    handshake: int = HANDSHAKE,
    on_wait: Callable[[], object] | None = None,
    meanwhile: Callable[[], object] | None = None,
) -> Process:
    """A new process named `comm` of the kernel behind `socket` (default: as daemon/address.py says).

    Where no daemon listens and `autostart` is true, one is started and waited for. DaemonError if none can
    be reached or started, if it speaks another version of the protocol, or does not greet within `handshake`
    seconds. PanicError while the kernel is halted. If a daemon had to be started, `at_start` of the process
    says what went wrong when it booted, and `meanwhile` is called while it starts. `on_wait` is called when
    the daemon has not greeted after one second.
    """
    path = address.socket_path(socket)
    said: list[str] = []
    for tries in range(RETRIES + 1):
        sock = _open(path, autostart, said, meanwhile)
        try:
            made = shake_hands(sock, path, comm, handshake, on_wait)
            break
        except ConnectionEnded:  # the kernel died before it could greet, and the next one boots
            if tries == RETRIES:
                raise
    made.at_start = tuple(said)
    return made


def _open(
    path: str, autostart: bool, said: list[str], meanwhile: Callable[[], object] | None
) -> _socket.socket:
    """A connection to the daemon at `path`; `said` gets what there is to say of its start. DaemonError."""
    sock = address.open_socket(path)
    if sock is None and autostart:
        from lkmtools.daemon.autostart import start

        said += start(path, meanwhile)
        sock = address.open_socket(path)
    if sock is None:
        raise DaemonError(address.nobody(path))
    return sock


def shake_hands(
    sock: _socket.socket,
    path: str,
    comm: str,
    handshake: int = HANDSHAKE,
    on_wait: Callable[[], object] | None = None,
) -> Process:
    """HELLO and WELCOME over a connected socket."""
    transport = Transport(sock)
    transport.on_wait = on_wait
    frame = transport.request(Hello(VERSION, os.getpid(), comm), give_up=handshake)
    transport.on_wait = None
    if type(frame) is not Welcome:
        transport.close()
        raise DaemonError(f"{path}: answered HELLO with {type(frame).__name__.upper()}; this is not lkmd")
    if frame.version != VERSION:
        transport.close()
        raise DaemonError(f"{path}: {other_daemon(frame.version, frame.host_pid)}")
    return Process(transport, frame, path)
