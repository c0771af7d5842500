"""Open files of mounted file systems: from a descriptor to vnode operations (vfs_vnops.c of NetBSD 5.2).

Readers hold a file's lock shared, writers exclusively, for one call at a time.

A device node of any file system opens its driver, a FIFO a pipe; its vnode is referenced until the close.

Not modelled: sockets (EOPNOTSUPP at open).
"""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from lkmtools.abi.errno import (
    EEXIST,
    EFTYPE,
    EIO,
    EISDIR,
    ENODEV,
    ENOMEM,
    ENOTDIR,
    ENXIO,
    EOPNOTSUPP,
)
from lkmtools.abi.fcntl import (
    FAPPEND,
    FNONBLOCK,
    FREAD,
    FWRITE,
    IO_APPEND,
    IO_NDELAY,
    IO_NODELOCKED,
    IO_UNIT,
    O_CREAT,
    O_DIRECTORY,
    O_EXCL,
    O_TRUNC,
)
from lkmtools.abi.mount import MNT_NODEV
from lkmtools.abi.mutex import LK_EXCLUSIVE, LK_SHARED
from lkmtools.abi.poll import ALWAYS_READY
from lkmtools.abi.stat import S_IFIFO, S_IFMT
from lkmtools.abi.uio import UIO_READ, UIO_SYSSPACE
from lkmtools.abi.vmparam import PAGE_SIZE
from lkmtools.abi.vnode import VBLK, VCHR, VDIR, VFIFO, VLNK, VREAD, VREG, VSOCK, VWRITE
from lkmtools.errors import KernelError
from lkmtools.kern.base.export import export
from lkmtools.kern.base.panic import failure
from lkmtools.kern.proc.kern_copy import Pieces, transfer, uio_for
from lkmtools.kern.proc.kern_descrip import File
from lkmtools.kern.uvm.uvm_map import Span
from lkmtools.kern.vfs.fifo_vnops import open_fifo
from lkmtools.kern.vfs.ramfs import Node
from lkmtools.kern.vfs.spec_vnops import DeviceFile, open_node
from lkmtools.kern.vfs.vfs_mount import lwp_cred
from lkmtools.kern.vfs.vfs_subr import check_locked, lock_vnode, vput
from lkmtools.kern.vfs.vfs_subr_vattr import file_format
from lkmtools.kern.vfs.vfs_vnode import view_of
from lkmtools.kern.vfs.vfs_vnops_attr import check_writable, getattr_of, setattr_of, with_vattr
from lkmtools.kern.vfs.vnode_if import check_vnode, implementation, vcall, vop

if TYPE_CHECKING:
    from lkmtools.kern.kernel import Kernel
    from lkmtools.kern.proc.kern_proc import Lwp
    from lkmtools.kern.vfs.vfs_lookup_place import Place

_SPECIAL = (VCHR, VBLK, VFIFO)  # opening them is not VOP_OPEN alone, and they have no length
_MAP_CHUNK = 1 << 16  # bytes of a file read at once for a mapping


