"""settimeofday and clock_settime: root sets the time of day until the next boot."""

from __future__ import annotations

from lkmtools.abi.errno import EINVAL, EPERM
from lkmtools.abi.fcntl import O_CREAT, O_RDONLY
from lkmtools.abi.syscall import SYS_clock_getres, SYS_clock_settime, SYS_settimeofday
from lkmtools.abi.sysctl import CTL_KERN, KERN_BOOTTIME
from lkmtools.abi.time import CLOCK_MONOTONIC, CLOCK_REALTIME, TIME_MAX, timespec, timeval
from support.errors import errno_of
from support.lab import Lab

THEN = 10**9


def _set(lab: Lab, seconds: int, micros: int = 0) -> None:
    lab.p.syscall(SYS_settimeofday, timeval.layout(lab.k.dm).pack(tv_sec=seconds, tv_usec=micros), 0)


def test_everything_that_shows_the_time_follows(lab: Lab) -> None:
    """What a module reads, boottime, kern.boottime and a new file; the time since boot stays."""
    lab.load(
        "int probe_at(void)"
        " { struct timeval tv; microtime(&tv); return tv.tv_sec - time_second + tv.tv_sec; }\n"
        "int probe_boot(void) { return boottime.tv_sec; }\nint probe_up(void) { return time_uptime; }\n"
    )
    _set(lab, THEN)
    assert THEN <= lab.call("int probe_at(void)") < THEN + 60
    booted = lab.call("int probe_boot(void)")
    assert THEN - 60 < booted <= THEN
    assert lab.call("int probe_up(void)") < 60
    raw = lab.p.sysctl((CTL_KERN, KERN_BOOTTIME))
    assert isinstance(raw, bytes)
    assert timeval.layout(lab.k.dm).unpack(raw).tv_sec == booted
    fd = lab.p.open("/tmp/then", O_CREAT | O_RDONLY, 0o644)
    assert THEN <= lab.p.fstat(fd).st_mtimespec_tv_sec < THEN + 60


def test_binary_times_become_others_and_come_back(lab: Lab) -> None:
    """The functions of <sys/time.h>: a half, a carry, and a borrow."""
    lab.load(
        "int probe_go(void)\n{\n"
        " struct bintime a = { 1, (uint64_t)3 << 62 }, b = { 2, (uint64_t)1 << 63 }; struct timeval tv;\n"
        " struct timespec ts; bintime_add(&a, &b); bintime2timeval(&a, &tv); bintime2timespec(&b, &ts);\n"
        " if (tv.tv_sec != 4 || tv.tv_usec != 250000) return 1;\n"
        " if (ts.tv_sec != 2 || ts.tv_nsec != 500000000) return 2;\n"
        " bintime_sub(&a, &b); bintime_addx(&a, (uint64_t)1 << 62);\n"
        " if (a.sec != 2 || a.frac != 0) return 3;\n"
        " timespec2bintime(&ts, &a); timeval2bintime(&tv, &b);\n"
        " bintime2timespec(&a, &ts); bintime2timeval(&b, &tv);\n"
        " if (ts.tv_nsec < 499999998 || tv.tv_usec < 249999 || !timespecisset(&ts)) return 4;\n"
        " timespecclear(&ts); return timespecisset(&ts);\n}\n"
    )
    assert lab.call("int probe_go(void)") == 0


def test_clock_settime_sets_the_same_clock(lab: Lab) -> None:
    spec = timespec.layout(lab.k.dm)
    lab.p.syscall(SYS_clock_settime, CLOCK_REALTIME, spec.pack(tv_sec=THEN))
    assert THEN <= lab.k.now() < THEN + 60
    assert errno_of(lambda: lab.p.syscall(SYS_clock_settime, CLOCK_MONOTONIC, spec.pack())) == EINVAL
    buf = lab.p.buffer(spec.size)
    lab.p.syscall(SYS_clock_getres, CLOCK_MONOTONIC, buf)
    assert spec.unpack(bytes(buf.data)).tv_nsec == 1000
    assert errno_of(lambda: lab.p.syscall(SYS_clock_getres, 7, buf)) == EINVAL


def test_who_may_set_it_and_to_what(lab: Lab) -> None:
    """EINVAL of times that are none; root only; above securelevel 1 never back."""
    for seconds, micros in ((-1, 0), (0, 10**6), (0, -1)):
        assert errno_of(lambda s=seconds, us=micros: _set(lab, s, us)) == EINVAL
    user = lab.kernel.process("user", uid=1)
    when = timeval.layout(lab.k.dm).pack(tv_sec=TIME_MAX)
    assert errno_of(lambda: user.syscall(SYS_settimeofday, when, 0)) == EPERM
    lab.k.mem.set_u32(lab.k.symbol("securelevel"), 2)
    assert errno_of(lambda: _set(lab, THEN)) == EPERM
    _set(lab, TIME_MAX - 10)
    assert lab.k.now() > TIME_MAX - 60
