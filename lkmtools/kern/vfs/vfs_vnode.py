"""The memory of a vnode: the members that are the kernel's own, and the list of a file system's vnodes.

They are set and destroyed as vnalloc() and vnfree() of NetBSD 5.2's vfs_subr.c do. The lists of free vnodes,
of buffers and of names are Python's: their members stay zero.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from lkmtools.abi.mount import mount
from lkmtools.abi.mutex import kmutex
from lkmtools.abi.vnode import VDIR, VSIZENOTSET, vnode
from lkmtools.kern.base.export import Data
from lkmtools.kern.base.queue import chain, tailq_init, tailq_insert_tail, tailq_remove
from lkmtools.kern.sync.kern_condvar import cv_destroy, cv_init
from lkmtools.kern.sync.kern_mutex import mutex_destroy, mutex_init
from lkmtools.kern.sync.kern_rwlock import rw_destroy, rw_init
from lkmtools.kern.vfs.vnode_if import check_vnode

if TYPE_CHECKING:
    from lkmtools.kern.kernel import Kernel
    from lkmtools.machine.memory import View


def view_of(k: Kernel, vp: int, who: str) -> View:
    """The vnode at `vp`; a panic that names `who` when there is none."""
    check_vnode(k, vp, who)
    return k.mem.view(vnode.layout(k.dm), vp)


def insmntque(k: Kernel, view: View, mp: int) -> None:
    """Move a vnode to the list of another file system; 0: to none."""
    link = vnode.layout(k.dm).offsetof("v_mntvnodes.tqe_next")
    heads = mount.layout(k.dm).offsetof("mnt_vnodelist.tqh_first")
    if view.v_mount:
        tailq_remove(k, "mnt_vnodelist", view.v_mount + heads, view.addr, link)
    view.v_mount = mp
    if mp:
        tailq_insert_tail(k, "mnt_vnodelist", mp + heads, view.addr, link)


def vnodes_of(k: Kernel, mp: int) -> list[int]:
    """The vnodes of a mounted file system, the oldest first."""
    link = vnode.layout(k.dm).offsetof("v_mntvnodes.tqe_next")
    return list(chain(k, "mnt_vnodelist", mp + mount.layout(k.dm).offsetof("mnt_vnodelist.tqh_first"), link))


def mounted_here(k: Kernel, vp: int) -> int:
    """The file system mounted on a vnode, or 0. Other vnodes than directories have a union there."""
    view = view_of(k, vp, "namei")
    mp: int = view.vu_mountedhere if view.v_type == VDIR else 0
    return mp


def init_vnode(k: Kernel, view: View) -> None:
    """The members of a vnode that are the kernel's: one reference, locks, and no pages."""
    view.uo_refs, view.pgops = 1, k.symbol("uvm_vnodeops")
    view.v_size = view.v_writesize = VSIZENOTSET
    tailq_init(k, view.at("memq.tqh_first"))
    mutex_init(k, interlock(view), 0, 0)
    cv_init(k, view.at("v_cv.cv_opaque"), k.string("vnode"))
    view.v_vnlock = own_lock(view)
    rw_init(k, view.v_vnlock)


def interlock(view: View) -> int:
    """The address of v_interlock."""
    return view.at("vmobjlock")


def own_lock(view: View) -> int:
    """The address of v_lock, which v_vnlock leads to unless a layer shares that of the vnode below."""
    return view.at("v_lock.vl_lock.rw_owner")


def destroy_vnode(k: Kernel, view: View) -> None:
    """Its locks are no longer used: its memory can be freed."""
    rw_destroy(k, own_lock(view))
    cv_destroy(k, view.at("v_cv.cv_opaque"))
    mutex_destroy(k, interlock(view))


def mutex(name: str, header: str) -> Data:
    """A lock of lists, for modules that walk them. The kernel is not preempted, and takes none."""
    return Data(
        name,
        f"kmutex_t {name}",
        lambda dm: kmutex.layout(dm).size,
        lambda k, addr: mutex_init(k, addr, 0, 0),
        header,
    )


# The pagers, of which only the addresses count: UVM_OBJ_IS_VNODE() and its kin. Their functions are NULL.
DATA = tuple(
    Data(name, f"const struct uvm_pagerops {name}", lambda dm: 6 * dm.pointer, None, "uvm/uvm_object.h")
    for name in ("uvm_vnodeops", "uvm_deviceops", "aobj_pager")
)
