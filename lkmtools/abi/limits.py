"""<sys/syslimits.h> and <machine/limits.h>."""

NAME_MAX = 511  # bytes of a name in a directory
PATH_MAX = 1024  # bytes of a path, with the NUL

INT_MIN, INT_MAX = -(1 << 31), (1 << 31) - 1