class VnodeFile(File):
    """An open file or directory of a mounted file system. It has a reference to its vnode."""

    def __init__(self, k: Kernel, vp: int, flag: int, path: str) -> None:
        super().__init__(flag)
        self._k = k
        self.vp = vp
        self.path = path

    def end(self, k: Kernel, lwp: Lwp) -> int:
        """The file's length, asked of its file system."""
        lock_vnode(k, self.vp, LK_SHARED)
        try:
            size: int = getattr_of(k, lwp, self.vp).va_size
            return size
        finally:
            self._unlock()

    def _unlock(self) -> None:
        if not self._k.dead:
            vcall(self._k, "unlock", self.vp, 0)

    def readwrite(self, k: Kernel, lwp: Lwp, buf: int, count: int, offset: int, rw: int) -> int:
        """VOP_READ or VOP_WRITE with a uio over the caller's buffer."""
        return self._transfer(k, lwp, [(buf, count)], offset, rw)

    def scatter(self, k: Kernel, lwp: Lwp, pieces: Pieces, rw: int) -> int:
        """One VOP_READ or VOP_WRITE with a uio over all the buffers."""
        moved = self._transfer(k, lwp, pieces, self.offset, rw)
        self.advance(moved)
        return moved

    def _transfer(self, k: Kernel, lwp: Lwp, pieces: Pieces, offset: int, rw: int) -> int:
        if view_of(k, self.vp, "read").v_type == VDIR:
            raise KernelError(EISDIR, "a directory is read with getdents")
        flags = IO_UNIT if rw else 0
        flags |= (IO_APPEND if rw and self.flag & FAPPEND else 0) | (
            IO_NDELAY if self.flag & FNONBLOCK else 0
        )
        name = "write" if rw else "read"
        lock_vnode(k, self.vp, LK_EXCLUSIVE if rw else LK_SHARED)
        try:
            moved, end = transfer(
                k, lwp, pieces, offset, rw, implementation(k, name, self.vp),
                lambda u: vcall(k, name, self.vp, u, flags, lwp_cred(k, lwp)),
            )  # fmt: skip
        finally:
            self._unlock()
        if flags & IO_APPEND and offset == self.offset:
            self.offset = end - moved
        return moved

    def getdents(self, k: Kernel, lwp: Lwp, buf: int, count: int) -> int:
        """VOP_READDIR from the file's offset on, which becomes what the file system says."""
        if view_of(k, self.vp, "getdents").v_type != VDIR:
            raise KernelError(ENOTDIR, f"'{self.path}' is not a directory")
        cell = lwp.alloca(k, 16)
        lock_vnode(k, self.vp, LK_SHARED)
        try:
            moved, self.offset = transfer(
                k, lwp, [(buf, count)], self.offset, UIO_READ, implementation(k, "readdir", self.vp),
                lambda u: vcall(k, "readdir", self.vp, u, lwp_cred(k, lwp), cell, 0, 0),
            )  # fmt: skip
        finally:
            self._unlock()
            lwp.release(k, cell)
        return moved

    def ioctl(self, k: Kernel, lwp: Lwp, com: int, data: int) -> int:
        """VOP_IOCTL."""
        return vcall(k, "ioctl", self.vp, com, data, self.flag, lwp_cred(k, lwp))

    def poll(self, k: Kernel, lwp: Lwp, events: int) -> int:
        """VOP_POLL; a file system without it is always ready."""
        revents = vcall(k, "poll", self.vp, events)
        return events & ALWAYS_READY if revents == EOPNOTSUPP else revents

    def mmap(self, k: Kernel, lwp: Lwp, length: int, offset: int) -> int:
        """Private pages with the present content; zero beyond its end. ENODEV unless it is a regular file."""
        if view_of(k, self.vp, "mmap").v_type != VREG:
            raise KernelError(ENODEV, "only regular files can be mapped")
        most = k.frames.total * PAGE_SIZE
        if length > most:
            raise KernelError(ENOMEM, f"cannot map {length} bytes: all programs together have {most}")
        vop(k, "mmap", self.vp, 0, lwp_cred(k, lwp))
        fd = os.memfd_create("lkm-file", os.MFD_CLOEXEC)
        try:
            at = 0
            while part := read_vnode(k, lwp, self.vp, min(_MAP_CHUNK, length - at), offset + at):
                at += os.pwrite(fd, part, at)
            os.ftruncate(fd, length)
            return lwp.proc.vm.map(k, Span(fd, 0, length)).addr
        finally:
            os.close(fd)

    def sync(self, k: Kernel, lwp: Lwp) -> None:
        """VOP_FSYNC."""
        lock_vnode(k, self.vp)
        try:
            vop(k, "fsync", self.vp, lwp_cred(k, lwp), 1, 0, 0)
        finally:
            self._unlock()

    def close(self, k: Kernel, lwp: Lwp) -> int:
        """close_vnode()."""
        return close_vnode(k, self.vp, self.flag, lwp_cred(k, lwp))


