"""From options to a serving daemon: listener, console, kernel, signals."""

from __future__ import annotations

import os
import resource
import signal
import socket
import sys
from collections.abc import Callable
from typing import Any

from lkmtools.daemon.init import Startup
from lkmtools.daemon.listener import Listener
from lkmtools.daemon.server import Server
from lkmtools.errors import DaemonError, LkmtoolsError
from lkmtools.kern import Config, Console


def prepare(
    path: str,
    settings: dict[str, Any],
    startup: Startup,
    *,
    reboot_on_panic: bool = True,
    to_stderr: bool = False,
    given: socket.socket | None = None,
) -> Callable[[Callable[[], None]], None]:
    """Boot, and listen at `path`; what is returned serves until the daemon is stopped.

    `settings` are members of kern.Config; `given` is a socket that listens at `path` already. What is
    returned is called with a function that it calls in turn when the boot is over; the caller holds the
    start lock until then. DaemonError if the socket cannot be had or the kernel does not boot.
    """
    _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))
    signals = _signals()  # before anything that a signal should not leave behind
    listener = Listener(path, given)
    console = Console()
    if to_stderr:
        console.subscribe(_to_stderr)
    try:
        server = Server(
            listener, Config(**settings), console, startup=startup, reboot_on_panic=reboot_on_panic
        )
        server.boot()
        if server.halted is not None:
            raise DaemonError(server.halted)
        listener.listen()
    except (LkmtoolsError, OSError) as error:
        listener.close(locked=True)
        raise DaemonError(f"the kernel cannot boot: {error}") from None
    server.on_signal(signals)
    return server.run


def _to_stderr(text: str) -> None:
    sys.stderr.write(text)
    sys.stderr.flush()


def _signals() -> int:
    """Have SIGTERM and SIGINT do nothing but appear in a pipe; its reading end."""
    reading, writing = os.pipe2(os.O_NONBLOCK | os.O_CLOEXEC)
    signal.set_wakeup_fd(writing, warn_on_full_buffer=False)
    for signum in (signal.SIGTERM, signal.SIGINT):
        signal.signal(signum, lambda signum, frame: None)
    for signum in (signal.SIGHUP, signal.SIGPIPE):
        signal.signal(signum, signal.SIG_IGN)
    return reading
