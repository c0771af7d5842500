"""<sys/resource.h>: limits and usage of a process."""

from lkmtools.abi.datamodel import Struct
from lkmtools.abi.time import timeval

RLIMIT_CPU, RLIMIT_FSIZE, RLIMIT_DATA, RLIMIT_STACK, RLIMIT_CORE, RLIMIT_RSS = 0, 1, 2, 3, 4, 5
RLIMIT_MEMLOCK, RLIMIT_NPROC, RLIMIT_NOFILE, RLIMIT_SBSIZE, RLIMIT_AS = 6, 7, 8, 9, 10
RLIM_NLIMITS = 11
RLIM_INFINITY = (1 << 63) - 1
RUSAGE_SELF, RUSAGE_CHILDREN = 0, -1

rusage = Struct(
    "rusage",
    """struct timeval ru_utime; struct timeval ru_stime; long ru_maxrss; long ru_ixrss; long ru_idrss;
       long ru_isrss; long ru_minflt; long ru_majflt; long ru_nswap; long ru_inblock; long ru_oublock;
       long ru_msgsnd; long ru_msgrcv; long ru_nsignals; long ru_nvcsw; long ru_nivcsw""",
    {"timeval": timeval},
)
rlimit = Struct("rlimit", "uint64_t rlim_cur; uint64_t rlim_max")
