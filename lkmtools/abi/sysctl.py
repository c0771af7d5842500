"""<sys/sysctl.h>: top-level and CTL_KERN names by number."""

from lkmtools.abi.datamodel import Struct

CTL_MAXNAME = 12
SYSCTL_NAMELEN = 32

(
    CTL_UNSPEC,
    CTL_KERN,
    CTL_VM,
    CTL_VFS,
    CTL_NET,
    CTL_DEBUG,
    CTL_HW,
    CTL_MACHDEP,
    CTL_USER,
    CTL_DDB,
    CTL_PROC,
) = range(11)
CTL_VENDOR, CTL_EMUL, CTL_SECURITY = 11, 12, 13

CTL_EOL = -1
CTL_QUERY = -2
CTL_CREATE = -3

KERN_OSTYPE = 1
KERN_OSRELEASE = 2
KERN_OSREV = 3
KERN_VERSION = 4
KERN_MAXVNODES = 5
KERN_MAXPROC = 6
KERN_MAXFILES = 7
KERN_ARGMAX = 8
KERN_SECURELVL = 9
KERN_HOSTNAME = 10
KERN_HOSTID = 11
KERN_CLOCKRATE = 12
KERN_PROC = 14
KERN_BOOTTIME = 21
KERN_MSGBUFSIZE = 31
KERN_MSGBUF = 53
KERN_DRIVERS = 75
KERN_HARDCLOCK_TICKS = 80

HW_MACHINE = 1
HW_MODEL = 2
HW_NCPU = 3
HW_BYTEORDER = 4
HW_PHYSMEM = 5
HW_USERMEM = 6
HW_PAGESIZE = 7
HW_MACHINE_ARCH = 10

CTLTYPE_NODE, CTLTYPE_INT, CTLTYPE_STRING, CTLTYPE_QUAD, CTLTYPE_STRUCT = 1, 2, 3, 4, 5

# What kern.drivers is an array of; -1 for a kind of device that the driver has not.
kinfo_drivers = Struct("kinfo_drivers", "int d_cmajor; int d_bmajor; char d_name[24]")

# Dotted names of the nodes the kernel has, and their numbers.
NAMES: dict[str, tuple[int, ...]] = {
    "kern.ostype": (CTL_KERN, KERN_OSTYPE),
    "kern.osrelease": (CTL_KERN, KERN_OSRELEASE),
    "kern.osrevision": (CTL_KERN, KERN_OSREV),
    "kern.version": (CTL_KERN, KERN_VERSION),
    "kern.maxproc": (CTL_KERN, KERN_MAXPROC),
    "kern.maxfiles": (CTL_KERN, KERN_MAXFILES),
    "kern.securelevel": (CTL_KERN, KERN_SECURELVL),
    "kern.hostname": (CTL_KERN, KERN_HOSTNAME),
    "kern.boottime": (CTL_KERN, KERN_BOOTTIME),
    "kern.hardclock_ticks": (CTL_KERN, KERN_HARDCLOCK_TICKS),
    "hw.machine": (CTL_HW, HW_MACHINE),
    "hw.machine_arch": (CTL_HW, HW_MACHINE_ARCH),
    "hw.ncpu": (CTL_HW, HW_NCPU),
    "hw.byteorder": (CTL_HW, HW_BYTEORDER),
    "hw.physmem": (CTL_HW, HW_PHYSMEM),
    "hw.pagesize": (CTL_HW, HW_PAGESIZE),
}
