"""bdev_*() and cdev_*(): a module calls the driver of a device number (subr_devsw.c of NetBSD 5.2).

A row has the entry of the switch, and the result if no driver has the major. Nothing else calls d_dump or
d_tty, and nothing calls d_psize, which was for swapping.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from lkmtools.abi.buf import buf
from lkmtools.abi.conf import bdevsw, cdevsw, major
from lkmtools.abi.dialects import TYPE_BEFORE_KQFILTER
from lkmtools.abi.errno import ENXIO
from lkmtools.abi.poll import POLLERR
from lkmtools.kern.base.bound import MEMORY
from lkmtools.kern.base.export import Function, export
from lkmtools.kern.dev.subr_devsw import lookup
from lkmtools.kern.proc.kern_proc import caller, find_lwp
from lkmtools.kern.vfs.kern_physio import STRATEGY
from lkmtools.machine import Prototype
from lkmtools.tuples import NamedTuple

if TYPE_CHECKING:
    from lkmtools.kern.kernel import Kernel

_CALLER = "struct lwp *l)"
_OPEN = f"(dev_t dev, int flag, int devtype, {_CALLER}"
_RW = "(dev_t dev, struct uio *uio, int flag)"
_IOCTL = f"(dev_t dev, u_long cmd, void *data, int flag, {_CALLER}"


class DevswFunction(NamedTuple):
    """A switch's function: how it is declared, and what its caller gets when there is no driver."""

    prefix: str
    name: str
    returns: str
    params: str
    absent: int = ENXIO


ROWS = (
    DevswFunction("bdev", "open", "int ", _OPEN),
    DevswFunction("bdev", "close", "int ", _OPEN),
    DevswFunction("bdev", "ioctl", "int ", _IOCTL),
    DevswFunction("bdev", "dump", "int ", "(dev_t dev, daddr_t addr, void *data, size_t size)"),
    DevswFunction("cdev", "open", "int ", _OPEN),
    DevswFunction("cdev", "close", "int ", _OPEN),
    DevswFunction("cdev", "read", "int ", _RW),
    DevswFunction("cdev", "write", "int ", _RW),
    DevswFunction("cdev", "ioctl", "int ", _IOCTL),
    DevswFunction("cdev", "tty", "struct tty *", "(dev_t dev)", 0),
    DevswFunction("cdev", "poll", "int ", f"(dev_t dev, int flag, {_CALLER}", POLLERR),
    DevswFunction("cdev", "mmap", "paddr_t ", "(dev_t dev, off_t off, int flag)", -1),
    DevswFunction("cdev", "kqfilter", "int ", "(dev_t dev, struct knote *kn)"),
)


def _call(row: DevswFunction) -> Function:
    """The kernel function of a row: look the driver up, and call its entry with the same arguments."""
    proto = Prototype(f"{row.returns}{row.prefix}_{row.name}{row.params}")
    called = Prototype(f"{row.returns}d_{row.name}{row.params}")
    struct = bdevsw if row.prefix == "bdev" else cdevsw

    def body(k: Kernel, dev: int, *args: int) -> int | None:
        entry = _entry(k, struct.name, f"d_{row.name}", dev)
        if not entry:
            return row.absent
        if row.params.endswith(_CALLER):
            args = (*args[:-1], _caller(k, args[-1], entry))
        return k.engine.call(called, entry, dev, *args)

    kind = "block" if row.prefix == "bdev" else "character"
    body.__doc__ = f"The d_{row.name} of a {kind} device's driver."
    return Function(proto, "sys/conf.h", body, bound=MEMORY)


def _caller(k: Kernel, who: int, entry: int) -> int:
    """The caller as the driver's dialect has it; what find_lwp() does not know, as it is."""
    lwp = find_lwp(k, who)
    return who if lwp is None else caller(k, lwp, entry)


def _entry(k: Kernel, table: str, member: str, dev: int) -> int:
    """A function of the driver of `dev`; 0 when there is none."""
    driver = lookup(k, table, major(dev))
    layout = (bdevsw if table == "bdevsw" else cdevsw).layout(k.dm)
    if not driver:
        return 0
    if member == "d_kqfilter":
        opens = k.umem.ptr(driver + layout.offsetof("d_open"))
        if k.modules.dialect(opens) in TYPE_BEFORE_KQFILTER:
            member = "d_flag"  # where OpenBSD has it
    return k.umem.ptr(driver + layout.offsetof(member))


@export("void bdev_strategy(struct buf *bp)", "sys/conf.h")
def bdev_strategy(k: Kernel, bp: int) -> None:
    """The d_strategy of a buffer's device; a panic when it has no driver."""
    dev = k.umem.view(buf.layout(k.dm), bp).b_dev
    entry = _entry(k, "bdevsw", "d_strategy", dev)
    if not entry:
        k.panic(f"bdev_strategy: no driver has block major {major(dev)}")
    k.engine.call(STRATEGY, entry, bp)


FUNCTIONS = tuple(map(_call, ROWS))
