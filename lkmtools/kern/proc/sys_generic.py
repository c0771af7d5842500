"""read, write, ioctl, lseek and the like (sys_generic.c, vfs_vnops.c)."""

from __future__ import annotations

import struct
from typing import TYPE_CHECKING

from lkmtools.abi.errno import EBADF, EINVAL, ENOTTY
from lkmtools.abi.fcntl import FASYNC, FNONBLOCK, FREAD, FWRITE, SEEK_CUR, SEEK_END, SEEK_SET
from lkmtools.abi.filio import FIOASYNC, FIOCLEX, FIONBIO, FIONCLEX
from lkmtools.abi.ioccom import IOC_IN, IOC_OUT, IOC_VOID, IOCPARM_MASK, IOCPARM_MAX
from lkmtools.abi.syscall import (
    SYS_ioctl,
    SYS_lseek,
    SYS_pread,
    SYS_pwrite,
    SYS_read,
    SYS_readv,
    SYS_write,
    SYS_writev,
)
from lkmtools.abi.uio import UIO_MAXIOV, UIO_READ, UIO_WRITE
from lkmtools.errors import KernelError
from lkmtools.kern.proc.kern_descrip import ioctl_failure
from lkmtools.kern.proc.syscall import syscall

if TYPE_CHECKING:
    from lkmtools.kern.kernel import Kernel
    from lkmtools.kern.proc.kern_descrip import File
    from lkmtools.kern.proc.kern_proc import Lwp

_LONGEST = 0x7FFFFFFF
_MODES = {FIONBIO: FNONBLOCK, FIOASYNC: FASYNC}


def _file(lwp: Lwp, fd: int, need: int) -> File:
    """The file behind `fd`, open for `need` (FREAD, FWRITE); EBADF."""
    file = lwp.proc.files.get(fd)
    if not file.flag & need:
        raise KernelError(
            EBADF, f"descriptor {fd} is not open for {'writing' if need == FWRITE else 'reading'}"
        )
    return file


def _transfer(k: Kernel, lwp: Lwp, file: File, buf: int, count: int, offset: int, rw: int) -> int:
    if count > _LONGEST:
        raise KernelError(EINVAL, f"cannot transfer {count} bytes; the limit of one call is {_LONGEST}")
    return file.readwrite(k, lwp, buf, count, offset, rw)


@syscall(SYS_read, "int fd, void *buf, size_t count", "ssize_t")
def sys_read(k: Kernel, lwp: Lwp, fd: int, buf: int, count: int) -> int:
    """Read at the file's offset, and move it."""
    file = _file(lwp, fd, FREAD)
    moved = _transfer(k, lwp, file, buf, count, file.offset, UIO_READ)
    file.advance(moved)
    return moved


@syscall(SYS_write, "int fd, const void *buf, size_t count", "ssize_t")
def sys_write(k: Kernel, lwp: Lwp, fd: int, buf: int, count: int) -> int:
    """Write at the file's offset, and move it."""
    file = _file(lwp, fd, FWRITE)
    moved = _transfer(k, lwp, file, buf, count, file.offset, UIO_WRITE)
    file.advance(moved)
    return moved


def _vector(k: Kernel, lwp: Lwp, addr: int, count: int) -> list[tuple[int, int]]:
    """The (address, length) pairs of an iovec array; EINVAL for too many, or too long in all."""
    if not 0 < count <= UIO_MAXIOV:
        raise KernelError(EINVAL, f"invalid number of buffers: {count} (1 to {UIO_MAXIOV} are allowed)")
    form = struct.Struct(f"{k.dm.order}2{k.dm.word}")
    rows = list(form.iter_unpack(lwp.proc.space.read(addr, count * form.size)))
    total = sum(length for _, length in rows)
    if total > _LONGEST:
        raise KernelError(EINVAL, f"cannot transfer {total} bytes; the limit of one call is {_LONGEST}")
    return [(base, length) for base, length in rows]


