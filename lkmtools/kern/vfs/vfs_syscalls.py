"""System calls on files (vfs_syscalls.c): open, and what is done with a file by its path or descriptor.

Open, access, chmod, chown, stat, truncate, fsync, getdents. Each call with a path calls namei() for it, which
leads to the root file system, which is Python's (ramfs.py), or to a vnode of a mounted one.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from lkmtools.abi.errno import EEXIST, EFTYPE, EINVAL, EISDIR, ENOENT, ENOTDIR, EPERM
from lkmtools.abi.fcntl import (
    FFLAGS,
    FREAD,
    FWRITE,
    O_ACCMODE,
    O_CLOEXEC,
    O_CREAT,
    O_EXCL,
    O_NOFOLLOW,
    R_OK,
    W_OK,
    X_OK,
)
from lkmtools.abi.mount import MNT_NOWAIT, MNT_RDONLY
from lkmtools.abi.namei import CREATE, FOLLOW, LOOKUP
from lkmtools.abi.stat import (
    S_IFIFO,
    S_IFMT,
    S_IFREG,
)
from lkmtools.abi.stat import stat as stat_struct
from lkmtools.abi.syscall import (
    SYS___fstat30,
    SYS___getdents30,
    SYS___lstat30,
    SYS___stat30,
    SYS_access,
    SYS_chmod,
    SYS_chown,
    SYS_fchmod,
    SYS_fchown,
    SYS_fsync,
    SYS_ftruncate,
    SYS_lchown,
    SYS_open,
    SYS_sync,
    SYS_truncate,
)
from lkmtools.abi.time import wrapped
from lkmtools.abi.vnode import VDIR, VWRITE
from lkmtools.errors import KernelError
from lkmtools.kern.proc.kern_copy import copyout_bytes
from lkmtools.kern.proc.kern_descrip import File
from lkmtools.kern.proc.syscall import syscall
from lkmtools.kern.vfs.genfs_vnops import check_owner
from lkmtools.kern.vfs.ramfs import Node, OfNode
from lkmtools.kern.vfs.rootfs_vnops import entries
from lkmtools.kern.vfs.spec_vnops import open_node
from lkmtools.kern.vfs.vfs_bio import flush
from lkmtools.kern.vfs.vfs_init import has_vfsop, vfsop
from lkmtools.kern.vfs.vfs_lookup import namei
from lkmtools.kern.vfs.vfs_lookup_place import Place
from lkmtools.kern.vfs.vfs_mount import lwp_cred
from lkmtools.kern.vfs.vfs_subr import lock_vnode
from lkmtools.kern.vfs.vfs_vnode import view_of
from lkmtools.kern.vfs.vfs_vnops import VnodeFile, vn_open
from lkmtools.kern.vfs.vfs_vnops_attr import check_writable, setattr_of, vn_stat
from lkmtools.kern.vfs.vnode_if import vcall, vop
from lkmtools.kern.vfs.vnops_python import records

if TYPE_CHECKING:
    from lkmtools.kern.kernel import Kernel
    from lkmtools.kern.proc.kern_proc import Lwp

_NODATA = 0xFFFFFFFF  # -1 as a uid_t: leave it


class DirectoryFile(OfNode, File):
    """An open directory: getdents reads it, nothing else does."""

    def __init__(self, node: Node, flag: int, path: str) -> None:
        super().__init__(flag)
        self.node = node
        self.path = path

    def readwrite(self, k: Kernel, lwp: Lwp, buf: int, count: int, offset: int, rw: int) -> int:
        """EISDIR."""
        raise KernelError(EISDIR, "a directory is read with getdents")


def _node(k: Kernel, lwp: Lwp, place: Place) -> Node:
    """The node of a place on the root file system."""
    return k.vfs.tree.lookup(place.path, lwp.proc.cred)


def _owned(k: Kernel, lwp: Lwp, place: Place) -> Node:
    """That node, if the caller may change its attributes; EPERM."""
    node = _node(k, lwp, place)
    check_owner(lwp.proc.cred.uid, node.uid, place)
    return node


@syscall(SYS_open, "const char *path, int flags, mode_t mode")
def sys_open(k: Kernel, lwp: Lwp, path: int, flags: int, mode: int) -> int:
    """Open a file, a device or a directory; with O_CREAT make a file that does not exist."""
    proc = lwp.proc
    if flags & O_ACCMODE == O_ACCMODE:
        raise KernelError(EINVAL, "invalid access mode: 3 (O_RDONLY is 0, O_WRONLY 1, O_RDWR 2)")
    follow = 0 if flags & O_NOFOLLOW or (flags & O_CREAT and flags & O_EXCL) else FOLLOW
    with namei(k, lwp, path, CREATE if flags & O_CREAT else LOOKUP, follow) as place:
        file = _open(k, lwp, place, FFLAGS(flags), mode)
    file.path = place.path
    try:
        fd = proc.files.install(file)
    except KernelError:
        file.close(k, lwp)
        raise
    if flags & O_CLOEXEC:
        proc.files.cloexec.add(fd)
    return fd


def _open(k: Kernel, lwp: Lwp, place: Place, fflag: int, mode: int) -> File:
    """By vnodes; devices and directories of the root file system without."""
    proc, name = lwp.proc, place.path
    node = None if place.mounted else _node_or_none(k, lwp, place, fflag)
    if node is None or node.mode & S_IFMT in (S_IFREG, S_IFIFO):
        place.to_vnodes()
        return vn_open(k, lwp, place, fflag, mode)
    if fflag & O_CREAT and fflag & O_EXCL:
        raise KernelError(EEXIST, f"'{name}' exists")
    if node.target is not None:
        raise KernelError(EFTYPE, f"'{name}' is a symbolic link")
    fflag &= ~(O_CREAT | O_EXCL)
    node.access(proc.cred, (4 if fflag & FREAD else 0) | (2 if fflag & FWRITE else 0))
    if node.children is None:
        return open_node(k, lwp, node, fflag)
    if fflag & FWRITE:
        raise KernelError(EISDIR, f"'{name}' is a directory")
    return DirectoryFile(node, fflag, name)


def _node_or_none(k: Kernel, lwp: Lwp, place: Place, fflag: int) -> Node | None:
    """_node(); None for one that O_CREAT is to make."""
    try:
        return _node(k, lwp, place)
    except KernelError as error:
        if error.errno != ENOENT or not fflag & O_CREAT:
            raise
        return None


def _change(k: Kernel, lwp: Lwp, vp: int, **values: int) -> None:
    """VOP_SETATTR of a locked vnode, for what is not "leave it" (-1)."""
    values = {name: value for name, value in values.items() if value != _NODATA}
    if values:
        setattr_of(k, lwp, vp, **values)


@syscall(SYS_chmod, "const char *path, mode_t mode")
def sys_chmod(k: Kernel, lwp: Lwp, path: int, mode: int) -> None:
    """Change permissions; the owner's and root's right."""
    with namei(k, lwp, path) as place:
        if place.mounted:
            _change(k, lwp, place.vp, va_mode=mode & 0o7777)
        else:
            node = _owned(k, lwp, place)
            node.mode = node.mode & S_IFMT | mode & 0o7777


@syscall(SYS_fchmod, "int fd, mode_t mode")
def sys_fchmod(k: Kernel, lwp: Lwp, fd: int, mode: int) -> None:
    """Change the permissions of an open file of a mounted file system."""
    with _locked(k, lwp, fd) as vp:
        _change(k, lwp, vp, va_mode=mode & 0o7777)


def _chown(k: Kernel, lwp: Lwp, path: int, uid: int, gid: int, follow: int) -> None:
    with namei(k, lwp, path, LOOKUP, follow) as place:
        if place.mounted:
            _change(k, lwp, place.vp, va_uid=uid, va_gid=gid)
            return
        node = _node(k, lwp, place)
        if lwp.proc.cred.uid != 0:
            raise KernelError(EPERM, "only root may chown")
        node.uid = node.uid if uid == _NODATA else uid
        node.gid = node.gid if gid == _NODATA else gid


@syscall(SYS_chown, "const char *path, uid_t uid, gid_t gid")
def sys_chown(k: Kernel, lwp: Lwp, path: int, uid: int, gid: int) -> None:
    """Change owner and group (-1 leaves one); root's right."""
    _chown(k, lwp, path, uid, gid, FOLLOW)


