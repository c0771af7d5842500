"""Device entry points that do nothing, and the kernel's own drivers (conf.c, mem.c, cons.c).

The no* entries of a switch are casts of enodev in <sys/conf.h>, the null* ones of nullop: both are one
machine instruction here.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from lkmtools.abi.conf import DEV_KMEM, DEV_MEM, DEV_NULL, DEV_ZERO, minor
from lkmtools.abi.datamodel import C_TEXT
from lkmtools.abi.errno import EFAULT, ENODEV, ENXIO, EPERM
from lkmtools.abi.fcntl import FWRITE
from lkmtools.abi.filio import FIOASYNC, FIONBIO
from lkmtools.abi.poll import ALWAYS_READY
from lkmtools.abi.uio import uio
from lkmtools.abi.vmparam import PAGE_SIZE
from lkmtools.errors import KernelError
from lkmtools.kern.base.bound import MEMORY, Steps
from lkmtools.kern.base.export import constant, export
from lkmtools.kern.dev import subr_devsw
from lkmtools.kern.proc.kern_copy import uio_read, uio_write
from lkmtools.machine import MemFault

if TYPE_CHECKING:
    from lkmtools.kern.kernel import Kernel

CN_MAJOR, MEM_MAJOR, LKM_MAJOR = 0, 2, 28
KSYMS_MAJOR = {"amd64": 85, "i386": 101}
KMEM_GID = 2
_ZEROS = bytes(1 << 16)
# Name, character major, and the entries that are not enodev.
DRIVERS: tuple[tuple[str, int, dict[str, str]], ...] = (
    ("cons", CN_MAJOR, {"d_read": "cnread", "d_write": "cnwrite", "d_ioctl": "mmioctl", "d_poll": "seltrue"}),
    ("mem", MEM_MAJOR, {
        "d_open": "mmopen", "d_read": "mmrw", "d_write": "mmrw", "d_ioctl": "mmioctl", "d_poll": "seltrue",
    }),
    ("lkm", LKM_MAJOR, {
        "d_open": "lkmopen", "d_close": "lkmclose", "d_ioctl": "lkmioctl", "d_poll": "seltrue",
    }),
)  # fmt: skip

FUNCTIONS = (
    constant("int enodev(void)", ENODEV, "sys/conf.h"),
    constant("int nullop(void *v)", 0, "sys/systm.h"),
    constant("int enosys(void)", 78, "sys/systm.h"),
    constant("int enoioctl(void)", 25, "sys/systm.h"),
    constant("int enxio(void)", ENXIO, "sys/systm.h"),
    constant("int eopnotsupp(void)", 45, "sys/systm.h"),
    constant("int seltrue_kqfilter(dev_t dev, struct knote *kn)", 0, "sys/conf.h"),
)


@export("void nullenodev(void)", "sys/conf.h")
def nullenodev(k: Kernel) -> None:
    """A void entry that does nothing (nostrategy, nostop)."""


@export("int seltrue(dev_t dev, int events, struct lwp *l)", "sys/systm.h")
def seltrue(k: Kernel, dev: int, events: int, l_addr: int) -> int:
    """The poll entry of a device that is always ready."""
    return events & ALWAYS_READY


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
        steps = Steps(k, f"the transfer of the uio at {uio_addr:#x}", 2 * k.mem.size // len(_ZEROS))
        while count > 0 and (moved := uio_read(k, _ZEROS[:count], uio_addr)):
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


@export("int cnwrite(dev_t dev, struct uio *uio, int flag)", bound=MEMORY)
def cnwrite(k: Kernel, dev: int, uio_addr: int, flag: int) -> int:
    """What is written to the console goes to the message buffer."""
    count = k.umem.view(uio.layout(k.dm), uio_addr).uio_resid
    k.console.write(uio_write(k, count, uio_addr).decode(*C_TEXT))
    return 0


@export("int cnread(dev_t dev, struct uio *uio, int flag)")
def cnread(k: Kernel, dev: int, uio_addr: int, flag: int) -> int:
    """Nobody types at the console: always end of file."""
    return 0


def attach_drivers(k: Kernel) -> None:
    """Enter the kernel's own drivers into the switch; that of /dev/lkm unless it has no options LKM."""
    for name, maj, entries in DRIVERS if k.config.lkm else DRIVERS[:-1]:
        subr_devsw.attach_builtin(k, name, maj, driver(k, **entries))


def driver(k: Kernel, **entries: str) -> dict[str, int]:
    """cdevsw members by the names of kernel functions; what is not named is enodev."""
    names = {
        "d_open": "nullop", "d_close": "nullop", "d_read": "enodev", "d_write": "enodev", "d_ioctl": "enodev",
        "d_stop": "nullenodev", "d_poll": "enodev", "d_mmap": "enodev",
        "d_kqfilter": "seltrue_kqfilter", **entries,
    }  # fmt: skip
    return {member: k.symbol(name) for member, name in names.items()}
