"""Control requests by name: which process answers them, and their arguments.

Each is answered with a JSON object whose "version" changes when a member changes its meaning or is removed.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from typing import Any

VERSION = 1
MOST = 1 << 20  # characters of a request's arguments
_INTEGERS = range(-(1 << 63), 1 << 64)
_SHOWN = 40  # characters of what cannot be used, in the reason

# What the supervisor answers, on its own socket, whatever the kernel process does.
SUPERVISOR = ("status", "dmesg", "stop", "reboot", "share", "fate", "waits", "kept")

# The arguments of each verb. All may be left out, and one that is not listed is not looked at.
ARGUMENTS: dict[str, dict[str, type]] = {
    "status": {},
    "dmesg": {"follow": bool, "pieces": bool},
    "stop": {"force": bool},
    "reboot": {"force": bool},
    "share": {"path": str, "writable": bool, "session": bool},
    "fate": {"boot": int, "daemon": int},
    "waits": {"pid": int, "boot": int},
    "kept": {},
    "ps": {},
    "ksyms": {"event": str},
    "addr2sym": {"address": int},
}
_KINDS = {bool: "true or false", int: "a whole number", str: "a string"}


def parse(verb: str, arguments: str, known: Iterable[str]) -> dict[str, Any] | str:
    """The arguments of a request, each of its type; or why it cannot be answered."""
    if verb not in known:
        return f"unknown control request: {verb[:_SHOWN]!r}; the requests are {', '.join(known)}"
    if len(arguments) > MOST:
        return f"{verb}: the arguments have {len(arguments)} characters; the limit is {MOST}"
    try:
        given = json.loads(arguments or "{}")
    except json.JSONDecodeError as error:
        return f"{verb}: the arguments are not JSON: {error}"
    except RecursionError:
        return f"{verb}: the arguments are not JSON that can be read: they are nested too deep"
    except ValueError:  # Python's limit on the digits of an integer
        return f"{verb}: the arguments are not JSON that can be read: a number has too many digits"
    if not isinstance(given, dict):
        return f"{verb}: the arguments are not a JSON object"
    wrong = (_wrong(name, given[name], kind) for name, kind in ARGUMENTS[verb].items() if name in given)
    why = next(filter(None, wrong), "")
    return f"{verb}: {why}" if why else given


def _wrong(name: str, value: object, kind: type) -> str:
    """Why an argument cannot be used; "" when it can. To JSON true is not a number."""
    if type(value) is not kind:
        return f"{name}: {_show(value)} is not {_KINDS[kind]}"
    if isinstance(value, int) and value not in _INTEGERS:
        return f"{name}: {_show(value)} is not between {_INTEGERS[0]} and {_INTEGERS[-1]}"
    return ""


def _show(value: object) -> str:
    """A value as JSON, or the beginning of it; of what may be nested, what it is."""
    if isinstance(value, list | dict):
        return "a list" if isinstance(value, list) else "an object"
    text = json.dumps(value)
    return text if len(text) <= _SHOWN else f"{text[:_SHOWN]}..."
