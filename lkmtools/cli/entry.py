"""The entry points of the tools: what happens before a tool's own code is there, and after it.

While Python imports it, an interrupt ends a tool as SIGINT ends any program, and a host without descriptors
or memory left is an error like others. A tool ends without taking its modules and classes apart: the host
frees the whole process at once, and Python's own clean-up costs a sixth of the time of `modstat`.
"""

from __future__ import annotations

# Without the enumerations of signal, which take longer to import than all the rest.
import _signal as signal  # type: ignore[import-not-found]
import atexit
import gc
import os
import sys
from importlib import import_module

TYPE_CHECKING = False  # as in typing, which is not imported for that reason
if TYPE_CHECKING:
    from typing import NoReturn


def modload() -> NoReturn:
    """modload(8). With objects and nothing else it surely needs a daemon: that starts while it imports."""
    objects = [word for word in sys.argv[1:] if word.endswith(".o") and word[0] != "-"]
    _run("modload", needs_daemon=objects != [] and objects == sys.argv[1:])


def modunload() -> NoReturn:
    """modunload(8)."""
    _run("modunload")


def modstat() -> NoReturn:
    """modstat(8)."""
    _run("modstat")


def lkmd() -> NoReturn:
    """lkmd(8)."""
    _run("lkmd")


def lkmctl() -> NoReturn:
    """lkmctl(8)."""
    _run("lkmctl")


def lkmcc() -> NoReturn:
    """lkmcc(1)."""
    _run("lkmcc")


def rclkm() -> NoReturn:
    """rc.lkm(8)."""
    _run("rclkm")


def _begin_daemon() -> None:
    """Start a daemon where there is none; what is wrong will be seen, and said, when it is connected to."""
    from lkmtools.cli import streams
    from lkmtools.daemon import address, autostart
    from lkmtools.errors import DaemonError

    streams.fill()
    try:
        autostart.begin(address.socket_path())
    except (DaemonError, OSError):
        return


def _run(module: str, needs_daemon: bool = False) -> NoReturn:
    """Import a tool and run it. It takes SIGINT back where it can answer it (common.guard).

    What is imported stays, so the garbage collector never looks at it.
    """
    gc.disable()
    if signal.getsignal(signal.SIGINT) is signal.default_int_handler:
        signal.signal(signal.SIGINT, signal.SIG_DFL)
    try:
        if needs_daemon:
            _begin_daemon()
        main = import_module(f"lkmtools.cli.{module}").main
    except (ImportError, MemoryError, OSError) as error:
        from lkmtools.errors import NO_MEMORY, host_reason, is_shortage, memory_limits

        if is_shortage(error):
            why = f"{NO_MEMORY}{memory_limits()}"
        elif isinstance(error, OSError):
            why = host_reason(error)
        else:
            raise  # a damaged installation
        sys.exit(f"{sys.argv[0].rpartition('/')[2]}: cannot start: {why}")
    gc.freeze()
    gc.enable()
    try:
        sys.exit(main())
    except SystemExit as ending:
        if isinstance(ending.code, int):
            end(ending.code)
        raise


def end(status: int) -> None:
    """End the process, when all that should happen before has happened; return where something failed."""
    atexit._run_exitfuncs()
    try:
        sys.stdout.flush()
        sys.stderr.flush()
    except Exception:
        return  # Python tries once more, and says what the error is
    os._exit(status)
