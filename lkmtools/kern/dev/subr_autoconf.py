"""Autoconfiguration: drivers, attachments and tables of devices come and go (subr_autoconf.c of NetBSD 5.2).

allcfdrivers, allcftables and alldevs are lists in guest memory, of the modules' own structs. What a module
may do to one device is in subr_device.py.

Not modelled: a root bus. Devices are pseudo-devices (config_attach_pseudo()) and their children.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from lkmtools.abi.datamodel import C_TEXT
from lkmtools.abi.device import cfattach, cfdata, cfdriver, cftable, device
from lkmtools.abi.errno import EBUSY, EEXIST, EINVAL, ENOMEM, ESRCH
from lkmtools.errors import KernelError
from lkmtools.kern.base.bound import Steps
from lkmtools.kern.base.export import Data, export
from lkmtools.kern.base.queue import (
    chain,
    list_insert_head,
    list_remove,
    pointers,
    tailq_init,
    tailq_insert_tail,
    tailq_remove,
)
from lkmtools.machine import Prototype

if TYPE_CHECKING:
    from lkmtools.abi.datamodel import DataModel
    from lkmtools.kern.kernel import Kernel
    from lkmtools.machine.memory import View

_HEADER = "sys/device.h"
_LATER = Prototype("void func(struct device *dev)")
_FINALIZE = Prototype("int func(struct device *dev)")
CA_RESCAN = Prototype("int ca_rescan(struct device *self, const char *ifattr, const int *locs)")


def driver_at(k: Kernel, addr: int) -> View:
    """The struct cfdriver at `addr`."""
    return k.umem.view(cfdriver.layout(k.dm), addr)


def text(k: Kernel, addr: int) -> str:
    """A name in a module's memory; "" for NULL."""
    return k.umem.cstr(addr, 256).decode(*C_TEXT) if addr else ""


def drivers(k: Kernel) -> Iterator[View]:
    """allcfdrivers."""
    return (driver_at(k, addr) for addr in chain(k, "allcfdrivers", k.symbol("allcfdrivers"), 0))


def find_driver(k: Kernel, name: str) -> View | None:
    """The driver of a name."""
    return next((cd for cd in drivers(k) if text(k, cd.cd_name) == name), None)


def attachments(k: Kernel, cd: View) -> Iterator[View]:
    """The attachments of a driver."""
    layout = cfattach.layout(k.dm)
    link, what = layout.offsetof("le_next"), "cd_attach"
    return (k.umem.view(layout, addr) for addr in chain(k, what, cd.at("lh_first"), link))


def find_attachment(k: Kernel, cd: View, name: str) -> View | None:
    """A driver's attachment of a name."""
    return next((ca for ca in attachments(k, cd) if text(k, ca.ca_name) == name), None)


def units(k: Kernel, cd: View) -> list[int]:
    """The devices of a driver by unit; 0 for a unit without a device."""
    what = f"cd_devs of the struct cfdriver at {cd.addr:#x}"
    return pointers(k, what, cd.cd_devs, cd.cd_ndevs) if cd.cd_devs else []


def devices(k: Kernel) -> list[View]:
    """alldevs, in the order they were attached."""
    layout = device.layout(k.dm)
    link = layout.offsetof("tqe_next")
    return [k.umem.view(layout, addr) for addr in chain(k, "alldevs", k.symbol("alldevs"), link)]


def rows(k: Kernel, table: int) -> Iterator[View]:
    """The rows of a table of struct cfdata, which one without a name ends."""
    layout, steps = cfdata.layout(k.dm), Steps(k, f"the table of struct cfdata at {table:#x}")
    while (row := k.umem.view(layout, table)).cf_name:
        steps.step()
        yield row
        table += layout.size


def tables(k: Kernel) -> list[View]:
    """allcftables."""
    layout = cftable.layout(k.dm)
    link = layout.offsetof("tqe_next")
    return [k.umem.view(layout, addr) for addr in chain(k, "allcftables", k.symbol("allcftables"), link)]


def _named(k: Kernel, name: int) -> View:
    cd = find_driver(k, text(k, name))
    if cd is None:
        raise KernelError(ESRCH, f"there is no driver '{text(k, name)}'")
    return cd


# -- later ----------------------------------------------------------------------------------------------


@export("void config_interrupts(device_t dev, void (*func)(device_t))", _HEADER)
def config_interrupts(k: Kernel, dev: int, func: int) -> None:
    """Call func(dev) when interrupts work: at once."""
    k.engine.call(_LATER, func, dev)


@export("int config_finalize_register(device_t dev, int (*func)(device_t))", _HEADER)
def config_finalize_register(k: Kernel, dev: int, func: int) -> int:
    """Call func(dev), as long as it has done something, when all devices are there: at once. 0."""
    while k.engine.call(_FINALIZE, func, dev):
        pass
    return 0


@export("void config_pending_decr(void)", _HEADER)
@export("void config_pending_incr(void)", _HEADER)
def config_pending(k: Kernel) -> None:
    """Nothing: the root is mounted, and nothing waits."""


# -- drivers and attachments --------------------------------------------------------------------------------


@export("int config_cfdriver_attach(struct cfdriver *cd)", _HEADER)
def config_cfdriver_attach(k: Kernel, cd_addr: int) -> int:
    """Register a driver; EEXIST when its name is taken."""
    cd = driver_at(k, cd_addr)
    name = text(k, cd.cd_name)
    if find_driver(k, name) is not None:
        raise KernelError(EEXIST, f"there is a driver '{name}' already")
    cd.lh_first = 0
    list_insert_head(k, "allcfdrivers", k.symbol("allcfdrivers"), cd_addr, 0)
    return 0


