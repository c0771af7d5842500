"""Buffers: the unit in which block devices are read and written (vfs_bio.c of NetBSD 5.2).

A buffer belongs to one process at a time (BC_BUSY): getblk() for a block that has one sleeps until brelse().
A driver's strategy routine starts a transfer and calls biodone() when it is complete, at once or later;
biowait() sleeps until then, and no signal wakes it.

What was read or written whole is kept when the buffer has been released (buf_cache.py), for the next caller
that asks for the block. bdwrite() only notes that the buffer must be written.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from lkmtools.abi.buf import (
    B_ASYNC,
    B_ERROR,
    BC_BUSY,
    BC_INVAL,
    BC_NOCACHE,
    BO_DELWRI,
    BO_DONE,
    buf,
)
from lkmtools.abi.conf import major, minor
from lkmtools.abi.errno import EIO, ENOMEM
from lkmtools.abi.proc import PRIBIO
from lkmtools.errors import KernelError
from lkmtools.kern.base.export import export
from lkmtools.kern.sync.blocked import Blocked
from lkmtools.kern.vfs.buf_cache import Block, Held, Kept
from lkmtools.kern.vfs.vfs_vnode import interlock, view_of
from lkmtools.kern.vfs.vnode_if import vcall
from lkmtools.machine import Prototype

if TYPE_CHECKING:
    from collections.abc import Callable

    from lkmtools.kern.kernel import Kernel
    from lkmtools.machine.memory import View

MAXBSIZE = 65536  # bytes in one buffer
_HEADER = "sys/buf.h"
CONTENT = BO_DONE | BO_DELWRI
B_IODONE = Prototype("void b_iodone(struct buf *bp)")


def buffer(k: Kernel, bp: int) -> View:
    """The struct buf at `bp`, which a module gave."""
    return k.umem.view(buf.layout(k.dm), bp)


def place(view: View) -> str:
    """What a buffer is of, for a message."""
    dev = view.b_dev
    return f"block {view.b_blkno} of device {major(dev)}, {minor(dev)}"


# -- having a buffer ----------------------------------------------------------------------------------------


def new_buffer(k: Kernel, size: int, block: Block | None = None) -> int:
    """A busy buffer with `size` bytes of memory (0: none); ENOMEM."""
    layout = buf.layout(k.dm)
    bp = k.heap.alloc(layout.size)
    data = k.heap.alloc(size) if bp and size else 0
    if not bp or (size and not data):
        if bp:
            k.heap.free(bp)
        raise KernelError(ENOMEM, f"no kernel memory for a buffer of {size} bytes")
    _write_struct(k, bp, block.number if block is not None else 0, Kept(bp, data, size, False), 0)
    k.vfs.buffers.made[bp] = Held(block, data, size)
    if block is not None:
        k.vfs.buffers.busy[block] = bp
    return bp


def _write_struct(k: Kernel, bp: int, number: int, kept: Kept, oflags: int) -> None:
    fields = {"b_blkno": number, "b_rawblkno": number, "b_lblkno": number, "b_oflags": oflags}
    values = {"b_data": kept.data, "b_bcount": kept.size, "b_bufsize": kept.size, "b_cflags": BC_BUSY}
    values["b_objlock"] = k.symbol("buffer_lock")
    k.mem.write(bp, buf.layout(k.dm).pack(**values, **fields))


def set_vnode(k: Kernel, bp: int, vp: int, who: str = "getblk") -> None:
    """The buffer is of this vnode, and shares its interlock; a panic that names `who` when it is none."""
    view = k.mem.view(buf.layout(k.dm), bp)
    view.b_vp, view.b_objlock = vp, interlock(view_of(k, vp, who))


def get_block(
    k: Kernel, block: Block, size: int, slpflag: int = 0, slptimeo: int = 0, who: str = "getblk"
) -> int:
    """The buffer of a block, the caller's until release(); sleeps while it is another's. tsleep's errors.

    BO_DONE or BO_DELWRI: it has its content. A panic that names `who` for another size, and for no vnode.
    """
    if not 0 < size <= MAXBSIZE:
        k.panic(f"{who}: {size} bytes; a buffer has 1 to {MAXBSIZE}")
    while True:
        if other := k.vfs.buffers.busy.get(block):
            blocked = Blocked(who, "buffer", other)
            k.sched.tsleep(other, slpflag | PRIBIO + 1, "getblk", slptimeo, who, blocked)
        elif (kept := k.vfs.buffers.kept.get(block)) and kept.size == size:
            return take(k, block)
        elif kept:
            discard(k, block)
        elif over := k.vfs.buffers.over():
            discard(k, over)
        else:
            break
    bp = new_buffer(k, size, block)
    if block.kind == "vnode":
        set_vnode(k, bp, block.owner, who)
    return bp


def take(k: Kernel, block: Block) -> int:
    """A buffer that was kept is somebody's again: as new, with its content."""
    kept = k.vfs.buffers.take(block)
    _write_struct(k, kept.bp, block.number, kept, BO_DONE | (BO_DELWRI if kept.dirty else 0))
    k.vfs.buffers.made[kept.bp] = Held(block, kept.data, kept.size)
    k.vfs.buffers.busy[block] = kept.bp
    if block.kind == "vnode":
        set_vnode(k, kept.bp, block.owner)
    return kept.bp


