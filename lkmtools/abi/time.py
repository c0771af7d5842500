"""<sys/time.h>: with a 64-bit time_t on every machine."""

from lkmtools.abi.datamodel import Struct

timeval = Struct("timeval", "time_t tv_sec; suseconds_t tv_usec")
timespec = Struct("timespec", "time_t tv_sec; long tv_nsec")
bintime = Struct("bintime", "time_t sec; uint64_t frac")
timezone = Struct("timezone", "int tz_minuteswest; int tz_dsttime")
itimerval = Struct("itimerval", "struct timeval it_interval; struct timeval it_value", {"timeval": timeval})
itimerspec = Struct(
    "itimerspec", "struct timespec it_interval; struct timespec it_value", {"timespec": timespec}
)

ITIMER_REAL = 0
CLOCK_REALTIME, CLOCK_VIRTUAL, CLOCK_PROF, CLOCK_MONOTONIC = 0, 1, 2, 3
