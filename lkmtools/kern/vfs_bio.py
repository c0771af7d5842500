"""Buffers: the unit in which block devices are read and written (vfs_bio.c of NetBSD 5.2).

A buffer is one process's at a time (BC_BUSY): getblk() for a block that has one sleeps until brelse(). A
driver's strategy routine starts a transfer and says with biodone() that it is over, at once or later;
biowait() sleeps until then, and no signal wakes it.

Not modelled: keeping contents. A buffer lives as long as somebody has it, so every bread() asks the driver,
and bdwrite() writes at once. Nothing of a device is left when its module goes.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from lkmtools.abi.buf import B_ASYNC, B_ERROR, B_READ, BC_BUSY, BO_DONE, buf
from lkmtools.abi.conf import major, minor
from lkmtools.abi.errno import EIO, ENOMEM
from lkmtools.abi.proc import PRIBIO
from lkmtools.errors import KernelError
from lkmtools.kern.export import export
from lkmtools.kern.vnode_if import vcall
from lkmtools.machine import Prototype

if TYPE_CHECKING:
    from collections.abc import Callable

    from lkmtools.kern.kernel import Kernel
    from lkmtools.machine.memory import View

MAXBSIZE = 65536  # bytes in one buffer
_HEADER = "sys/buf.h"
B_IODONE = Prototype("void b_iodone(struct buf *bp)")


class Block(NamedTuple):
    """Whose block a buffer is: a vnode's address or "dev_t", which of them, and the number."""

    kind: str
    owner: int
    number: int


class Buffers:
    """The buffers that somebody has: by block, and of each its block (None: nothing's) and its memory."""

    def __init__(self) -> None:
        self.busy: dict[Block, int] = {}
        self.made: dict[int, tuple[Block | None, int]] = {}


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
    number = block.number if block is not None else 0
    fields = {"b_blkno": number, "b_rawblkno": number, "b_lblkno": number}
    k.mem.write(bp, layout.pack(b_data=data, b_bcount=size, b_bufsize=size, b_cflags=BC_BUSY, **fields))
    k.buffers.made[bp] = (block, data)
    if block is not None:
        k.buffers.busy[block] = bp
    return bp


def get_block(k: Kernel, block: Block, size: int, slpflag: int = 0, slptimeo: int = 0) -> int:
    """The buffer of a block, the caller's until release(); sleeps while it is another's. tsleep's errors."""
    if not 0 < size <= MAXBSIZE:
        k.panic(f"getblk: {size} bytes; a buffer has 1 to {MAXBSIZE}")
    while (other := k.buffers.busy.get(block)) is not None:
        k.sched.tsleep(other, slpflag | PRIBIO + 1, "getblk", slptimeo)
    return new_buffer(k, size, block)


def release(k: Kernel, bp: int, function: str = "brelse") -> None:
    """Somebody has had a buffer; who waits for its block gets it. A panic for what is no buffer."""
    if bp not in k.buffers.made:
        state = "free already" if k.heap.was_freed(bp) else "no buffer"
        k.panic(f"{function}: {bp:#x} is {state}")
    block, data = k.buffers.made.pop(bp)
    if block is not None:
        del k.buffers.busy[block]
    if data:
        k.heap.free(data)
    k.heap.free(bp)
    k.sched.wakeup(bp)


# -- transfers ----------------------------------------------------------------------------------------------


def start(k: Kernel, bp: int, flags: int, strategy: Callable[[int], object]) -> None:
    """Begin a transfer of a buffer: nothing has failed and nothing is left yet."""
    view = buffer(k, bp)
    view.b_flags, view.b_error, view.b_resid = flags, 0, 0
    view.b_oflags = view.b_oflags & ~BO_DONE
    lwp = k.sched.current
    view.b_proc = lwp.proc.addr if lwp is not None else 0
    strategy(bp)


def wait(k: Kernel, bp: int) -> int:
    """Sleep until a transfer is done: its errno."""
    view = buffer(k, bp)
    while not view.b_oflags & BO_DONE:
        k.sched.tsleep(bp, PRIBIO, "biowait", 0)
    error: int = view.b_error
    return error


def transfer(k: Kernel, bp: int, flags: int, strategy: Callable[[int], object]) -> int:
    """A whole transfer: how many bytes moved. The driver's error; EIO for a b_resid that cannot be."""
    view = buffer(k, bp)
    count: int = view.b_bcount
    start(k, bp, flags, strategy)
    if error := wait(k, bp):
        raise KernelError(error, f"the driver said so of {place(view)}")
    resid: int = view.b_resid
    if not 0 <= resid <= count:
        raise KernelError(
            EIO, f"{place(view)}: the driver left b_resid at {resid}; {count} bytes were asked for"
        )
    return count - resid


