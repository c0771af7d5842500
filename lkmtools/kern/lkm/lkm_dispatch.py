"""lkmdispatch(): enter a module of each type in the kernel's tables, and remove it (kern_lkm.c, NetBSD 5.2).

A row has the pair of handlers for a type. A module's private struct is in its own memory and is read through
the checked accessor: a bad pointer in it is the module's fault.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from lkmtools.abi import lkm as abi
from lkmtools.abi.datamodel import C_TEXT
from lkmtools.abi.errno import EBUSY, EEXIST, EINVAL, ENFILE, ENXIO, EPROGMISMATCH
from lkmtools.abi.syscall import SYS_MAXSYSCALL
from lkmtools.errors import KernelError
from lkmtools.kern.exec.exec_conf import exec_add, exec_remove
from lkmtools.kern.exec.exec_emul import emul_register, unregister
from lkmtools.kern.lkm import lkm_dev, lkm_drv, lkm_vfs
from lkmtools.kern.proc.emul import emul_name
from lkmtools.kern.proc.syscall import call_name
from lkmtools.tuples import NamedTuple

if TYPE_CHECKING:
    from lkmtools.kern.base.lkm_record import LoadableModule
    from lkmtools.kern.kernel import Kernel

ENVVER = ""  # a kernel with none of DEBUG, MALLOCLOG


Undo = Callable[[], None]  # takes a wiring out without the module's own records; EBUSY when it cannot


class Type(NamedTuple):
    """What loading and unloading a module of one type does to the tables. `load` tells how to undo it.

    `blocked` tells, before the module's own handler is called, why it cannot be undone now.
    """

    load: Callable[[Kernel, int], Undo]
    unload: Callable[[Kernel, int], None]
    blocked: Callable[[Kernel, int], str] = lambda k, private: ""


def module_name(k: Kernel, private: int) -> str:
    """The lkm_name of a module's private struct."""
    name_addr = k.umem.ptr(private + abi.lkm_any.layout(k.dm).offsetof("lkm_name"))
    return k.umem.cstr(name_addr, 256).decode(*C_TEXT)


def check_versions(k: Kernel, private: int, forced: bool) -> None:
    """Refuse a module built for another kernel: EPROGMISMATCH, with the original's console text."""
    any_ = k.umem.view(abi.lkm_any.layout(k.dm), private)
    name = module_name(k, private)
    if any_.lkm_modver != abi.LKM_VERSION:
        _mismatch(k, f"LKM '{name}': LKM version mismatch - LKM {any_.lkm_modver}, kernel {abi.LKM_VERSION}")
    if forced:
        k.console.write(f"LKM '{name}': forced load, skipping compatibility checks\n")
        return
    if any_.lkm_sysver != abi.NetBSD_Version:
        _mismatch(
            k, f"LKM '{name}': kernel version mismatch - LKM {any_.lkm_sysver}, kernel {abi.NetBSD_Version}"
        )
    env = k.umem.cstr(any_.lkm_envver, 256).decode(*C_TEXT).lstrip(",")
    if env != ENVVER:
        _mismatch(k, f"LKM '{name}': environment compile options mismatch - LKM '{env}', kernel '{ENVVER}'")


def _mismatch(k: Kernel, text: str) -> None:
    k.console.write(text + "\n")
    raise KernelError(EPROGMISMATCH, text)


def _load_nothing(k: Kernel, private: int) -> Undo:
    """A MISC module wires itself."""
    return lambda: None


def _unload_nothing(k: Kernel, private: int) -> None:
    """And takes itself out."""


def _load_syscall(k: Kernel, private: int) -> Undo:
    """Take a free slot, or the one asked for; the old entry is kept in lkm_oldent."""
    layout, entry = abi.lkm_syscall.layout(k.dm), k.system_calls.layout
    view = k.umem.view(layout, private)
    offset = view.get("mod.lkm_offset")
    if offset == k.dm.mask:
        free = k.symbol("sys_lkmnosys")
        sy_call = entry.offsetof("sy_call")
        slot = next(
            (
                n
                for n in range(SYS_MAXSYSCALL)
                if k.mem.ptr(k.system_calls.sysent + n * entry.size + sy_call) == free
            ),
            None,
        )
        if slot is None:
            raise KernelError(ENFILE, "every system-call slot for modules is taken")
    elif offset >= SYS_MAXSYSCALL:
        raise KernelError(EINVAL, f"system-call slot {offset} is not between 0 and {SYS_MAXSYSCALL - 1}")
    else:
        slot = offset
    where = k.system_calls.sysent + slot * entry.size
    old, new = k.mem.read(where, entry.size), k.umem.read(view.lkm_sysent, entry.size)
    k.umem.write(view.at("lkm_oldent.sy_narg"), old)
    k.mem.write(where, new)
    view.put("mod.lkm_offset", slot)
    return lambda: _restore(k, slot, new, old)


def _restore(k: Kernel, slot: int, new: bytes, old: bytes) -> None:
    """Put the old entry back, if the slot still holds the new one: EBUSY when another took it since."""
    if why := _overtaken(k, slot, new):
        raise KernelError(EBUSY, why)
    k.mem.write(k.system_calls.sysent + slot * k.system_calls.layout.size, old)


