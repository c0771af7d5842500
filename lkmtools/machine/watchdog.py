"""The clock interrupt: a thread that ends a CPU run every few milliseconds while module code may run.

It sleeps while nothing runs, so an idle daemon costs nothing. The engine notices a tick at the next stop or
kernel call. A stop that comes when no run is in progress ends the next one.
"""

from __future__ import annotations

import _thread
from contextlib import suppress

from lkmtools.machine.brake import Brake

TICK = 0.01  # seconds
_IDLE_TICKS = 5


class Watchdog:
    """Ticks for the CPUs of one brake. The caller of run() calls arm() before when `armed` is not set.

    The thread begins with the first run. It is one of _thread's: a kernel that has run no module needs not
    import threading, which takes 2 ms and 0.3 MiB.
    """

    def __init__(self, brake: Brake) -> None:
        self._brake = brake
        self.tick = False
        self.armed = False  # has a run begun since the last tick?
        self._begun = False
        # Locks that are held; one is released for: a run has begun, the thread is to end, it has ended.
        self._wake, self._end, self._ended = (_held() for _ in range(3))

    def arm(self) -> None:
        """Note that a run begins: the clock ticks, and will for a while. MemoryError."""
        self.armed = True
        if not self._begun:
            self._begin()
        _release(self._wake)

    def _begin(self) -> None:
        try:
            _thread.start_new_thread(self._run, ())
        except RuntimeError:
            raise MemoryError("the clock needs a thread") from None
        self._begun = True

    def close(self) -> None:
        """End the thread; after this the CPUs may be freed."""
        if self._begun:
            _release(self._end)
            _release(self._wake)
            self._ended.acquire()

    def _run(self) -> None:
        while not self._end_within(0):
            self._wake.acquire()
            idle = 0
            while idle < _IDLE_TICKS and not self._end_within(TICK):
                idle = idle + 1 if self._brake.pulled and not self.armed else 0
                self.armed = False
                self.tick = True
                self._brake.pull()
            self._wake.acquire(blocking=False)
            if self.armed:  # since the last tick: its wake-up may have been taken
                _release(self._wake)
        self._ended.release()

    def _end_within(self, seconds: float) -> bool:
        """Is the thread to end, now or before so much time is over?"""
        if self._end.acquire(timeout=seconds):
            self._end.release()
            return True
        return False


def _held() -> _thread.LockType:
    lock = _thread.allocate_lock()
    lock.acquire()
    return lock


def _release(lock: _thread.LockType) -> None:
    """Release a lock that may have been released already."""
    with suppress(RuntimeError):
        lock.release()
