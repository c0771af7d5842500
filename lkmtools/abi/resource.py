"""<sys/resource.h>: limits of a process."""

from lkmtools.abi.datamodel import Struct

RLIMIT_CPU, RLIMIT_FSIZE, RLIMIT_DATA, RLIMIT_STACK, RLIMIT_CORE, RLIMIT_RSS = 0, 1, 2, 3, 4, 5
RLIMIT_MEMLOCK, RLIMIT_NPROC, RLIMIT_NOFILE, RLIMIT_SBSIZE, RLIMIT_AS = 6, 7, 8, 9, 10
RLIM_NLIMITS = 11
RLIM_INFINITY = (1 << 63) - 1

rlimit = Struct("rlimit", "uint64_t rlim_cur; uint64_t rlim_max")
