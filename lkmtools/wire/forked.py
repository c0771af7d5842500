"""Processes that we fork: their first steps, and a description of their end."""

from __future__ import annotations

import ctypes
import os
import resource
import signal

_PR_SET_PDEATHSIG = 1  # <sys/prctl.h> of Linux


def die_with(parent: int) -> None:
    """In the child: end when `parent` does, and at once if it has ended already."""
    ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0)
    if os.getppid() != parent:
        os._exit(0)


def close_all_but(keep: set[int]) -> None:
    """Close every descriptor that is not in `keep`. It needs none itself."""
    begin = 0
    for fd in sorted(keep):
        if begin < fd:  # an empty range would be all of them
            os.closerange(begin, fd)
        begin = fd + 1
    most, _ = resource.getrlimit(resource.RLIMIT_NOFILE)
    os.closerange(begin, most if most > 0 else 1 << 20)


def ended_by(status: int) -> str:
    """What a wait(2) status says: "signal 6 (SIGABRT)", "exit status 1"."""
    if not os.WIFSIGNALED(status):
        return f"exit status {os.WEXITSTATUS(status)}"
    number = os.WTERMSIG(status)
    try:
        return f"signal {number} ({signal.Signals(number).name})"
    except ValueError:  # a real-time signal
        return f"signal {number}"
