"""<sys/time.h>: time values. A time_t has 32 bits on every machine, and ends on 19 January 2038."""

from lkmtools.abi.datamodel import Struct

timeval = Struct("timeval", "long tv_sec; long tv_usec")
timespec = Struct("timespec", "time_t tv_sec; long tv_nsec")
bintime = Struct("bintime", "time_t sec; uint64_t frac")
timezone = Struct("timezone", "int tz_minuteswest; int tz_dsttime")
itimerval = Struct("itimerval", "struct timeval it_interval; struct timeval it_value", {"timeval": timeval})
itimerspec = Struct(
    "itimerspec", "struct timespec it_interval; struct timespec it_value", {"timespec": timespec}
)

ITIMER_REAL = 0
CLOCK_REALTIME, CLOCK_VIRTUAL, CLOCK_PROF, CLOCK_MONOTONIC = 0, 1, 2, 3

TIME_MIN, TIME_MAX = -(1 << 31), (1 << 31) - 1  # of a time_t: December 1901, 03:14:07 on 19 January 2038


def wrapped(seconds: int) -> int:
    """Seconds since 1970 as a time_t counts them: after TIME_MAX comes TIME_MIN."""
    return (seconds - TIME_MIN & 0xFFFFFFFF) + TIME_MIN


def nearest(seconds: int) -> int:
    """The time_t that is nearest: for a time of the host, which has more bits."""
    return min(max(seconds, TIME_MIN), TIME_MAX)
