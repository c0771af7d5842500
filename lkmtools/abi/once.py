"""<sys/once.h>: RUN_ONCE(9)."""

from lkmtools.abi.datamodel import Struct

ONCE_VIRGIN, ONCE_RUNNING, ONCE_DONE = 0, 1, 2
once = Struct("once", "int o_status; int o_error")
