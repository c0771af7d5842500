"""The life of a vnode (vfs_subr.c of NetBSD 5.2).

A vnode is made by getnewvnode() for a file system, which hangs its own data on it. While somebody has a
reference it is active; when the last one goes, VOP_INACTIVE is called, and the vnode waits unused, still
knowing its file, until it is wanted again (vget), cleaned for another file, or its file system is unmounted.
Cleaning calls VOP_RECLAIM and leaves a dead vnode: every operation on it fails, and it is freed with its last
reference. A vnode that is used after that is found out: `Vfs.vnodes` are the live ones.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from lkmtools.abi.dialects import DIALECT
from lkmtools.abi.errno import EBUSY, ENFILE, ENOENT, EOPNOTSUPP
from lkmtools.abi.mutex import LK_EXCLUSIVE, LK_INTERLOCK, LK_NOWAIT, LK_RETRY, LK_TYPE_MASK
from lkmtools.abi.vnode import (
    FORCECLOSE,
    SKIPSYSTEM,
    VI_CLEAN,
    VI_XLOCK,
    VNON,
    VREG,
    VV_SYSTEM,
    WRITECLOSE,
    vnode,
)
from lkmtools.errors import KernelError
from lkmtools.kern.base.export import Data, export
from lkmtools.kern.base.place import calling_module
from lkmtools.kern.sync.blocked import Blocked
from lkmtools.kern.sync.kern_mutex import mutex_exit
from lkmtools.kern.sync.kern_rwlock import rw_holders, rw_writer
from lkmtools.kern.vfs.spec_node import spec_node_destroy
from lkmtools.kern.vfs.vfs_bio import invalidate
from lkmtools.kern.vfs.vfs_vnode import (
    destroy_vnode,
    init_vnode,
    insmntque,
    interlock,
    own_lock,
    view_of,
    vnodes_of,
)
from lkmtools.kern.vfs.vnode_if import check_vnode, implementation, vcall

if TYPE_CHECKING:
    from lkmtools.kern.kernel import Kernel
    from lkmtools.machine.memory import View

_HEADER = "sys/vnode.h"
DESIREDVNODES = 2048


@export(
    "int getnewvnode(enum vtagtype tag, struct mount *mp, int (**vops)(void *), struct vnode **vpp)", _HEADER
)
def getnewvnode(k: Kernel, tag: int, mp: int, vops: int, vpp: int) -> int:
    """A vnode of type VNON with one reference. ENFILE when there are too many, all in use."""
    if mp and mp not in k.vfs.mounts:
        k.panic(f"getnewvnode: {mp:#x} is not a struct mount")
    if len(k.vfs.vnodes) >= k.mem.i32(k.symbol("desiredvnodes")) and not _clean_one(k):
        k.console.write("vnode: table is full - increase kern.maxvnodes\n")
        raise KernelError(ENFILE, f"all {len(k.vfs.vnodes)} vnodes are in use")
    layout = vnode.layout(k.dm)
    vp = k.heap.alloc(layout.size)
    if not vp:
        raise KernelError(ENFILE, "no kernel memory for a vnode")
    view = k.mem.view(layout, vp)
    init_vnode(k, view)
    view.v_type, view.v_tag, view.v_op = VNON, tag, vops
    k.vfs.vnodes.add(vp)
    _count(k)
    insmntque(k, view, mp)
    k.umem.set_ptr(vpp, vp)
    return 0


def _count(k: Kernel) -> None:
    k.mem.set_u32(k.symbol("numvnodes"), len(k.vfs.vnodes))


def _clean_one(k: Kernel) -> bool:
    """Clean the vnode that has been unused longest; False when all are in use."""
    vp = next(iter(k.vfs.unused), 0)
    if not vp:
        return False
    _take_unused(k, vp)
    _vclean(k, view_of(k, vp, "getnewvnode"))
    vrele(k, vp)
    return True


def _take_unused(k: Kernel, vp: int) -> None:
    """A vnode without references has one again."""
    k.vfs.unused.pop(vp, None)
    view = k.mem.view(vnode.layout(k.dm), vp)
    view.uo_refs = view.uo_refs + 1


def _free(k: Kernel, view: View) -> None:
    """The last reference to a dead vnode is gone."""
    invalidate(k, "vnode", view.addr)
    insmntque(k, view, 0)
    if view.addr in k.vfs.specnodes:
        spec_node_destroy(k, view.addr)
    destroy_vnode(k, view)
    k.vfs.vnodes.discard(view.addr)
    k.vfs.unused.pop(view.addr, None)
    _count(k)
    k.heap.free(view.addr)


@export("void ungetnewvnode(struct vnode *vp)", _HEADER)
def ungetnewvnode(k: Kernel, vp: int) -> None:
    """Undo getnewvnode() for a vnode that has never been used."""
    view = view_of(k, vp, "ungetnewvnode")
    if view.uo_refs != 1:
        k.panic(f"ungetnewvnode: {vp:#x} has {view.uo_refs} references")
    _free(k, view)


# -- references ---------------------------------------------------------------------------------------------


@export("void vref(struct vnode *vp)", _HEADER)
def vref(k: Kernel, vp: int) -> None:
    """One more reference to a vnode that has some; a panic when it has none (vget() is for that)."""
    view = view_of(k, vp, "vref")
    if view.uo_refs <= 0:
        k.panic(f"vref: vnode {vp:#x} has no references: vget() is needed")
    view.uo_refs = view.uo_refs + 1


@export("void vholdl(struct vnode *vp)", _HEADER)
@export("void vhold(struct vnode *vp)", _HEADER)
def vhold(k: Kernel, vp: int) -> None:
    """Count another holder of the vnode's memory."""
    view = view_of(k, vp, "vhold")
    view.v_holdcnt = view.v_holdcnt + 1


