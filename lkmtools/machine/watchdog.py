"""The clock interrupt: a thread that ends a CPU run every few milliseconds while module code may run.

It is asleep while nothing runs, so an idle daemon costs nothing. The engine notices a tick at the next stop
or kernel call. A stop that comes when no run is in progress ends the next one.
"""

from __future__ import annotations

import threading

from lkmtools.machine.cpu import Cpu

TICK = 0.01  # seconds
_IDLE_TICKS = 5


class Watchdog:
    """Ticks for one CPU. `entries` must grow whenever the CPU begins to run, and the clock be armed then."""

    def __init__(self, cpu: Cpu) -> None:
        self._cpu = cpu
        self.entries = 0
        self.tick = False
        self.armed = False
        self._wake = threading.Event()
        self._end = threading.Event()
        self._thread = threading.Thread(target=self._run, name="lkm-clock", daemon=True)
        self._thread.start()

    def arm(self) -> None:
        """Begin to tick. Call after counting the entry, so that going idle cannot miss it."""
        self.armed = True
        self._wake.set()

    def close(self) -> None:
        """End the thread; after this the CPU may be freed."""
        self._end.set()
        self._wake.set()
        self._thread.join()

    def _run(self) -> None:
        while not self._end.is_set():
            self._wake.wait()
            seen, idle = self.entries, 0
            while idle < _IDLE_TICKS and not self._end.wait(TICK):
                self.tick = True
                self._cpu.stop()
                idle = idle + 1 if seen == self.entries and not self._cpu.running else 0
                seen = self.entries
            self._wake.clear()
            self.armed = False
            if seen != self.entries:  # an entry came while we went idle
                self.arm()
