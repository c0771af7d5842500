"""Vnode operations that file systems share, and those of dead vnodes (genfs_vnops.c, dead_vnops.c of 5.2).

The lock of a vnode is a reader-writer lock behind v_vnlock (vlockmgr() of vfs_vnops.c).

Not modelled: pages. genfs_getpages returns EOPNOTSUPP, genfs_putpages has nothing to write.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

from lkmtools.abi.datamodel import C_TEXT
from lkmtools.abi.errno import (
    EACCES,
    EBADF,
    EBUSY,
    EINVAL,
    EIO,
    ENOTDIR,
    ENXIO,
    EOPNOTSUPP,
    EPASSTHROUGH,
    EPERM,
)
from lkmtools.abi.mount import mount
from lkmtools.abi.mutex import (
    LK_CANRECURSE,
    LK_DOWNGRADE,
    LK_EXCLOTHER,
    LK_EXCLUSIVE,
    LK_INTERLOCK,
    LK_NOWAIT,
    LK_RELEASE,
    LK_SHARED,
    LK_TYPE_MASK,
    LK_UPGRADE,
    RW_READER,
    RW_WRITER,
)
from lkmtools.abi.poll import ALWAYS_READY
from lkmtools.abi.ucred import kauth_cred
from lkmtools.abi.vnode import (
    VDESC_VP0_WILLRELE,
    VDESC_VP0_WILLUNLOCK,
    VDIR,
    VEXEC,
    vnlock,
    vnode,
    vnodeop_desc,
)
from lkmtools.abi.vnode_if import VNODE_OPS_COUNT
from lkmtools.errors import KernelError
from lkmtools.kern.base.bound import Steps
from lkmtools.kern.base.export import Data, Function, constant, export
from lkmtools.kern.sync import kern_mutex, kern_rwlock
from lkmtools.kern.sync.subr_lockdebug import lock_name, me
from lkmtools.kern.vfs.vfs_subr import vput, vrele
from lkmtools.kern.vfs.vfs_vnode import interlock, view_of
from lkmtools.kern.vfs.vnode_if import check_vnode

if TYPE_CHECKING:
    from lkmtools.kern.kernel import Kernel
    from lkmtools.machine.memory import View

_HEADER, _VNODE = "miscfs/genfs/genfs.h", "sys/vnode.h"
_MOST_VNODES = 8  # of one operation (VDESC_MAX_VPS)


def _argument(k: Kernel, v: int, operation: str, name: str) -> int:
    """One member of an operation's argument struct."""
    args = k.vfs.operations[operation].args
    value: int = args.get(k.umem.read(v, args.size), 0, f"a_{name}")
    return value


# -- locks --------------------------------------------------------------------------------------------------


@export("int vlockmgr(struct vnlock *vl, int flags)", _VNODE)
def vlockmgr(k: Kernel, vl: int, flags: int) -> int:
    """Lock, upgrade, downgrade or release. EBUSY with LK_NOWAIT; a bad request is a panic."""
    view = k.umem.view(vnlock.layout(k.dm), vl)
    request = flags & LK_TYPE_MASK
    mine = kern_rwlock.rw_holders(k, vl, "vlockmgr")[0] == me(k)
    if request in (LK_SHARED, LK_EXCLUSIVE):
        if mine and (flags & LK_CANRECURSE or view.vl_canrecurse):
            view.vl_recursecnt = view.vl_recursecnt + 1
            return 0
        op = RW_READER if request == LK_SHARED else RW_WRITER
        if not flags & LK_NOWAIT:
            kern_rwlock.rw_enter(k, vl, op)
        elif not kern_rwlock.rw_tryenter(k, vl, op):
            raise KernelError(EBUSY, f"the vnode lock at {lock_name(k, vl)} is held")
    elif request == LK_RELEASE:
        if mine and view.vl_recursecnt:
            view.vl_recursecnt = view.vl_recursecnt - 1
        else:
            kern_rwlock.rw_exit(k, vl)
    elif request == LK_UPGRADE:
        if not kern_rwlock.rw_tryupgrade(k, vl):
            raise KernelError(EBUSY, f"the vnode lock at {lock_name(k, vl)} has other readers")
    elif request == LK_DOWNGRADE:
        kern_rwlock.rw_downgrade(k, vl)
    else:
        k.panic(f"vlockmgr: unsupported flags {flags:#x}")
    return 0


@export("int vlockstatus(struct vnlock *vl)", _VNODE)
def vlockstatus(k: Kernel, vl: int) -> int:
    """LK_EXCLUSIVE: held by the caller; LK_EXCLOTHER (8): by another; LK_SHARED; 0: free."""
    owner, readers = kern_rwlock.rw_holders(k, vl, "vlockstatus")
    if owner:
        return LK_EXCLUSIVE if owner == me(k) else LK_EXCLOTHER
    return LK_SHARED if readers else 0