@export("int config_cfdriver_detach(struct cfdriver *cd)", _HEADER)
def config_cfdriver_detach(k: Kernel, cd_addr: int) -> int:
    """Remove a driver; EBUSY while it has devices or attachments, ESRCH when it is not known."""
    cd = driver_at(k, cd_addr)
    if cd_addr not in chain(k, "allcfdrivers", k.symbol("allcfdrivers"), 0):
        raise KernelError(ESRCH, f"driver '{text(k, cd.cd_name)}' is not registered")
    if here := [dev for dev in units(k, cd) if dev]:
        name = xname(k, k.umem.view(device.layout(k.dm), here[0]))
        raise KernelError(EBUSY, f"driver '{text(k, cd.cd_name)}' has {name}")
    if cd.lh_first:
        raise KernelError(EBUSY, f"driver '{text(k, cd.cd_name)}' has attachments")
    list_remove(k, "allcfdrivers", cd_addr, 0)
    return 0


@export("int config_cfattach_attach(const char *driver, struct cfattach *ca)", _HEADER)
def config_cfattach_attach(k: Kernel, driver: int, ca_addr: int) -> int:
    """Add an attachment to a driver; ESRCH without the driver, EEXIST when it has one of that name."""
    cd = _named(k, driver)
    layout = cfattach.layout(k.dm)
    name = text(k, k.umem.view(layout, ca_addr).ca_name)
    if find_attachment(k, cd, name) is not None:
        raise KernelError(EEXIST, f"driver '{text(k, driver)}' has an attachment '{name}' already")
    list_insert_head(k, "cd_attach", cd.at("lh_first"), ca_addr, layout.offsetof("le_next"))
    return 0


@export("int config_cfattach_detach(const char *driver, struct cfattach *ca)", _HEADER)
def config_cfattach_detach(k: Kernel, driver: int, ca_addr: int) -> int:
    """Remove an attachment; EBUSY while a device has it, ESRCH when it or the driver is not known."""
    cd = _named(k, driver)
    if user := next((dev for dev in devices(k) if dev.dv_cfattach == ca_addr), None):
        raise KernelError(EBUSY, f"{xname(k, user)} uses it")
    if ca_addr not in [ca.addr for ca in attachments(k, cd)]:
        raise KernelError(ESRCH, f"driver '{text(k, driver)}' has no such attachment")
    list_remove(k, "cd_attach", ca_addr, cfattach.layout(k.dm).offsetof("le_next"))
    return 0


@export("struct cfdriver *config_cfdriver_lookup(const char *name)", _HEADER)
def config_cfdriver_lookup(k: Kernel, name: int) -> int:
    """The driver of a name, or NULL."""
    cd = find_driver(k, text(k, name))
    return cd.addr if cd is not None else 0


@export("struct cfattach *config_cfattach_lookup(const char *name, const char *atname)", _HEADER)
def config_cfattach_lookup(k: Kernel, name: int, atname: int) -> int:
    """A driver's attachment, both by name, or NULL."""
    cd = find_driver(k, text(k, name))
    ca = find_attachment(k, cd, text(k, atname)) if cd is not None else None
    return ca.addr if ca is not None else 0


def xname(k: Kernel, dev: View) -> str:
    """A device's name with its unit."""
    raw: bytes = dev.dv_xname
    return raw.split(b"\0", 1)[0].decode(*C_TEXT)


# -- tables of devices --------------------------------------------------------------------------------------


@export("int config_cfdata_attach(struct cfdata *cf, int scannow)", _HEADER)
def config_cfdata_attach(k: Kernel, cf: int, scannow: int) -> int:
    """A table of devices comes; with `scannow` every device that can looks for children again. ENOMEM."""
    layout = cftable.layout(k.dm)
    table = k.heap.alloc(layout.size)
    if not table:
        raise KernelError(ENOMEM, "no kernel memory for a struct cftable")
    k.mem.view(layout, table).ct_cfdata = cf
    tailq_insert_tail(k, "allcftables", k.symbol("allcftables"), table, layout.offsetof("tqe_next"))
    for dev in devices(k) if scannow else ():
        rescan = k.umem.view(cfattach.layout(k.dm), dev.dv_cfattach).ca_rescan
        if rescan:
            k.engine.call(CA_RESCAN, rescan, dev.addr, 0, 0)
    return 0


def forget_table(k: Kernel, cf: int) -> None:
    """A table of devices goes; EINVAL when it is not there."""
    table = next((table for table in tables(k) if table.ct_cfdata == cf), None)
    if table is None:
        raise KernelError(EINVAL, f"{cf:#x} is not an attached table of devices")
    link = cftable.layout(k.dm).offsetof("tqe_next")
    tailq_remove(k, "allcftables", k.symbol("allcftables"), table.addr, link)
    k.heap.free(table.addr)


def _two(dm: DataModel) -> int:
    return 2 * dm.pointer


DATA = (
    Data("allcfdrivers", "struct cfdriverlist allcfdrivers", lambda dm: dm.pointer, None, _HEADER),
    Data("allcftables", "struct cftablelist allcftables", _two, tailq_init, _HEADER),
    Data("alldevs", "struct devicelist alldevs", _two, tailq_init, _HEADER),
)
