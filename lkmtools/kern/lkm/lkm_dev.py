"""DEV modules: their drivers in the device switch (_lkm_dev() of kern_lkm.c, NetBSD 5.2 and 1.4).

A module of NetBSD 2.0 and later has a cdevsw and perhaps a bdevsw, which devsw_attach() enters. One of NetBSD
1.4 or OpenBSD has one struct, which is copied over the place of a major; what was there comes back.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from lkmtools.abi import lkm as abi
from lkmtools.abi.conf import bdevsw, cdevsw
from lkmtools.abi.dialects import ONE_SWITCH
from lkmtools.abi.errno import EBUSY, EEXIST, EINVAL, ENFILE, ENODEV
from lkmtools.errors import KernelError
from lkmtools.kern.dev.subr_devsw import (
    OLD_SWITCHES,
    attached,
    devsw_attach,
    devsw_detach,
    kept,
    old_switch,
    taken,
)

if TYPE_CHECKING:
    from collections.abc import Callable

    from lkmtools.kern.kernel import Kernel
    from lkmtools.machine.memory import View


def load(k: Kernel, private: int) -> Callable[[], None]:
    """Attach the driver; its majors, packed, become lkm_offset. In an older module that is its only major."""
    view = k.umem.view(abi.lkm_dev.layout(k.dm), private)
    bdev, cdev = view.lkm_bdev, view.lkm_cdev
    if has_one_switch(k, private):
        return _load_copy(k, view)
    devsw_attach(k, view.lkm_devname, bdev, view.at("lkm_bdevmaj"), cdev, view.at("lkm_cdevmaj"))
    view.put("mod.lkm_offset", abi.LKM_MAKEMAJOR(view.lkm_bdevmaj, view.lkm_cdevmaj))
    return lambda: devsw_detach(k, bdev, cdev)


def unload(k: Kernel, private: int) -> None:
    """Detach the driver and forget its majors; EBUSY when another has taken an older module's place since."""
    view = k.umem.view(abi.lkm_dev.layout(k.dm), private)
    if copy := _copy(k, private):
        copy()
    else:
        devsw_detach(k, view.lkm_bdev, view.lkm_cdev)
    view.lkm_bdevmaj = -1
    view.lkm_cdevmaj = -1


def blocked(k: Kernel, private: int) -> str:
    """Another module has taken an older module's place since."""
    copy = _copy(k, private)
    return copy.overtaken() if copy else ""


def overtaken(k: Kernel, what: str, where: int, entry: bytes) -> str:
    """Why a place in a table of functions cannot be given back: it does not hold `entry` any more.

    The module to unload first is the one that has a function there.
    """
    size = k.dm.pointer
    now = k.mem.read(where, len(entry))
    if now == entry:
        return ""
    changed = (i for i in range(0, len(entry), size) if now[i : i + size] != entry[i : i + size])
    modules = (k.modules.at(k.mem.ptr(where + i)) for i in changed)
    module = next((module for module in modules if module is not None), None)
    who = f"module '{module.title}'" if module is not None else "what replaced it"
    return f"{what} has been replaced again since; unload {who} first"


def has_one_switch(k: Kernel, private: int) -> bool:
    """Is that the private struct of a module for a system whose DEV modules have one struct and one major?"""
    return k.modules.dialect(private) in ONE_SWITCH


def majors(k: Kernel, private: int, offset: int) -> int:
    """The lkm_offset of a DEV module as LMSTAT has it: both majors, packed."""
    if not has_one_switch(k, private):
        return offset
    view = k.umem.view(abi.lkm_dev.layout(k.dm), private)
    return abi.LKM_MAKEMAJOR(view.lkm_bdevmaj, view.lkm_cdevmaj)


class Copy:
    """A driver, `new`, that was copied over a major's place; a call of it brings back what was there."""

    def __init__(self, k: Kernel, what: str, where: int, new: bytes) -> None:
        self.k, self.what, self.where, self.new = k, what, where, new
        self.old = k.mem.read(where, len(new))
        k.mem.write(where, new)

    def overtaken(self) -> str:
        """Why it cannot be taken out."""
        return overtaken(self.k, self.what, self.where, self.new)

    def __call__(self) -> None:
        """EBUSY when another has taken the place since."""
        if why := self.overtaken():
            raise KernelError(EBUSY, why)
        self.k.mem.write(self.where, self.old)


def _copy(k: Kernel, private: int) -> Copy | None:
    """What an older module has put into the switch."""
    module = k.modules.at(private)
    undo = module.wired.get(private) if module is not None else None
    return undo if isinstance(undo, Copy) else None


def _load_copy(k: Kernel, view: View) -> Copy:
    """Copy the driver over a major's place: that of lkm_offset, or the first that is kept for modules."""
    table = "bdevsw" if view.lkm_bdev else "cdevsw"
    source, member = view.lkm_bdev or view.lkm_cdev, f"lkm_{table[:4]}maj"
    if not source:
        raise KernelError(ENODEV, "a device module has a driver: the last argument of MOD_DEV is NULL")
    maj = _place(k, table, view.get("mod.lkm_offset"))
    size = (bdevsw if table == "bdevsw" else cdevsw).layout(k.dm).size
    where = old_switch(k, table, maj)
    copy = Copy(k, f"major {maj} of {table}", where, k.umem.read(source, size))
    view.put("mod.lkm_offset", maj)
    view.put(member, maj)
    return copy


def _place(k: Kernel, table: str, offset: int) -> int:
    """The major for a driver; ENFILE, EINVAL, EEXIST."""
    count = OLD_SWITCHES[table][2]
    if offset == k.dm.mask:
        free = (maj for maj in range(count) if kept(k, table, maj) and not attached(k, table, maj))
        maj = next(free, None)
        if maj is None:
            raise KernelError(ENFILE, f"every major of {table} for modules is taken")
        return maj
    if offset >= count:
        raise KernelError(EINVAL, f"major {offset} of {table} is not between 0 and {count - 1}")
    if attached(k, table, offset) not in (0, old_switch(k, table, offset)):
        raise KernelError(EEXIST, taken(k, table, offset))
    return offset
