"""modload -p: the program that takes modload's place once the module is loaded (NetBSD 2.0 to 5.2)."""

from __future__ import annotations

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
        return Failure(16, f"can't exec `{argv[0]}': {error.strerror}")
