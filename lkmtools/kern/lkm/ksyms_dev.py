"""/dev/ksyms: the symbols of the running kernel as one ELF file in the memory of the process that opens it.

The driver behaves as FreeBSD's ksyms.c of 2009: opening makes a snapshot, which KIOCGADDR finds in the
caller's own memory, one per process. For a client it is made when the client first looks at it, and mapped
by KIOCGADDR. NetBSD's ioctls work too (kern_ksyms.c), by the full codes of both generations; those look at
the current symbols, not at the snapshot.

Opening clones, as NetBSD's own driver does since 6.0: d_open makes a file of its own and moves it into the
descriptor (fd_clone, EMOVEFD), because what is open is this process's snapshot and not the device. So the
other entries of the driver are never reached.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, TypeVar

from lkmtools.abi import ksyms as abi
from lkmtools.abi.conf import KSYMS_MAJOR, makedev, minor
from lkmtools.abi.datamodel import C_TEXT, ILP32_I386, LP64
from lkmtools.abi.errno import (
    EBUSY,
    EEXIST,
    EFAULT,
    EINVAL,
    ENOENT,
    ENXIO,
    EOPNOTSUPP,
    EPERM,
)
from lkmtools.abi.fcntl import FWRITE
from lkmtools.abi.module import MOD_LOAD, MOD_SHUTDOWN, MOD_UNLOAD
from lkmtools.errors import KernelError
from lkmtools.kern.base.bound import name_at
from lkmtools.kern.base.cred import Cred
from lkmtools.kern.base.export import export
from lkmtools.kern.dev import conf, subr_devsw
from lkmtools.kern.lkm.ioctl_rows import KSYMS, Origin, ksyms_ioctl, serve
from lkmtools.kern.lkm.kern_ksyms import KERNEL
from lkmtools.kern.proc.kern_copy import copyout_bytes, user_string
from lkmtools.kern.proc.kern_descrip import File, fd_clone
from lkmtools.kern.uvm.uvm_map import Span
from lkmtools.kern.vfs.ramfs import Node, OfNode

if TYPE_CHECKING:
    from lkmtools.kern.kernel import Kernel
    from lkmtools.kern.lkm.ksyms_memfd import KsymsMemfd
    from lkmtools.kern.proc.kern_proc import Lwp, Proc
    from lkmtools.kern.uvm.uvm_map import MapEntry
    from lkmtools.machine.memory import View

PATH = "/dev/ksyms"


# -- the open file ------------------------------------------------------------------------------------------


@export("int ksymsopen(dev_t dev, int flag, int mode, struct lwp *l)")
def ksymsopen(k: Kernel, dev: int, flag: int, mode: int, l_addr: int) -> int:
    """A snapshot for the caller. ENXIO for a minor other than 0, EPERM for writing, EBUSY the second time."""
    if minor(dev) != 0:
        raise KernelError(ENXIO, f"no such minor device: {minor(dev)} (/dev/ksyms has only minor 0)")
    if flag & FWRITE:
        raise KernelError(EPERM, "/dev/ksyms is read-only")
    lwp = k.lwp_at(l_addr)
    device, proc = k.ksyms.softc, lwp.proc
    if proc in device.open:
        raise KernelError(
            EBUSY, f"/dev/ksyms is already open in pid {proc.pid} ({proc.comm}), which can open it only once"
        )
    assert device.node is not None
    file = KsymsFile(flag, device.node, proc, k.ksyms.image())
    device.open.add(proc)
    if proc.program is not None:  # it may fork, and the child must inherit the mapping
        try:
            file.address(k)
        except KernelError:
            file.close(k, lwp)
            raise
    return fd_clone(lwp, file)


class KsymsFile(OfNode, File):
    """The snapshot of the process that opened it."""

    signed = True

    def __init__(self, flag: int, node: Node, proc: Proc, image: KsymsMemfd) -> None:
        super().__init__(flag)
        self.node = node
        self.proc = proc
        self.image = image
        self._mapping: MapEntry | None = None

    @property
    def size(self) -> int:
        """The size of the image in bytes; ENOMEM."""
        return self.image.make().size

    def address(self, k: Kernel) -> int:
        """The address of the image in the memory of the process that opened it; may sleep. ENOMEM, EINTR."""
        if self._mapping is None:
            image = self.image.make()
            self._mapping = self.proc.vm.map(k, Span(image.fd, 0, image.length))
        return self._mapping.addr

    def readwrite(self, k: Kernel, lwp: Lwp, buf: int, count: int, offset: int, rw: int) -> int:
        """Read from the image; EFAULT before its beginning and behind its end."""
        size = self.size
        if not 0 <= offset <= size:
            raise KernelError(EFAULT, f"offset {offset} is outside the image, which has {size} bytes")
        data = os.pread(self.image.fd, min(count, size - offset), offset)
        copyout_bytes(k, data, buf)
        return len(data)

    def ioctl(self, k: Kernel, lwp: Lwp, com: int, data: int) -> int:
        """The commands of both systems, by their full codes; ENOTTY for any other."""
        serve(k, KSYMS.find(k.dm, com), self, data)
        return 0

    def mmap(self, k: Kernel, lwp: Lwp, length: int, offset: int) -> int:
        """Map the image once more; EINVAL past its last page."""
        image = self.image.make()
        if offset + length > image.length:
            raise KernelError(
                EINVAL, f"{length} bytes at offset {offset} end past the image's {image.length} bytes"
            )
        return lwp.proc.vm.map(k, Span(image.fd, offset, length)).addr

    def close(self, k: Kernel, lwp: Lwp) -> int:
        """Take the snapshot out of the process's memory; it may open again."""
        if self._mapping is not None:
            self.proc.vm.unmap(k, self._mapping)
        self.image.release()
        k.ksyms.softc.open.remove(self.proc)
        return 0


