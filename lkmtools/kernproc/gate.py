"""When the kernel may be called from outside, and the requests that wait until then.

While module code loops inside step(), the sockets are polled between its slices. Requests that arrive then
would call the kernel in the middle of that code, so they wait until it returns. Until the boot is complete
only rc.lkm and the programs that it starts are admitted (init.py); the requests of others wait.
"""

from __future__ import annotations

import os
from collections import deque
from collections.abc import Callable, Sequence
from typing import Any

from lkmtools.errors import KernelError, bug, is_shortage
from lkmtools.kern import Kernel, KernelPanic
from lkmtools.kernproc.init import Init
from lkmtools.tuples import NamedTuple
from lkmtools.wire.poller import Poller

Action = Callable[[], None]


class Later(NamedTuple):
    """Something to do, and the host's descriptors that it owns until it is done."""

    action: Action
    files: Sequence[int] = ()


class Gate:
    """The way into the kernel. `preempted`: module code is being run. `init` is the boot, until its end.

    What waits is done in the order of its arrival: `calm` when module code lets go, the rest after the boot.
    """

    def __init__(self, kernel: Kernel, poller: Poller, level: int, booted: Action) -> None:
        """`level` is for Init; `booted` is called when the boot is over."""
        self.kernel = kernel
        self.preempted = False
        self.init: Init | None = Init(kernel, poller, level, self._over)
        self.calm: deque[Later] = deque()
        self._held: deque[Later] = deque()  # until the boot is over
        self._booted = booted

    def enter(self, function: Callable[..., Any], *args: Any) -> Any:
        """Call into the kernel; its Python errors become panics. KernelError, MemoryError."""
        try:
            return function(*args)
        except (KernelError, MemoryError):
            raise
        except Exception as error:
            raise internal_error(error) from error

    def when_calm(self, action: Action) -> None:
        """Do this now, or when the running module lets go."""
        if self.preempted:
            self.calm.append(Later(action))
        else:
            action()

    def keep(self, host_pid: int, action: Action, files: Sequence[int] = ()) -> bool:
        """Keep what this process of the host wants until it may be done; False when that is now."""
        if self.preempted:
            self.calm.append(Later(action, files))
        elif self.init is None:
            return False
        elif self.init.admits(host_pid):
            self.init.drain()  # it has printed that before it made this request
            return False
        else:
            self._held.append(Later(action, files))
        return True

    def run(self) -> None:
        """Do what waited for module code to let go."""
        while self.calm:
            self.calm.popleft().action()

    def _over(self) -> None:
        """The boot is over: those that waited for it continue."""
        self.init = None
        self.calm += self._held
        self._held.clear()
        self._booted()

    def give_up(self) -> None:
        """There is no kernel any more to do any of it."""
        for later in (*self.calm, *self._held):
            close_all(later.files)
        self.calm.clear()
        self._held.clear()


def close_all(files: Sequence[int]) -> None:
    """Close descriptors of the host."""
    for fd in files:
        os.close(fd)


class InternalError(KernelPanic):
    """A panic that the kernel has not printed: a bug of the process around it."""


def internal_error(error: Exception) -> InternalError:
    """A Python error around the kernel, which is a bug of ours, as a panic that names it and its place.

    It is not a bug where the host has no memory left.
    """
    reason = bug(error)
    whose = "" if is_shortage(error) else "This is a bug of lkmtools.\n"
    return InternalError(reason, f"panic: {reason}\n{whose}")
