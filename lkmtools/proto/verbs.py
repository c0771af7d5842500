"""Control requests by name: who answers which, and what their arguments look like.

Each is answered with a JSON object whose "version" changes when a member changes its meaning or goes.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from typing import Any

VERSION = 1

# What the supervisor answers, on its own socket, whatever the kernel process does.
SUPERVISOR = ("status", "dmesg", "stop", "reboot", "share", "fate")


def parse(verb: str, arguments: str, known: Iterable[str]) -> dict[str, Any] | str:
    """The arguments of a request; or why it cannot be answered."""
    if verb not in known:
        return f"no control request is called {verb!r}; there are {', '.join(known)}"
    try:
        given = json.loads(arguments or "{}")
    except (ValueError, RecursionError) as error:
        return f"{verb}: the arguments are not JSON: {error}"
    if not isinstance(given, dict):
        return f"{verb}: the arguments are not a JSON object"
    return given
