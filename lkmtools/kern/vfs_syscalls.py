"""System calls on names (vfs_syscalls.c).

Open, mknod, unlink, mkdir, rmdir, chmod, chown, stat, getdents, chdir.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from lkmtools.abi.errno import EBUSY, EEXIST, EINVAL, EISDIR, ENOENT, ENOTDIR, ENOTEMPTY, EPERM, EROFS
from lkmtools.abi.fcntl import FFLAGS, FREAD, FWRITE, O_ACCMODE, O_CREAT, O_EXCL
from lkmtools.abi.stat import (
    DT_BLK,
    DT_CHR,
    DT_DIR,
    S_IFBLK,
    S_IFCHR,
    S_IFDIR,
    S_IFMT,
    dirent,
)
from lkmtools.abi.stat import stat as stat_struct
from lkmtools.abi.syscall import (
    SYS___fstat50,
    SYS___getdents30,
    SYS___lstat50,
    SYS___mknod50,
    SYS___stat50,
    SYS_chdir,
    SYS_chmod,
    SYS_chown,
    SYS_mkdir,
    SYS_mknod,
    SYS_open,
    SYS_rmdir,
    SYS_unlink,
)
from lkmtools.errors import KernelError
from lkmtools.kern.kern_copy import user_string
from lkmtools.kern.kern_descrip import File
from lkmtools.kern.ramfs import PATH_MAX, Node
from lkmtools.kern.spec_vnops import open_node
from lkmtools.kern.syscall import syscall

if TYPE_CHECKING:
    from lkmtools.kern.kern_proc import Lwp
    from lkmtools.kern.kernel import Kernel

_TYPES = {S_IFDIR: DT_DIR, S_IFCHR: DT_CHR, S_IFBLK: DT_BLK}
_NODATA = 0xFFFFFFFF  # -1 as a uid_t: leave it


class DirectoryFile(File):
    """An open directory: getdents reads it, nothing else does."""

    def __init__(self, node: Node, flag: int) -> None:
        super().__init__(flag)
        self.node: Node = node

    def readwrite(self, k: Kernel, lwp: Lwp, buf: int, count: int, offset: int, rw: int) -> int:
        """EISDIR."""
        raise KernelError(EISDIR, "a directory is read with getdents")


def _path(k: Kernel, addr: int) -> str:
    return user_string(k, addr, PATH_MAX).decode("latin-1")


def _lookup(k: Kernel, lwp: Lwp, addr: int) -> Node:
    return k.tree.lookup(_path(k, addr), lwp.proc.cred, lwp.proc.cwd)


def _owned(k: Kernel, lwp: Lwp, addr: int) -> Node:
    """The node at a path, if the caller may change its attributes; EPERM."""
    node = _lookup(k, lwp, addr)
    if lwp.proc.cred.uid not in (0, node.uid):
        raise KernelError(EPERM, f"uid {lwp.proc.cred.uid} does not own it")
    return node


@syscall(SYS_open, "const char *path, int flags, mode_t mode")
def sys_open(k: Kernel, lwp: Lwp, path: int, flags: int, mode: int) -> int:
    """Open a device or directory.

    O_CREAT of what does not exist is EROFS: there are no regular files here.
    """
    proc = lwp.proc
    if flags & O_ACCMODE == O_ACCMODE:
        raise KernelError(EINVAL, "an access mode of 3")
    name = _path(k, path)
    try:
        node = k.tree.lookup(name, proc.cred, proc.cwd)
    except KernelError as error:
        if error.errno == ENOENT and flags & O_CREAT:
            raise KernelError(EROFS, f"no regular file can be made at '{name}'") from None
        raise
    if flags & O_CREAT and flags & O_EXCL:
        raise KernelError(EEXIST, f"'{name}' exists")
    fflag = FFLAGS(flags) & ~(O_CREAT | O_EXCL)
    node.access(proc.cred, (4 if fflag & FREAD else 0) | (2 if fflag & FWRITE else 0))
    if node.children is not None:
        if fflag & FWRITE:
            raise KernelError(EISDIR, f"'{name}' is a directory")
        return proc.files.install(DirectoryFile(node, fflag))
    file = open_node(k, lwp, node, fflag)
    try:
        return proc.files.install(file)
    except KernelError:
        file.close(k, lwp)
        raise


def _mknod(k: Kernel, lwp: Lwp, path: int, mode: int, dev: int) -> None:
    if lwp.proc.cred.uid != 0:
        raise KernelError(EPERM, "mknod is root's")
    if mode & S_IFMT not in (S_IFCHR, S_IFBLK):
        raise KernelError(EINVAL, f"mode {mode:#o} is neither a character nor a block device")
    proc = lwp.proc
    perms = mode & 0o7777 & ~proc.umask
    k.tree.make(_path(k, path), mode & S_IFMT | perms, proc.cred, k.now(), dev, proc.cwd)


@syscall(SYS_mknod, "const char *path, mode_t mode, uint32_t dev")
def compat_50_sys_mknod(k: Kernel, lwp: Lwp, path: int, mode: int, dev: int) -> None:
    """Make a device node, with the 32-bit dev_t of NetBSD 4."""
    _mknod(k, lwp, path, mode, dev)


@syscall(SYS___mknod50, "const char *path, mode_t mode, dev_t dev")
def sys___mknod50(k: Kernel, lwp: Lwp, path: int, mode: int, dev: int) -> None:
    """Make a device node."""
    _mknod(k, lwp, path, mode, dev)


def _remove(k: Kernel, lwp: Lwp, path: int, want_directory: bool) -> None:
    proc, name = lwp.proc, _path(k, path)
    children, directory, last = k.tree.parent(name, proc.cred, proc.cwd)
    node = k.tree.lookup(name, proc.cred, proc.cwd)
    directory.access(proc.cred, 2)
    if want_directory and node.children is None:
        raise KernelError(ENOTDIR, f"'{name}' is not a directory")
    if not want_directory and node.children is not None:
        raise KernelError(EPERM, f"'{name}' is a directory")
    if node.children:
        raise KernelError(ENOTEMPTY, f"'{name}' has {len(node.children)} entries")
    del children[last]


@syscall(SYS_unlink, "const char *path")
def sys_unlink(k: Kernel, lwp: Lwp, path: int) -> None:
    """Remove a device node; who has it open keeps it."""
    _remove(k, lwp, path, want_directory=False)


@syscall(SYS_mkdir, "const char *path, mode_t mode")
def sys_mkdir(k: Kernel, lwp: Lwp, path: int, mode: int) -> None:
    """Make a directory."""
    proc = lwp.proc
    k.tree.make(_path(k, path), S_IFDIR | mode & 0o7777 & ~proc.umask, proc.cred, k.now(), 0, proc.cwd)


@syscall(SYS_rmdir, "const char *path")
def sys_rmdir(k: Kernel, lwp: Lwp, path: int) -> None:
    """Remove an empty directory."""
    if _lookup(k, lwp, path) is k.tree.root:
        raise KernelError(EBUSY, "the root directory")
    _remove(k, lwp, path, want_directory=True)


@syscall(SYS_chmod, "const char *path, mode_t mode")
def sys_chmod(k: Kernel, lwp: Lwp, path: int, mode: int) -> None:
    """Change permissions; the owner's and root's right."""
    node = _owned(k, lwp, path)
    node.mode = node.mode & S_IFMT | mode & 0o7777


@syscall(SYS_chown, "const char *path, uid_t uid, gid_t gid")
def sys_chown(k: Kernel, lwp: Lwp, path: int, uid: int, gid: int) -> None:
    """Change owner and group (-1 leaves one); root's right."""
    node = _lookup(k, lwp, path)
    if lwp.proc.cred.uid != 0:
        raise KernelError(EPERM, "chown is root's")
    node.uid = node.uid if uid == _NODATA else uid
    node.gid = node.gid if gid == _NODATA else gid


