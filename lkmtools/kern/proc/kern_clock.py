"""The clock and the time (kern_clock.c, kern_tc.c, kern_time.c, machdep's delay() of NetBSD 5.2).

The time is the host's. The variables modules read for it (time_second, time_uptime, hardclock_ticks, and
`time` and `mono_time` from before NetBSD 4.0) advance as they did in the original: at ticks of the clock, hz
times a second, whenever the kernel runs and while module code runs. The get- functions are as exact as the
others.
"""

from __future__ import annotations

import struct
import time
from typing import TYPE_CHECKING

from lkmtools.abi.limits import INT_MAX
from lkmtools.abi.time import bintime as bintime_struct
from lkmtools.abi.time import timespec, timeval, wrapped
from lkmtools.kern.base.bound import too_much
from lkmtools.kern.base.export import Data, export

if TYPE_CHECKING:
    from lkmtools.abi.datamodel import DataModel
    from lkmtools.kern.kernel import Kernel

_HEADER = "sys/timevar.h"
_SHORT = 0.0001  # seconds of delay() in which nothing else is looked at


class Clock:
    """Keeps the variables of a booted kernel up to date."""

    def __init__(self, k: Kernel) -> None:
        self._k = k
        self._time_t = struct.Struct(k.dm.order + "i")
        self._timeval = timeval.layout(k.dm)
        self.restart()

    def restart(self) -> None:
        """Set all variables now: at boot, and when the time of day has been set."""
        k = self._k
        self.due = 0.0  # on the monotonic clock: when the variables are next set
        k.mem.write(k.symbol("boottime"), self._pack(k.sched.boottime + k.clock_ahead))
        self.hardclock()

    def _pack(self, seconds: float) -> bytes:
        whole, parts = _split(seconds, 1_000_000)
        return self._timeval.pack(tv_sec=whole, tv_usec=parts)

    def hardclock(self) -> None:
        """The clock interrupt: set the variables, when a tick has passed since they were."""
        k = self._k
        if time.monotonic() < self.due:
            return
        uptime, ticks, now = k.sched.uptime(), k.sched.ticks(), k.now()
        self.due = time.monotonic() - uptime + (ticks + 1) / k.config.hz
        write, at = k.mem.write, k.symbol
        write(at("time_second"), self._time_t.pack(wrapped(int(now))))
        write(at("time_uptime"), self._time_t.pack(wrapped(int(uptime))))
        write(at("time"), self._pack(now))
        write(at("mono_time"), self._pack(uptime))
        k.mem.set_u32(at("hardclock_ticks"), ticks)


def _timeval_size(dm: DataModel) -> int:
    return timeval.layout(dm).size


DATA = (
    Data("time_second", "volatile time_t time_second", lambda dm: 4, None, _HEADER),
    Data("time_uptime", "volatile time_t time_uptime", lambda dm: 4, None, _HEADER),
    Data("hardclock_ticks", "int hardclock_ticks", lambda dm: 4, None, "sys/kernel.h"),
    Data("boottime", "struct timeval boottime", _timeval_size, None, "sys/kernel.h"),
    Data("time", "volatile struct timeval time", _timeval_size, None, "sys/kernel.h"),
    Data("mono_time", "volatile struct timeval mono_time", _timeval_size, None, "sys/kernel.h"),
)


def _split(seconds: float, unit: int) -> tuple[int, int]:
    """Whole seconds as a time_t, and the rest in 1/unit."""
    whole = int(seconds)
    return wrapped(whole), int((seconds - whole) * unit)


def _store_timeval(k: Kernel, addr: int, seconds: float) -> None:
    whole, micros = _split(seconds, 1_000_000)
    k.umem.write(addr, timeval.layout(k.dm).pack(tv_sec=whole, tv_usec=micros))


def _store_timespec(k: Kernel, addr: int, seconds: float) -> None:
    whole, nanos = _split(seconds, 1_000_000_000)
    k.umem.write(addr, timespec.layout(k.dm).pack(tv_sec=whole, tv_nsec=nanos))


def _store_bintime(k: Kernel, addr: int, seconds: float) -> None:
    whole, fraction = _split(seconds, 1 << 64)
    k.umem.write(addr, bintime_struct.layout(k.dm).pack(sec=whole, frac=fraction))


def _load_timeval(k: Kernel, addr: int) -> tuple[int, int]:
    view = k.umem.view(timeval.layout(k.dm), addr)
    return view.tv_sec, view.tv_usec


@export("void getmicrotime(struct timeval *tv)", _HEADER)
@export("void microtime(struct timeval *tv)", _HEADER)
def microtime(k: Kernel, tv: int) -> None:
    """The time of day in microseconds."""
    _store_timeval(k, tv, k.now())


@export("void getnanotime(struct timespec *ts)", _HEADER)
@export("void nanotime(struct timespec *ts)", _HEADER)
def nanotime(k: Kernel, ts: int) -> None:
    """The time of day in nanoseconds."""
    _store_timespec(k, ts, k.now())


