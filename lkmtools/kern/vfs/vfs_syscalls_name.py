"""System calls that make, change and remove names (vfs_syscalls.c).

Link, symlink, readlink, rename; mknod, mkfifo, unlink, mkdir, rmdir.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from lkmtools.abi.datamodel import C_TEXT
from lkmtools.abi.errno import EBUSY, EEXIST, EINVAL, EISDIR, ENOTDIR, EPERM, EXDEV
from lkmtools.abi.namei import CREATE, CREATEDIR, DELETE, LOOKUP, MAXPATHLEN, RENAME
from lkmtools.abi.stat import (
    S_IFBLK,
    S_IFCHR,
    S_IFDIR,
    S_IFIFO,
    S_IFMT,
)
from lkmtools.abi.syscall import (
    SYS_link,
    SYS_mkdir,
    SYS_mkfifo,
    SYS_mknod,
    SYS_readlink,
    SYS_rename,
    SYS_rmdir,
    SYS_symlink,
    SYS_unlink,
)
from lkmtools.abi.vnode import VBLK, VCHR, VDIR, VFIFO, VLNK
from lkmtools.errors import KernelError
from lkmtools.kern.proc.kern_copy import user_string
from lkmtools.kern.proc.syscall import syscall
from lkmtools.kern.vfs.vfs_init import has_vfsop, vfsop
from lkmtools.kern.vfs.vfs_lookup import namei, read_link
from lkmtools.kern.vfs.vfs_lookup_place import Place
from lkmtools.kern.vfs.vfs_subr import vrele
from lkmtools.kern.vfs.vfs_vnode import view_of
from lkmtools.kern.vfs.vfs_vnops import make
from lkmtools.kern.vfs.vnode_if import vcall, vop

if TYPE_CHECKING:
    from lkmtools.kern.kernel import Kernel
    from lkmtools.kern.proc.kern_proc import Lwp


@syscall(SYS_link, "const char *path, const char *link")
def sys_link(k: Kernel, lwp: Lwp, path: int, link: int) -> None:
    """Another name for a file. EPERM for a directory, EXDEV across file systems."""
    with namei(k, lwp, path) as place:
        if not place.mounted:
            _link_node(k, lwp, place, link)
            return
        vp, _ = place.take()
        vcall(k, "unlock", vp, 0)
    try:
        with namei(k, lwp, link, CREATE, 0) as target:
            if target.vp:
                raise KernelError(EEXIST, f"'{target.path}' exists")
            if view_of(k, vp, "link").v_type == VDIR:
                raise KernelError(EPERM, f"'{place.path}' is a directory")
            _same_mount(k, vp, target)
            _, dvp = target.take()
            vop(k, "link", dvp, vp, target.cnp)
    finally:
        if not k.dead:
            vrele(k, vp)


def _link_node(k: Kernel, lwp: Lwp, place: Place, link: int) -> None:
    """link(2) on the root file system."""
    node = k.vfs.tree.lookup(place.path, lwp.proc.cred)
    with namei(k, lwp, link, CREATE, 0) as target:
        if target.exists:
            raise KernelError(EEXIST, f"'{target.path}' exists")
        if not target.mounted:
            k.vfs.tree.parent(target.path, lwp.proc.cred)  # ENOTDIR comes before what is wrong with the file
        if node.children is not None:
            raise KernelError(EPERM, f"'{place.path}' is a directory")
        if target.mounted:
            raise KernelError(EXDEV, f"'{target.path}' is on another file system")
        k.vfs.tree.link(node, target.path, lwp.proc.cred)


def _same_mount(k: Kernel, vp: int, target: Place) -> None:
    """EXDEV unless a place is on the file system of a vnode."""
    mine = view_of(k, vp, "link").v_mount
    if not target.mounted or view_of(k, target.dvp, "link").v_mount != mine:
        raise KernelError(EXDEV, f"'{target.path}' is on another file system")


@syscall(SYS_symlink, "const char *path, const char *link")
def sys_symlink(k: Kernel, lwp: Lwp, path: int, link: int) -> None:
    """Make a symbolic link."""
    text = user_string(k, path, MAXPATHLEN)
    with namei(k, lwp, link, CREATE, 0) as place:
        if not place.mounted:
            k.vfs.tree.symlink(place.path, text.decode(*C_TEXT), lwp.proc.cred, k.now())
            return
        if place.vp:
            raise KernelError(EEXIST, f"'{place.path}' exists")
        addr = lwp.alloca(k, len(text) + 1)
        try:
            k.mem.write(addr, text + b"\0")
            make(k, lwp, place, "symlink", addr, va_type=VLNK, va_mode=0o777 & ~lwp.proc.umask)
        finally:
            lwp.release(k, addr)


@syscall(SYS_readlink, "const char *path, char *buf, size_t count", "ssize_t")
def sys_readlink(k: Kernel, lwp: Lwp, path: int, buf: int, count: int) -> int:
    """What a symbolic link says, without a NUL; EINVAL for anything else."""
    with namei(k, lwp, path, LOOKUP, 0) as place:
        target = None if place.mounted else k.vfs.tree.lookup(place.path, lwp.proc.cred).target
        if target is None and not (place.mounted and view_of(k, place.vp, "readlink").v_type == VLNK):
            raise KernelError(EINVAL, f"'{place.path}' is not a symbolic link")
        text = read_link(k, lwp, place.vp) if target is None else target.encode(*C_TEXT)
        text = text[:count]
    if text:
        lwp.proc.space.write(buf, text)
    return len(text)


@syscall(SYS_rename, "const char *from, const char *to")
def sys_rename(k: Kernel, lwp: Lwp, path: int, to: int) -> None:
    """Rename a file, also to another directory; a file of the new name is replaced. EXDEV across mounts."""
    with namei(k, lwp, path, DELETE, 0) as source:
        if not source.mounted:
            is_directory = source.nodes[-1].children is not None
            with namei(k, lwp, to, RENAME, CREATEDIR if is_directory else 0) as target:
                if target.mounted:
                    raise KernelError(EXDEV, f"'{target.path}' is on another file system")
                k.vfs.tree.rename(source.path, target.path, lwp.proc.cred)
            return
        fvp, fdvp = source.take()
        vcall(k, "unlock", fdvp, 0)  # rename has the directory of the source unlocked, the source too
        if fvp != fdvp:
            vcall(k, "unlock", fvp, 0)
        mp = view_of(k, fvp, "rename").v_mount
        try:
            _rename(k, lwp, source, to, fvp, fdvp, mp)
        except _Kept as kept:
            vrele(k, fvp)
            vrele(k, fdvp)
            if kept.errno:  # else both names are one file: nothing to do
                raise KernelError(kept.errno, kept.reason) from None


class _Kept(KernelError):
    """An error of rename before VOP_RENAME: the vnodes of the source are still referenced."""


def _rename(k: Kernel, lwp: Lwp, source: Place, to: int, fvp: int, fdvp: int, mp: int) -> None:
    """The target's half of rename, and VOP_RENAME, one at a time in a file system that wants that."""
    serial = has_vfsop(k, "vfs_renamelock_enter", mp)
    try:
        if serial:
            vfsop(k, "vfs_renamelock_enter", mp)
    except KernelError as error:
        raise _Kept(error.errno, error.reason) from None
    try:
        try:
            directory = view_of(k, fvp, "rename").v_type == VDIR
            target = namei(k, lwp, to, RENAME, CREATEDIR if directory else 0)
        except KernelError as error:
            raise _Kept(error.errno, error.reason) from None
        with target:
            _check_rename(k, source, target, fvp, fdvp)
            if target.vp == fvp:
                raise _Kept(0, "")
            tvp, tdvp = target.take()
            vop(k, "rename", fdvp, fvp, source.cnp, tdvp, tvp, target.cnp)
    finally:
        if serial and not k.dead:
            vfsop(k, "vfs_renamelock_exit", mp)


