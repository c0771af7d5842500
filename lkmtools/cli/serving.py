"""From lkmd's options to a daemon that serves: what lkmd(8) and a tool that starts a daemon both do.

Nothing here imports click, and until the daemon is in the background nothing heavy is imported: the process
that waits for it stays small.
"""

from __future__ import annotations

import gc
import os
import sys
from collections.abc import Callable
from contextlib import ExitStack
from typing import TYPE_CHECKING, Any

from lkmtools.cli.settings import crash_directory, lkm_conf, module_directories
from lkmtools.errors import DaemonError, LkmtoolsError, bug, host_reason

if TYPE_CHECKING:
    from lkmtools.daemon.background import Readiness

MACHINES = ("amd64", "i386")
USER_MEMORY = ("guarded", "direct")
DEFAULTS: dict[str, Any] = {
    "machine": MACHINES[0],
    "watchdog": 2.0,
    "ram": 128,
    "user_memory": USER_MEMORY[0],
    "securelevel": 0,
    "multiuser": False,
    "without": (),
    "lkm_conf": None,
    "reorder": False,
    "panic": "reboot",
    "panic_on_report": False,
    "hang": 10.0,
    "cores": False,
    "crash_dir": None,
    "foreground": False,
    "socket": None,
    "lock_fd": None,
    "settings": {},
}


def kernel_options(given: dict[str, Any]) -> dict[str, Any]:
    """The members of kern.Config."""
    return {
        "machine": given["machine"],
        "watchdog": given["watchdog"],
        "entry_limit": max(10.0, given["watchdog"]),
        "ram": given["ram"] << 20,
        "user_memory": given["user_memory"],
        "securelevel": min(given["securelevel"], 0),
        "lkm": "LKM" not in given["without"],
        "panic_on_report": given["panic_on_report"],
    }


def start_options(given: dict[str, Any]) -> dict[str, Any]:
    """The members of daemon.rc.Startup; paths are absolute, as the daemon leaves this directory."""
    settings = given["settings"]
    return {
        "conf": lkm_conf(given["lkm_conf"], settings),
        "path": tuple(module_directories(settings)),
        "reorder": given["reorder"],
        "securelevel": given["securelevel"],
        "multiuser": given["multiuser"],
    }


def prepare(
    path: str, kernel: dict[str, Any], start: dict[str, Any], how: dict[str, Any]
) -> Callable[[Callable[[list[str]], None]], None]:
    """daemon.main.prepare(), imported where it is needed: it has the kernel behind it.

    What is imported is not garbage, and stays: to look for some among it would take a tenth of the time.
    """
    gc.disable()
    from lkmtools.daemon.main import prepare
    from lkmtools.daemon.rc import Startup

    gc.freeze()
    gc.enable()
    return prepare(path, kernel, Startup(**start), **how)


def reason(error: Exception) -> str:
    """Why the daemon could not start, for the process that waits for it."""
    if isinstance(error, OSError):
        return host_reason(error)
    return str(error) if isinstance(error, LkmtoolsError) else bug(error)


def run(
    path: str,
    lock_fd: int | None,
    background: bool,
    what: tuple[dict[str, Any], dict[str, Any], dict[str, Any]],
) -> int:
    """Serve on the socket `path`, in the background or here; `what` is for prepare(). An exit status."""
    from lkmtools.daemon.autostart import start_lock
    from lkmtools.daemon.background import into_background

    with ExitStack() as held:
        lock = held.enter_context(start_lock(path, lock_fd))
        readiness: Readiness | None = None
        if background:
            forked = into_background(f"{path}.log", keep=[lock])
            if isinstance(forked, list):
                for line in forked:
                    sys.stderr.write(f"lkmd: {line}\n")
                return 0
            readiness = forked
        try:
            serve = prepare(path, *what)
        except Exception as error:
            if readiness is not None:
                readiness.failed(reason(error))
            raise DaemonError(reason(error)) from None
        if readiness is not None:
            readiness.listening()

        def ready(said: list[str]) -> None:
            if readiness is not None:
                readiness.ready(said)
            held.close()

        serve(ready)
    return 0


def serve(given: dict[str, Any]) -> int:
    """lkmd, when its options are known: `given` has those of DEFAULTS; "settings" are the keys of lkmd.conf.

    What lkmd starts asks for no other machine than the kernel's. DaemonError.
    """
    from lkmtools.daemon.address import socket_path

    activated = None
    if "LISTEN_FDS" in os.environ:
        from lkmtools.daemon.listener import inherited

        activated = inherited()
    path, sockets = activated or (socket_path(given["socket"]), (None, None))
    foreground = given["foreground"] or activated is not None
    os.environ["LKM_MACHINE"] = given["machine"]
    how = {
        "reboot_on_panic": given["panic"] == "reboot",
        "foreground": foreground,
        "given": sockets,
        "hang": given["hang"],
        "cores": given["cores"],
        "crashes": crash_directory(path, given["crash_dir"], given["settings"]),
    }
    return run(path, given["lock_fd"], not foreground, (kernel_options(given), start_options(given), how))
