"""Open device files: from a descriptor to a driver (spec_vnops.c of NetBSD 5.2).

Every call looks the driver up in cdevsw or bdevsw again, as the original does: a driver that was detached
while open answers ENXIO. d_open runs at each open, d_close at the last close of a device.

A block device is read and written by whole buffers of BLKDEV_IOSIZE bytes: what is written in part is read
before. A write has reached the driver when it returns; what was read or written is kept until the last close.
Where a transfer falls short is the end of the device: reading ends there, writing past it is ENOSPC.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from lkmtools.abi.buf import B_READ, BO_DONE
from lkmtools.abi.conf import LKM_MAJOR, bdevsw, cdevsw, major, minor
from lkmtools.abi.errno import EINVAL, EMOVEFD, ENODEV, ENOSPC, ENXIO
from lkmtools.abi.fcntl import FNONBLOCK, IO_NDELAY
from lkmtools.abi.poll import ALWAYS_READY, POLLERR
from lkmtools.abi.stat import S_IFBLK, S_IFCHR, S_IFMT
from lkmtools.abi.uio import UIO_WRITE
from lkmtools.errors import KernelError
from lkmtools.kern.base.panic import failure
from lkmtools.kern.dev.subr_devsw import lookup
from lkmtools.kern.proc.kern_copy import Pieces, transfer
from lkmtools.kern.proc.kern_descrip import File
from lkmtools.kern.proc.kern_proc import caller
from lkmtools.kern.vfs.buf_cache import Block
from lkmtools.kern.vfs.kern_physio import DEV_BSIZE, STRATEGY
from lkmtools.kern.vfs.ramfs import Node, OfNode
from lkmtools.kern.vfs.vfs_bio import buffer, get_block, invalidate, release
from lkmtools.kern.vfs.vfs_bio import transfer as transfer_buffer
from lkmtools.machine import Prototype

if TYPE_CHECKING:
    from collections.abc import Callable

    from lkmtools.kern.base.lkm_record import LoadableModule
    from lkmtools.kern.base.request import Space
    from lkmtools.kern.kernel import Kernel
    from lkmtools.kern.proc.kern_proc import Lwp

BLKDEV_IOSIZE = 2048  # bytes in a buffer of a block device
D_OPEN = Prototype("int d_open(dev_t dev, int flag, int mode, struct lwp *l)")
D_READ = Prototype("int d_read(dev_t dev, struct uio *uio, int ioflag)")
D_IOCTL = Prototype("int d_ioctl(dev_t dev, u_long com, void *data, int flag, struct lwp *l)")
D_POLL = Prototype("int d_poll(dev_t dev, int events, struct lwp *l)")


class DeviceFile(OfNode, File):
    """An open character or block device."""

    hears_modes = True

    signed = True  # spec_seek() takes any offset

    def __init__(self, node: Node, flag: int) -> None:
        super().__init__(flag)
        self.dev = node.rdev
        self.major = major(node.rdev)
        self.kind = node.mode & S_IFMT
        self.node = node
        self.opener = ""
        self.done: Callable[[Lwp], object] | None = None  # what is to follow its close

    def __str__(self) -> str:
        kind = "character" if self.kind == S_IFCHR else "block"
        return f"{kind} device {self.major}, {minor(self.dev)}"

    def driver(self, k: Kernel) -> int:
        """The address of its driver's struct cdevsw or bdevsw; 0 when there is none."""
        return lookup(k, "cdevsw" if self.kind == S_IFCHR else "bdevsw", self.major)

    def entry(self, k: Kernel, member: str) -> int:
        """A function pointer of this device's driver; ENXIO when the major has none."""
        struct = cdevsw if self.kind == S_IFCHR else bdevsw
        driver = self.driver(k)
        if not driver:
            if self.kind == S_IFCHR and self.major == LKM_MAJOR and not k.config.lkm:
                raise KernelError(ENXIO, "this kernel was booted without options LKM (lkmd --without LKM)")
            raise KernelError(ENXIO, f"no driver has {struct.name[:4]} major {self.major}")
        field = struct.layout(k.dm).fields.get(member)
        if field is None:
            raise KernelError(ENODEV, f"a {struct.name} has no {member}")
        return k.umem.ptr(driver + field.offset)

    def open(self, k: Kernel, lwp: Lwp) -> File:
        """Call d_open: this file, or the one a cloning driver made instead. KernelError when it fails."""
        entry = self.entry(k, "d_open")
        lwp.thread.reason = ""
        errno = k.engine.call(D_OPEN, entry, self.dev, self.flag, self.kind, caller(k, lwp, entry))
        if errno == EMOVEFD and lwp.clones:
            return lwp.clones.pop()
        if errno:
            raise KernelError(errno, lwp.thread.reason or failure(k, entry, errno))
        k.vfs.open_devices.setdefault((self.kind, self.dev), []).append(self)
        self.opener = f"pid {lwp.proc.pid} ({lwp.proc.comm})"
        return self

    def close(self, k: Kernel, lwp: Lwp) -> int:
        """Call d_close when this was the device's last open file."""
        key = (self.kind, self.dev)
        files = k.vfs.open_devices[key]
        files.remove(self)
        try:
            if files:
                return 0
            del k.vfs.open_devices[key]
            if self.kind == S_IFBLK:
                invalidate(k, "dev_t", self.dev)
            entry = self.entry(k, "d_close")
            return k.engine.call(D_OPEN, entry, self.dev, self.flag, self.kind, caller(k, lwp, entry))
        finally:
            if self.done is not None and not k.dead:
                self.done(lwp)

    def readwrite(self, k: Kernel, lwp: Lwp, buf: int, count: int, offset: int, rw: int) -> int:
        """d_read or d_write with a uio over the caller's buffer; of a block device, d_strategy."""
        if self.kind == S_IFBLK:
            return block_io(k, lwp, self, buf, count, offset, rw)
        return self._transfer(k, lwp, [(buf, count)], offset, rw)

    def scatter(self, k: Kernel, lwp: Lwp, pieces: Pieces, rw: int) -> int:
        """One d_read or d_write with a uio over all the buffers; of a block device, one after the other."""
        if self.kind == S_IFBLK:
            return super().scatter(k, lwp, pieces, rw)
        moved = self._transfer(k, lwp, pieces, self.offset, rw)
        self.advance(moved)
        return moved

    def _transfer(self, k: Kernel, lwp: Lwp, pieces: Pieces, offset: int, rw: int) -> int:
        entry = self.entry(k, "d_write" if rw else "d_read")
        flag = IO_NDELAY if self.flag & FNONBLOCK else 0
        return transfer(
            k, lwp, pieces, offset, rw, entry, lambda uio: k.engine.call(D_READ, entry, self.dev, uio, flag)
        )[0]

    def ioctl(self, k: Kernel, lwp: Lwp, com: int, data: int) -> int:
        """d_ioctl."""
        entry = self.entry(k, "d_ioctl")
        return k.engine.call(D_IOCTL, entry, self.dev, com, data, self.flag, caller(k, lwp, entry))

    def poll(self, k: Kernel, lwp: Lwp, events: int) -> int:
        """d_poll; POLLERR when the driver is gone. A block device is always ready."""
        if self.kind == S_IFBLK:
            return events & ALWAYS_READY
        try:
            entry = self.entry(k, "d_poll")
        except KernelError:
            return POLLERR
        return k.engine.call(D_POLL, entry, self.dev, events, caller(k, lwp, entry))

    def strategy(self, k: Kernel, bp: int) -> None:
        """d_strategy; ENODEV of a driver that has none."""
        entry = self.entry(k, "d_strategy")
        if entry in (0, k.symbol("enodev"), k.symbol("nullenodev")):
            raise KernelError(ENODEV, f"{self} has no strategy routine")
        k.engine.call(STRATEGY, entry, bp)