@export("void biodone(struct buf *bp)", _HEADER)
def biodone(k: Kernel, bp: int) -> None:
    """A driver: the transfer is over. Calls b_iodone, lets go of a B_ASYNC buffer, or wakes who waits.

    A second time, or for a buffer that is not there any more, is a panic.
    """
    if bp not in k.buffers.made and k.heap.was_freed(bp):
        k.panic(f"biodone: the buffer at {bp:#x} is free already")
    view = buffer(k, bp)
    if view.b_oflags & BO_DONE:
        k.panic(f"biodone: {place(view)} is done already")
    view.b_oflags = view.b_oflags | BO_DONE
    if view.b_flags & B_ERROR and not view.b_error:
        view.b_error = EIO
    called = view.b_iodone
    if called:
        view.b_iodone = 0
        k.call(B_IODONE, called, bp)
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
    """A buffer without memory, for a transfer of one's own; NULL when there is no room."""
    try:
        bp = new_buffer(k, 0)
    except KernelError:
        return 0
    buffer(k, bp).b_vp = vp
    return bp


@export("void putiobuf(struct buf *bp)", _HEADER)
def putiobuf(k: Kernel, bp: int) -> None:
    """Give back what getiobuf() gave. Its b_data is its owner's."""
    release(k, bp, "putiobuf")


# -- the buffers of a vnode ---------------------------------------------------------------------------------


def _strategy(k: Kernel, bp: int) -> None:
    """VOP_STRATEGY of the buffer's vnode."""
    view = buffer(k, bp)
    if not view.b_vp:
        k.panic(f"the buffer at {bp:#x} has no vnode to be transferred by")
    if errno := vcall(k, "strategy", view.b_vp, bp):
        view.b_error = errno
        if not view.b_oflags & BO_DONE:
            biodone(k, bp)


@export("struct buf *getblk(struct vnode *vp, daddr_t blkno, int size, int slpflag, int slptimeo)", _HEADER)
def getblk(k: Kernel, vp: int, blkno: int, size: int, slpflag: int, slptimeo: int) -> int:
    """The buffer of a vnode's block, with no content; NULL when the sleep for it was interrupted."""
    try:
        bp = get_block(k, Block("vnode", vp, blkno), size, slpflag, slptimeo)
    except KernelError:
        return 0
    buffer(k, bp).b_vp = vp
    return bp


@export("struct buf *geteblk(int size)", _HEADER)
def geteblk(k: Kernel, size: int) -> int:
    """A buffer of nothing in particular."""
    if not 0 < size <= MAXBSIZE:
        k.panic(f"geteblk: {size} bytes; a buffer has 1 to {MAXBSIZE}")
    return new_buffer(k, size)


@export("struct buf *incore(struct vnode *vp, daddr_t blkno)", _HEADER)
def incore(k: Kernel, vp: int, blkno: int) -> int:
    """The buffer of a vnode's block, if somebody has it; else NULL."""
    return k.buffers.busy.get(Block("vnode", vp, blkno), 0)


@export(
    "int bread(struct vnode *vp, daddr_t blkno, int size, struct kauth_cred *cred, int flags,"
    " struct buf **bpp)",
    _HEADER,
)
def bread(k: Kernel, vp: int, blkno: int, size: int, cred: int, flags: int, bpp: int) -> int:
    """A vnode's block, read by its VOP_STRATEGY. On an error, too, the buffer is the caller's to release."""
    bp = get_block(k, Block("vnode", vp, blkno), size)
    buffer(k, bp).b_vp = vp
    k.umem.set_ptr(bpp, bp)
    start(k, bp, B_READ, lambda bp: _strategy(k, bp))
    return wait(k, bp)


@export("int bwrite(struct buf *bp)", _HEADER)
def bwrite(k: Kernel, bp: int) -> int:
    """Write a buffer, wait, and release it."""
    start(k, bp, 0, lambda bp: _strategy(k, bp))
    try:
        return wait(k, bp)
    finally:
        release(k, bp, "bwrite")


@export("void bdwrite(struct buf *bp)", _HEADER)
def bdwrite(k: Kernel, bp: int) -> None:
    """Write a buffer, some time: here at once. An error is lost, as it was."""
    try:
        bwrite(k, bp)
    except KernelError as error:
        k.console.write(f"bdwrite: {error}\n")


@export("void bawrite(struct buf *bp)", _HEADER)
def bawrite(k: Kernel, bp: int) -> None:
    """Begin to write a buffer; biodone() releases it."""
    start(k, bp, B_ASYNC, lambda bp: _strategy(k, bp))


@export("void brelse(struct buf *bp, int set)", _HEADER)
def brelse(k: Kernel, bp: int, flags: int) -> None:
    """The caller is done with a buffer."""
    release(k, bp)