@export("u_int vn_setrecurse(struct vnode *vp)", _VNODE)
def vn_setrecurse(k: Kernel, vp: int) -> int:
    """Let the holder of a vnode's lock take it again. What it was before is for vn_restorerecurse()."""
    lock = k.umem.view(vnlock.layout(k.dm), view_of(k, vp, "vn_setrecurse").v_vnlock)
    before: int = lock.vl_canrecurse
    lock.vl_canrecurse = before + 1
    return before


@export("void vn_restorerecurse(struct vnode *vp, u_int flags)", _VNODE)
def vn_restorerecurse(k: Kernel, vp: int, flags: int) -> None:
    """As before vn_setrecurse(), which returned `flags`."""
    lock = k.umem.view(vnlock.layout(k.dm), view_of(k, vp, "vn_restorerecurse").v_vnlock)
    lock.vl_canrecurse = flags


def _locked(k: Kernel, v: int, operation: str) -> View:
    vp = _argument(k, v, operation, "vp")
    check_vnode(k, vp, f"genfs_{operation}")
    return k.mem.view(vnode.layout(k.dm), vp)


@export("int genfs_lock(void *v)", _HEADER)
def genfs_lock(k: Kernel, v: int) -> int:
    """VOP_LOCK: vlockmgr() of v_vnlock."""
    view, flags = _locked(k, v, "lock"), _argument(k, v, "lock", "flags")
    if flags & LK_INTERLOCK:
        kern_mutex.mutex_exit(k, interlock(view))
    return vlockmgr(k, view.v_vnlock, flags & ~LK_INTERLOCK)


@export("int genfs_unlock(void *v)", _HEADER)
def genfs_unlock(k: Kernel, v: int) -> int:
    """VOP_UNLOCK."""
    return vlockmgr(k, _locked(k, v, "unlock").v_vnlock, LK_RELEASE)


@export("int genfs_islocked(void *v)", _HEADER)
def genfs_islocked(k: Kernel, v: int) -> int:
    """VOP_ISLOCKED: vlockstatus()."""
    return vlockstatus(k, _locked(k, v, "islocked").v_vnlock)


# -- what does nothing --------------------------------------------------------------------------------------


@export("int genfs_badop(void *v)", _HEADER)
def genfs_badop(k: Kernel, v: int) -> int:
    """An operation that must not be called: a panic."""
    k.panic(f"genfs: bad op: {_operation_name(k, v)}")


def _operation_name(k: Kernel, v: int) -> str:
    name = k.umem.ptr(k.umem.ptr(v) + vnodeop_desc.layout(k.dm).offsetof("vdesc_name"))
    return k.umem.cstr(name, 64).decode(*C_TEXT)


@export("int vn_default_error(void *v)", _VNODE)
@export("int genfs_eopnotsupp(void *v)", _HEADER)
def genfs_eopnotsupp(k: Kernel, v: int) -> int:
    """EOPNOTSUPP; the vnodes that the operation would have released are."""
    desc = k.umem.view(vnodeop_desc.layout(k.dm), k.umem.ptr(v))
    flags, offsets = desc.vdesc_flags, desc.vdesc_vp_offsets
    vnodes: list[int] = []
    steps = Steps(k, f"vdesc_vp_offsets of the descriptor at {desc.addr:#x}", _MOST_VNODES)
    while offsets and (offset := k.umem.i32(offsets + 4 * len(vnodes))) >= 0:
        steps.step()
        vnodes.append(k.umem.ptr(v + offset))
    unlocked: set[int] = set()
    for i, vp in enumerate(vnodes):
        if not vp or not flags >> i & VDESC_VP0_WILLRELE:
            continue
        if flags >> i & VDESC_VP0_WILLUNLOCK and vp not in unlocked:
            unlocked.add(vp)
            vput(k, vp)
        else:
            vrele(k, vp)
    raise KernelError(EOPNOTSUPP, f"the file system does not support {_operation_name(k, v)}")


@export("int genfs_seek(void *v)", _HEADER)
def genfs_seek(k: Kernel, v: int) -> int:
    """VOP_SEEK: EINVAL before the beginning."""
    if _argument(k, v, "seek", "newoff") < 0:
        raise KernelError(EINVAL, "the offset is before the beginning of the file")
    return 0


@export("int genfs_poll(void *v)", _HEADER)
def genfs_poll(k: Kernel, v: int) -> int:
    """VOP_POLL: a file is always ready."""
    return _argument(k, v, "poll", "events") & ALWAYS_READY


@export("int genfs_fcntl(void *v)", _HEADER)
def genfs_fcntl(k: Kernel, v: int) -> int:
    """VOP_FCNTL: EOPNOTSUPP."""
    raise KernelError(EOPNOTSUPP, "this file supports no commands")


@export("int genfs_renamelock_enter(struct mount *mp)", _HEADER)
def genfs_renamelock_enter(k: Kernel, mp: int) -> int:
    """One rename at a time in a file system."""
    kern_mutex.mutex_enter(k, _renamelock(k, mp))
    return 0