def _check_rename(k: Kernel, source: Place, target: Place, fvp: int, fdvp: int) -> None:
    """EXDEV, EISDIR, ENOTDIR; EINVAL when a directory would move into itself."""
    try:
        _same_mount(k, fvp, target)
    except KernelError as error:
        raise _Kept(error.errno, error.reason) from None
    directory = view_of(k, fvp, "rename").v_type == VDIR
    if target.dvp == fvp or (
        directory and f"{target.path}/".startswith(f"{source.path}/") and target.vp != fvp
    ):
        raise _Kept(EINVAL, f"'{target.path}' is inside '{source.path}'")
    if target.vp:
        other = view_of(k, target.vp, "rename").v_type == VDIR
        if other and not directory:
            raise _Kept(EISDIR, f"'{target.path}' is a directory")
        if directory and not other:
            raise _Kept(ENOTDIR, f"'{target.path}' is not a directory")


def _made(k: Kernel, lwp: Lwp, place: Place, operation: str, **values: int) -> None:
    """Create something on a mounted file system; EEXIST."""
    if place.vp:
        raise KernelError(EEXIST, f"'{place.path}' exists")
    make(k, lwp, place, operation, **values)


@syscall(SYS_mknod, "const char *path, mode_t mode, dev_t dev")
def sys_mknod(k: Kernel, lwp: Lwp, path: int, mode: int, dev: int) -> None:
    """Make a device node."""
    if lwp.proc.cred.uid != 0:
        raise KernelError(EPERM, "only root may mknod")
    if mode & S_IFMT not in (S_IFCHR, S_IFBLK):
        raise KernelError(EINVAL, f"mode {mode:#o} is neither a character nor a block device")
    proc = lwp.proc
    perms = mode & 0o7777 & ~proc.umask
    with namei(k, lwp, path, CREATE, 0) as place:
        if place.mounted:
            kind = VCHR if mode & S_IFMT == S_IFCHR else VBLK
            _made(k, lwp, place, "mknod", va_type=kind, va_mode=perms, va_rdev=dev)
        else:
            k.vfs.tree.make(place.path, mode & S_IFMT | perms, proc.cred, k.now(), dev)


