"""Time for processes: gettimeofday, clock_gettime and what sets it, nanosleep (kern_time.c of NetBSD 5.2)."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from lkmtools.abi.errno import EINVAL, EPERM, EWOULDBLOCK
from lkmtools.abi.limits import INT_MAX
from lkmtools.abi.proc import PCATCH, PWAIT
from lkmtools.abi.syscall import (
    SYS_clock_getres,
    SYS_clock_gettime,
    SYS_clock_settime,
    SYS_gettimeofday,
    SYS_nanosleep,
    SYS_settimeofday,
)
from lkmtools.abi.time import CLOCK_MONOTONIC, CLOCK_REALTIME, TIME_MAX, timespec, timeval, timezone, wrapped
from lkmtools.errors import KernelError
from lkmtools.kern.proc.syscall import syscall

if TYPE_CHECKING:
    from lkmtools.kern.kernel import Kernel
    from lkmtools.kern.proc.kern_proc import Lwp

_NANO = 1_000_000_000


def _timespec(k: Kernel, seconds: float) -> bytes:
    nanos = int(seconds * _NANO)
    return timespec.layout(k.dm).pack(tv_sec=wrapped(nanos // _NANO), tv_nsec=nanos % _NANO)


def _known(clock: int) -> None:
    if clock not in (CLOCK_REALTIME, CLOCK_MONOTONIC):
        raise KernelError(EINVAL, f"clock {clock} is not known (CLOCK_REALTIME is 0, CLOCK_MONOTONIC 3)")


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
    _known(clock)
    seconds = k.now() if clock == CLOCK_REALTIME else k.sched.uptime()
    lwp.proc.space.write(tp, _timespec(k, seconds))


@syscall(SYS_clock_getres, "clockid_t clock_id, struct timespec *tp")
def sys_clock_getres(k: Kernel, lwp: Lwp, clock: int, tp: int) -> None:
    """How fine a clock is: a microsecond."""
    _known(clock)
    if tp:
        lwp.proc.space.write(tp, timespec.layout(k.dm).pack(tv_nsec=1000))


@syscall(SYS_clock_settime, "clockid_t clock_id, const struct timespec *tp")
def sys_clock_settime(k: Kernel, lwp: Lwp, clock: int, tp: int) -> None:
    """Set CLOCK_REALTIME until the next boot; EINVAL for others."""
    if clock != CLOCK_REALTIME:
        raise KernelError(EINVAL, f"clock {clock} cannot be set; CLOCK_REALTIME, which is 0, can")
    layout = timespec.layout(k.dm)
    asked = layout.unpack(lwp.proc.space.read(tp, layout.size))
    _settime(k, lwp, asked.tv_sec, asked.tv_nsec)


@syscall(SYS_settimeofday, "const struct timeval *tv, const void *tzp")
def sys_settimeofday(k: Kernel, lwp: Lwp, tv: int, tzp: int) -> None:
    """Set the time of day until the next boot; a time zone is ignored."""
    if tv:
        layout = timeval.layout(k.dm)
        asked = layout.unpack(lwp.proc.space.read(tv, layout.size))
        _settime(k, lwp, asked.tv_sec, asked.tv_usec * 1000)


def _settime(k: Kernel, lwp: Lwp, seconds: int, nanos: int) -> None:
    """settime1(): EPERM unless the caller is root, and for a step back above securelevel 1; EINVAL."""
    if lwp.proc.cred.uid != 0:
        raise KernelError(EPERM, "only root may set the time of day")
    if not 0 <= seconds <= TIME_MAX or not 0 <= nanos < _NANO:
        limit = f"seconds are 0 to {TIME_MAX}, nanoseconds 0 to {_NANO - 1}"
        raise KernelError(EINVAL, f"invalid time: {seconds} s and {nanos} ns; {limit}")
    step = seconds + nanos / _NANO - k.now()
    if step < 0 and k.securelevel > 1:
        raise KernelError(EPERM, f"securelevel is {k.securelevel}: the clock cannot be set back")
    k.clock_ahead += step
    k.clock.restart()


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
