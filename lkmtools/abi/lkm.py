"""<sys/lkm.h> of NetBSD 5.2 (LKM_VERSION 2), with LMRESERV_O; LMINFO, LMREFS, LMWHOHAS, LMSTATS are ours."""

from lkmtools.abi.datamodel import Struct
from lkmtools.abi.ioccom import IOC_IN, IOC_INOUT, IOC_VOID, Ioctl

NetBSD_Version = 502000000  # __NetBSD_Version__
LKM_VERSION = 2
MAXLKMNAME = 32
MODIOBUF = 65536  # 512 in the original; differences.md
MAX_IMAGE = 64 << 20  # bytes of a module, and of its symbols; not limited in the original

LM_SYSCALL, LM_VFS, LM_DEV, LM_STRMOD, LM_EXEC, LM_COMPAT, LM_MISC, LM_DRV = range(8)
TYPE_NAMES = ("SYSCALL", "VFS", "DEV", "STRMOD", "EXEC", "COMPAT", "MISC", "DRV")

LKM_E_LOAD, LKM_E_UNLOAD, LKM_E_STAT = 1, 2, 3

_name = {"MAXLKMNAME": MAXLKMNAME}

lmc_oresrv = Struct("lmc_oresrv", "u_long size; char *name; int slot; u_long addr")
lmc_resrv = Struct(
    "lmc_resrv",
    """u_long size; char *name; int slot; u_long addr; u_long xxx_unused1; u_long sym_size;
       u_long xxx_unused2; u_long sym_symsize; u_long sym_addr""",
)
lmc_loadbuf = Struct("lmc_loadbuf", "int cnt; char *data")
lmc_load = Struct("lmc_load", "void *address; int status; int id")
lmc_unload = Struct("lmc_unload", "int id; char *name; int status")
lmc_stat = Struct(
    "lmc_stat",
    """int id; char name[MAXLKMNAME]; u_long offset; int type; u_long area; u_long size; u_long private;
       int ver""",
    constants=_name,
)
# Ours: many of them at once, of the modules from `id` on. `nstats` is the room behind `stats`.
lmc_stats = Struct("lmc_stats", "int id; u_int nstats; struct lmc_stat *stats")

# Ours: what the historic calls cannot carry. Offsets are from the start of the area; names are offsets
# into the string table, whose byte 0 is NUL.
LMINFO_VERSION = 2
lmi_segment = Struct("lmi_segment", "u_long offset; u_long size; u_int prot; u_int reserved")
lmi_symbol = Struct("lmi_symbol", "u_long offset; u_long size; u_int name; u_int type")
lmi_import = Struct("lmi_import", "u_long value; u_int name; u_int flags")
lmc_info = Struct(
    "lmc_info",
    """u_int version; u_int nsegments; struct lmi_segment *segments; u_int nsymbols; u_int nimports;
       struct lmi_symbol *symbols; struct lmi_import *imports; char *strings; u_long strsize;
       u_int path; u_int buildid_len; u_char buildid[32]; u_int dialect; u_int checksum""",
)
LMI_PROT_READ, LMI_PROT_WRITE, LMI_PROT_EXEC = 1, 2, 4
LMI_ASSIGNED = 1  # of an import: the user said the value

# Ours too: who needs a module, and which module has a symbol that nobody may link to.
LMREFS_VERSION = 1
LMR_USES, LMR_USEDBY, LMR_HOLD, LMR_CALL = 1, 2, 3, 4
lmr_ref = Struct(
    "lmr_ref", "u_int kind; int id; u_int count; u_int reserved; char name[MAXLKMNAME]", constants=_name
)
lmc_refs = Struct(
    "lmc_refs",
    """u_int version; int id; struct lmr_ref *refs; u_int nrefs; u_int reserved; char *path; u_long pathlen;
       u_long size""",
)
lmc_whohas = Struct("lmc_whohas", "char *symbol; int id; char name[MAXLKMNAME]", constants=_name)

