"""sysctl(3): kernel variables by number (kern_sysctl.c, init_sysctl.c of NetBSD 5.2)."""

from __future__ import annotations

import struct
from collections.abc import Callable
from typing import TYPE_CHECKING

from lkmtools.abi import sysctl as abi
from lkmtools.abi.datamodel import C_TEXT
from lkmtools.abi.errno import EINVAL, ENOENT, ENOMEM, EPERM
from lkmtools.abi.kernel import OSRELEASE, OSTYPE
from lkmtools.abi.lkm import NetBSD_Version
from lkmtools.abi.syscall import SYS___sysctl
from lkmtools.abi.time import timeval
from lkmtools.abi.vmparam import PAGE_SIZE
from lkmtools.errors import KernelError
from lkmtools.kern.dev.subr_devsw import convs, lookup
from lkmtools.kern.proc.syscall import syscall
from lkmtools.tuples import NamedTuple

if TYPE_CHECKING:
    from lkmtools.kern.kernel import Kernel
    from lkmtools.kern.proc.kern_proc import Lwp


class SysctlNode(NamedTuple):
    """A leaf: how to read it (bytes), and how to write it where it can be written."""

    read: Callable[[Kernel], bytes]
    write: Callable[[Kernel, Lwp, bytes], None] | None = None


def _text(value: Callable[[Kernel], str]) -> SysctlNode:
    return SysctlNode(lambda k: value(k).encode(*C_TEXT) + b"\0")


def _int(value: Callable[[Kernel], int]) -> SysctlNode:
    return SysctlNode(lambda k: struct.pack(k.dm.order + "i", value(k)))


def _set_securelevel(k: Kernel, lwp: Lwp, data: bytes) -> None:
    """Raise kern.securelevel; only process 1 lowers it (EPERM)."""
    if len(data) != 4:
        raise KernelError(EINVAL, f"kern.securelevel is an int of 4 bytes, not {len(data)}")
    (level,) = struct.unpack(k.dm.order + "i", data)
    if level < k.securelevel and lwp.proc.pid != 1:
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


NODES: dict[tuple[int, ...], SysctlNode] = {
    (abi.CTL_KERN, abi.KERN_OSTYPE): _text(lambda k: OSTYPE),
    (abi.CTL_KERN, abi.KERN_OSRELEASE): _text(lambda k: OSRELEASE),
    (abi.CTL_KERN, abi.KERN_OSREV): _int(lambda k: NetBSD_Version),
    (abi.CTL_KERN, abi.KERN_VERSION): _text(lambda k: k.version + "\n"),
    (abi.CTL_KERN, abi.KERN_SECURELVL): SysctlNode(
        lambda k: struct.pack(k.dm.order + "i", k.securelevel), _set_securelevel
    ),
    (abi.CTL_KERN, abi.KERN_HOSTNAME): _text(lambda k: "lkm"),
    (abi.CTL_KERN, abi.KERN_BOOTTIME): SysctlNode(
        lambda k: k.mem.read(k.symbol("boottime"), timeval.layout(k.dm).size)
    ),
    (abi.CTL_KERN, abi.KERN_DRIVERS): SysctlNode(_drivers),
    (abi.CTL_KERN, abi.KERN_HARDCLOCK_TICKS): _int(lambda k: k.sched.ticks() & 0x7FFFFFFF),
    (abi.CTL_HW, abi.HW_MACHINE): _text(lambda k: k.port.name),
    (abi.CTL_HW, abi.HW_NCPU): _int(lambda k: 1),
    (abi.CTL_HW, abi.HW_BYTEORDER): _int(lambda k: 1234 if k.dm.byteorder == "little" else 4321),
    (abi.CTL_HW, abi.HW_PHYSMEM): _int(lambda k: k.mem.size),
    (abi.CTL_HW, abi.HW_PAGESIZE): _int(lambda k: PAGE_SIZE),
    (abi.CTL_HW, abi.HW_MACHINE_ARCH): _text(lambda k: k.port.arch),
}


@syscall(
    SYS___sysctl, "const int *name, u_int namelen, void *old, size_t *oldlenp, const void *new, size_t newlen"
)
def sys___sysctl(
    k: Kernel, lwp: Lwp, name: int, namelen: int, old: int, oldlenp: int, new: int, newlen: int
) -> None:
    """Read a value, set it, or both.

    ENOENT, EPERM, EINVAL; ENOMEM when `old` is too small (what fits is copied).
    """
    space = lwp.proc.space
    if not 2 <= namelen <= abi.CTL_MAXNAME:
        raise KernelError(EINVAL, f"the name has {namelen} numbers; it must have 2 to {abi.CTL_MAXNAME}")
    mib = struct.unpack(f"{k.dm.order}{namelen}i", space.read(name, 4 * namelen))
    node, shown = NODES.get(mib), ".".join(map(str, mib))
    if node is None:
        raise KernelError(ENOENT, f"no such sysctl node: {shown}")
    value = node.read(k)
    if new:
        if node.write is None:
            raise KernelError(EPERM, f"sysctl node {shown} cannot be written")
        if lwp.proc.cred.uid != 0:
            raise KernelError(EPERM, f"only root may set sysctl node {shown}")
        node.write(k, lwp, space.read(new, newlen))
    if not oldlenp:
        return
    size = k.dm.pointer
    room = int.from_bytes(space.read(oldlenp, size), k.dm.byteorder)
    space.write(oldlenp, len(value).to_bytes(size, k.dm.byteorder))
    if old:
        space.write(old, value[:room])
        if room < len(value):
            raise KernelError(ENOMEM, f"the value has {len(value)} bytes; the buffer has {room}")