# -- its ioctls ---------------------------------------------------------------------------------------------

_T = TypeVar("_T")


def _found(k: Kernel, name_addr: int, look: Callable[[str], _T | None]) -> _T:
    """What is known of the symbol whose name is in the caller's memory; ENOENT, ENAMETOOLONG."""
    name = user_string(k, name_addr, k.ksyms.longest() + 1).decode(*C_TEXT)
    found = look(name)
    if found is None:
        raise KernelError(ENOENT, f"no symbol '{name}'")
    return found


@ksyms_ioctl(abi.KIOCGSYMBOL, Origin.NETBSD)
def kiocgsymbol(k: Kernel, file: KsymsFile, arg: View) -> None:
    """The Elf_Sym of a symbol, also a local one, into the caller's memory."""
    copyout_bytes(k, _found(k, arg.kg_name, k.ksyms.entry), arg.kg_sym)


@ksyms_ioctl(abi.KIOCGVALUE, Origin.NETBSD)
def kiocgvalue(k: Kernel, file: KsymsFile, arg: View) -> None:
    """The value of a global symbol, into the caller's memory."""
    value = _found(k, arg.kg_name, k.ksyms.value)
    copyout_bytes(k, value.to_bytes(k.dm.pointer, k.dm.byteorder), arg.kg_sym)


@ksyms_ioctl(abi.KIOCGSIZE, Origin.NETBSD)
def kiocgsize(k: Kernel, file: KsymsFile, data: int) -> None:
    """The size of the image."""
    k.mem.set_u32(data, file.size)


@ksyms_ioctl(abi.KIOCGVALUE_60, Origin.NETBSD_6)
def kiocgvalue_60(k: Kernel, file: KsymsFile, arg: View) -> None:
    """The value of a global symbol, in the argument."""
    arg.kv_value = _found(k, arg.kv_name, k.ksyms.value)


@ksyms_ioctl(abi.KIOCGSYMBOL32, Origin.NETBSD_6, (ILP32_I386,))
@ksyms_ioctl(abi.KIOCGSYMBOL64, Origin.NETBSD_6, (LP64,))
def kiocgsymbol_60(k: Kernel, file: KsymsFile, arg: View) -> None:
    """The Elf_Sym of a symbol, also a local one, in the argument."""
    k.mem.write(arg.at("kg_sym.st_name"), _found(k, arg.kg_name, k.ksyms.entry))


@ksyms_ioctl(abi.FREEBSD_KIOCGSIZE, Origin.FREEBSD)
def freebsd_kiocgsize(k: Kernel, file: KsymsFile, data: int) -> None:
    """The size of the image."""
    k.mem.set_ptr(data, file.size)