@export("void holdrelel(struct vnode *vp)", _HEADER)
@export("void holdrele(struct vnode *vp)", _HEADER)
def holdrele(k: Kernel, vp: int) -> None:
    """Count one fewer."""
    view = view_of(k, vp, "holdrele")
    if view.v_holdcnt <= 0:
        k.panic(f"holdrele: vnode {vp:#x} has {view.v_holdcnt} holders")
    view.v_holdcnt = view.v_holdcnt - 1


def _await_clean(k: Kernel, view: View) -> None:
    """While another lwp cleans the vnode, wait."""
    while view.v_iflag & VI_XLOCK:
        k.sched.block(view.addr, Blocked("vn_lock", "vnode", view.addr))


@export("int vget(struct vnode *vp, int flags)", _HEADER)
def vget(k: Kernel, vp: int, flags: int) -> int:
    """A reference to a vnode that may have none, and its lock as `flags` say.

    ENOENT for one that was cleaned or is just being cleaned, EBUSY with LK_NOWAIT. With LK_INTERLOCK the
    caller holds the interlock, which is released.
    """
    view = view_of(k, vp, "vget")
    if flags & LK_INTERLOCK:
        mutex_exit(k, interlock(view))
    _take_unused(k, vp)
    if view.v_iflag & VI_XLOCK:
        if flags & LK_NOWAIT:
            _drop(k, view)
            raise KernelError(EBUSY, f"vnode {vp:#x} is being cleaned")
        _await_clean(k, view)
    if view.v_iflag & VI_CLEAN:
        _drop(k, view)
        raise KernelError(ENOENT, f"vnode {vp:#x} was cleaned")
    if flags & LK_TYPE_MASK:
        errno = vn_lock(k, vp, flags & ~LK_INTERLOCK)
        if errno:
            vrele(k, vp)
            return errno
    return 0


def _drop(k: Kernel, view: View) -> None:
    """One reference fewer, when it is known not to matter to the file system."""
    view.uo_refs = view.uo_refs - 1
    if view.uo_refs == 0 and view.v_iflag & VI_CLEAN:
        _free(k, view)


@export("void vput(struct vnode *vp)", _HEADER)
def vput(k: Kernel, vp: int) -> None:
    """Unlock, and drop a reference."""
    check_vnode(k, vp, "vput")
    vcall(k, "unlock", vp, 0)
    vrele(k, vp)


