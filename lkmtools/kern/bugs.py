"""Python errors that no part of this kernel should let out: bugs of ours.

Nobody who uses a kernel is shown a traceback: such an error is a panic like any other, whose reason begins
with "internal error". Who works on lkmtools itself names a file in LKM_DEBUG_TRACEBACK; tracebacks are
appended to it, and go nowhere else.
"""

from __future__ import annotations

import os
from contextlib import suppress
from typing import Any

from lkmtools.machine import Prototype

DEBUG_FILE = "LKM_DEBUG_TRACEBACK"
_LONGEST = 200  # bytes of an error's own text that are shown


def describe(error: Exception) -> str:
    """The error in one line."""
    text = " ".join(str(error).split())
    if len(text) > _LONGEST:
        text = f"{text[:_LONGEST]}... ({len(text)} characters)"
    return f"internal error: {type(error).__name__}" + (f": {text}" if text else "")


def note(error: Exception) -> None:
    """Append the traceback to the file that LKM_DEBUG_TRACEBACK names, if it can be written."""
    path = os.environ.get(DEBUG_FILE)
    if path:
        import traceback

        with suppress(OSError), open(path, "a", encoding="utf-8") as file:
            file.write("".join(traceback.format_exception(error)) + "\n")


def call_text(proto: Prototype, args: tuple[Any, ...]) -> str:
    """A call with the arguments it was made with: pointers in hex, numbers in decimal, lists as "..."."""
    parts = []
    for i, value in enumerate(args):
        param = proto.params[i] if i < len(proto.params) else None
        name = param.name if param and param.name else f"argument {i + 1}"
        if not isinstance(value, int):
            parts.append("...")
        elif param is None or param.type.name == "pointer":
            parts.append(f"{name} {value:#x}")
        else:
            parts.append(f"{name} {value}")
    return f"{proto.name}({', '.join(parts)})"
