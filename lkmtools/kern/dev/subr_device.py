"""Devices: attached, found below another, looked up, detached (subr_autoconf.c of NetBSD 5.2)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from lkmtools.abi.datamodel import C_TEXT
from lkmtools.abi.device import (
    DETACH_FORCE,
    DETACH_QUIET,
    DVF_ACTIVE,
    DVF_PRIV_ALLOC,
    DVUNIT_ANY,
    FSTATE_FOUND,
    FSTATE_NOTFOUND,
    FSTATE_STAR,
    UNSUPP,
    XNAME_SIZE,
    cfattach,
    cfdata,
    cfparent,
    device,
)
from lkmtools.abi.errno import EOPNOTSUPP
from lkmtools.errors import KernelError
from lkmtools.kern.base.bound import MESSAGE, Steps
from lkmtools.kern.base.export import Function, export
from lkmtools.kern.base.queue import tailq_insert_tail, tailq_remove
from lkmtools.kern.dev.subr_autoconf import (
    devices,
    driver_at,
    find_attachment,
    find_driver,
    forget_table,
    rows,
    tables,
    text,
    units,
    xname,
)
from lkmtools.kern.lib.subr_prf import formatted
from lkmtools.machine import Prototype, VaList

if TYPE_CHECKING:
    from lkmtools.kern.kernel import Kernel
    from lkmtools.machine.memory import View

_HEADER = "sys/device.h"
CA_MATCH = Prototype("int ca_match(struct device *parent, struct cfdata *cf, void *aux)")
CA_ATTACH = Prototype("void ca_attach(struct device *parent, struct device *self, void *aux)")
CA_DETACH = Prototype("int ca_detach(struct device *self, int flags)")
CA_CHILDDETACHED = Prototype("void ca_childdetached(struct device *self, struct device *child)")
SUBMATCH = Prototype("int submatch(struct device *parent, struct cfdata *cf, const int *locs, void *aux)")
PRINT = Prototype("int print(void *aux, const char *pnp)")
MAX_UNIT = 1000
_SAID = ("", " not configured\n", " unsupported\n")


def _device(k: Kernel, addr: int, function: str) -> View:
    """The device at `addr`; a panic when there is none."""
    found = next((dev for dev in devices(k) if dev.addr == addr), None)
    if found is None:
        k.panic(f"{function}: {addr:#x} is not a device")
    return found


# -- attaching ----------------------------------------------------------------------------------------------


def _devalloc(k: Kernel, parent: int, cf: View, locs: int) -> View | None:
    """A device for a row of a table, in the lists, not yet attached; None when it cannot be."""
    cd = find_driver(k, text(k, cf.cf_name))
    ca = find_attachment(k, cd, text(k, cf.cf_atname)) if cd is not None else None
    if cd is None or ca is None:
        return None
    unit = _unit(k, cd, cf)
    if unit is None:
        return None
    name = f"{text(k, cd.cd_name)}{unit}"
    layout, own = device.layout(k.dm), bool(ca.ca_flags & DVF_PRIV_ALLOC)
    if not own and ca.ca_devsize < layout.size:
        k.panic(f"config_devalloc: {name}: ca_devsize is {ca.ca_devsize}; a device has {layout.size} bytes")
    addr = k.heap.alloc(layout.size if own else ca.ca_devsize)
    private = k.heap.alloc(ca.ca_devsize) if own and ca.ca_devsize else 0 if own else addr
    if not addr or (own and ca.ca_devsize and not private):
        k.panic(f"config_devalloc: memory allocation for {name} failed")
    _makeroom(k, cd, unit)
    k.mem.write(
        addr,
        layout.pack(
            dv_class=cd.cd_class, dv_cfdata=cf.addr, dv_cfdriver=cd.addr, dv_cfattach=ca.addr, dv_unit=unit,
            dv_xname=name.encode(*C_TEXT), dv_parent=parent, dv_private=private, dv_locators=locs,
            dv_depth=k.umem.view(layout, parent).dv_depth + 1 if parent else 0,
            dv_flags=DVF_ACTIVE | (DVF_PRIV_ALLOC if own else 0),
        ),
    )  # fmt: skip
    k.umem.set_ptr(cd.cd_devs + unit * k.dm.pointer, addr)
    tailq_insert_tail(k, "alldevs", k.symbol("alldevs"), addr, layout.offsetof("tqe_next"))
    if cf.cf_fstate != FSTATE_STAR:
        cf.cf_fstate = FSTATE_FOUND
    return k.mem.view(layout, addr)


def _unit(k: Kernel, cd: View, cf: View) -> int | None:
    """The unit number a row's device gets: its own, or with a star the first free from there on."""
    taken = units(k, cd)
    unit: int = cf.cf_unit
    if cf.cf_fstate == FSTATE_STAR:
        while unit < len(taken) and taken[unit]:
            unit += 1
    elif unit < len(taken) and taken[unit]:
        return None
    if not 0 <= unit < MAX_UNIT or len(f"{text(k, cd.cd_name)}{unit}") >= XNAME_SIZE:
        k.panic(f"config_devalloc: unit {unit} of '{text(k, cd.cd_name)}': the device name is too long")
    return unit