@export("void vrele(struct vnode *vp)", _HEADER)
def vrele(k: Kernel, vp: int) -> None:
    """Drop a reference to an unlocked vnode. The last one calls VOP_INACTIVE."""
    view = view_of(k, vp, "vrele")
    if view.uo_refs <= 0:
        k.panic(f"vrele: vnode {vp:#x} has {view.uo_refs} references")
    if view.uo_refs > 1 or view.v_iflag & VI_CLEAN:
        _drop(k, view)
        return
    if vn_lock(k, vp, LK_EXCLUSIVE | LK_RETRY):
        k.panic(f"vrele: {k.symbolize(implementation(k, 'lock', vp))} cannot lock vnode {vp:#x}")
    if not view.v_iflag & VI_CLEAN and view.uo_refs == 1 and _inactive(k, view) and view.uo_refs == 1:
        _vclean(k, view)
    elif view.v_iflag & VI_CLEAN or view.uo_refs > 1:
        _unlock_ours(k, view)
    _drop(k, view)
    if vp in k.vfs.vnodes and view.uo_refs == 0:
        k.vfs.unused[vp] = None


def _mine(k: Kernel, view: View) -> bool:
    """Has the running lwp the vnode locked exclusively?"""
    lwp = k.sched.current
    return lwp is not None and rw_writer(k, view.v_vnlock) == lwp.addr


def _unlock_ours(k: Kernel, view: View) -> None:
    if _mine(k, view):
        vcall(k, "unlock", view.addr, 0)


def _inactive(k: Kernel, view: View) -> bool:
    """VOP_INACTIVE of a locked vnode, which unlocks it: is it to be cleaned at once?"""
    lwp = k.sched.current or k.sched.softlwp
    cell = lwp.alloca(k, 16)
    try:
        k.mem.set_u32(cell, 0)
        errno = vcall(k, "inactive", view.addr, cell)
        recycle = bool(k.mem.u8(cell))
    finally:
        lwp.release(k, cell)
    if _mine(k, view):
        if errno != EOPNOTSUPP:  # a file system that has no such operation
            name = k.symbolize(implementation(k, "inactive", view.addr))
            k.panic(f"VOP_INACTIVE: {name} returned with vnode {view.addr:#x} still locked")
        vcall(k, "unlock", view.addr, 0)
    return recycle


# -- cleaning -----------------------------------------------------------------------------------------------


def _vclean(k: Kernel, view: View) -> None:
    """Take a referenced vnode from its file system: afterwards it is dead."""
    vp = view.addr
    _await_clean(k, view)
    if view.v_iflag & VI_CLEAN:
        return
    active = view.uo_refs > 1
    view.v_iflag = view.v_iflag | VI_XLOCK
    errno = vcall(k, "lock", vp, LK_EXCLUSIVE)
    invalidate(k, "vnode", vp, save=True)
    if active:
        _inactive(k, view)
    elif not errno:
        vcall(k, "unlock", vp, 0)
    errno = vcall(k, "reclaim", vp)
    if errno:
        k.panic(f"vclean: cannot reclaim: {k.symbolize(implementation(k, 'reclaim', vp))} returned {errno}")
    invalidate(k, "vnode", vp)
    view.v_op = k.mem.ptr(k.symbol("dead_vnodeop_p"))
    view.v_tag = view.v_vflag = 0
    view.v_vnlock = own_lock(view)
    insmntque(k, view, 0)
    view.v_iflag = view.v_iflag & ~VI_XLOCK | VI_CLEAN
    k.sched.wakeup(vp)


@export("int vrecycle(struct vnode *vp, kmutex_t *interlock, struct lwp *l)", _HEADER)
def vrecycle(k: Kernel, vp: int, interlock: int, l_addr: int) -> int:
    """Clean a vnode if it is not in use: 1, otherwise 0."""
    view = view_of(k, vp, "vrecycle")
    if interlock:
        mutex_exit(k, interlock)
    if view.uo_refs:
        return 0
    _take_unused(k, vp)
    _vclean(k, view)
    vrele(k, vp)
    return 1


