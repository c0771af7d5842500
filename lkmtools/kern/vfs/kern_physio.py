"""physio(): a character device that reads and writes by its strategy routine (kern_physio.c, NetBSD 5.2).

The original wired the caller's pages for the transfer; here the bytes pass through kernel memory.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from lkmtools.abi.buf import B_PHYS, B_RAW, B_READ
from lkmtools.abi.errno import EINVAL, EIO
from lkmtools.abi.uio import UIO_READ, iovec, uio
from lkmtools.errors import KernelError
from lkmtools.kern.base.bound import LIST_MAX, MEMORY, Steps
from lkmtools.kern.base.export import export
from lkmtools.kern.proc.kern_copy import uio_read, uio_write
from lkmtools.kern.vfs.vfs_bio import buffer, new_buffer, release, transfer
from lkmtools.machine import Prototype

if TYPE_CHECKING:
    from lkmtools.kern.kernel import Kernel
    from lkmtools.machine.memory import View

DEV_BSIZE = 512
MAXPHYS = 65536
STRATEGY = Prototype("void d_strategy(struct buf *bp)")


@export("void minphys(struct buf *bp)", "sys/buf.h")
def minphys(k: Kernel, bp: int) -> None:
    """The most that any device takes at once: MAXPHYS bytes."""
    view = buffer(k, bp)
    view.b_bcount = min(view.b_bcount, MAXPHYS)


@export(
    "int physio(void (*strategy)(struct buf *), struct buf *bp, dev_t dev, int flags,"
    " void (*minphys)(struct buf *), struct uio *uio)",
    "sys/buf.h",
    bound=MEMORY,
)
def physio(k: Kernel, strategy: int, obp: int, dev: int, flags: int, limit: int, uio_addr: int) -> int:
    """Move what `uio` asks for by transfers of at most what `minphys` lets pass.

    The offset must be at a block (EINVAL). A transfer that falls short is the end. `obp` is not needed: each
    call has a buffer of its own.
    """
    view = k.umem.view(uio.layout(k.dm), uio_addr)
    steps = Steps(k, f"the transfer of the uio at {uio_addr:#x}", LIST_MAX + k.mem.size // DEV_BSIZE)
    while view.uio_resid and view.uio_iovcnt > 0:
        length = k.umem.view(iovec.layout(k.dm), view.uio_iov).iov_len
        steps.step()
        if length == 0:
            view.uio_iov = view.uio_iov + iovec.layout(k.dm).size
            view.uio_iovcnt = view.uio_iovcnt - 1
            continue
        if not _piece(k, strategy, dev, min(length, view.uio_resid, MAXPHYS), limit, view):
            break
    return 0


def _piece(k: Kernel, strategy: int, dev: int, count: int, limit: int, view: View) -> bool:
    """One transfer at the uio's offset; False when it fell short."""
    offset = view.uio_offset
    if offset % DEV_BSIZE:
        raise KernelError(EINVAL, f"offset {offset} is not a multiple of {DEV_BSIZE}")
    bp = new_buffer(k, count)
    try:
        what = buffer(k, bp)
        data = what.b_data
        what.b_dev, what.b_blkno, what.b_rawblkno = dev, offset // DEV_BSIZE, offset // DEV_BSIZE
        k.engine.call(STRATEGY, limit, bp)
        want: int = what.b_bcount
        if not 0 < want <= count:
            raise KernelError(EIO, f"the driver's minphys made {want} bytes of {count}")
        reading = view.uio_rw == UIO_READ
        if not reading:
            k.mem.write(data, uio_write(k, want, view.addr))
        flags = B_PHYS | B_RAW | (B_READ if reading else 0)
        done: int = transfer(k, bp, flags, lambda bp: k.engine.call(STRATEGY, strategy, bp))
        if reading:
            uio_read(k, k.mem.read(data, done), view.addr)
        else:
            _take_back(k, view, want - done)
        return done == want
    finally:
        if not k.dead:
            release(k, bp, "physio")


def _take_back(k: Kernel, view: View, count: int) -> None:
    """`count` bytes at the end of what a uio's current iovec gave were not written after all."""
    iov = k.umem.view(iovec.layout(k.dm), view.uio_iov)
    iov.iov_base, iov.iov_len = iov.iov_base - count, iov.iov_len + count
    view.uio_resid, view.uio_offset = view.uio_resid + count, view.uio_offset - count
