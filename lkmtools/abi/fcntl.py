"""<sys/fcntl.h>: open(2) and fcntl(2), and the same flags as the kernel keeps them (f_flag)."""

O_RDONLY = 0x0000_0000
O_WRONLY = 0x0000_0001
O_RDWR = 0x0000_0002
O_ACCMODE = 0x0000_0003
O_NONBLOCK = 0x0000_0004
O_APPEND = 0x0000_0008
O_SHLOCK = 0x0000_0010
O_EXLOCK = 0x0000_0020
O_ASYNC = 0x0000_0040
O_SYNC = 0x0000_0080
O_NOFOLLOW = 0x0000_0100
O_CREAT = 0x0000_0200
O_TRUNC = 0x0000_0400
O_EXCL = 0x0000_0800
O_NOCTTY = 0x0000_8000
O_DSYNC = 0x0001_0000
O_RSYNC = 0x0002_0000
O_ALT_IO = 0x0004_0000
O_DIRECT = 0x0008_0000
O_DIRECTORY = 0x0020_0000
O_CLOEXEC = 0x0040_0000

FREAD = 0x0000_0001
FKIOCTL = 0x8000_0000  # an ioctl of the kernel itself
FWRITE = 0x0000_0002
FAPPEND = O_APPEND
FASYNC = O_ASYNC
FNONBLOCK = O_NONBLOCK
FNDELAY = O_NONBLOCK
O_NDELAY = O_NONBLOCK
FFSYNC = O_SYNC

# <sys/vnode.h>: the `ioflag` argument of a device's read and write.
IO_UNIT = 0x0000_0010
IO_APPEND = 0x0000_0020
IO_SYNC = 0x0000_0240
IO_DSYNC = 0x0000_0200
IO_NODELOCKED = 0x0000_0080
IO_NDELAY = 0x0000_0100

F_DUPFD = 0
F_GETFD = 1
F_SETFD = 2
F_GETFL = 3
F_SETFL = 4
F_GETOWN = 5
F_SETOWN = 6
F_GETLK = 7
F_SETLK = 8
F_SETLKW = 9
F_CLOSEM = 10
F_MAXFD = 11
F_DUPFD_CLOEXEC = 12

FD_CLOEXEC = 1

SEEK_SET, SEEK_CUR, SEEK_END = 0, 1, 2

F_OK, X_OK, W_OK, R_OK = 0, 1, 2, 4


def FFLAGS(oflags: int) -> int:
    """open(2) flags as the kernel keeps them: the access mode becomes FREAD and FWRITE."""
    return oflags + 1


def OFLAGS(fflags: int) -> int:
    """The kernel's flags as open(2) and F_GETFL have them."""
    return fflags - 1