@syscall(SYS_readv, "int fd, const struct iovec *iovp, int iovcnt", "ssize_t")
def sys_readv(k: Kernel, lwp: Lwp, fd: int, iovp: int, iovcnt: int) -> int:
    """read into several buffers."""
    return _file(lwp, fd, FREAD).scatter(k, lwp, _vector(k, lwp, iovp, iovcnt), UIO_READ)


@syscall(SYS_writev, "int fd, const struct iovec *iovp, int iovcnt", "ssize_t")
def sys_writev(k: Kernel, lwp: Lwp, fd: int, iovp: int, iovcnt: int) -> int:
    """write from several buffers."""
    return _file(lwp, fd, FWRITE).scatter(k, lwp, _vector(k, lwp, iovp, iovcnt), UIO_WRITE)


@syscall(SYS_pread, "int fd, void *buf, size_t count, int pad, off_t offset", "ssize_t")
def sys_pread(k: Kernel, lwp: Lwp, fd: int, buf: int, count: int, pad: int, offset: int) -> int:
    """Read at `offset`, whatever the file's own is."""
    return _transfer(k, lwp, _file(lwp, fd, FREAD), buf, count, offset, UIO_READ)


@syscall(SYS_pwrite, "int fd, const void *buf, size_t count, int pad, off_t offset", "ssize_t")
def sys_pwrite(k: Kernel, lwp: Lwp, fd: int, buf: int, count: int, pad: int, offset: int) -> int:
    """Write at `offset`, whatever the file's own is."""
    return _transfer(k, lwp, _file(lwp, fd, FWRITE), buf, count, offset, UIO_WRITE)


@syscall(SYS_lseek, "int fd, int pad, off_t offset, int whence", "off_t")
def sys_lseek(k: Kernel, lwp: Lwp, fd: int, pad: int, offset: int, whence: int) -> int:
    """Move a file's offset. Devices have no end: there SEEK_END counts from 0, as spec_seek allows."""
    file = lwp.proc.files.get(fd)
    if whence not in (SEEK_SET, SEEK_CUR, SEEK_END):
        raise KernelError(EINVAL, f"whence {whence} is not 0, 1 or 2")
    return file.seek(k, lwp, offset, whence)


@syscall(SYS_ioctl, "int fd, u_long com, void *data")
def sys_ioctl(k: Kernel, lwp: Lwp, fd: int, com: int, data: int) -> None:
    """A device command: its argument is copied in and out as the command's number says."""
    file = lwp.proc.files.get(fd)
    if not file.flag & (FREAD | FWRITE):
        raise KernelError(EBADF, f"descriptor {fd} is open for neither reading nor writing")
    if com in (FIOCLEX, FIONCLEX):
        cloexec = lwp.proc.files.cloexec
        (cloexec.add if com == FIOCLEX else cloexec.discard)(fd)
        return
    size = com >> 16 & IOCPARM_MASK
    if size > IOCPARM_MAX:
        raise KernelError(
            ENOTTY, f"the argument of ioctl {com:#x} has {size} bytes; the limit is {IOCPARM_MAX}"
        )
    com &= 0xFFFFFFFF
    kdata = lwp.alloca(k, size or 8)
    try:
        _ioctl(k, lwp, file, com, data, kdata, size)
    finally:
        lwp.release(k, kdata)


def _ioctl(k: Kernel, lwp: Lwp, file: File, com: int, data: int, kdata: int, size: int) -> None:
    """The command, with its argument at `kdata` in the kernel."""
    space = lwp.proc.space
    if com & IOC_IN:
        if size:
            k.mem.write(kdata, space.read(data, size))
        else:
            k.mem.set_ptr(kdata, data)
    elif com & IOC_OUT:
        k.mem.fill(kdata, size)
    elif com & IOC_VOID:
        k.mem.set_ptr(kdata, data)
    if com in _MODES:
        flag = _MODES[com]
        file.flag = file.flag | flag if k.mem.u32(kdata) else file.flag & ~flag
        if not file.hears_modes:
            return
    errno = file.ioctl(k, lwp, com, kdata)
    if errno:
        raise ioctl_failure(lwp, com, errno)
    if com & IOC_OUT and size:
        space.write(data, k.mem.read(kdata, size))