def block_io(k: Kernel, lwp: Lwp, file: DeviceFile, buf: int, count: int, offset: int, rw: int) -> int:
    """spec_read() and spec_write() of a block device: buffer by buffer; how many bytes moved."""
    if offset < 0:
        raise KernelError(EINVAL, f"invalid offset: {offset}")
    moved = 0
    while moved < count:
        at = offset + moved
        on = at % BLKDEV_IOSIZE
        want = min(BLKDEV_IOSIZE - on, count - moved)
        block = Block("dev_t", file.dev, (at - on) // DEV_BSIZE)
        bp = get_block(k, block, BLKDEV_IOSIZE)
        try:
            view = buffer(k, bp)
            view.b_dev = file.dev
            piece = _write if rw == UIO_WRITE else _read
            took = piece(k, file, bp, view.b_data + on, (on, want), (lwp.proc.space, buf + moved))
        finally:
            if not k.dead:
                release(k, bp)
        moved += took
        if took < want:
            break
    if count and not moved and rw == UIO_WRITE:
        raise KernelError(ENOSPC, f"{file} ends before offset {offset}")
    return moved


def _read(
    k: Kernel, file: DeviceFile, bp: int, data: int, part: tuple[int, int], user: tuple[Space, int]
) -> int:
    """(from, length) of a buffer to (space, address); how much of it the device has."""
    (on, want), (space, addr) = part, user
    took = min(want, _content(k, file, bp) - on)
    if took > 0:
        space.write(addr, k.mem.read(data, took))
    return max(took, 0)


def _content(k: Kernel, file: DeviceFile, bp: int) -> int:
    """Read a buffer unless its content was kept; how many bytes it has."""
    if buffer(k, bp).b_oflags & BO_DONE:
        return BLKDEV_IOSIZE
    return transfer_buffer(k, bp, B_READ, lambda bp: file.strategy(k, bp))


def _write(
    k: Kernel, file: DeviceFile, bp: int, data: int, part: tuple[int, int], user: tuple[Space, int]
) -> int:
    """The other way. What is not wholly replaced is read first; no more is written than the device has."""
    (on, want), (space, addr) = part, user
    new = space.read(addr, want)
    if want < BLKDEV_IOSIZE:
        has = _content(k, file, bp)
        new = new[: max(has - on, 0)]
        if not new:
            return 0
        buffer(k, bp).b_bcount = has
    k.mem.write(data, new)
    done = transfer_buffer(k, bp, 0, lambda bp: file.strategy(k, bp))
    return max(min(len(new), done - on), 0)


def open_node(k: Kernel, lwp: Lwp, node: Node, flag: int) -> File:
    """Open a device node; ENXIO when it is neither character nor block, or has no driver."""
    if node.mode & S_IFMT not in (S_IFCHR, S_IFBLK):
        raise KernelError(ENXIO, f"a file of mode {node.mode:#o} is not a device")
    return DeviceFile(node, flag).open(k, lwp)


def open_in(k: Kernel, module: LoadableModule) -> str:
    """A device of a module's driver that is open or mapped, and the process; "" if there is none."""
    for files in k.vfs.open_devices.values():
        if _serves(k, module, files[0]):
            return f"{files[0]} of '{module.title}' is open, by {files[0].opener}"
    for proc in k.procs.values():
        for device in proc.vm.devices() if proc.program is None else proc.program.space.devices():
            if _serves(k, module, device.file):
                return f"{device.file} of '{module.title}' is mapped by pid {proc.pid} ({proc.comm})"
    return ""


def _serves(k: Kernel, module: LoadableModule, file: DeviceFile) -> bool:
    """Is the driver of a device a module's: the switch, or a function in it?

    The switch of a module for NetBSD 1.4 or OpenBSD is a copy in the kernel's array (lkm_dev.py).
    """
    driver = file.driver(k)
    if not driver:
        return False
    size = (cdevsw if file.kind == S_IFCHR else bdevsw).layout(k.dm).size
    functions = map(k.mem.ptr, range(driver, driver + size, k.dm.pointer))
    return module.holds(driver) or any(map(module.holds, functions))
