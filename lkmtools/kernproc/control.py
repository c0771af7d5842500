"""Control requests that only the kernel can answer; the supervisor answers the others (daemon/control.py).

A verb is a function (kernel, arguments) -> a JSON-able dict, in VERBS. All work even while a module loops.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

from lkmtools.abi.module import MOD_LOAD, MOD_QUIESCE, MOD_SHUTDOWN, MOD_UNLOAD
from lkmtools.errors import KernelError
from lkmtools.kern import Kernel
from lkmtools.kern.lkm.ksyms_dev import ksyms_modevent
from lkmtools.kern.status import processes
from lkmtools.proto.verbs import VERSION, parse

KernelVerb = Callable[[Kernel, dict[str, Any]], dict[str, Any]]


def ps(kernel: Kernel, arguments: dict[str, Any]) -> dict[str, Any]:
    """The kernel's processes."""
    return {"processes": processes(kernel)}


def ksyms(kernel: Kernel, arguments: dict[str, Any]) -> dict[str, Any]:
    """Send the driver of /dev/ksyms a module event: "load", "unload", "shutdown". Its errno and reason."""
    event = EVENTS.get(arguments.get("event", ""), -1)
    try:
        ksyms_modevent(kernel, event)
    except KernelError as error:
        return {"errno": error.errno, "reason": error.reason}
    return {"errno": 0, "reason": ""}


def addr2sym(kernel: Kernel, arguments: dict[str, Any]) -> dict[str, Any]:
    """What is at "address": "symbol", "offset", "module" (null: the kernel), "text"; or nulls."""
    address = arguments.get("address")
    place = kernel.locate(address) if address is not None else None
    if place is None:
        return {"symbol": None, "offset": None, "module": None, "text": None}
    return {**place._asdict(), "text": str(place)}


EVENTS = {"load": MOD_LOAD, "unload": MOD_UNLOAD, "shutdown": MOD_SHUTDOWN, "quiesce": MOD_QUIESCE}
OWNERS = {"ksyms"}  # what only the owner of the daemon and root may ask for
VERBS: dict[str, KernelVerb] = {"ps": ps, "ksyms": ksyms, "addr2sym": addr2sym}


def perform(kernel: Kernel, owner: bool, verb: str, arguments: str) -> tuple[bool, str]:
    """(ok, JSON text), or (not ok, why). `owner`: the request is from the owner of the daemon or root."""
    given = parse(verb, arguments, VERBS)
    if isinstance(given, str):
        return False, given
    if verb in OWNERS and not owner:
        return False, f"{verb}: only the owner of the daemon and root may do that"
    return True, json.dumps({"version": VERSION, **VERBS[verb](kernel, given)})
