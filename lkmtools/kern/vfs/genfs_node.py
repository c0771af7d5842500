"""struct genfs_node, which file systems with pages have first in v_data (genfs_vnops.c of NetBSD 5.2)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from lkmtools.abi.genfs_node import genfs_node
from lkmtools.abi.mutex import RW_READER, RW_WRITER
from lkmtools.kern.base.export import export
from lkmtools.kern.sync.kern_rwlock import rw_destroy, rw_enter, rw_exit, rw_init, rw_tryenter
from lkmtools.kern.vfs.vfs_vnode import view_of

if TYPE_CHECKING:
    from lkmtools.kern.kernel import Kernel
    from lkmtools.machine.memory import View

_HEADER = "miscfs/genfs/genfs_node.h"


def _node(k: Kernel, vp: int, who: str) -> View:
    """VTOG()."""
    return k.umem.view(genfs_node.layout(k.dm), view_of(k, vp, who).v_data)


def _lock(node: View) -> int:
    return node.at("g_glock.rw_owner")


@export("void genfs_node_init(struct vnode *vp, const struct genfs_ops *ops)", _HEADER)
def genfs_node_init(k: Kernel, vp: int, ops: int) -> None:
    """The file system's functions for pages, and the lock that is held while some are fetched."""
    node = _node(k, vp, "genfs_node_init")
    rw_init(k, _lock(node))
    node.g_op = ops


@export("void genfs_node_destroy(struct vnode *vp)", _HEADER)
def genfs_node_destroy(k: Kernel, vp: int) -> None:
    """The lock is no longer used."""
    rw_destroy(k, _lock(_node(k, vp, "genfs_node_destroy")))


@export("void genfs_node_wrlock(struct vnode *vp)", _HEADER)
def genfs_node_wrlock(k: Kernel, vp: int) -> None:
    """Lock it alone."""
    rw_enter(k, _lock(_node(k, vp, "genfs_node_wrlock")), RW_WRITER)


@export("void genfs_node_rdlock(struct vnode *vp)", _HEADER)
def genfs_node_rdlock(k: Kernel, vp: int) -> None:
    """Lock it with others."""
    rw_enter(k, _lock(_node(k, vp, "genfs_node_rdlock")), RW_READER)


@export("int genfs_node_rdtrylock(struct vnode *vp)", _HEADER)
def genfs_node_rdtrylock(k: Kernel, vp: int) -> int:
    """Lock it with others, without waiting: 1, or 0 when it is held."""
    return rw_tryenter(k, _lock(_node(k, vp, "genfs_node_rdtrylock")), RW_READER)


@export("void genfs_node_unlock(struct vnode *vp)", _HEADER)
def genfs_node_unlock(k: Kernel, vp: int) -> None:
    """Unlock it."""
    rw_exit(k, _lock(_node(k, vp, "genfs_node_unlock")))


@export("void genfs_size(struct vnode *vp, off_t size, off_t *eobp, int flags)", _HEADER)
def genfs_size(k: Kernel, vp: int, size: int, eobp: int, flags: int) -> None:
    """gop_size: the end of the last block of a file of `size` bytes.

    A block has 1 << mnt_fs_bshift bytes; of the shift, amd64 and i386 take five bits.
    """
    block = 1 << (k.vfs.mount(view_of(k, vp, "genfs_size").v_mount).mnt_fs_bshift & 31)
    k.umem.set_u64(eobp, size + block - 1 & -block)