def release(k: Kernel, bp: int, function: str = "brelse") -> None:
    """Release a buffer; a waiter for its block gets it. A panic for anything but a buffer."""
    if bp not in k.vfs.buffers.made:
        k.panic(f"{function}: {bp:#x} is {'already free' if _was_ours(k, bp) else 'not a buffer'}")
    block, data, size = k.vfs.buffers.made.pop(bp)
    view = k.mem.view(buf.layout(k.dm), bp)
    if block is not None:
        del k.vfs.buffers.busy[block]
    if block is not None and _good(view, size):
        dirty = block.kind == "vnode" and bool(view.b_oflags & BO_DELWRI)
        k.vfs.buffers.keep(block, Kept(bp, data, size, dirty))
    else:
        _free(k, bp, data)
    k.sched.wakeup(bp)


def _good(view: View, size: int) -> bool:
    """Has a buffer that is released all of its content?"""
    whole = not view.b_error and not view.b_resid and view.b_bcount == size
    return whole and bool(view.b_oflags & CONTENT) and not view.b_cflags & (BC_INVAL | BC_NOCACHE)


def _was_ours(k: Kernel, bp: int) -> bool:
    """Is this a buffer that nobody has any more?"""
    return bp in k.vfs.buffers.unused or k.heap.was_freed(bp)


def _free(k: Kernel, bp: int, data: int) -> None:
    if data:
        k.heap.free(data)
    k.heap.free(bp)


def discard(k: Kernel, block: Block, save: bool = True) -> None:
    """Forget what is kept of a block; with `save` it is written before, if it is to be."""
    if save:
        clean(k, block)
    if block in k.vfs.buffers.kept:
        kept = k.vfs.buffers.take(block)
        _free(k, kept.bp, kept.data)


def clean(k: Kernel, block: Block) -> None:
    """Write what is kept of a block, if it is dirty. An error is printed; the data are lost."""
    kept = k.vfs.buffers.kept.get(block)
    if kept is None or not kept.dirty:
        return
    bp = take(k, block)
    begin(k, bp, 0)
    try:
        if errno := wait(k, bp):
            k.console.write(f"delayed write of block {block.number} failed ({errno})\n")
    finally:
        if not k.dead:
            release(k, bp, "bwrite")


# -- transfers ----------------------------------------------------------------------------------------------


def start(k: Kernel, bp: int, flags: int, strategy: Callable[[int], object]) -> None:
    """Begin a transfer of a buffer: nothing has failed and nothing is left yet."""
    view = buffer(k, bp)
    view.b_flags, view.b_error, view.b_resid = flags, 0, 0
    view.b_oflags = view.b_oflags & ~CONTENT
    lwp = k.sched.current
    view.b_proc = lwp.proc.addr if lwp is not None else 0
    strategy(bp)


