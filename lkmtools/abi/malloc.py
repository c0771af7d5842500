"""<sys/malloc.h> and <sys/kmem.h>: flags, struct malloc_type, and the types the kernel exports."""

from lkmtools.abi.datamodel import Struct

M_WAITOK = 0x0000
M_NOWAIT = 0x0001
M_ZERO = 0x0002
M_CANFAIL = 0x0004

KM_SLEEP = 0x0000_0001
KM_NOSLEEP = 0x0000_0002

M_MAGIC = 877983977

malloc_type = Struct(
    "malloc_type",
    """struct malloc_type *ks_next; u_long ks_magic; const char *ks_shortdesc; u_long ks_inuse;
       u_long ks_calls; u_long ks_memuse; u_short ks_limblocks; u_short ks_mapblocks; u_long ks_maxused;
       u_long ks_limit; u_long ks_size; u_long ks_spare""",
)

# Symbol and short description of each malloc type of the kernel's own.
MALLOC_TYPES = (
    ("M_BPF", "BPF"),
    ("M_CACHE", "cache"),
    ("M_CRED", "cred"),
    ("M_DEVBUF", "devbuf"),
    ("M_DMAMAP", "DMA map"),
    ("M_EMULDATA", "emuldata"),
    ("M_EXEC", "exec"),
    ("M_FREE", "free"),
    ("M_FTABLE", "fragtbl"),
    ("M_IFADDR", "ifaddr"),
    ("M_IOCTLOPS", "ioctlops"),
    ("M_IPMADDR", "in_maddr"),
    ("M_IPMOPTS", "ip_moptions"),
    ("M_KEVENT", "kevent"),
    ("M_MBUF", "mbuf"),
    ("M_MOUNT", "mount"),
    ("M_MRTABLE", "mrt"),
    ("M_NETADDR", "Export Host"),
    ("M_PCB", "pcb"),
    ("M_PROC", "proc"),
    ("M_RTABLE", "routetbl"),
    ("M_SOFTINTR", "softintr"),
    ("M_SONAME", "soname"),
    ("M_SOOPTS", "soopts"),
    ("M_SUBPROC", "subproc"),
    ("M_SYSCTLDATA", "sysctldata"),
    ("M_TEMP", "temp"),
    ("M_TTYS", "ttys"),
    ("M_UFSMNT", "UFS mount"),
    ("M_VNODE", "vnodes"),
    # Of NetBSD 1.4 and OpenBSD.
    ("M_FILE", "file"),
    ("M_FILEDESC", "file desc"),
    ("M_IOV", "iov"),
    ("M_LOCKF", "lockf"),
    ("M_MISCFSMNT", "miscfs mnt"),
    ("M_MISCFSNODE", "miscfs node"),
    ("M_NAMEI", "namei"),
    ("M_PGRP", "pgrp"),
    ("M_SESSION", "session"),
    ("M_SHM", "shm"),
    ("M_SOCKET", "socket"),
    ("M_ZOMBIE", "zombie"),
)