@ksyms_ioctl(abi.FREEBSD_KIOCGADDR, Origin.FREEBSD)
def freebsd_kiocgaddr(k: Kernel, file: KsymsFile, data: int) -> None:
    """The address of the image in the memory of the process that opened it."""
    k.mem.set_ptr(data, file.address(k))


# -- the driver's life --------------------------------------------------------------------------------------


def ksyms_modevent(k: Kernel, what: int) -> None:
    """The module event handler: MOD_LOAD makes driver and node (root:wheel 0444), MOD_UNLOAD removes them.

    EBUSY to unload while anyone has it open; EEXIST to load twice; MOD_SHUTDOWN is allowed; all else is
    EOPNOTSUPP.
    """
    if what == MOD_LOAD:
        _attach(k)
    elif what == MOD_UNLOAD:
        _detach(k)
    elif what != MOD_SHUTDOWN:
        raise KernelError(
            EOPNOTSUPP, f"unsupported module event: {what} (/dev/ksyms supports load, unload and shutdown)"
        )


def _attach(k: Kernel) -> None:
    device, major = k.ksyms.softc, KSYMS_MAJOR[k.port.name]
    if subr_devsw.lookup(k, "cdevsw", major):
        raise KernelError(EEXIST, subr_devsw.taken(k, "cdevsw", major))
    node = k.vfs.tree.make_device(PATH, 0o444, 0, makedev(major, 0), k.now())
    if device.row:
        k.mem.set_ptr(k.symbol("cdevsw0") + major * k.dm.pointer, device.row)
    else:
        subr_devsw.attach_builtin(k, "ksyms", major, conf.driver(k, d_open="ksymsopen"))
        device.row = subr_devsw.lookup(k, "cdevsw", major)
    device.node = node


def _holders(k: Kernel) -> Iterator[str]:
    """Every process that has the device open, or is just opening it."""
    for proc in k.procs.values():
        files = (proc.files.get(fd) for fd in proc.files) if proc.pid else ()
        if proc in k.ksyms.softc.open or any(isinstance(file, KsymsFile) for file in files):
            yield f"pid {proc.pid} ({proc.comm})"


def _detach(k: Kernel) -> None:
    device = k.ksyms.softc
    if device.open:
        raise KernelError(EBUSY, f"{PATH} is open in {', '.join(_holders(k))}")
    if device.node is None:
        raise KernelError(ENXIO, f"{PATH} is not attached")
    children, _, name = k.vfs.tree.parent(PATH, Cred(0, 0))
    if children.get(name) is device.node:
        del children[name]
    subr_devsw.devsw_detach(k, 0, device.row)
    device.node = None


# -- for modules ---------------------------------------------------------------------------------------------


@export("int ksyms_getval(const char *mod, const char *sym, unsigned long *val, int type)", "sys/ksyms.h")
def ksyms_getval(k: Kernel, mod: int, sym: int, val: int, type_: int) -> int:
    """*val is the value of a global symbol, the kernel's first, or of one of module `mod` alone. ENOENT."""
    name = name_at(k, "sym", sym)
    if not mod:
        value = k.ksyms.value(name)
    else:
        title = name_at(k, "mod", mod)
        table = k.ksyms.kernel_table() if title == KERNEL else k.ksyms.tables.get(title)
        value = None if table is None or name not in table.globals else table.value(name)
    if value is None:
        raise KernelError(ENOENT, f"there is no symbol '{name}'")
    k.umem.set_ptr(val, value)
    return 0


@export("int ksyms_getname(const char **mod, const char **sym, vaddr_t addr, int type)", "sys/ksyms.h")
def ksyms_getname(k: Kernel, mod: int, sym: int, addr: int, type_: int) -> int:
    """The names of the symbol at or below `addr` and of its module, "netbsd" for the kernel. ENOENT."""
    place = k.ksyms.locate(addr)
    if place is None or (type_ & abi.KSYMS_EXACT and place.offset):
        raise KernelError(ENOENT, f"there is no symbol for {addr:#x}")
    k.umem.set_ptr(sym, k.string(place.symbol.name))
    k.umem.set_ptr(mod, k.string(place.title))
    return 0
