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
CTL_CREATESYM = -4
CTL_DESTROY = -5
CTL_MMAP = -6
CTL_DESCRIBE = -7

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
HW_DISKNAMES = 8
HW_IOSTATS = 9
HW_MACHINE_ARCH = 10

CTLTYPE_NODE, CTLTYPE_INT, CTLTYPE_STRING, CTLTYPE_QUAD, CTLTYPE_STRUCT, CTLTYPE_BOOL = range(1, 7)
SCALAR_SIZES = {CTLTYPE_INT: 4, CTLTYPE_QUAD: 8, CTLTYPE_BOOL: 1}  # bytes

CTLFLAG_READONLY = 0x00000000
CTLFLAG_READWRITE = 0x00000070
CTLFLAG_ANYWRITE = 0x00000080
CTLFLAG_PRIVATE = 0x00000100
CTLFLAG_PERMANENT = 0x00000200
CTLFLAG_OWNDATA = 0x00000400
CTLFLAG_IMMEDIATE = 0x00000800
CTLFLAG_HEX = 0x00001000
CTLFLAG_ROOT = 0x00002000
CTLFLAG_ANYNUMBER = 0x00004000
CTLFLAG_HIDDEN = 0x00008000
CTLFLAG_ALIAS = 0x00010000
CTLFLAG_MMAP = 0x00020000
CTLFLAG_OWNDESC = 0x00040000
CTLFLAG_UNSIGNED = 0x00080000

SYSCTL_VERSION = 0x01000000
SYSCTL_TYPEMASK = 0x0000000F
SYSCTL_FLAGMASK = 0x00FFFFF0
SYSCTL_DEFSIZE = 8

# A node, as one of CTLTYPE_NODE has it. In the place of csize and clen, a leaf has its value
# (CTLFLAG_IMMEDIATE) or the address of its data. Pointers take 8 bytes on every machine; a narrow one has the
# lower half of them.
sysctlnode = Struct(
    "sysctlnode",
    """uint32_t sysctl_flags; int32_t sysctl_num; char sysctl_name[SYSCTL_NAMELEN]; uint32_t sysctl_ver;
       uint32_t __rsvd; uint32_t sysctl_csize; uint32_t sysctl_clen; uint64_t sysctl_child;
       uint64_t sysctl_size; uint64_t sysctl_func; uint64_t sysctl_parent; uint64_t sysctl_desc""",
    constants={"SYSCTL_NAMELEN": SYSCTL_NAMELEN},
)

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
