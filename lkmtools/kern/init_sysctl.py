"""The kernel's own sysctl(3) nodes (init_sysctl.c of NetBSD 5.2)."""

from __future__ import annotations

import struct
from collections.abc import Callable
from typing import TYPE_CHECKING

from lkmtools.abi import sysctl as abi
from lkmtools.abi.datamodel import C_TEXT
from lkmtools.abi.errno import EINVAL, EPERM
from lkmtools.abi.kernel import MAXHOSTNAMELEN, OSRELEASE, OSTYPE
from lkmtools.abi.lkm import NetBSD_Version
from lkmtools.abi.time import timeval
from lkmtools.abi.vmparam import PAGE_SIZE
from lkmtools.errors import KernelError
from lkmtools.kern.dev.subr_devsw import convs, lookup
from lkmtools.kern.proc.sysctl_tree import OwnNode

if TYPE_CHECKING:
    from lkmtools.kern.kernel import Kernel
    from lkmtools.kern.proc.kern_proc import Lwp


def _text(top: int, number: int, name: str, value: Callable[[Kernel], str]) -> OwnNode:
    return OwnNode((top, number), name, abi.CTLTYPE_STRING, read=lambda k: value(k).encode(*C_TEXT) + b"\0")


def _int(top: int, number: int, name: str, value: Callable[[Kernel], int]) -> OwnNode:
    def read(k: Kernel) -> bytes:
        return struct.pack(k.dm.order + "i", value(k))

    return OwnNode((top, number), name, abi.CTLTYPE_INT, size=4, read=read)


def _struct(top: int, number: int, name: str, read: Callable[[Kernel], bytes]) -> OwnNode:
    return OwnNode((top, number), name, abi.CTLTYPE_STRUCT, read=read)


def _hostname(k: Kernel) -> bytes:
    """kern.hostname: the variable of that name."""
    return k.mem.read(k.symbol("hostname"), MAXHOSTNAMELEN).partition(b"\0")[0] + b"\0"


def _boottime(k: Kernel) -> bytes:
    """kern.boottime: a struct timeval."""
    return k.mem.read(k.symbol("boottime"), timeval.layout(k.dm).size)


def _set_securelevel(k: Kernel, lwp: Lwp | None, data: bytes) -> None:
    """Raise kern.securelevel; only process 1 lowers it (EPERM)."""
    if len(data) != 4:
        raise KernelError(EINVAL, f"kern.securelevel is an int of 4 bytes, not {len(data)}")
    (level,) = struct.unpack(k.dm.order + "i", data)
    if level < k.securelevel and (lwp is None or lwp.proc.pid != 1):
        raise KernelError(
            EPERM,
            f"only process 1 may lower kern.securelevel, which is {k.securelevel}: "
            "boot a new kernel (lkmctl reboot)",
        )
    k.mem.set_u32(k.symbol("securelevel"), level)


def _drivers(k: Kernel) -> bytes:
    """kern.drivers: the drivers that are attached, by name (sysctl_kern_drivers())."""
    layout = abi.kinfo_drivers.layout(k.dm)
    out = b""
    for name, bmajor, cmajor, _ in convs(k):
        block = bmajor if bmajor >= 0 and lookup(k, "bdevsw", bmajor) else -1
        character = cmajor if cmajor >= 0 and lookup(k, "cdevsw", cmajor) else -1
        if (block, character) != (-1, -1):
            out += layout.pack(d_cmajor=character, d_bmajor=block, d_name=name.encode(*C_TEXT)[:23])
    return out


TOP = (
    *("kern", "vm", "vfs", "net", "debug", "hw", "machdep", "user", "ddb", "proc", "vendor", "emul"),
    "security",
)
NODES = (
    *(
        OwnNode((number,), name, abi.CTLTYPE_NODE, abi.CTLFLAG_READWRITE)
        for number, name in enumerate(TOP, abi.CTL_KERN)
    ),
    OwnNode((abi.CTL_VFS, 0), "generic", abi.CTLTYPE_NODE, abi.CTLFLAG_READWRITE),
    _text(abi.CTL_KERN, abi.KERN_OSTYPE, "ostype", lambda k: OSTYPE),
    _text(abi.CTL_KERN, abi.KERN_OSRELEASE, "osrelease", lambda k: OSRELEASE),
    _int(abi.CTL_KERN, abi.KERN_OSREV, "osrevision", lambda k: NetBSD_Version),
    _text(abi.CTL_KERN, abi.KERN_VERSION, "version", lambda k: k.version + "\n"),
    OwnNode(
        (abi.CTL_KERN, abi.KERN_SECURELVL),
        "securelevel",
        abi.CTLTYPE_INT,
        abi.CTLFLAG_READWRITE,
        4,
        lambda k: struct.pack(k.dm.order + "i", k.securelevel),
        _set_securelevel,
    ),
    OwnNode((abi.CTL_KERN, abi.KERN_HOSTNAME), "hostname", abi.CTLTYPE_STRING, read=_hostname),
    _struct(abi.CTL_KERN, abi.KERN_BOOTTIME, "boottime", _boottime),
    _struct(abi.CTL_KERN, abi.KERN_DRIVERS, "drivers", _drivers),
    _int(abi.CTL_KERN, abi.KERN_HARDCLOCK_TICKS, "hardclock_ticks", lambda k: k.sched.ticks() & 0x7FFFFFFF),
    _text(abi.CTL_HW, abi.HW_MACHINE, "machine", lambda k: k.port.name),
    _int(abi.CTL_HW, abi.HW_NCPU, "ncpu", lambda k: k.mem.i32(k.symbol("ncpu"))),
    _int(abi.CTL_HW, abi.HW_BYTEORDER, "byteorder", lambda k: 1234 if k.dm.byteorder == "little" else 4321),
    _int(abi.CTL_HW, abi.HW_PHYSMEM, "physmem", lambda k: k.mem.size),
    _int(abi.CTL_HW, abi.HW_PAGESIZE, "pagesize", lambda k: PAGE_SIZE),
    _text(abi.CTL_HW, abi.HW_MACHINE_ARCH, "machine_arch", lambda k: k.port.arch),
)