def close_vnode(k: Kernel, vp: int, flag: int, cred: int) -> int:
    """VOP_CLOSE of what was opened, and its reference goes (vn_close()). Returns an errno."""
    if flag & FWRITE:
        view = view_of(k, vp, "close")
        view.v_writecount = view.v_writecount - 1
    lock_vnode(k, vp)
    errno = vcall(k, "close", vp, flag, cred)
    vput(k, vp)
    return errno


@export(
    "int vn_rdwr(enum uio_rw rw, struct vnode *vp, void *base, int len, off_t offset, enum uio_seg segflg, "
    "int ioflg, kauth_cred_t cred, size_t *aresid, struct lwp *l)",
    "sys/vnode.h",
)
def vn_rdwr(
    k: Kernel, rw: int, vp: int, base: int, size: int, offset: int, segment: int, ioflg: int, cred: int,
    aresid: int, l_addr: int,
) -> int:  # fmt: skip
    """Read or write a vnode with a buffer of the kernel or of the process `l`; locks it unless IO_NODELOCKED.

    `*aresid` is how many bytes are left; without it, EIO when not all were moved.
    """
    lwp = k.lwp_at(l_addr)
    locked = not ioflg & IO_NODELOCKED
    if locked:
        lock_vnode(k, vp, LK_EXCLUSIVE if rw else LK_SHARED)
    try:
        with uio_for(k, lwp, [(base, size)], offset, rw, segment) as view:
            lwp.thread.reason = ""
            errno = vcall(k, "write" if rw else "read", vp, view.addr, ioflg & ~IO_NODELOCKED, cred)
            left = view.uio_resid
    finally:
        if locked and not k.dead:
            vcall(k, "unlock", vp, 0)
    if aresid:
        k.umem.set_ptr(aresid, left)
    elif left and not errno:
        raise KernelError(EIO, f"{left} of {size} bytes were not moved")
    return errno


def read_vnode(k: Kernel, lwp: Lwp, vp: int, count: int, offset: int) -> bytes:
    """Up to `count` bytes of an unlocked vnode, by vn_rdwr() with a buffer of the kernel."""
    buffer = k.heap.alloc(max(count, 1) + 16)
    if not buffer:
        raise KernelError(ENOMEM, f"no kernel memory for {count} bytes")
    left = buffer + (count + 7 & -8)
    try:
        errno = vn_rdwr(
            k, UIO_READ, vp, buffer, count, offset, UIO_SYSSPACE, 0, lwp_cred(k, lwp), left, lwp.addr
        )
        if errno:
            raise KernelError(errno, lwp.thread.reason or failure(k, implementation(k, "read", vp), errno))
        return k.mem.read(buffer, max(count - k.mem.ptr(left), 0))
    finally:
        k.heap.free(buffer)


# -- opening ------------------------------------------------------------------------------------------------


def vn_open(k: Kernel, lwp: Lwp, place: Place, fflag: int, mode: int) -> File:
    """Open, and with O_CREAT create, what namei() found on a mounted file system (vn_open())."""
    cred = lwp_cred(k, lwp)
    if not place.vp:
        _create(k, lwp, place, mode)
        fflag &= ~O_TRUNC
    else:
        _check_open(k, place, fflag)
        wanted = (VREAD if fflag & FREAD else 0) | (VWRITE if fflag & (FWRITE | O_TRUNC) else 0)
        if wanted:
            vop(k, "access", place.vp, wanted, cred)
    vp = place.vp
    special = view_of(k, vp, "open").v_type in _SPECIAL
    if fflag & O_TRUNC and not special:
        setattr_of(k, lwp, vp, va_size=0)
    flag = fflag & ~(O_CREAT | O_TRUNC | O_EXCL)
    vop(k, "open", vp, flag, cred)
    if special:
        return _open_special(k, lwp, place, flag)
    if flag & FWRITE:
        view = view_of(k, vp, "open")
        view.v_writecount = view.v_writecount + 1
    vp, place.dvp = place.take()
    vcall(k, "unlock", vp, 0)
    return VnodeFile(k, vp, flag, place.path)


