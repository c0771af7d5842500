"""The orderly shutdown of a kernel: programs first, then the clients' processes.

No more connections are taken. Module code that runs may return, for MODULE seconds. Then programs get
SIGTERM, and after GRACE seconds SIGKILL. When none is left, or they cannot be killed, the clients get a
message and the kernel is shut down. What programs and modules have written to files of the host is in them
already: none of it is buffered.
"""

from __future__ import annotations

import time

from lkmtools.abi.signal import SIGKILL, SIGTERM
from lkmtools.kernproc.gate import Gate
from lkmtools.wire.timers import Timers

GRACE = 2.0  # seconds that a program may take to end itself
LAST = 1.0  # ... and to die of SIGKILL
MODULE = 1.0  # seconds that module code which runs may take to return, before any of that


class Ending:
    """Begun when it is made; `why` is what the clients hear. `last`: the daemon ends, too."""

    def __init__(self, gate: Gate, timers: Timers, why: str, last: bool) -> None:
        self.why = why
        self.last = last
        self._gate, self._timers = gate, timers
        self._gave_up = False
        self._module_until = time.monotonic() + MODULE
        gate.when_calm(self._ask)

    def module_is_late(self) -> bool:
        """Has looping module code had its time to return?"""
        return time.monotonic() >= self._module_until

    def over(self) -> bool:
        """Is no program left, or is there no more time?"""
        return self._gave_up or self._gate.kernel.programs == 0

    def _ask(self) -> None:
        """Ask the programs to end."""
        self._signal(SIGTERM)
        self._timers.after(GRACE, self._kill)

    def _kill(self) -> None:
        """They have had their time."""
        self._signal(SIGKILL)
        self._timers.after(LAST, self._give_up)

    def _give_up(self) -> None:
        self._gave_up = True

    def _signal(self, number: int) -> None:
        kernel = self._gate.kernel
        for proc in tuple(kernel.procs.values()):
            if proc.program is not None and not proc.zombie:
                kernel.signal(proc, number)