@syscall(SYS_mkfifo, "const char *path, mode_t mode")
def sys_mkfifo(k: Kernel, lwp: Lwp, path: int, mode: int) -> None:
    """Make a FIFO."""
    perms = mode & 0o7777 & ~lwp.proc.umask
    with namei(k, lwp, path, CREATE, 0) as place:
        if place.mounted:
            _made(k, lwp, place, "mknod", va_type=VFIFO, va_mode=perms)
        else:
            k.vfs.tree.make(place.path, S_IFIFO | perms, lwp.proc.cred, k.now())


def _remove(k: Kernel, lwp: Lwp, addr: int, want_directory: bool) -> None:
    with namei(k, lwp, addr, DELETE, 0) as place:
        if place.mounted:
            _remove_vnode(k, place, want_directory)
            return
        proc, name = lwp.proc, place.path
        if name == "/":
            raise KernelError(EBUSY, "the root directory cannot be removed")
        k.vfs.tree.remove(name, proc.cred, want_directory)


def _remove_vnode(k: Kernel, place: Place, want_directory: bool) -> None:
    is_directory = view_of(k, place.vp, "remove").v_type == VDIR
    if want_directory and not is_directory:
        raise KernelError(ENOTDIR, f"'{place.path}' is not a directory")
    if not want_directory and is_directory:
        raise KernelError(EPERM, f"'{place.path}' is a directory")
    vp, dvp = place.take()
    vop(k, "rmdir" if want_directory else "remove", dvp, vp, place.cnp)


@syscall(SYS_unlink, "const char *path")
def sys_unlink(k: Kernel, lwp: Lwp, path: int) -> None:
    """Remove a name; a file or device that is open stays usable."""
    _remove(k, lwp, path, want_directory=False)


@syscall(SYS_mkdir, "const char *path, mode_t mode")
def sys_mkdir(k: Kernel, lwp: Lwp, path: int, mode: int) -> None:
    """Make a directory."""
    proc = lwp.proc
    perms = mode & 0o7777 & ~proc.umask
    with namei(k, lwp, path, CREATE, CREATEDIR) as place:
        if place.mounted:
            _made(k, lwp, place, "mkdir", va_type=VDIR, va_mode=perms)
        else:
            k.vfs.tree.make(place.path, S_IFDIR | perms, proc.cred, k.now())


@syscall(SYS_rmdir, "const char *path")
def sys_rmdir(k: Kernel, lwp: Lwp, path: int) -> None:
    """Remove an empty directory."""
    _remove(k, lwp, path, want_directory=True)
