"""<sys/vnode.h> and <sys/namei.h>: vnodes, their attributes, operation vectors, names being looked up.

The sizes and offsets are NetBSD 5.2's; of struct vnode only the members are here that Python uses. A vnode
begins with its struct uvm_object (v_uobj), which has the use count and the interlock; no pages are in it.
"""

from lkmtools.abi.datamodel import Placed, Struct
from lkmtools.abi.mutex import kcondvar, krwlock
from lkmtools.abi.stat import S_IFBLK, S_IFCHR, S_IFDIR, S_IFIFO, S_IFLNK, S_IFMT, S_IFREG, S_IFSOCK
from lkmtools.abi.time import timespec

VNON, VREG, VDIR, VBLK, VCHR, VLNK, VSOCK, VFIFO, VBAD = range(9)
# The type bits of a mode by the type of a vnode, and the other way by those bits >> 12 (vfs_subr.c).
vttoif_tab = (0, S_IFREG, S_IFDIR, S_IFBLK, S_IFCHR, S_IFLNK, S_IFSOCK, S_IFIFO, S_IFMT)
iftovt_tab = tuple(vttoif_tab.index(n << 12) if n << 12 in vttoif_tab else VNON for n in range(16))


def IFTOVT(mode: int) -> int:
    """The type of a vnode whose file has this mode."""
    return iftovt_tab[(mode & S_IFMT) >> 12]


VEXEC, VWRITE, VREAD = 0o1, 0o2, 0o4
VNOVAL = -1
VA_UTIMES_NULL, VA_EXCLUSIVE = 0x01, 0x02  # va_vaflags

# v_vflag: changed with the vnode locked.
VV_ROOT, VV_SYSTEM, VV_ISTTY, VV_MAPPED, VV_MPSAFE = 0x0001, 0x0002, 0x0004, 0x0008, 0x0010
# v_iflag: changed with the interlock.
VI_TEXT, VI_EXECMAP, VI_XLOCK, VI_LAYER, VI_CLEAN = 0x0100, 0x0200, 0x1000, 0x2_0000, 0x8_0000
VSIZENOTSET = -1

# vflush().
SKIPSYSTEM, FORCECLOSE, WRITECLOSE = 1, 2, 4
V_SAVE = 1  # vinvalbuf()

VDESC_NO_OFFSET = -1
# vdesc_flags: which vnodes an operation releases (low byte) and unlocks (the next); PUT is both.
VDESC_VP0_WILLRELE, VDESC_VP0_WILLUNLOCK = 0x0001, 0x0100

vnlock = Struct(
    "vnlock", "struct krwlock vl_lock; u_int vl_canrecurse; u_int vl_recursecnt", {"krwlock": krwlock}
)
# vmobjlock to uo_refs are v_uobj's; macros of <sys/vnode.h> call vmobjlock v_interlock, uo_refs v_usecount.
# vu_mountedhere is v_un's, of which each type of vnode uses another member: v_mountedhere, v_specnode ...
# vmobjlock stands for the whole lock.
vnode = Placed(
    "vnode",
    (304, 184),
    """void *vmobjlock 0/0; const void *pgops 8/4; void *memq.tqh_first 16/8; int uo_refs 36/20;
       struct kcondvar v_cv 72/40; off_t v_size 96/52; off_t v_writesize 104/60; int v_iflag 112/68;
       int v_vflag 116/72; int v_writecount 128/84; int v_holdcnt 132/88; struct mount *v_mount 144/96;
       void *v_op 152/100;
       struct vnode *v_mntvnodes.tqe_next 184/116; struct mount *vu_mountedhere 248/148; int v_type 256/152;
       int v_tag 260/156; struct vnlock v_lock 264/160; struct vnlock *v_vnlock 280/172;
       void *v_data 288/176""",
    {"kcondvar": kcondvar, "vnlock": vnlock},
)
vattr = Struct(
    "vattr",
    """int va_type; mode_t va_mode; u_int va_nlink; uid_t va_uid; gid_t va_gid; long va_fsid;
       ino_t va_fileid; uint64_t va_size; long va_blocksize; struct timespec va_atime;
       struct timespec va_mtime; struct timespec va_ctime; struct timespec va_birthtime; u_long va_gen;
       u_long va_flags; dev_t va_rdev; uint64_t va_bytes; uint64_t va_filerev; u_int va_vaflags;
       long va_spare""",
    {"timespec": timespec},
)
vnodeop_desc = Struct(
    "vnodeop_desc",
    """int vdesc_offset; const char *vdesc_name; int vdesc_flags; const int *vdesc_vp_offsets;
       int vdesc_vpp_offset; int vdesc_cred_offset; int vdesc_componentname_offset;
       const char **vdesc_transports""",
)
vnodeopv_entry_desc = Struct(
    "vnodeopv_entry_desc", "const struct vnodeop_desc *opve_op; int (*opve_impl)(void *)"
)
vnodeopv_desc = Struct(
    "vnodeopv_desc", "void *opv_desc_vector_p; const struct vnodeopv_entry_desc *opv_desc_ops"
)