def wait(k: Kernel, bp: int) -> int:
    """Sleep until a transfer is done: its errno."""
    view = buffer(k, bp)
    while not view.b_oflags & BO_DONE:
        k.sched.tsleep(bp, PRIBIO, "biowait", 0, "biowait", Blocked("biowait", "buffer", bp))
    error: int = view.b_error
    return error


def transfer(k: Kernel, bp: int, flags: int, strategy: Callable[[int], object]) -> int:
    """A whole transfer: how many bytes moved. The driver's error; EIO for a b_resid that cannot be."""
    view = buffer(k, bp)
    count: int = view.b_bcount
    start(k, bp, flags, strategy)
    if error := wait(k, bp):
        raise KernelError(error, f"the driver reported this error for {place(view)}")
    resid: int = view.b_resid
    if not 0 <= resid <= count:
        raise KernelError(
            EIO, f"{place(view)}: the driver left b_resid at {resid}; {count} bytes were asked for"
        )
    return count - resid


@export("void biodone(struct buf *bp)", _HEADER)
def biodone(k: Kernel, bp: int) -> None:
    """A driver: the transfer is complete. Calls b_iodone, releases a B_ASYNC buffer, or wakes waiters.

    A second call, or one for a freed buffer, is a panic.
    """
    if bp not in k.vfs.buffers.made and _was_ours(k, bp):
        k.panic(f"biodone: the buffer at {bp:#x} is already free")
    view = buffer(k, bp)
    if view.b_oflags & BO_DONE:
        k.panic(f"biodone: {place(view)} is done already")
    view.b_oflags = view.b_oflags | BO_DONE
    if view.b_flags & B_ERROR and not view.b_error:
        view.b_error = EIO
    called = view.b_iodone
    if called:
        view.b_iodone = 0
        k.engine.call(B_IODONE, called, bp)
    elif view.b_flags & B_ASYNC:
        release(k, bp, "biodone")
    else:
        k.sched.wakeup(bp)


@export("int biowait(struct buf *bp)", _HEADER)
def biowait(k: Kernel, bp: int) -> int:
    """Wait for a transfer that was started; its b_error."""
    return wait(k, bp)


@export("struct buf *getiobuf(struct vnode *vp, bool waitok)", _HEADER)
def getiobuf(k: Kernel, vp: int, waitok: int) -> int:
    """A buffer without memory, for the caller's own transfer; NULL when there is no room."""
    try:
        bp = new_buffer(k, 0)
    except KernelError:
        return 0
    if vp:
        set_vnode(k, bp, vp, "getiobuf")
    return bp


@export("void putiobuf(struct buf *bp)", _HEADER)
def putiobuf(k: Kernel, bp: int) -> None:
    """Give back what getiobuf() gave. Its b_data is its owner's."""
    release(k, bp, "putiobuf")


# -- the buffers of a vnode or device ------------------------------------------------------------------------


def _strategy(k: Kernel, bp: int) -> None:
    """VOP_STRATEGY of the buffer's vnode."""
    view = buffer(k, bp)
    if not view.b_vp:
        k.panic(f"the buffer at {bp:#x} has no vnode (b_vp)")
    if errno := vcall(k, "strategy", view.b_vp, bp):
        view.b_error = errno
        if not view.b_oflags & BO_DONE:
            biodone(k, bp)


def begin(k: Kernel, bp: int, flags: int) -> None:
    """Begin a transfer of a buffer by its vnode."""
    start(k, bp, flags, lambda bp: _strategy(k, bp))


def flush(k: Kernel, kind: str = "", owner: int = 0) -> None:
    """Write the delayed buffers of a vnode or device; without `kind`, of all."""
    for block in k.vfs.buffers.of(kind, owner):
        clean(k, block)


def invalidate(k: Kernel, kind: str, owner: int, save: bool = False) -> None:
    """Nothing of a vnode or device is kept any more, now or when the holder of a buffer releases it."""
    while blocks := k.vfs.buffers.of(kind, owner):
        for block in blocks:
            discard(k, block, save)
    k.vfs.buffers.disown(kind, owner)
