"""Interval timers: setitimer, getitimer (kern_time.c of NetBSD 5.2).

Only ITIMER_REAL: there is no clock of the time that a process runs.
"""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any

from lkmtools.abi.errno import EINVAL
from lkmtools.abi.siginfo import SI_TIMER
from lkmtools.abi.signal import SIGALRM
from lkmtools.abi.syscall import SYS_getitimer, SYS_setitimer
from lkmtools.abi.time import ITIMER_REAL, itimerval
from lkmtools.errors import KernelError
from lkmtools.kern.proc.kern_proc import Cause, RealTimer
from lkmtools.kern.proc.kern_sig import signal_proc, signals_of
from lkmtools.kern.proc.syscall import syscall

if TYPE_CHECKING:
    from lkmtools.kern.kernel import Kernel
    from lkmtools.kern.proc.kern_proc import Lwp, Proc

_MICRO = 1_000_000
_LONGEST = 100_000_000  # seconds (itimerfix())


def _seconds(asked: Any, name: str) -> float:
    """A time that was asked for; EINVAL."""
    seconds, micros = getattr(asked, f"{name}_tv_sec"), getattr(asked, f"{name}_tv_usec")
    if not 0 <= seconds <= _LONGEST or not 0 <= micros < _MICRO:
        raise KernelError(EINVAL, f"invalid time: {seconds} s and {micros} us")
    return float(seconds + micros / _MICRO)


def _pack(k: Kernel, timer: RealTimer | None) -> bytes:
    """A struct itimerval: how long until the next signal, and between signals."""
    left, interval = 0, 0
    if timer is not None:
        left = max(1, int((timer.when - time.monotonic()) * _MICRO))
        interval = int(timer.interval * _MICRO)
    values = {}
    for name, micros in (("it_value", left), ("it_interval", interval)):
        values[f"{name}.tv_sec"], values[f"{name}.tv_usec"] = divmod(micros, _MICRO)
    return itimerval.layout(k.dm).pack(**values)


def _start(k: Kernel, proc: Proc, when: float, interval: float) -> None:
    """SIGALRM at a time, and each `interval` seconds after it."""
    assert proc.program is not None

    def expire() -> None:
        signal_proc(k, proc, SIGALRM, Cause(SI_TIMER))
        assert proc.program is not None
        proc.program.itimer = None
        if interval:
            now = time.monotonic()
            missed = max(0, int((now - when) / interval))
            _start(k, proc, when + (missed + 1) * interval, interval)

    timer = k.sched.at(max(0.0, when - time.monotonic()), expire)
    proc.program.itimer = RealTimer(when, interval, timer)


def _real(which: int) -> None:
    if which != ITIMER_REAL:
        raise KernelError(EINVAL, f"unsupported interval timer: {which} (only ITIMER_REAL, 0, is supported)")


@syscall(SYS_getitimer, "int which, struct itimerval *itv")
def sys_getitimer(k: Kernel, lwp: Lwp, which: int, addr: int) -> None:
    """What is left of the timer; zeros when none runs."""
    _real(which)
    lwp.proc.space.write(addr, _pack(k, signals_of(lwp).itimer))


@syscall(SYS_setitimer, "int which, const struct itimerval *itv, struct itimerval *oitv")
def sys_setitimer(k: Kernel, lwp: Lwp, which: int, new: int, old: int) -> None:
    """SIGALRM after a time, and again in intervals; a time of 0 stops that. EINVAL."""
    _real(which)
    program, layout = signals_of(lwp), itimerval.layout(k.dm)
    before = _pack(k, program.itimer)
    if new:
        asked = layout.unpack(lwp.proc.space.read(new, layout.size))
        value, interval = _seconds(asked, "it_value"), _seconds(asked, "it_interval")
        program.stop_itimer()
        if value:
            _start(k, lwp.proc, time.monotonic() + value, interval)
    if old:
        lwp.proc.space.write(old, before)