LMRESERV_O = Ioctl("LMRESERV_O", IOC_INOUT, "K", 0, lmc_oresrv)
LMLOADBUF = Ioctl("LMLOADBUF", IOC_IN, "K", 1, lmc_loadbuf)
LMUNRESRV = Ioctl("LMUNRESRV", IOC_VOID, "K", 2, None)
LMREADY = Ioctl("LMREADY", IOC_IN, "K", 3, "u_long")
LMRESERV = Ioctl("LMRESERV", IOC_INOUT, "K", 4, lmc_resrv)
LMLOAD = Ioctl("LMLOAD", IOC_IN, "K", 9, lmc_load)
LMUNLOAD = Ioctl("LMUNLOAD", IOC_INOUT, "K", 10, lmc_unload)
LMSTAT = Ioctl("LMSTAT", IOC_INOUT, "K", 11, lmc_stat)
LMLOADSYMS = Ioctl("LMLOADSYMS", IOC_IN, "K", 12, lmc_loadbuf)
LMFORCE = Ioctl("LMFORCE", IOC_IN, "K", 13, "u_long")
LMINFO = Ioctl("LMINFO", IOC_IN, "K", 32, lmc_info)
LMREFS = Ioctl("LMREFS", IOC_INOUT, "K", 33, lmc_refs)
LMWHOHAS = Ioctl("LMWHOHAS", IOC_INOUT, "K", 34, lmc_whohas)  # of /dev/ksyms, which a linker has open
LMSTATS = Ioctl("LMSTATS", IOC_INOUT, "K", 35, lmc_stats)

IOCTLS = (
    LMRESERV_O, LMLOADBUF, LMUNRESRV, LMREADY, LMRESERV, LMLOAD, LMUNLOAD, LMSTAT, LMLOADSYMS, LMFORCE,
    LMINFO, LMREFS, LMWHOHAS, LMSTATS,
)  # fmt: skip

# The kernel's record of a module (kern_lkm.c 1.98). `private` points to one of the structs below.
lkm_table = Struct(
    "lkm_table",
    """char refcnt; char forced; int (*entry)(struct lkm_table *, int, int); void *private;
       u_long size; u_long offset; u_long area; u_long syms; u_long sym_size; u_long sym_offset;
       u_long sym_symsize; int id; struct lkm_table *tqe_next; struct lkm_table **tqe_prev""",
)

lkm_any = Struct(
    "lkm_any",
    """int lkm_type; const char *lkm_name; u_long lkm_offset; u_int lkm_modver; u_int lkm_sysver;
       const char *lkm_envver""",
)
sysent = Struct("sysent", "short sy_narg; short sy_argsize; int sy_flags; int (*sy_call)(void)")
_any = {"lkm_any": lkm_any, "sysent": sysent}
lkm_syscall = Struct(
    "lkm_syscall", "struct lkm_any mod; struct sysent *lkm_sysent; struct sysent lkm_oldent", _any
)
lkm_dev = Struct(
    "lkm_dev",
    """struct lkm_any mod; const char *lkm_devname; const struct bdevsw *lkm_bdev; int lkm_bdevmaj;
       const struct cdevsw *lkm_cdev; int lkm_cdevmaj""",
    _any,
)
lkm_vfs = Struct("lkm_vfs", "struct lkm_any mod; struct vfsops *lkm_vfsops", _any)
lkm_exec = Struct("lkm_exec", "struct lkm_any mod; struct execsw *lkm_execsw; const char *lkm_emul", _any)
lkm_compat = Struct("lkm_compat", "struct lkm_any mod; const struct emul *lkm_compat", _any)
lkm_drv = Struct("lkm_drv", "struct lkm_any mod; void **lkm_cd; const void *lkm_cai; void *lkm_cf", _any)


def LKM_MAKEMAJOR(bmajor: int, cmajor: int) -> int:
    """Block and character major in one lkm_offset, as <sys/lkm.h> packs them."""
    return (bmajor & 0xFFFF) << 16 | (cmajor & 0xFFFF)


def _sign16(value: int) -> int:
    return value - 0x10000 if value & 0x8000 else value


def LKM_BLOCK_MAJOR(offset: int) -> int:
    """The block major of an lkm_offset; -1 when there is none."""
    return _sign16(offset >> 16 & 0xFFFF)


def LKM_CHAR_MAJOR(offset: int) -> int:
    """The character major of an lkm_offset; -1 when there is none."""
    return _sign16(offset & 0xFFFF)
