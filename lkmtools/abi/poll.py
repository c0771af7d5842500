"""<sys/poll.h> and <sys/selinfo.h>."""

from lkmtools.abi.datamodel import Struct

POLLIN = 0x0001
POLLPRI = 0x0002
POLLOUT = 0x0004
POLLERR = 0x0008
POLLHUP = 0x0010
POLLNVAL = 0x0020
POLLRDNORM = 0x0040
POLLWRNORM = POLLOUT
POLLRDBAND = 0x0080
POLLWRBAND = 0x0100
ALWAYS_READY = POLLIN | POLLOUT | POLLRDNORM | POLLWRNORM  # the events of a file that never waits
INFTIM = -1

pollfd = Struct("pollfd", "int fd; short events; short revents")
# Opaque to modules, which zero it; the kernel keeps the list of waiting lwps.
selinfo = Struct(
    "selinfo",
    """void *sel_klist; void *sel_cpu; struct lwp *sel_lwp; void *sel_chain; u_int sel_collision;
       uint32_t sel_reserved[3]""",
)
