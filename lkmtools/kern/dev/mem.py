"""/dev/mem, /dev/kmem, /dev/null and /dev/zero (mem.c of the machines)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from lkmtools.abi.conf import DEV_KMEM, DEV_MEM, DEV_NULL, DEV_ZERO, minor
from lkmtools.abi.errno import EFAULT, ENODEV, ENXIO, EPERM
from lkmtools.abi.fcntl import FWRITE
from lkmtools.abi.filio import FIOASYNC, FIONBIO
from lkmtools.abi.uio import uio
from lkmtools.abi.vmparam import PAGE_SIZE
from lkmtools.errors import KernelError
from lkmtools.kern.base.bound import MEMORY, Steps
from lkmtools.kern.base.export import export
from lkmtools.kern.proc.kern_copy import uio_read, uio_write
from lkmtools.machine import MemFault

if TYPE_CHECKING:
    from lkmtools.kern.kernel import Kernel

KMEM_GID = 2  # the group of memory's nodes, and of /dev/lkm
_ZEROS = 1 << 16  # bytes in one transfer


@export("int mmopen(dev_t dev, int flag, int mode, struct lwp *l)")
def mmopen(k: Kernel, dev: int, flag: int, mode: int, l_addr: int) -> int:
    """/dev/mem and /dev/kmem cannot be written at securelevel 1 and above; the others can always."""
    if minor(dev) not in (DEV_MEM, DEV_KMEM, DEV_NULL, DEV_ZERO):
        raise KernelError(ENXIO, f"no such minor device: {minor(dev)} (mem 0, kmem 1, null 2, zero 12)")
    if minor(dev) in (DEV_MEM, DEV_KMEM) and flag & FWRITE and k.securelevel > 0:
        raise KernelError(EPERM, f"securelevel is {k.securelevel}: memory is read-only")
    return 0


@export("int mmrw(dev_t dev, struct uio *uio, int flag)", bound=MEMORY)
def mmrw(k: Kernel, dev: int, uio_addr: int, flag: int) -> int:
    """Read and write memory, nothing and zeros. EFAULT where no memory is."""
    view = k.umem.view(uio.layout(k.dm), uio_addr)
    count, offset, writing = view.uio_resid, view.uio_offset, view.uio_rw
    kind = minor(dev)
    if kind == DEV_NULL or (kind == DEV_ZERO and writing):
        if writing:
            view.uio_resid = 0
        return 0
    if kind == DEV_ZERO:
        steps = Steps(k, f"the transfer of the uio at {uio_addr:#x}", 2 * k.mem.size // _ZEROS)
        while count > 0 and (moved := uio_read(k, bytes(min(count, _ZEROS)), uio_addr)):
            steps.step()
            count -= moved
        return 0
    # Physical memory has no page permissions; of kernel virtual memory, go as far as it is mapped.
    mem, addr = (k.umem, offset & k.dm.mask) if kind == DEV_KMEM else (k.mem, k.mem.base + offset)
    if kind == DEV_KMEM:
        count = min(count, PAGE_SIZE - addr % PAGE_SIZE)
    elif offset >= k.mem.size:
        return 0
    if writing and k.securelevel > 0:  # opened before it was raised
        raise KernelError(EPERM, f"securelevel is {k.securelevel}: memory is read-only")
    try:
        if writing:
            mem.write(addr, uio_write(k, count, uio_addr))
        else:
            uio_read(k, mem.read(addr, min(count, k.mem.base + k.mem.size - addr)), uio_addr)
    except MemFault as fault:
        raise KernelError(EFAULT, str(fault)) from None
    return 0


@export("int mmioctl(dev_t dev, u_long com, void *data, int flag, struct lwp *l)")
def mmioctl(k: Kernel, dev: int, com: int, data: int, flag: int, l_addr: int) -> int:
    """Memory never blocks, nor does the console: FIONBIO and FIOASYNC are taken; ENODEV for all else."""
    return 0 if com in (FIONBIO, FIOASYNC) else ENODEV
