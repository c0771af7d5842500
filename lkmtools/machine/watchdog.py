"""The clock interrupt: a thread that ends a CPU run every few milliseconds while module code may run.

It sleeps while nothing runs, so an idle daemon costs nothing. The engine notices a tick at the next stop or
kernel call. A stop that comes when no run is in progress ends the next one.
"""

from __future__ import annotations

import threading

from lkmtools.machine.brake import Brake

TICK = 0.01  # seconds
_IDLE_TICKS = 5


class Watchdog:
    """Ticks for the CPUs of one brake. The caller of run() calls arm() before when `armed` is not set."""

    def __init__(self, brake: Brake) -> None:
        self._brake = brake
        self.tick = False
        self.armed = False  # has a run begun since the last tick?
        self._wake = threading.Event()
        self._end = threading.Event()
        self._thread = threading.Thread(target=self._run, name="lkm-clock", daemon=True)
        self._thread.start()

    def arm(self) -> None:
        """Note that a run begins: the clock ticks, and will for a while."""
        self.armed = True
        self._wake.set()

    def close(self) -> None:
        """End the thread; after this the CPUs may be freed."""
        self._end.set()
        self._wake.set()
        self._thread.join()

    def _run(self) -> None:
        while not self._end.is_set():
            self._wake.wait()
            idle = 0
            while idle < _IDLE_TICKS and not self._end.wait(TICK):
                idle = idle + 1 if self._brake.pulled and not self.armed else 0
                self.armed = False
                self.tick = True
                self._brake.pull()
            self._wake.clear()
            if self.armed:  # since the last tick: its wake-up may have been cleared
                self._wake.set()