def _makeroom(k: Kernel, cd: View, unit: int) -> None:
    """cd_devs has a place for `unit` (config_makeroom())."""
    old = cd.cd_devs
    if unit < cd.cd_ndevs:
        return
    size = max(4, 2 * unit)
    new = k.heap.alloc(size * k.dm.pointer)
    if not new:
        k.panic(f"config_makeroom: no memory for {size} units")
    if old:
        k.mem.write(new, k.umem.read(old, cd.cd_ndevs * k.dm.pointer))
        k.heap.free(old)
    cd.cd_devs, cd.cd_ndevs = new, size


@export("struct device *config_attach_pseudo(struct cfdata *cf)", _HEADER)
def config_attach_pseudo(k: Kernel, cf: int) -> int:
    """Create a device without hardware, and call its ca_attach. NULL when that fails."""
    dev = _devalloc(k, 0, k.umem.view(cfdata.layout(k.dm), cf), 0)
    return _attach(k, 0, dev, 0) if dev is not None else 0


def _attach(k: Kernel, parent: int, dev: View, aux: int) -> int:
    """Call ca_attach; the device's address."""
    addr: int = dev.addr
    k.engine.call(CA_ATTACH, k.umem.view(cfattach.layout(k.dm), dev.dv_cfattach).ca_attach, parent, addr, aux)
    return addr


def _may_have(k: Kernel, parent: View, cf: View, ifattr: str) -> bool:
    """Can a row's device be a child of `parent`, at that interface (cfparent_match())?"""
    if not cf.cf_pspec or cf.cf_fstate not in (FSTATE_NOTFOUND, FSTATE_STAR):
        return False
    spec = k.umem.view(cfparent.layout(k.dm), cf.cf_pspec)
    cd = driver_at(k, parent.dv_cfdriver)
    wanted, attrs, step = text(k, spec.cfp_iattr), [], k.dm.pointer
    at, steps = cd.cd_attrs, Steps(k, f"cd_attrs of the struct cfdriver at {cd.addr:#x}")
    while at and (attr := k.umem.ptr(at)):
        steps.step()
        attrs.append(text(k, k.umem.ptr(attr)))
        at += step
    if wanted not in attrs or (ifattr and wanted != ifattr):
        return False
    if spec.cfp_parent and text(k, spec.cfp_parent) != text(k, cd.cd_name):
        return False
    return spec.cfp_unit in (DVUNIT_ANY, parent.dv_unit)


@export("int config_match(struct device *parent, struct cfdata *cf, void *aux)", _HEADER)
def config_match(k: Kernel, parent: int, cf_addr: int, aux: int) -> int:
    """How well a row's driver suits: what its ca_match answers, 0 without one."""
    cf = k.umem.view(cfdata.layout(k.dm), cf_addr)
    cd = find_driver(k, text(k, cf.cf_name))
    ca = find_attachment(k, cd, text(k, cf.cf_atname)) if cd is not None else None
    return k.engine.call(CA_MATCH, ca.ca_match, parent, cf_addr, aux) if ca is not None else 0


@export(
    "struct cfdata *config_search_loc(int (*fn)(struct device *, struct cfdata *, const int *, void *),"
    " struct device *parent, const char *ifattr, const int *locs, void *aux)",
    _HEADER,
)
def config_search_loc(k: Kernel, fn: int, parent: int, ifattr: int, locs: int, aux: int) -> int:
    """The row of a possible child for which fn, or else ca_match, answers most. NULL: none is above 0."""
    best = _search(k, _device(k, parent, "config_search_loc"), fn, text(k, ifattr), locs, aux)
    return best.addr if best is not None else 0


@export(
    "struct cfdata *config_search_ia(int (*fn)(struct device *, struct cfdata *, const int *, void *),"
    " struct device *parent, const char *ifattr, void *aux)",
    _HEADER,
)
def config_search_ia(k: Kernel, fn: int, parent: int, ifattr: int, aux: int) -> int:
    """config_search_loc() without locators."""
    return config_search_loc(k, fn, parent, ifattr, 0, aux)


