"""From the options to a running supervisor: sockets, message buffer, log, signals, the first boot."""

from __future__ import annotations

import _socket
import os
import resource
import signal
from collections.abc import Callable
from typing import Any

from lkmtools.daemon.child import ProcessPlan
from lkmtools.daemon.control import perform
from lkmtools.daemon.listener import Sockets
from lkmtools.daemon.log import Log
from lkmtools.daemon.rc import Startup
from lkmtools.daemon.supervisor import Supervisor
from lkmtools.errors import DaemonError, LkmtoolsError, host_reason
from lkmtools.evidence import MsgBuf
from lkmtools.kern.base.options import configured
from lkmtools.wire.poller import Poller

Activated = tuple[_socket.socket | None, _socket.socket | None]
NONE: Activated = (None, None)


def prepare(
    path: str,
    settings: dict[str, Any],
    startup: Startup,
    *,
    reboot_on_panic: bool = True,
    foreground: bool = False,
    given: Activated = NONE,
    crashes: str | None = None,
    **plan: Any,
) -> Callable[[Callable[[list[str]], None]], None]:
    """Boot, and listen at `path`; what is returned serves until the daemon is stopped.

    `settings` are members of kern.Config, `plan` those of daemon.child.ProcessPlan that are not ours to say;
    `given` are sockets that listen already, for clients and for control requests; `crashes` is for crashes.
    What is returned is called with a function that it calls in turn when the boot is over, with what went
    wrong in it, a line each; the caller holds the start lock until then.
    DaemonError if the settings cannot be, a socket cannot be had, or the kernel does not boot.
    """
    _take_descriptors()
    signals = _signals(foreground)  # before anything that a signal should not leave behind
    try:
        config = configured(settings)
    except LkmtoolsError as error:
        raise DaemonError(str(error)) from None
    sockets = Sockets(path, given)
    try:
        log = Log(Poller(), None if foreground else f"{path}.log", shows_console=foreground)
        bell = os.eventfd(0, os.EFD_CLOEXEC | os.EFD_NONBLOCK)
        plan |= {"level": startup.level, "loads": startup.loads}
        made = ProcessPlan(config, MsgBuf(), sockets.clients.socket, bell, **plan)
        how: dict[str, Any] = {"startup": startup, "reboot_on_panic": reboot_on_panic, "crashes": crashes}
        supervisor = Supervisor(sockets, made, log, perform, **how)
        supervisor.on_signal(signals)
        supervisor.start()
    except (LkmtoolsError, OSError) as error:
        sockets.close(locked=True)
        why = host_reason(error) if isinstance(error, OSError) else error
        raise DaemonError(f"the kernel cannot boot: {why}") from None
    return supervisor.run


def _take_descriptors() -> None:
    """Have as many descriptors as the host allows: each connection needs one."""
    _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))


def _signals(foreground: bool) -> int:
    """Have SIGTERM, SIGINT and SIGHUP do nothing but appear in a pipe; its reading end.

    A SIGHUP that is ignored in the foreground stays so: that is what nohup(1) is for.
    """
    reading, writing = os.pipe2(os.O_NONBLOCK | os.O_CLOEXEC)
    signal.set_wakeup_fd(writing, warn_on_full_buffer=False)
    for signum in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
        if signum == signal.SIGHUP and foreground and signal.getsignal(signum) == signal.SIG_IGN:
            continue
        signal.signal(signum, lambda signum, frame: None)
    signal.signal(signal.SIGPIPE, signal.SIG_IGN)
    return reading