@syscall(SYS_chdir, "const char *path")
def sys_chdir(k: Kernel, lwp: Lwp, path: int) -> None:
    """Change the working directory."""
    node = _lookup(k, lwp, path)
    if node.children is None:
        raise KernelError(ENOTDIR, "not a directory")
    name = _path(k, path)
    lwp.proc.cwd = name if name.startswith("/") else f"{lwp.proc.cwd.rstrip('/')}/{name}"


def _stat(k: Kernel, node: Node, addr: int, size: int = 0) -> None:
    seconds = int(node.time)
    times = {f"st_{which}timespec.tv_sec": seconds for which in ("a", "m", "c", "birth")}
    data = stat_struct.layout(k.dm).pack(
        st_mode=node.mode, st_ino=node.ino, st_nlink=1, st_uid=node.uid, st_gid=node.gid, st_rdev=node.rdev,
        st_blksize=4096, st_size=size, **times,
    )  # fmt: skip
    assert k.sched.current is not None
    k.sched.current.proc.space.write(addr, data)


@syscall(SYS___stat50, "const char *path, struct stat *st")
def sys___stat50(k: Kernel, lwp: Lwp, path: int, addr: int) -> None:
    """Attributes by name."""
    _stat(k, _lookup(k, lwp, path), addr)


@syscall(SYS___lstat50, "const char *path, struct stat *st")
def sys___lstat50(k: Kernel, lwp: Lwp, path: int, addr: int) -> None:
    """Attributes by name; there are no symbolic links here."""
    _stat(k, _lookup(k, lwp, path), addr)


@syscall(SYS___fstat50, "int fd, struct stat *st")
def sys___fstat50(k: Kernel, lwp: Lwp, fd: int, addr: int) -> None:
    """Attributes of an open file."""
    file = lwp.proc.files.get(fd)
    if file.node is None:
        raise KernelError(EINVAL, "this file has no attributes")
    _stat(k, file.node, addr, file.size)


@syscall(SYS___getdents30, "int fd, char *buf, size_t count")
def sys___getdents30(k: Kernel, lwp: Lwp, fd: int, buf: int, count: int) -> int:
    """Directory entries from the file's offset on, as many as fit; EINVAL when not even one does."""
    file = lwp.proc.files.get(fd)
    if not isinstance(file, DirectoryFile) or file.node.children is None:
        raise KernelError(ENOTDIR, "not a directory")
    out = bytearray()
    names = sorted(file.node.children)
    while file.offset < len(names):
        record = _dirent(k, names[file.offset], file.node.children[names[file.offset]])
        if len(out) + len(record) > count:
            if not out:
                raise KernelError(EINVAL, f"a buffer of {count} bytes is too small for an entry")
            break
        out += record
        file.offset += 1
    if out:
        lwp.proc.space.write(buf, bytes(out))
    return len(out)


def _dirent(k: Kernel, name: str, node: Node) -> bytes:
    layout = dirent.layout(k.dm)
    text = name.encode("latin-1")
    head = layout.offsetof("d_name")
    size = head + len(text) + 1 + 7 & -8
    full = layout.pack(
        d_fileno=node.ino,
        d_reclen=size,
        d_namlen=len(text),
        d_type=_TYPES.get(node.mode & S_IFMT, 0),
        d_name=text,
    )
    return full[:size]
