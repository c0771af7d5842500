"""What the daemon answers itself, without a system call. All work while a module runs away.

A verb is a function (server, connection, serial, arguments) -> a JSON-able dict, in VERBS. Every answer
has "version", which changes when a member changes its meaning or goes.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from lkmtools.abi.errno import EINVAL, ENXIO
from lkmtools.abi.module import MOD_LOAD, MOD_QUIESCE, MOD_SHUTDOWN, MOD_UNLOAD
from lkmtools.errors import KernelError
from lkmtools.evidence.show import kernel_status
from lkmtools.kern.ksyms_dev import ksyms_modevent

if TYPE_CHECKING:
    from lkmtools.daemon.connection import Connection
    from lkmtools.daemon.server import Server

VERSION = 1

Verb = Callable[["Server", "Connection", int, dict[str, Any]], dict[str, Any]]


def status(server: Server, conn: Connection, serial: int, arguments: dict[str, Any]) -> dict[str, Any]:
    """Daemon and kernel at this moment; "kernel" is null while it is halted."""
    kernel = server.kernel
    return {
        "pid": server.pid,
        "socket": server.listener.path,
        "protocol": server.protocol,
        "machine": server.config.machine,
        "release": server.release,
        "boot": server.bootno,
        "state": _state(server),
        "halted": server.halted,
        "connections": len(server.connections),
        "panics": server.panics,
        "skipped": server.suspects.skipped,
        "last_panic": server.last_panic,
        "kernel": None
        if kernel is None
        else kernel_status(kernel.evidence, server.config.machine, server.bootno),
    }


def _state(server: Server) -> str:
    """What the kernel does, in a word."""
    if server.kernel is None:
        return "halted"
    if server.preempted:
        return "busy"
    return "running" if server.init is None else "booting"


def dmesg(server: Server, conn: Connection, serial: int, arguments: dict[str, Any]) -> dict[str, Any]:
    """The message buffer. With "follow", further answers {"text", "lost"} carry what is printed after it."""
    if arguments.get("follow"):
        server.flush_console()
        conn.following = serial
    return {"text": server.console.text()}


def ps(server: Server, conn: Connection, serial: int, arguments: dict[str, Any]) -> dict[str, Any]:
    """The kernel's processes."""
    return {"processes": [] if server.kernel is None else server.kernel.ps()}


def reboot(server: Server, conn: Connection, serial: int, arguments: dict[str, Any]) -> dict[str, Any]:
    """Boot a new kernel, also from the halted state; every process ends."""
    server.want_reboot = conn
    return {"boot": server.bootno + 1}


def stop(server: Server, conn: Connection, serial: int, arguments: dict[str, Any]) -> dict[str, Any]:
    """End the daemon. The connection that asked stays open until the process is gone."""
    server.stopping = True
    server.last = conn
    return {"pid": server.pid}


def ksyms(server: Server, conn: Connection, serial: int, arguments: dict[str, Any]) -> dict[str, Any]:
    """Send the driver of /dev/ksyms a module event: "load", "unload", "shutdown". Its errno and reason."""
    event = EVENTS.get(str(arguments.get("event")), -1)
    try:
        if server.kernel is None:
            raise KernelError(ENXIO, "the kernel is halted")
        ksyms_modevent(server.kernel, event)
    except KernelError as error:
        return {"errno": error.errno, "reason": error.reason}
    return {"errno": 0, "reason": ""}


def addr2sym(server: Server, conn: Connection, serial: int, arguments: dict[str, Any]) -> dict[str, Any]:
    """What is at "address": "symbol", "offset", "module" (null: the kernel), "text"; or nulls."""
    kernel, address = server.kernel, arguments.get("address")
    place = kernel.locate(address) if kernel is not None and isinstance(address, int) else None
    if place is None:
        return {"symbol": None, "offset": None, "module": None, "text": None}
    return {**place._asdict(), "text": str(place)}


def share(server: Server, conn: Connection, serial: int, arguments: dict[str, Any]) -> dict[str, Any]:
    """Allow one mount of the host's directory "path": the "word" to mount, or errno and reason.

    With "writable" it may be written, with "session" it goes with the processes that have it as root.
    """
    path = arguments.get("path")
    try:
        if server.kernel is None:
            raise KernelError(ENXIO, "the kernel is halted")
        if not isinstance(path, str) or not path.startswith("/") or "\0" in path:
            raise KernelError(EINVAL, f"path: {path!r} is not an absolute path")
        flags = bool(arguments.get("writable")), bool(arguments.get("session"))
        word = server.kernel.hostfs.share(path, *flags)
    except KernelError as error:
        return {"errno": error.errno, "reason": error.reason, "word": ""}
    return {"errno": 0, "reason": "", "word": word}


EVENTS = {"load": MOD_LOAD, "unload": MOD_UNLOAD, "shutdown": MOD_SHUTDOWN, "quiesce": MOD_QUIESCE}
OWNERS = {"reboot", "stop", "ksyms", "share"}  # what only the owner of the daemon and root may ask for
VERBS: dict[str, Verb] = {
    "status": status,
    "dmesg": dmesg,
    "ps": ps,
    "reboot": reboot,
    "stop": stop,
    "ksyms": ksyms,
    "addr2sym": addr2sym,
    "share": share,
}


def perform(server: Server, conn: Connection, serial: int, verb: str, arguments: str) -> tuple[bool, str]:
    """(ok, JSON text), or (not ok, why)."""
    function = VERBS.get(verb)
    if function is None:
        return False, f"no control request is called {verb!r}; there are {', '.join(VERBS)}"
    try:
        given = json.loads(arguments or "{}")
    except (ValueError, RecursionError) as error:
        return False, f"{verb}: the arguments are not JSON: {error}"
    if not isinstance(given, dict):
        return False, f"{verb}: the arguments are not a JSON object"
    if verb in OWNERS and conn.cred.uid != 0:
        return False, f"{verb}: only the owner of the daemon and root may do that"
    return True, json.dumps({"version": VERSION, **function(server, conn, serial, given)})
