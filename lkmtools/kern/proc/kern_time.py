"""Time for processes: gettimeofday, clock_gettime, nanosleep (kern_time.c of NetBSD 5.2)."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from lkmtools.abi.errno import EINVAL, EWOULDBLOCK
from lkmtools.abi.limits import INT_MAX
from lkmtools.abi.proc import PCATCH, PWAIT
from lkmtools.abi.syscall import (
    SYS_clock_gettime,
    SYS_gettimeofday,
    SYS_nanosleep,
)
from lkmtools.abi.time import CLOCK_MONOTONIC, CLOCK_REALTIME, timespec, timeval, timezone, wrapped
from lkmtools.errors import KernelError
from lkmtools.kern.proc.syscall import syscall

if TYPE_CHECKING:
    from lkmtools.kern.kernel import Kernel
    from lkmtools.kern.proc.kern_proc import Lwp

_NANO = 1_000_000_000


def _timespec(k: Kernel, seconds: float) -> bytes:
    nanos = int(seconds * _NANO)
    return timespec.layout(k.dm).pack(tv_sec=wrapped(nanos // _NANO), tv_nsec=nanos % _NANO)


@syscall(SYS_gettimeofday, "struct timeval *tp, void *tzp")
def sys_gettimeofday(k: Kernel, lwp: Lwp, tp: int, tzp: int) -> None:
    """The time of day; the time zone is always 0."""
    if tp:
        micros = int(k.now() * 1_000_000)
        data = timeval.layout(k.dm).pack(tv_sec=wrapped(micros // 1_000_000), tv_usec=micros % 1_000_000)
        lwp.proc.space.write(tp, data)
    if tzp:
        lwp.proc.space.write(tzp, bytes(timezone.layout(k.dm).size))


@syscall(SYS_clock_gettime, "clockid_t clock_id, struct timespec *tp")
def sys_clock_gettime(k: Kernel, lwp: Lwp, clock: int, tp: int) -> None:
    """CLOCK_REALTIME or CLOCK_MONOTONIC; EINVAL for others."""
    if clock not in (CLOCK_REALTIME, CLOCK_MONOTONIC):
        raise KernelError(EINVAL, f"clock {clock} is not known (CLOCK_REALTIME is 0, CLOCK_MONOTONIC 3)")
    seconds = k.now() if clock == CLOCK_REALTIME else k.sched.uptime()
    lwp.proc.space.write(tp, _timespec(k, seconds))


@syscall(SYS_nanosleep, "const struct timespec *rqtp, struct timespec *rmtp")
def sys_nanosleep(k: Kernel, lwp: Lwp, rqtp: int, rmtp: int) -> None:
    """Sleep for a time; what is left of it when a signal ended the sleep."""
    layout = timespec.layout(k.dm)
    asked = layout.unpack(lwp.proc.space.read(rqtp, layout.size))
    seconds, nanos = asked.tv_sec, asked.tv_nsec
    if seconds < 0 or not 0 <= nanos < _NANO:
        raise KernelError(EINVAL, f"invalid time: {seconds} s and {nanos} ns")
    end = time.monotonic_ns() + seconds * _NANO + nanos
    ident = -(lwp.addr << 4 | 7)  # no address: nobody else sleeps there
    while (left := end - time.monotonic_ns()) > 0:
        try:
            k.sched.tsleep(ident, PWAIT | PCATCH, "nanoslp", min(-(-left * k.config.hz // _NANO), INT_MAX))
        except KernelError as error:
            if error.errno == EWOULDBLOCK:
                continue  # a sleep of more than INT_MAX ticks goes on
            if rmtp:
                left = max(0, end - time.monotonic_ns())
                data = layout.pack(tv_sec=left // _NANO, tv_nsec=left % _NANO)
                lwp.proc.space.write(rmtp, data)
            raise