def _search(k: Kernel, above: View, submatch: int, ifattr: str, locs: int, aux: int) -> View | None:
    """The row of the best match below a device, or None."""
    best, most = None, 0
    for cf in [cf for table in tables(k) for cf in rows(k, table.ct_cfdata)]:
        if _may_have(k, above, cf, ifattr):
            if submatch:
                answer = k.engine.call(SUBMATCH, submatch, above.addr, cf.addr, locs, aux)
            else:
                answer = config_match(k, above.addr, cf.addr, aux)
            best, most = (cf, answer) if answer > most else (best, most)
    return best


@export(
    "struct device *config_found_sm_loc(struct device *parent, const char *ifattr, const int *locs,"
    " void *aux, int (*print)(void *, const char *),"
    " int (*submatch)(struct device *, struct cfdata *, const int *, void *))",
    _HEADER,
)
def config_found_sm_loc(
    k: Kernel, parent: int, ifattr: int, locs: int, aux: int, print_: int, submatch: int
) -> int:
    """A bus has found a device: the row whose ca_match answers most is attached below it. NULL for none."""
    above = _device(k, parent, "config_found")
    best = _search(k, above, submatch, text(k, ifattr), locs, aux)
    dev = _devalloc(k, parent, best, locs) if best is not None else None
    if dev is None:
        if print_:
            answer = k.engine.call(PRINT, print_, aux, above.at("dv_xname"))
            k.console.write(_SAID[answer] if 0 <= answer <= UNSUPP else "")
        return 0
    k.console.write(f"{xname(k, dev)} at {xname(k, above)}")
    if print_:
        k.engine.call(PRINT, print_, aux, 0)
    return _attach(k, parent, dev, aux)


# -- detaching ----------------------------------------------------------------------------------------------


@export("int config_detach(struct device *dev, int flags)", _HEADER)
def config_detach(k: Kernel, addr: int, flags: int) -> int:
    """Remove a device, if its ca_detach lets it; EOPNOTSUPP without one. Refusing DETACH_FORCE is a panic."""
    dev = _device(k, addr, "config_detach")
    name, ca = xname(k, dev), k.umem.view(cfattach.layout(k.dm), dev.dv_cfattach)
    k.engine.current.reason = ""
    errno = k.engine.call(CA_DETACH, ca.ca_detach, addr, flags) if ca.ca_detach else EOPNOTSUPP
    if errno:
        if flags & DETACH_FORCE:
            k.panic(f"config_detach: forced detach of {name} failed ({errno})")
        raise KernelError(errno, k.engine.current.reason or f"{name} does not let itself be detached")
    if child := next((other for other in devices(k) if other.dv_parent == addr), None):
        k.panic(f"config_detach: detached device {name} has children: {xname(k, child)}")
    cf = k.umem.view(cfdata.layout(k.dm), dev.dv_cfdata)
    if cf.cf_fstate == FSTATE_FOUND:
        cf.cf_fstate = FSTATE_NOTFOUND
    if not flags & DETACH_QUIET:
        k.console.write(f"{name}: detached\n")
    parent = dev.dv_parent
    _unlink(k, dev)
    if parent:
        above = k.umem.view(cfattach.layout(k.dm), _device(k, parent, "config_detach").dv_cfattach)
        if above.ca_childdetached:
            k.engine.call(CA_CHILDDETACHED, above.ca_childdetached, parent, addr)
    own, private = dev.dv_flags & DVF_PRIV_ALLOC, dev.dv_private
    if own and private:
        k.heap.free(private)
    k.heap.free(addr)
    return 0


@export("int config_detach_children(device_t dev, int flags)", _HEADER)
def config_detach_children(k: Kernel, addr: int, flags: int) -> int:
    """Detach the children of a device, the last first, until one refuses."""
    _device(k, addr, "config_detach_children")
    while child := next((dev.addr for dev in reversed(devices(k)) if dev.dv_parent == addr), 0):
        config_detach(k, child, flags)
    return 0


def _unlink(k: Kernel, dev: View) -> None:
    """A device leaves alldevs and its driver, whose cd_devs goes with the last one."""
    tailq_remove(k, "alldevs", k.symbol("alldevs"), dev.addr, device.layout(k.dm).offsetof("tqe_next"))
    cd = driver_at(k, dev.dv_cfdriver)
    k.umem.set_ptr(cd.cd_devs + dev.dv_unit * k.dm.pointer, 0)
    if not any(units(k, cd)):
        k.heap.free(cd.cd_devs)
        cd.cd_devs, cd.cd_ndevs = 0, 0


@export("int config_cfdata_detach(struct cfdata *cf)", _HEADER)
def config_cfdata_detach(k: Kernel, cf: int) -> int:
    """Detach a table's devices, and remove it. The errno of the first that refuses; EINVAL."""
    ours = {row.addr for row in rows(k, cf)}
    while addr := next((dev.addr for dev in devices(k) if dev.dv_cfdata in ours), 0):
        config_detach(k, addr, 0)
    forget_table(k, cf)
    return 0