def _overtaken(k: Kernel, slot: int, entry: bytes) -> str:
    """Why a slot cannot be given back: it does not hold `entry` any more."""
    where = k.system_calls.sysent + slot * k.system_calls.layout.size
    return lkm_dev.overtaken(k, call_name(slot), where, entry)


def _unload_syscall(k: Kernel, private: int) -> None:
    """Put lkm_oldent back."""
    view = k.umem.view(abi.lkm_syscall.layout(k.dm), private)
    slot, new = _slot(k, private)
    if slot >= SYS_MAXSYSCALL:
        raise KernelError(EINVAL, f"lkm_offset is {slot:#x}: not a slot this module was given")
    _restore(k, slot, new, k.umem.read(view.at("lkm_oldent.sy_narg"), len(new)))


def _slot(k: Kernel, private: int) -> tuple[int, bytes]:
    """The slot a module was given, and what it put there."""
    view = k.umem.view(abi.lkm_syscall.layout(k.dm), private)
    return view.get("mod.lkm_offset"), k.umem.read(view.lkm_sysent, k.system_calls.layout.size)


def _blocked_syscall(k: Kernel, private: int) -> str:
    """Another module has taken the slot since, and has this one's entry to put back."""
    slot, new = _slot(k, private)
    return _overtaken(k, slot, new) if slot < SYS_MAXSYSCALL else ""


def _load_compat(k: Kernel, private: int) -> Undo:
    """Register the emulation."""
    emul = k.umem.view(abi.lkm_compat.layout(k.dm), private).lkm_compat
    emul_register(k, emul, 0)
    name = emul_name(k, emul)

    def undo() -> None:
        unregister(k, name)

    return undo


def _unload_compat(k: Kernel, private: int) -> None:
    """Forget it; EBUSY while it is used."""
    unregister(k, emul_name(k, k.umem.view(abi.lkm_compat.layout(k.dm), private).lkm_compat))


def _load_exec(k: Kernel, private: int) -> Undo:
    """Add the execution format; ENOENT when its emulation is not there."""
    view = k.umem.view(abi.lkm_exec.layout(k.dm), private)
    row = view.lkm_execsw
    exec_add(k, row, view.lkm_emul)

    def undo() -> None:
        exec_remove(k, row)

    return undo


def _unload_exec(k: Kernel, private: int) -> None:
    """Remove it; EBUSY while a program runs that it loaded."""
    exec_remove(k, k.umem.view(abi.lkm_exec.layout(k.dm), private).lkm_execsw)


TYPES: dict[int, Type] = {
    abi.LM_SYSCALL: Type(_load_syscall, _unload_syscall, _blocked_syscall),
    abi.LM_VFS: Type(lkm_vfs.load, lkm_vfs.unload),
    abi.LM_DEV: Type(lkm_dev.load, lkm_dev.unload, lkm_dev.blocked),
    abi.LM_EXEC: Type(_load_exec, _unload_exec),
    abi.LM_COMPAT: Type(_load_compat, _unload_compat),
    abi.LM_MISC: Type(_load_nothing, _unload_nothing),
    abi.LM_DRV: Type(lkm_drv.load, lkm_drv.unload),
}


def blocked(k: Kernel, module: LoadableModule) -> str:
    """Why what a module has wired cannot be taken out now; "" when it can."""
    rows = ((TYPES.get(k.umem.i32(private)), private) for private in module.wired)
    reasons = (row.blocked(k, private) for row, private in rows if row is not None)
    return next(filter(None, reasons), "")


def provides(k: Kernel, module: LoadableModule, sy_call: int) -> bool:
    """Is a system call's function what lkmdispatch put into sysent[] for the module?"""
    at = k.system_calls.layout.offsetof("sy_call")
    new = (_slot(k, private)[1] for private in module.wired if k.umem.i32(private) == abi.LM_SYSCALL)
    return any(int.from_bytes(entry[at:], k.dm.byteorder) == sy_call for entry in new)


def dispatch(k: Kernel, table_addr: int, cmd: int) -> None:
    """lkmdispatch's work. KernelErrors: EPROGMISMATCH, EEXIST, ENXIO, and each type's own."""
    if cmd not in (abi.LKM_E_LOAD, abi.LKM_E_UNLOAD):
        return
    table = k.umem.view(abi.lkm_table.layout(k.dm), table_addr)
    private = table.private
    kind = k.umem.i32(private)
    if cmd == abi.LKM_E_LOAD:
        check_versions(k, private, bool(table.forced))
    handler = TYPES.get(kind)
    if handler is None:
        label = abi.TYPE_NAMES[kind] if 0 <= kind < len(abi.TYPE_NAMES) else str(kind)
        raise KernelError(ENXIO, f"this kernel has no modules of type {label}")
    module = k.modules.by_table(table_addr)
    if cmd == abi.LKM_E_UNLOAD:
        handler.unload(k, private)
        if module is not None:
            module.wired.pop(private, None)
        return
    same = k.modules.by_name(module_name(k, private))
    if same and kind != abi.LM_MISC:
        raise KernelError(EEXIST, f"LKM '{same[0].title}' is already loaded as ID {same[0].id}")
    if module is not None and private in module.wired and kind != abi.LM_MISC:
        raise KernelError(
            EEXIST, f"LKM '{module_name(k, private)}' has already been entered in the kernel's tables"
        )
    undo = handler.load(k, private)
    if module is not None:
        module.wired[private] = undo
