"""Buffers for file systems (vfs_bio.c of NetBSD 5.2): blocks of a vnode, moved by VOP_STRATEGY.

A buffer is the caller's from getblk() or bread() to brelse() or a write. bdwrite() only notes that the buffer
must be written.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from lkmtools.abi.buf import B_ASYNC, B_READ, BC_BUSY, buf
from lkmtools.abi.vnode import V_SAVE
from lkmtools.errors import KernelError
from lkmtools.kern.base.export import export
from lkmtools.kern.sync.kern_condvar import cv_destroy, cv_init
from lkmtools.kern.vfs.buf_cache import Block
from lkmtools.kern.vfs.vfs_bio import (
    CONTENT,
    MAXBSIZE,
    begin,
    buffer,
    discard,
    flush,
    get_block,
    invalidate,
    new_buffer,
    release,
    wait,
)
from lkmtools.kern.vfs.vfs_vnode import mutex

if TYPE_CHECKING:
    from lkmtools.kern.kernel import Kernel

_HEADER = "sys/buf.h"


@export("struct buf *getblk(struct vnode *vp, daddr_t blkno, int size, int slpflag, int slptimeo)", _HEADER)
def getblk(k: Kernel, vp: int, blkno: int, size: int, slpflag: int, slptimeo: int) -> int:
    """The buffer of a vnode's block; NULL when the sleep for it was interrupted. BO_DONE: with content."""
    try:
        return get_block(k, Block("vnode", vp, blkno), size, slpflag, slptimeo)
    except KernelError:
        return 0


@export("struct buf *geteblk(int size)", _HEADER)
def geteblk(k: Kernel, size: int) -> int:
    """A buffer of nothing in particular."""
    if not 0 < size <= MAXBSIZE:
        k.panic(f"geteblk: {size} bytes; a buffer has 1 to {MAXBSIZE}")
    return new_buffer(k, size)


@export("struct buf *incore(struct vnode *vp, daddr_t blkno)", _HEADER)
def incore(k: Kernel, vp: int, blkno: int) -> int:
    """The buffer of a vnode's block if it is in use or kept, otherwise NULL."""
    block = Block("vnode", vp, blkno)
    kept = k.vfs.buffers.kept.get(block)
    return kept.bp if kept is not None else k.vfs.buffers.busy.get(block, 0)


@export(
    "int bread(struct vnode *vp, daddr_t blkno, int size, struct kauth_cred *cred, int flags,"
    " struct buf **bpp)",
    _HEADER,
)
def bread(k: Kernel, vp: int, blkno: int, size: int, cred: int, flags: int, bpp: int) -> int:
    """A vnode's block, read by its VOP_STRATEGY if it is not kept.

    On an error, too, the buffer is the caller's to release.
    """
    bp = get_block(k, Block("vnode", vp, blkno), size, who="bread")
    view = buffer(k, bp)
    k.umem.set_ptr(bpp, bp)
    if view.b_oflags & CONTENT:
        return 0
    begin(k, bp, B_READ)
    return wait(k, bp)


@export(
    "int breadn(struct vnode *vp, daddr_t blkno, int size, daddr_t *rablks, int *rasizes, int nrablks,"
    " struct kauth_cred *cred, int flags, struct buf **bpp)",
    _HEADER,
)
def breadn(
    k: Kernel, vp: int, blkno: int, size: int, rablks: int, rasizes: int, nrablks: int, cred: int,
    flags: int, bpp: int,
) -> int:  # fmt: skip
    """bread(): a block is read when it is wanted, and none ahead."""
    return bread(k, vp, blkno, size, cred, flags, bpp)


@export("int bwrite(struct buf *bp)", _HEADER)
def bwrite(k: Kernel, bp: int) -> int:
    """Write a buffer, wait, and release it."""
    begin(k, bp, 0)
    try:
        return wait(k, bp)
    finally:
        release(k, bp, "bwrite")


@export("int vn_bwrite(void *v)", "sys/vnode.h")
def vn_bwrite(k: Kernel, v: int) -> int:
    """VOP_BWRITE of most file systems: bwrite()."""
    return bwrite(k, k.umem.ptr(v + k.vfs.operations["bwrite"].args.offsetof("a_bp")))


@export("void bdwrite(struct buf *bp)", _HEADER)
def bdwrite(k: Kernel, bp: int) -> None:
    """Write a buffer, some time: when its vnode is synced or cleaned, at sync(2), or when room is wanted."""
    view = buffer(k, bp)
    view.b_oflags = view.b_oflags | CONTENT
    release(k, bp, "bdwrite")


@export("void bawrite(struct buf *bp)", _HEADER)
def bawrite(k: Kernel, bp: int) -> None:
    """Begin to write a buffer; biodone() releases it."""
    begin(k, bp, B_ASYNC)


@export("void brelsel(struct buf *bp, int set)", _HEADER)
@export("void brelse(struct buf *bp, int set)", _HEADER)
def brelse(k: Kernel, bp: int, flags: int) -> None:
    """The caller is done with a buffer. BC_INVAL and BC_NOCACHE: its content is not kept."""
    view = buffer(k, bp)
    view.b_cflags = view.b_cflags | flags
    release(k, bp)


@export("void vflushbuf(struct vnode *vp, int sync)", "sys/vnode.h")
def vflushbuf(k: Kernel, vp: int, sync: int) -> None:
    """Write the delayed buffers of a vnode, for VOP_FSYNC; they have then reached the driver."""
    flush(k, "vnode", vp)


@export(
    "int vinvalbuf(struct vnode *vp, int flags, kauth_cred_t cred, struct lwp *l, bool catch, int slptimeo)",
    "sys/vnode.h",
)
def vinvalbuf(k: Kernel, vp: int, flags: int, cred: int, l_addr: int, catch: int, slptimeo: int) -> int:
    """Forget the buffers of a vnode; with V_SAVE they are written before."""
    invalidate(k, "vnode", vp, save=bool(flags & V_SAVE))
    return 0


@export("int vtruncbuf(struct vnode *vp, daddr_t lbn, bool catch, int slptimeo)", "sys/vnode.h")
def vtruncbuf(k: Kernel, vp: int, lbn: int, catch: int, slptimeo: int) -> int:
    """Forget the buffers of a vnode from block `lbn` on, unwritten."""
    for block in k.vfs.buffers.of("vnode", vp):
        if block.number >= lbn:
            discard(k, block, save=False)
    return 0


# -- buffers of a module's own ------------------------------------------------------------------------------


@export("void buf_init(struct buf *bp)", _HEADER)
def buf_init(k: Kernel, bp: int) -> None:
    """Make memory of the caller's a buffer: busy, and of nothing."""
    layout = buf.layout(k.dm)
    k.umem.write(bp, layout.pack(b_dev=-1, b_cflags=BC_BUSY, b_objlock=k.symbol("buffer_lock")))
    for member, wmesg in _CVS:
        cv_init(k, bp + layout.offsetof(f"{member}.cv_opaque"), k.string(wmesg))


@export("void buf_destroy(struct buf *bp)", _HEADER)
def buf_destroy(k: Kernel, bp: int) -> None:
    """The end of what buf_init() made; its memory stays the caller's."""
    for member, _ in _CVS:
        cv_destroy(k, bp + buf.layout(k.dm).offsetof(f"{member}.cv_opaque"))


_CVS = (("b_busy", "biolock"), ("b_done", "biowait"))


DATA = (mutex("bufcache_lock", _HEADER), mutex("buffer_lock", _HEADER))