@export("void vgone(struct vnode *vp)", _HEADER)
def vgone(k: Kernel, vp: int) -> None:
    """Clean a vnode even if it is in use, and drop the caller's reference; before NetBSD 5 it needs none."""
    view = view_of(k, vp, "vgone")
    if view.uo_refs <= 0:
        module = calling_module(k)
        if module is None or module.info.dialect == DIALECT:
            k.panic(f"vgone: vnode {vp:#x} has no references")
        _take_unused(k, vp)
    _vclean(k, view)
    vrele(k, vp)


@export("int vflush(struct mount *mp, struct vnode *skipvp, int flags)", _HEADER)
def vflush(k: Kernel, mp: int, skipvp: int, flags: int) -> int:
    """Clean every vnode of a file system but `skipvp`: those in use only with FORCECLOSE, otherwise EBUSY."""
    k.vfs.mount(mp)
    busy = 0
    for vp in vnodes_of(k, mp):
        if vp == skipvp or vp not in k.vfs.vnodes:
            continue
        view = view_of(k, vp, "vflush")
        if view.v_mount != mp or (flags & SKIPSYSTEM and view.v_vflag & VV_SYSTEM):
            continue
        if flags & WRITECLOSE and (view.v_writecount == 0 or view.v_type != VREG):
            continue
        if view.uo_refs and not flags & FORCECLOSE:
            busy += 1
            continue
        _take_unused(k, vp)
        _vclean(k, view)
        vrele(k, vp)
    if busy:
        raise KernelError(EBUSY, f"the file system on '{k.vfs.mounted_on(mp)}' is in use (files: {busy})")
    return 0


# -- locks --------------------------------------------------------------------------------------------------


@export("int vn_lock(struct vnode *vp, int flags)", _HEADER)
def vn_lock(k: Kernel, vp: int, flags: int) -> int:
    """Lock a vnode. With LK_RETRY a dead one too; without, ENOENT for it."""
    view = view_of(k, vp, "vn_lock")
    if flags & LK_INTERLOCK:
        mutex_exit(k, interlock(view))
    while True:
        if view.v_iflag & VI_XLOCK:
            if flags & LK_NOWAIT:
                raise KernelError(EBUSY, f"vnode {vp:#x} is being cleaned")
            _await_clean(k, view)
        if view.v_iflag & VI_CLEAN and not flags & LK_RETRY:
            raise KernelError(ENOENT, f"vnode {vp:#x} was cleaned")
        errno = vcall(k, "lock", vp, flags & ~(LK_RETRY | LK_INTERLOCK))
        if errno or not view.v_iflag & VI_XLOCK:
            return errno
        vcall(k, "unlock", vp, 0)


def lock_vnode(k: Kernel, vp: int, how: int = LK_EXCLUSIVE) -> None:
    """vn_lock() that retries; a file system that cannot lock is a KernelError."""
    errno = vn_lock(k, vp, how | LK_RETRY)
    if errno:
        raise KernelError(errno, f"{k.symbolize(implementation(k, 'lock', vp))} cannot lock")


def check_locked(k: Kernel, vp: int, function: int, what: str) -> None:
    """A panic that names the function which returned `what` unlocked.

    Only vnodes with the kernel's own locks are looked at, and no dead ones.
    """
    view = k.mem.view(vnode.layout(k.dm), vp)
    if view.v_iflag & VI_CLEAN or implementation(k, "lock", vp) != k.symbol("genfs_lock"):
        return
    if not _mine(k, view) and not rw_holders(k, view.v_vnlock, "vlockstatus")[1]:
        k.panic(f"{k.symbolize(function)} returned with {what}, {vp:#x}, unlocked")


DATA = (
    Data(
        "desiredvnodes",
        "int desiredvnodes",
        lambda dm: 4,
        lambda k, addr: k.mem.set_u32(addr, DESIREDVNODES),
        _HEADER,
    ),
    Data("numvnodes", "u_int numvnodes", lambda dm: 4, None, _HEADER),
)