def _open_special(k: Kernel, lwp: Lwp, place: Place, flag: int) -> File:
    """Open the driver of a device node, or the pipe of a FIFO; until the close the vnode is referenced."""
    va = getattr_of(k, lwp, place.vp)
    form = file_format(k, f"v_type of vnode {place.vp:#x}", view_of(k, place.vp, "open").v_type)
    mode = form | va.va_mode & 0o7777
    node = Node(va.va_fileid, mode, va.va_uid, va.va_gid, va.va_rdev, va.va_mtime_tv_sec)
    node.nlink = va.va_nlink
    vp, place.dvp = place.take()
    place.release()  # the open may sleep
    vcall(k, "unlock", vp, 0)

    def done(lwp: Lwp) -> int:
        lock_vnode(k, vp)
        errno = vcall(k, "close", vp, flag, lwp_cred(k, lwp))
        vput(k, vp)
        return errno

    if mode & S_IFMT == S_IFIFO:
        return open_fifo(k, lwp, vp, (node, flag), done)
    try:
        file = open_node(k, lwp, node, flag)
    except KernelError:
        done(lwp)
        raise
    if isinstance(file, DeviceFile):
        file.done = done
    else:  # a cloning driver's: it has nothing to do with the node any more
        done(lwp)
    return file


def _create(k: Kernel, lwp: Lwp, place: Place, mode: int) -> None:
    make(k, lwp, place, "create", va_type=VREG, va_mode=mode & 0o7777 & ~lwp.proc.umask)


def make(k: Kernel, lwp: Lwp, place: Place, operation: str, *more: int, **values: int) -> None:
    """VOP_CREATE and its kind: the new vnode, locked, becomes the place's; the directory is let go."""
    cell = lwp.alloca(k, 16)
    try:
        k.mem.set_ptr(cell, 0)
        _, dvp = place.take()
        function = implementation(k, operation, dvp)

        def call(vap: int) -> None:
            vop(k, operation, dvp, cell, place.cnp, vap, *more)

        with_vattr(k, lwp, call, **values)
        place.vp = k.mem.ptr(cell)
    finally:
        lwp.release(k, cell)
    check_vnode(k, place.vp, f"VOP_{operation.upper()}: what {k.symbolize(function)} returned")
    check_locked(k, place.vp, function, f"the new vnode of '{place.path}'")


def _check_open(k: Kernel, place: Place, fflag: int) -> None:
    """What may not be opened in that way: EEXIST, EISDIR, ENOTDIR, EROFS, and kinds of files."""
    kind = view_of(k, place.vp, "open").v_type
    if fflag & O_CREAT and fflag & O_EXCL:
        raise KernelError(EEXIST, f"'{place.path}' exists")
    if kind == VLNK:
        raise KernelError(EFTYPE, f"'{place.path}' is a symbolic link")
    if kind == VSOCK:
        raise KernelError(EOPNOTSUPP, f"'{place.path}' is a socket")
    if kind in (VCHR, VBLK) and k.vfs.mount(view_of(k, place.vp, "open").v_mount).mnt_flag & MNT_NODEV:
        raise KernelError(ENXIO, f"'{place.path}': devices of this file system are not opened (nodev)")
    if fflag & O_DIRECTORY and kind != VDIR:
        raise KernelError(ENOTDIR, f"'{place.path}' is not a directory")
    if fflag & (FWRITE | O_TRUNC):
        if kind == VDIR:
            raise KernelError(EISDIR, f"'{place.path}' is a directory")
        if kind not in _SPECIAL:
            check_writable(k, place.vp)
