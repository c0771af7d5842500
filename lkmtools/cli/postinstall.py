"""modload -p: the program that replaces modload once the module is loaded (NetBSD 2.0 to 5.2)."""

from __future__ import annotations

import errno
import os
import signal
import sys
from typing import TYPE_CHECKING

from lkmtools.cli.classic import Failure
from lkmtools.cli.devtools import environment

if TYPE_CHECKING:
    from lkmtools.modules import Module


def arguments(program: str, module: Module) -> list[str]:
    """Its argument vector: id, type, then the offset, or both majors of a device, character first."""
    if module.majors:
        block, char = module.majors
        return [program, str(module.id), f"{module.type:#x}", str(char), str(block)]
    return [program, str(module.id), f"{module.type:#x}", str(module.offset)]


def execute(argv: list[str], socket: str) -> Failure:
    """Become the program, without a search of PATH; returns only on failure.

    Its environment is ours, with the tools of cli/devtools first on PATH and the kernel behind `socket`.

    Python ignores SIGPIPE; a program expects it to be as in a new process.
    """
    sys.stdout.flush()
    signal.signal(signal.SIGPIPE, signal.SIG_DFL)
    try:
        os.execve(argv[0], argv, environment(socket))
    except OSError as error:
        reason = why_not_executed(argv[0], error)
        return Failure(16, f"can't exec `{argv[0]}': {error.strerror}", reason=reason)


def why_not_executed(program: str, error: OSError) -> str:
    """What the host's error leaves open about a script: its interpreter, or that it names none; else ""."""
    if error.errno == errno.ENOEXEC:
        return f"{program} is neither a program of this host nor a script: a script begins with #!"
    return wrong_interpreter(program) if error.errno == errno.ENOENT else ""


def wrong_interpreter(program: str) -> str:
    """Why the interpreter of a script cannot be executed; "" when it can, and for what is not a script."""
    try:
        with open(program, "rb") as file:
            first = file.read(256).split(b"\n", 1)[0]
    except OSError:
        return ""
    words = first[2:].split()
    if not first.startswith(b"#!") or (words and os.path.exists(words[0]) and not first.endswith(b"\r")):
        return ""
    interpreter = os.fsdecode(words[0]) if words else ""
    if first.endswith(b"\r"):
        return f"the lines of {program} end in CR LF, and so does the name of its interpreter, {interpreter}"
    return f"the interpreter of {program}, {interpreter}, does not exist"