@export("void genfs_renamelock_exit(struct mount *mp)", _HEADER)
def genfs_renamelock_exit(k: Kernel, mp: int) -> None:
    """The end of that rename."""
    kern_mutex.mutex_exit(k, _renamelock(k, mp))


def _renamelock(k: Kernel, mp: int) -> int:
    k.vfs.mount(mp)
    return mp + mount.layout(k.dm).offsetof("mnt_renamelock")


@export(
    "int vaccess(enum vtype type, mode_t file_mode, uid_t uid, gid_t gid, mode_t acc_mode, "
    "kauth_cred_t cred)",
    _VNODE,
)
def vaccess(k: Kernel, kind: int, mode: int, uid: int, gid: int, wanted: int, cred: int) -> int:
    """May these credentials access a file of such owner and mode in the ways of VREAD, VWRITE, VEXEC?

    EACCES. Root may, but execute only what somebody may execute, or search.
    """
    who = k.umem.view(kauth_cred.layout(k.dm), cred)
    if who.cr_uid == 0:
        if wanted & VEXEC and kind != VDIR and not mode & 0o111:
            raise KernelError(EACCES, f"mode {mode & 0o7777:04o} lets nobody execute the file")
        return 0
    groups = (who.cr_gid, *who.cr_groups[: who.cr_ngroups])
    shift = 6 if who.cr_uid == uid else 3 if gid in groups else 0
    if wanted & ~(mode >> shift & 7):
        raise KernelError(
            EACCES, f"mode {mode & 0o7777:04o} and owner uid {uid} deny access to uid {who.cr_uid}"
        )
    return 0


class Named(Protocol):
    """A file that knows its path, for a message."""

    @property
    def path(self) -> str:
        """The path."""


def check_owner(uid: int, owner: int, file: Named) -> None:
    """EPERM for a user who is neither root nor the file's owner."""
    if uid not in (0, owner):
        raise KernelError(
            EPERM, f"uid {uid} does not own '{file.path}' (only its owner or root may change it)"
        )


# -- dead vnodes --------------------------------------------------------------------------------------------

_DEAD = {
    "lookup": "dead_enotdir",
    "open": "dead_enxio",
    "read": "dead_eio",
    "write": "dead_eio",
    "readdir": "dead_eio",
    "readlink": "dead_eio",
    "getattr": "dead_eio",
    "setattr": "dead_eio",
    "access": "dead_eio",
    "ioctl": "dead_eio",
    "close": "genfs_nullop",
    "fsync": "genfs_nullop",
    "inactive": "dead_inactive",
    "reclaim": "genfs_nullop",
    "print": "genfs_nullop",
    "poll": "genfs_poll",
    "lock": "genfs_lock",
    "unlock": "genfs_unlock",
    "islocked": "genfs_islocked",
}


@export("int dead_inactive(void *v)")
def dead_inactive(k: Kernel, v: int) -> int:
    """Unlock, and nothing more."""
    vp = _argument(k, v, "inactive", "vp")
    return vlockmgr(k, view_of(k, vp, "dead_inactive").v_vnlock, LK_RELEASE)


def dead_vector(k: Kernel) -> None:
    """Make the vector of dead vnodes, when the operations have their places."""
    step = k.dm.pointer
    vector = k.heap.alloc(VNODE_OPS_COUNT * step)
    for place in range(VNODE_OPS_COUNT):
        k.mem.set_ptr(vector + place * step, k.symbol("genfs_eopnotsupp"))
    for name, function in _DEAD.items():
        k.mem.set_ptr(vector + k.vfs.operations[name].place, k.symbol(function))
    k.mem.set_ptr(k.symbol("dead_vnodeop_p"), vector)


def _fixed(name: str, value: int, header: str = _HEADER) -> Function:
    return constant(f"int {name}(void *v)", value, header)


FUNCTIONS = (
    *(_fixed(f"genfs_{name}", 0) for name in ("nullop", "abortop", "putpages", "null_putpages", "revoke")),
    *(_fixed(f"genfs_{name}", 0) for name in ("nolock", "nounlock", "noislocked", "mmap", "kqfilter")),
    _fixed("genfs_einval", EINVAL),
    _fixed("genfs_ebadf", EBADF),
    _fixed("genfs_enoioctl", EPASSTHROUGH),
    _fixed("genfs_getpages", EOPNOTSUPP),
    _fixed("dead_enotdir", ENOTDIR, ""),
    _fixed("dead_enxio", ENXIO, ""),
    _fixed("dead_eio", EIO, ""),
    constant("int genfs_suspendctl(struct mount *mp, int cmd)", EOPNOTSUPP, _HEADER),
    constant(
        "int vfs_stdextattrctl(struct mount *mp, int cmd, struct vnode *vp, int ns, const char *name)",
        EOPNOTSUPP,
        "sys/mount.h",
    ),
)
DATA = (Data("dead_vnodeop_p", "int (**dead_vnodeop_p)(void *)", lambda dm: dm.pointer, None, _VNODE),)
