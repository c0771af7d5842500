"""What lkmdispatch() does for a DRV module: its drivers, their attachments and its table of devices.

As in kern_lkm.c 1.98, with its console messages; but a load that fails detaches what it has attached.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partial
from typing import TYPE_CHECKING

from lkmtools.abi import lkm as abi
from lkmtools.abi.device import cfattach, cfattachlkminit
from lkmtools.abi.errno import EBUSY, EEXIST
from lkmtools.errors import KernelError
from lkmtools.kern.dev.subr_autoconf import (
    attachments,
    config_cfattach_attach,
    config_cfattach_detach,
    config_cfdata_attach,
    config_cfdriver_attach,
    config_cfdriver_detach,
    driver_at,
    drivers,
    find_driver,
    tables,
    text,
)
from lkmtools.kern.dev.subr_device import config_cfdata_detach

if TYPE_CHECKING:
    from lkmtools.kern.kernel import Kernel
    from lkmtools.machine.memory import View

_LONGEST = 1024  # rows in an array of pointers, which NULL ends


def _pointers(k: Kernel, array: int) -> list[int]:
    """An array of pointers up to its NULL; a panic when it has no end."""
    found: list[int] = []
    while array and (pointer := k.umem.ptr(array + len(found) * k.dm.pointer)):
        found.append(pointer)
        if len(found) > _LONGEST:
            k.panic(f"the array of pointers at {array:#x} has no end in {_LONGEST} rows")
    return found


def _attachments(k: Kernel, private: View) -> Iterator[tuple[int, int, int]]:
    """(driver name, array of attachments, attachment) of every row of lkm_cai."""
    layout, at = cfattachlkminit.layout(k.dm), private.lkm_cai
    while at and (row := k.umem.view(layout, at)).cfai_name:
        for attachment in _pointers(k, row.cfai_list):
            yield row.cfai_name, row.cfai_list, attachment
        at += layout.size


def _drop(k: Kernel, array: int, pointer: int) -> None:
    """Take a pointer out of an array that NULL ends: the module will not detach what is not its own."""
    left = [other for other in _pointers(k, array) if other != pointer]
    for i, other in enumerate([*left, 0]):
        k.umem.set_ptr(array + i * k.dm.pointer, other)


def _ca_name(k: Kernel, ca: int) -> str:
    return text(k, k.umem.view(cfattach.layout(k.dm), ca).ca_name)


def load(k: Kernel, addr: int) -> Callable[[], None]:
    """Attach all three; how to undo it.

    A driver or an attachment that is there already is dropped from the module's list.
    """
    private = k.umem.view(abi.lkm_drv.layout(k.dm), addr)
    undo: list[Callable[[], object]] = []
    try:
        for cd in _pointers(k, private.lkm_cd):
            if _driver(k, private.lkm_cd, cd):
                undo.append(partial(config_cfdriver_detach, k, cd))
        for name, array, ca in _attachments(k, private):
            if _attachment(k, name, array, ca):
                undo.append(partial(config_cfattach_detach, k, name, ca))
        cf = private.lkm_cf
        if cf:
            config_cfdata_attach(k, cf, 1)
            undo.append(partial(config_cfdata_detach, k, cf))
    except KernelError:
        _take_out(undo)
        raise
    return lambda: _take_out(undo)


def _take_out(undo: list[Callable[[], object]]) -> None:
    """Undo the last first; what has been undone is forgotten, so that a refusal can be tried again."""
    while undo:
        undo[-1]()
        undo.pop()


def _driver(k: Kernel, array: int, cd: int) -> bool:
    """Attach a driver; False when one of its name is there."""
    name = text(k, driver_at(k, cd).cd_name)
    if _attaches(k, lambda: config_cfdriver_attach(k, cd), f"{name}: unable to register driver"):
        return True
    k.console.write(f"driver {name} already present\n")
    _drop(k, array, cd)
    return False


def _attachment(k: Kernel, driver: int, array: int, ca: int) -> bool:
    """Attach an attachment; False when the driver has one of its name."""
    name, ca_name = text(k, driver), _ca_name(k, ca)
    if _attaches(k, lambda: config_cfattach_attach(k, driver, ca), f"{ca_name}: unable to register cfattach"):
        return True
    k.console.write(f"driver attachment {ca_name} for {name} already present\n")
    _drop(k, array, ca)
    return False


def _attaches(k: Kernel, attach: Callable[[], object], failure: str) -> bool:
    """False when there is one of that name already; any other error is raised, and `failure` printed."""
    try:
        attach()
    except KernelError as error:
        if error.errno == EEXIST:
            return False
        k.console.write(f"{failure}\n")
        raise
    return True


def unload(k: Kernel, addr: int) -> None:
    """Detach the table's devices and the table, the attachments, the drivers: the first refusal ends it.

    What is gone already, by a refusal that came later or by the module itself, is passed by. EBUSY before
    anything goes when another module has an attachment for one of the drivers.
    """
    private = k.umem.view(abi.lkm_drv.layout(k.dm), addr)
    own = list(_attachments(k, private))
    wired = [cd for cd in drivers(k) if cd.addr in _pointers(k, private.lkm_cd)]
    for cd in wired:
        _refuse_others(k, cd, [ca for _, _, ca in own])
    if private.lkm_cf in [table.ct_cfdata for table in tables(k)]:
        config_cfdata_detach(k, private.lkm_cf)
    for name, _, ca in own:
        if _attached(k, name, ca):
            try:
                config_cfattach_detach(k, name, ca)
            except KernelError:
                k.console.write(f"{_ca_name(k, ca)}: unable to deregister cfattach\n")
                raise
    for cd in wired:
        try:
            config_cfdriver_detach(k, cd.addr)
        except KernelError:
            k.console.write(f"{text(k, cd.cd_name)}: unable to deregister cfdriver\n")
            raise


def _attached(k: Kernel, driver: int, ca: int) -> bool:
    cd = find_driver(k, text(k, driver))
    return cd is not None and ca in [found.addr for found in attachments(k, cd)]


def _refuse_others(k: Kernel, cd: View, own: list[int]) -> None:
    """EBUSY for a driver with attachments that are not among `own`."""
    other = next((ca for ca in attachments(k, cd) if ca.addr not in own), None)
    if other is not None:
        name = text(k, cd.cd_name)
        k.console.write(f"{name}: unable to deregister cfdriver\n")
        raise KernelError(
            EBUSY, f"driver '{name}' has the attachment '{text(k, other.ca_name)}' of another module"
        )
