"""Device entry points that do nothing, and which entries the kernel's own drivers have (conf.c).

The no* entries of a switch are casts of enodev in <sys/conf.h>, the null* ones of nullop: both are one
machine instruction here.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from lkmtools.abi.conf import CN_MAJOR, MEM_MAJOR
from lkmtools.abi.errno import ENODEV, ENOSYS, ENOTTY, ENXIO, EOPNOTSUPP
from lkmtools.abi.poll import ALWAYS_READY
from lkmtools.kern.base.export import constant, export
from lkmtools.kern.dev import subr_devsw

if TYPE_CHECKING:
    from lkmtools.kern.kernel import Kernel

# Name, character major, and the entries that are not enodev.
DRIVERS: tuple[tuple[str, int, dict[str, str]], ...] = (
    ("cons", CN_MAJOR, {"d_read": "cnread", "d_write": "cnwrite", "d_ioctl": "mmioctl", "d_poll": "seltrue"}),
    ("mem", MEM_MAJOR, {
        "d_open": "mmopen", "d_read": "mmrw", "d_write": "mmrw", "d_ioctl": "mmioctl", "d_poll": "seltrue",
    }),
)  # fmt: skip

FUNCTIONS = (
    constant("int enodev(void)", ENODEV, "sys/conf.h"),
    constant("int lkmenodev(void)", ENODEV, "sys/systm.h"),
    constant("int nullop(void *v)", 0, "sys/systm.h"),
    constant("int enosys(void)", ENOSYS, "sys/systm.h"),
    constant("int enoioctl(void)", ENOTTY, "sys/systm.h"),
    constant("int enxio(void)", ENXIO, "sys/systm.h"),
    constant("int eopnotsupp(void)", EOPNOTSUPP, "sys/systm.h"),
    constant("int seltrue_kqfilter(dev_t dev, struct knote *kn)", 0, "sys/conf.h"),
)


@export("void nullenodev(void)", "sys/conf.h")
def nullenodev(k: Kernel) -> None:
    """A void entry that does nothing (nostrategy, nostop)."""


@export("int seltrue(dev_t dev, int events, struct lwp *l)", "sys/systm.h")
def seltrue(k: Kernel, dev: int, events: int, l_addr: int) -> int:
    """The poll entry of a device that is always ready."""
    return events & ALWAYS_READY


def attach_drivers(k: Kernel) -> None:
    """Enter the kernel's own drivers into the switch; those of kern/lkm attach themselves."""
    for name, maj, entries in DRIVERS:
        subr_devsw.attach_builtin(k, name, maj, driver(k, **entries))


def driver(k: Kernel, **entries: str) -> dict[str, int]:
    """cdevsw members by the names of kernel functions; what is not named is enodev."""
    names = {
        "d_open": "nullop", "d_close": "nullop", "d_read": "enodev", "d_write": "enodev", "d_ioctl": "enodev",
        "d_stop": "nullenodev", "d_poll": "enodev", "d_mmap": "enodev",
        "d_kqfilter": "seltrue_kqfilter", **entries,
    }  # fmt: skip
    return {member: k.symbol(name) for member, name in names.items()}