@syscall(SYS_lchown, "const char *path, uid_t uid, gid_t gid")
def sys_lchown(k: Kernel, lwp: Lwp, path: int, uid: int, gid: int) -> None:
    """chown() of a symbolic link itself."""
    _chown(k, lwp, path, uid, gid, 0)


@syscall(SYS_fchown, "int fd, uid_t uid, gid_t gid")
def sys_fchown(k: Kernel, lwp: Lwp, fd: int, uid: int, gid: int) -> None:
    """Change owner and group of an open file of a mounted file system."""
    with _locked(k, lwp, fd) as vp:
        _change(k, lwp, vp, va_uid=uid, va_gid=gid)


def _vnode_file(lwp: Lwp, fd: int) -> VnodeFile:
    file = lwp.proc.files.get(fd)
    if not isinstance(file, VnodeFile):
        raise KernelError(EINVAL, f"descriptor {fd} is not a file on a mounted file system")
    return file


@contextmanager
def _locked(k: Kernel, lwp: Lwp, fd: int) -> Iterator[int]:
    """The vnode of an open file, locked; EINVAL for a file that has none."""
    file = _vnode_file(lwp, fd)
    lock_vnode(k, file.vp)
    try:
        yield file.vp
    finally:
        if not k.dead:
            vcall(k, "unlock", file.vp, 0)


def _stat(k: Kernel, node: Node, addr: int, size: int = 0) -> None:
    seconds = wrapped(int(node.time))
    size = size or node.size
    times = {f"st_{which}timespec.tv_sec": seconds for which in ("a", "m", "c", "birth")}
    data = stat_struct.layout(k.dm).pack(
        st_mode=node.mode, st_ino=node.ino, st_nlink=node.nlink, st_uid=node.uid, st_gid=node.gid,
        st_rdev=node.rdev, st_blksize=4096, st_size=size, st_blocks=node.size + 511 >> 9, **times,
    )  # fmt: skip
    copyout_bytes(k, data, addr)