# -- looking at devices -------------------------------------------------------------------------------------


@export("void *device_lookup(struct cfdriver *cd, int unit)", _HEADER)
def device_lookup(k: Kernel, cd: int, unit: int) -> int:
    """A driver's device by unit, or NULL."""
    found = units(k, driver_at(k, cd))
    return found[unit] if 0 <= unit < len(found) else 0


@export("void *device_lookup_private(struct cfdriver *cd, int unit)", _HEADER)
def device_lookup_private(k: Kernel, cd: int, unit: int) -> int:
    """The softc of a driver's device by unit, or NULL."""
    return device_private(k, device_lookup(k, cd, unit))


@export("struct device *device_find_by_xname(const char *name)", _HEADER)
def device_find_by_xname(k: Kernel, name: int) -> int:
    """The device of a name with unit, or NULL."""
    wanted = text(k, name)
    return next((dev.addr for dev in devices(k) if xname(k, dev) == wanted), 0)


@export("struct device *device_find_by_driver_unit(const char *name, int unit)", _HEADER)
def device_find_by_driver_unit(k: Kernel, name: int, unit: int) -> int:
    """The device of a driver's name and unit, or NULL."""
    cd = find_driver(k, text(k, name))
    return device_lookup(k, cd.addr, unit) if cd is not None else 0


@export("void *device_private(struct device *dev)", _HEADER)
def device_private(k: Kernel, addr: int) -> int:
    """A device's softc; NULL of NULL."""
    private: int = _device(k, addr, "device_private").dv_private if addr else 0
    return private


@export("const char *device_xname(struct device *dev)", _HEADER)
def device_xname(k: Kernel, addr: int) -> int:
    """A device's name with its unit."""
    return _device(k, addr, "device_xname").at("dv_xname")


@export("bool device_is_active(struct device *dev)", _HEADER)
def device_is_active(k: Kernel, addr: int) -> int:
    """Is a device active (not deactivated)?"""
    return int(bool(_device(k, addr, "device_is_active").dv_flags & DVF_ACTIVE))


@export("bool device_is_a(struct device *dev, const char *name)", _HEADER)
def device_is_a(k: Kernel, addr: int, name: int) -> int:
    """Is a device of the driver with that name?"""
    cd = driver_at(k, _device(k, addr, "device_is_a").dv_cfdriver)
    return int(text(k, cd.cd_name) == text(k, name))


@export("int device_locator(struct device *dev, u_int locnum)", _HEADER)
def device_locator(k: Kernel, addr: int, locnum: int) -> int:
    """A locator of the place where the bus has found the device; a panic when the bus gave none."""
    dev = _device(k, addr, "device_locator")
    if not dev.dv_locators:
        k.panic(f"device_locator: {xname(k, dev)} has no locators")
    return k.umem.i32(dev.dv_locators + 4 * locnum)


def _member(returns: str, name: str) -> Function:
    """device_NAME(): a member of struct device."""
    function = f"device_{name}"

    def body(k: Kernel, addr: int) -> int:
        value: int = _device(k, addr, function).get(f"dv_{name}")
        return value

    body.__doc__ = f"A device's dv_{name}."
    return Function(Prototype(f"{returns} {function}(struct device *dev)"), _HEADER, body)


def _aprint(level: str, shown: bool) -> Function:
    """aprint_LEVEL_dev(): a line that begins with the device's name."""
    function = f"aprint_{level}_dev"

    def body(k: Kernel, addr: int, fmt: int, va: VaList) -> None:
        line = formatted(k, fmt, va).decode(*C_TEXT)
        if shown:
            k.console.write(f"{xname(k, _device(k, addr, function))}: {line}")

    body.__doc__ = "Print to the console, after the device's name and a colon." if shown else "Says nothing."
    proto = Prototype(f"void {function}(struct device *dev, const char *fmt, ...)")
    return Function(proto, _HEADER, body, bound=MESSAGE)


_MEMBERS: tuple[tuple[str, str], ...] = (
    ("int", "unit"),
    ("enum devclass", "class"),
    ("struct cfdata *", "cfdata"),
    ("struct cfdriver *", "cfdriver"),
    ("struct cfattach *", "cfattach"),
    ("struct device *", "parent"),
)
_LEVELS = (("normal", True), ("error", True), ("naive", True), ("verbose", False), ("debug", False))
FUNCTIONS = (
    *(_member(returns, name) for returns, name in _MEMBERS),
    *(_aprint(level, shown) for level, shown in _LEVELS),
)
