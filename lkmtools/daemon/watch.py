"""Is the kernel process alive? Its progress counters, and its state on the host.

It counts in memory at each turn of its loop, each tick of its clock and each kernel call, and marks when it
waits in its poller, where it may stay for ever. A process that shows none of these has hung: after `limit`
seconds of its own processor time, or HUNG seconds of the host's time in which it was neither stopped, nor
ready to run, nor in its poller.
"""

from __future__ import annotations

import os
import time

from lkmtools.evidence import Evidence, vitals
from lkmtools.tuples import NamedTuple

HUNG = 60.0  # seconds
LONGEST = 5.0  # seconds between two looks
SLOW = 1.0  # seconds without a sign, of either kind, from which on it is "not responding"
_TICKS = os.sysconf("SC_CLK_TCK")


class ProcStat(NamedTuple):
    """What the host says of a process: its state (proc(5)), and its processor time in seconds."""

    state: str
    seconds: float

    @property
    def stopped(self) -> bool:
        """Is it stopped, by SIGSTOP or by a tracer?"""
        return self.state in "Tt"


def look_at(pid: int) -> ProcStat:
    """A process of ours, which may be dead but not reaped."""
    with open(f"/proc/{pid}/stat", "rb") as file:
        fields = file.read().rpartition(b") ")[2].split()
    return ProcStat(fields[0].decode(), (int(fields[11]) + int(fields[12])) / _TICKS)


class Watch:
    """One kernel process. look() is called now and then; `why` is then why it must be ended, if it must."""

    def __init__(self, pid: int, evidence: Evidence, limit: float) -> None:
        self._pid = pid
        self._evidence = evidence
        self._limit = limit
        self._signs: tuple[int, ...] = ()
        self._seconds = 0.0  # its processor time at the last sign
        self._computed = 0.0  # ... since
        self._waited = 0.0  # seconds of the host's since the last sign that count
        self._looked = time.monotonic()
        self.stopped = False

    @property
    def calm(self) -> bool:
        """Does it wait in its poller?"""
        return bool(self._evidence.vitals[vitals.POLLING])

    @property
    def responding(self) -> bool:
        """Has it shown a sign of life lately, or is it waiting with nothing to do?"""
        return self._computed < SLOW and self._waited < SLOW

    @property
    def why(self) -> str:
        """Why it must be ended; "" when it need not."""
        if self._computed >= self._limit:
            return f"it computed for {self._computed:.0f} s of processor time without a sign of life"
        if self._waited >= HUNG:
            return f"it has hung in the host for {self._waited:.0f} s"
        return ""

    def look(self) -> None:
        """See what it does."""
        now = time.monotonic()
        passed, self._looked = now - self._looked, now
        counts = self._evidence.vitals
        signs = (counts[vitals.TURNS], counts[vitals.TICKS], self._evidence.calls.sign())
        try:
            host = look_at(self._pid)
        except OSError:
            return  # this process has no descriptor for it now
        self.stopped = host.stopped
        if signs != self._signs or self.calm:
            self._signs = signs
            self._seconds = host.seconds
            self._computed = self._waited = 0.0
            return
        self._computed = host.seconds - self._seconds
        if host.state in "SD":
            self._waited += min(passed, LONGEST)  # longer: the supervisor itself was stopped
