"""<sys/conf.h> and the device numbers of <sys/types.h>, NetBSD 5.2: the device switch tables."""

from lkmtools.abi.datamodel import Struct

MAXDEVSW = 512  # dynamic majors stop below this (subr_devsw.c)

D_OTHER = 0x0000
D_TAPE = 0x0001
D_DISK = 0x0002
D_TTY = 0x0003
D_TYPEMASK = 0x00FF
D_MPSAFE = 0x0100

DEV_MEM = 0
DEV_KMEM = 1
DEV_NULL = 2
DEV_ZERO = 12

# Character majors (conf/majors, and the machines' conf.c).
CN_MAJOR, MEM_MAJOR, LKM_MAJOR = 0, 2, 28
KSYMS_MAJOR = {"amd64": 85, "i386": 101}

NODEVMAJOR = -1

bdevsw = Struct(
    "bdevsw",
    """int (*d_open)(dev_t, int, int, struct lwp *);
       int (*d_close)(dev_t, int, int, struct lwp *);
       void (*d_strategy)(struct buf *);
       int (*d_ioctl)(dev_t, u_long, void *, int, struct lwp *);
       int (*d_dump)(dev_t, daddr_t, void *, size_t);
       int (*d_psize)(dev_t);
       int d_flag""",
)

cdevsw = Struct(
    "cdevsw",
    """int (*d_open)(dev_t, int, int, struct lwp *);
       int (*d_close)(dev_t, int, int, struct lwp *);
       int (*d_read)(dev_t, struct uio *, int);
       int (*d_write)(dev_t, struct uio *, int);
       int (*d_ioctl)(dev_t, u_long, void *, int, struct lwp *);
       void (*d_stop)(struct tty *, int);
       struct tty *(*d_tty)(dev_t);
       int (*d_poll)(dev_t, int, struct lwp *);
       paddr_t (*d_mmap)(dev_t, off_t, int);
       int (*d_kqfilter)(dev_t, struct knote *);
       int d_flag""",
)


NODEV = 0xFFFF_FFFF  # no device's dev_t


def major(dev: int) -> int:
    """The major number in a dev_t: bits 8 to 19 (<sys/types.h>)."""
    return dev >> 8 & 0xFFF


def minor(dev: int) -> int:
    """The minor number in a dev_t: bits 20 to 31 above bits 0 to 7 (<sys/types.h>)."""
    return dev >> 12 & 0xFFF00 | dev & 0xFF


def makedev(maj: int, mnr: int) -> int:
    """The dev_t of a major (0 to 4095) and a minor (0 to 0xfffff); the rest of the bits are dropped."""
    return maj << 8 & 0xFFF00 | mnr << 12 & 0xFFF0_0000 | mnr & 0xFF