@export("void getbintime(struct bintime *bt)", _HEADER)
@export("void bintime(struct bintime *bt)", _HEADER)
def bintime(k: Kernel, bt: int) -> None:
    """The time of day in 2^-64 seconds."""
    _store_bintime(k, bt, k.now())


@export("void getmicrouptime(struct timeval *tv)", _HEADER)
@export("void microuptime(struct timeval *tv)", _HEADER)
def microuptime(k: Kernel, tv: int) -> None:
    """The time since boot in microseconds."""
    _store_timeval(k, tv, k.sched.uptime())


@export("void getnanouptime(struct timespec *ts)", _HEADER)
@export("void nanouptime(struct timespec *ts)", _HEADER)
def nanouptime(k: Kernel, ts: int) -> None:
    """The time since boot in nanoseconds."""
    _store_timespec(k, ts, k.sched.uptime())


@export("void getbinuptime(struct bintime *bt)", _HEADER)
@export("void binuptime(struct bintime *bt)", _HEADER)
def binuptime(k: Kernel, bt: int) -> None:
    """The time since boot in 2^-64 seconds."""
    _store_bintime(k, bt, k.sched.uptime())


@export("void delay(unsigned int n)", "machine/param.h")
def delay(k: Kernel, micros: int) -> None:
    """Do nothing for this many microseconds. Sockets and callouts are served, processes are not.

    The caller is charged what it asked for, however late the host is. More than a call may last is a panic at
    once.
    """
    thread, charged = k.engine.current, 0.0
    whole = micros / 1_000_000
    if whole > k.engine.entry_limit:
        too_much(k, "n", f"{micros} microseconds", f"{k.engine.entry_limit:g} seconds, which a call may last")
    began = time.monotonic()
    while (left := whole - (time.monotonic() - began)) > 0:
        if left > _SHORT:
            k.sched.preempt(left - _SHORT / 2)
            passed = min(time.monotonic() - began, whole)
            k.engine.charge(thread, passed - charged)
            charged = passed
    k.engine.charge(thread, whole - charged)
    k.clock.hardclock()


@export("int tvtohz(const struct timeval *tv)", _HEADER)
def tvtohz(k: Kernel, tv: int) -> int:
    """How many ticks a timeout of that long needs: rounded up, and one for the tick that has begun."""
    seconds, micros = _load_timeval(k, tv)
    return _ticks(k, seconds * 1_000_000 + micros)


@export("int tstohz(const struct timespec *ts)", _HEADER)
def tstohz(k: Kernel, ts: int) -> int:
    """tvtohz of a struct timespec."""
    view = k.umem.view(timespec.layout(k.dm), ts)
    return _ticks(k, view.tv_sec * 1_000_000 + -(-view.tv_nsec // 1000))


@export("int tvhzto(const struct timeval *tv)", _HEADER)
@export("int hzto(struct timeval *tv)", _HEADER)
def hzto(k: Kernel, tv: int) -> int:
    """How many ticks until that time of day; 0 when it has passed."""
    seconds, micros = _load_timeval(k, tv)
    return _ticks(k, seconds * 1_000_000 + micros - int(k.now() * 1_000_000))


def _ticks(k: Kernel, micros: int) -> int:
    if micros <= 0:
        return 0
    tick = 1_000_000 // k.config.hz
    return min(-(-micros // tick) + 1, INT_MAX)


@export("int ratecheck(struct timeval *lasttime, const struct timeval *mininterval)", _HEADER)
def ratecheck(k: Kernel, lasttime: int, mininterval: int) -> int:
    """1, and `*lasttime` is set, when the interval has passed since then; else 0 (ratecheck(9))."""
    now = _split(k.sched.uptime(), 1_000_000)
    last, interval = _load_timeval(k, lasttime), _load_timeval(k, mininterval)
    passed = (now[0] - last[0]) * 1_000_000 + now[1] - last[1]
    if last != (0, 0) and passed < interval[0] * 1_000_000 + interval[1]:
        return 0
    k.umem.write(lasttime, timeval.layout(k.dm).pack(tv_sec=now[0], tv_usec=now[1]))
    return 1


@export("int ppsratecheck(struct timeval *lasttime, int *curpps, int maxpps)", _HEADER)
def ppsratecheck(k: Kernel, lasttime: int, curpps: int, maxpps: int) -> int:
    """1 for the first `maxpps` calls in each second, otherwise 0; always 1 when it is negative."""
    now = _split(k.sched.uptime(), 1_000_000)
    last = _load_timeval(k, lasttime)
    count = k.umem.i32(curpps)
    if last == (0, 0) or (now[0] - last[0]) * 1_000_000 + now[1] - last[1] >= 1_000_000:
        k.umem.write(lasttime, timeval.layout(k.dm).pack(tv_sec=now[0], tv_usec=now[1]))
        count = 0
    k.umem.set_u32(curpps, min(count + 1, INT_MAX))
    return int(maxpps < 0 or count < maxpps)