def _stat_at(k: Kernel, lwp: Lwp, path: int, addr: int, flags: int) -> None:
    with namei(k, lwp, path, LOOKUP, flags) as place:
        if place.mounted:
            vn_stat(k, lwp, place.vp, addr)
        else:
            _stat(k, _node(k, lwp, place), addr)


@syscall(SYS___stat30, "const char *path, struct stat *st")
def sys___stat30(k: Kernel, lwp: Lwp, path: int, addr: int) -> None:
    """Attributes by name."""
    _stat_at(k, lwp, path, addr, FOLLOW)


@syscall(SYS___lstat30, "const char *path, struct stat *st")
def sys___lstat30(k: Kernel, lwp: Lwp, path: int, addr: int) -> None:
    """Attributes by name, of a symbolic link itself."""
    _stat_at(k, lwp, path, addr, 0)


@syscall(SYS___fstat30, "int fd, struct stat *st")
def sys___fstat30(k: Kernel, lwp: Lwp, fd: int, addr: int) -> None:
    """Attributes of an open file."""
    file = lwp.proc.files.get(fd)
    if isinstance(file, VnodeFile):
        with _locked(k, lwp, fd) as vp:
            vn_stat(k, lwp, vp, addr)
        return
    if isinstance(file, OfNode):
        _stat(k, file.node, addr, file.size)
    else:
        lwp.proc.space.write(addr, stat_struct.layout(k.dm).pack(**file.attributes()))


@syscall(SYS___getdents30, "int fd, char *buf, size_t count")
def sys___getdents30(k: Kernel, lwp: Lwp, fd: int, buf: int, count: int) -> int:
    """Directory entries from the file's offset on, as many as fit; EINVAL when not even one does."""
    file = lwp.proc.files.get(fd)
    if isinstance(file, VnodeFile):
        return file.getdents(k, lwp, buf, count)
    if not isinstance(file, DirectoryFile) or file.node.children is None:
        raise KernelError(ENOTDIR, f"descriptor {fd} is not a directory")
    found = records(k, entries(file.node, file.offset), file.offset, count)
    if found.data:
        lwp.proc.space.write(buf, found.data)
    file.offset = found.at
    return len(found.data)


@syscall(SYS_access, "const char *path, int flags")
def sys_access(k: Kernel, lwp: Lwp, path: int, flags: int) -> None:
    """May the caller access a file in the ways of R_OK, W_OK, X_OK? EACCES, EROFS."""
    if flags & ~(R_OK | W_OK | X_OK):
        raise KernelError(EINVAL, f"invalid access flags: {flags:#x}")
    with namei(k, lwp, path) as place:
        if not place.mounted:
            k.vfs.tree.lookup(place.path, lwp.proc.cred).access(lwp.proc.cred, flags)
        elif flags:
            if flags & W_OK:
                check_writable(k, place.vp)
            vop(k, "access", place.vp, flags, lwp_cred(k, lwp))


def _check_length(length: int) -> None:
    if length < 0:
        raise KernelError(EINVAL, f"invalid length: {length}")


@syscall(SYS_truncate, "const char *path, int pad, off_t length")
def sys_truncate(k: Kernel, lwp: Lwp, path: int, pad: int, length: int) -> None:
    """Set a file's length by name."""
    with namei(k, lwp, path) as place:
        place.to_vnodes()
        _check_length(length)
        if view_of(k, place.vp, "truncate").v_type == VDIR:
            raise KernelError(EISDIR, f"'{place.path}' is a directory")
        vop(k, "access", place.vp, VWRITE, lwp_cred(k, lwp))
        setattr_of(k, lwp, place.vp, va_size=length)


@syscall(SYS_ftruncate, "int fd, int pad, off_t length")
def sys_ftruncate(k: Kernel, lwp: Lwp, fd: int, pad: int, length: int) -> None:
    """Set an open file's length."""
    file = _vnode_file(lwp, fd)
    if not file.flag & FWRITE:
        raise KernelError(EINVAL, f"descriptor {fd} is not open for writing")
    _check_length(length)
    with _locked(k, lwp, fd) as vp:
        setattr_of(k, lwp, vp, va_size=length)


@syscall(SYS_fsync, "int fd")
def sys_fsync(k: Kernel, lwp: Lwp, fd: int) -> None:
    """VOP_FSYNC; EINVAL for a descriptor of anything but a file."""
    _vnode_file(lwp, fd).sync(k, lwp)


@syscall(SYS_sync, "")
def sys_sync(k: Kernel, lwp: Lwp) -> None:
    """VFS_SYNC of every file system that can be written; then all buffers that are to be written."""
    for mp in tuple(k.vfs.mounts):
        if mp in k.vfs.mounts and not k.vfs.mount(mp).mnt_flag & MNT_RDONLY and has_vfsop(k, "vfs_sync", mp):
            vfsop(k, "vfs_sync", mp, MNT_NOWAIT, lwp_cred(k, lwp))
    flush(k)
