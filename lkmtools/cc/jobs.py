"""Compilers side by side: many commands, a few at a time, each one's messages whole and in order.

Each is a process group of its own, so that all that a compiler has started can be ended with it. The module
subprocess is not used: its import takes an eighth as long as compiling a small module.
"""

from __future__ import annotations

import os
from collections.abc import Generator, Sequence

from lkmtools.tuples import NamedTuple


class Done(NamedTuple):
    """How a command ended: its exit status (128 and the signal's number for one killed), what it printed."""

    status: int
    output: bytes


def run_all(commands: Sequence[list[str]], most: int) -> Generator[Done, None, None]:
    """Run `commands`, `most` at a time; what came of each, in their order, as soon as it is known.

    When one has failed no further one is started, as in make(1); those that run are waited for. So there may
    be fewer results than commands, and the first failure among them is that of the first command that fails.
    Standard output and standard error of a command are both in `output`. When the caller wants no more
    (close(), an exception), what still runs is ended. OSError for a command that cannot be started.
    """
    running: dict[int, tuple[int, int]] = {}  # pid -> number of the command, file of its output
    done: dict[int, Done] = {}
    started = shown = 0
    failed = False
    try:
        while True:
            while started < len(commands) and len(running) < most and not failed:
                pid, file = _start(commands[started])
                running[pid] = started, file
                started += 1
            while shown in done:
                yield done.pop(shown)
                shown += 1
            if not running:
                return
            pid, status = os.waitpid(-1, 0)
            if pid in running:
                number, file = running.pop(pid)
                done[number] = _end(status, file)
                failed = failed or done[number].status != 0
    finally:
        if running:
            _stop(running)


def _start(command: list[str]) -> tuple[int, int]:
    """Start a command: its pid, and the file in memory that takes what it prints."""
    file = os.memfd_create("messages")
    try:
        actions = [(os.POSIX_SPAWN_DUP2, file, fd) for fd in (1, 2)]
        return os.posix_spawnp(command[0], command, os.environ, file_actions=actions, setpgroup=0), file
    except OSError:
        os.close(file)
        raise


def _stop(running: dict[int, tuple[int, int]]) -> None:
    """End the commands that still run, and all that they have started."""
    from signal import SIGTERM

    for pid in running:
        os.killpg(pid, SIGTERM)
    for pid, (_, file) in running.items():
        os.waitpid(pid, 0)
        os.close(file)


def _end(status: int, file: int) -> Done:
    size = os.fstat(file).st_size
    output = os.pread(file, size, 0)
    os.close(file)
    code = os.waitstatus_to_exitcode(status)
    return Done(code if code >= 0 else 128 - code, output)
