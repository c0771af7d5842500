"""The orderly end of a kernel: programs first, then the clients' processes.

No more connections are taken. Module code that runs may return, for MODULE seconds. Then programs get
SIGTERM, and after GRACE seconds SIGKILL. When none is left, or they do not even die, the clients are told and
the kernel is shut down. What programs and modules have written to files of the host is there already: nothing
of it is kept back.
"""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from lkmtools.abi.signal import SIGKILL, SIGTERM

if TYPE_CHECKING:
    from lkmtools.kernproc.server import Server

GRACE = 2.0  # seconds that a program may take to end itself
LAST = 1.0  # ... and to die of SIGKILL
MODULE = 1.0  # seconds that module code which runs may take to return, before any of that


class Ending:
    """Begun when it is made; `why` is what the clients hear. `last`: the daemon ends, too."""

    def __init__(self, server: Server, why: str, last: bool) -> None:
        self.why = why
        self.last = last
        self._server = server
        self._killed = False
        self._module_until = time.monotonic() + MODULE
        self._until = time.monotonic() + GRACE
        server.stop_accepting()
        server.when_calm(self._ask)

    def module_is_late(self) -> bool:
        """Has module code that runs away had its time to come back?"""
        return time.monotonic() >= self._module_until

    def _ask(self) -> None:
        """Ask the programs to end."""
        self._until = time.monotonic() + GRACE
        self._signal(SIGTERM)

    def _signal(self, number: int) -> None:
        kernel = self._server.kernel
        for proc in tuple(kernel.procs.values()):
            if proc.program is not None and not proc.zombie:
                kernel.signal(proc, number)

    def over(self) -> bool:
        """Is no program left, or is there no more time?"""
        if self._server.kernel.programs == 0:
            return True
        if time.monotonic() < self._until:
            return False
        if self._killed:
            return True
        self._killed = True
        self._until = time.monotonic() + LAST
        self._signal(SIGKILL)
        return False

    def timeout(self, kernel: float | None) -> float:
        """How long to wait for events, when the kernel would wait for `kernel` seconds."""
        left = max(self._until - time.monotonic(), 0.0)
        return left if kernel is None else min(left, kernel)
