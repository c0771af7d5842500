"""Operations on the files of host directories, hostfs_NAME() each (see hostfs_vfsops.py).

Access is decided twice: by vaccess() from owner and mode, for the process in the kernel, and by the host, for
the user of the kernel process. FIFOs, sockets and device nodes of the host are visible but never opened, and
none are created.
"""

from __future__ import annotations

import functools
import os
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from lkmtools.abi.conf import NODEV, major, makedev, minor
from lkmtools.abi.errno import EINVAL, EISDIR, EJUSTRETURN, ENOENT, ENOTDIR, ENXIO, EOPNOTSUPP, EPERM
from lkmtools.abi.fcntl import FREAD, FWRITE, IO_APPEND
from lkmtools.abi.limits import PATH_MAX
from lkmtools.abi.namei import CREATE, ISDOTDOT, ISLASTCN, LOOKUP, MAXPATHLEN, RENAME
from lkmtools.abi.stat import S_IFDIR, S_IFIFO, S_IFREG
from lkmtools.abi.time import nearest
from lkmtools.abi.uio import uio as uio_struct
from lkmtools.abi.unistd import _PC_LINK_MAX, _PC_NAME_MAX, _PC_PATH_MAX, _PC_PIPE_BUF
from lkmtools.abi.vnode import VA_UTIMES_NULL, VBLK, VCHR, VDIR, VEXEC, VREG, VWRITE, vattr
from lkmtools.errors import KernelError
from lkmtools.kern.base.bound import Steps
from lkmtools.kern.proc.kern_copy import uio_read, uio_write
from lkmtools.kern.vfs.genfs_vnops import check_owner, vaccess
from lkmtools.kern.vfs.hostdir import Inode
from lkmtools.kern.vfs.hostfs_vfsops import check_host_writable, get_vnode, host_mount
from lkmtools.kern.vfs.vfs_subr import lock_vnode, vref
from lkmtools.kern.vfs.vfs_vnode import view_of
from lkmtools.kern.vfs.vnode_if import vcall
from lkmtools.kern.vfs.vnops_python import Dirent, component, letting_go, put_entries, vnop

if TYPE_CHECKING:
    from types import SimpleNamespace

    from lkmtools.kern.kernel import Kernel

_CHUNK = 1 << 16
_NO64, _NO32 = (1 << 64) - 1, (1 << 32) - 1  # VNOVAL
_vnop = functools.partial(vnop, "hostfs")


def _access(k: Kernel, vp: int, inode: Inode, wanted: int, cred: int) -> None:
    """EACCES unless owner and mode allow it; EROFS."""
    kind = view_of(k, vp, "hostfs").v_type
    if wanted & VWRITE and kind in (VREG, VDIR):
        check_host_writable(inode.tree)
    found = inode.status()
    vaccess(k, kind, found.st_mode & 0o7777, inode.tree.inside(found.st_uid), found.st_gid, wanted, cred)


@_vnop("lookup")
def hostfs_lookup(k: Kernel, a: SimpleNamespace) -> int:
    """One component below a directory; `..` is the directory it was found in, never the host's."""
    k.umem.set_ptr(a.a_vpp, 0)
    directory = k.vfs.hostfs.inode(k, a.a_dvp)
    view, name = component(k, a.a_cnp)
    mp = view_of(k, a.a_dvp, "hostfs_lookup").v_mount
    if directory.kind != S_IFDIR:
        raise KernelError(ENOTDIR, f"'{directory.path}' is not a directory")
    _access(k, a.a_dvp, directory, VEXEC, view.cn_cred)
    if view.cn_flags & ISDOTDOT:
        return _parent(k, a, directory, mp)
    op = view.cn_nameiop if view.cn_flags & ISLASTCN else LOOKUP
    try:
        found = directory.tree.lookup(directory, name)
    except KernelError as error:
        if error.errno != ENOENT or op not in (CREATE, RENAME):
            raise
        _access(k, a.a_dvp, directory, VWRITE, view.cn_cred)
        return EJUSTRETURN
    try:
        if op not in (LOOKUP, CREATE):
            _access(k, a.a_dvp, directory, VWRITE, view.cn_cred)
    except KernelError:
        directory.tree.release(found)
        raise
    k.umem.set_ptr(a.a_vpp, get_vnode(k, mp, found))
    return 0


def _parent(k: Kernel, a: SimpleNamespace, directory: Inode, mp: int) -> int:
    """`..`: parents are locked before their children, so the child's lock is let go meanwhile."""
    parent = directory.parent
    if parent is None:
        vref(k, a.a_dvp)
        k.umem.set_ptr(a.a_vpp, a.a_dvp)
        return 0
    parent.users += 1
    vcall(k, "unlock", a.a_dvp, 0)
    try:
        k.umem.set_ptr(a.a_vpp, get_vnode(k, mp, parent))
    finally:
        if not k.dead:
            lock_vnode(k, a.a_dvp)
    return 0


@_vnop("open")
def hostfs_open(k: Kernel, a: SimpleNamespace) -> None:
    """See that the host opens the file in that way, too. ENXIO for a device node, EOPNOTSUPP for a FIFO."""
    inode = k.vfs.hostfs.inode(k, a.a_vp)
    if inode.kind == S_IFIFO:
        raise KernelError(EOPNOTSUPP, f"'{inode.path}' is a FIFO of the host, which cannot be opened")
    if view_of(k, a.a_vp, "hostfs_open").v_type in (VBLK, VCHR):
        raise KernelError(ENXIO, f"'{inode.path}' is a device of the host, which cannot be opened")
    if inode.kind == S_IFREG:
        if a.a_mode & FWRITE:
            check_host_writable(inode.tree)
        for way in (FREAD, FWRITE):
            if a.a_mode & way:
                inode.io(way)


@_vnop("access")
def hostfs_access(k: Kernel, a: SimpleNamespace) -> None:
    """By owner and mode."""
    _access(k, a.a_vp, k.vfs.hostfs.inode(k, a.a_vp), a.a_mode, a.a_cred)


@_vnop("getattr")
def hostfs_getattr(k: Kernel, a: SimpleNamespace) -> None:
    """What stat(2) of the host says; a time that a time_t cannot hold becomes the nearest that it can."""
    inode = k.vfs.hostfs.inode(k, a.a_vp)
    vnode = view_of(k, a.a_vp, "hostfs_getattr")
    st = inode.status()
    vnode.v_size = st.st_size
    times = {}
    for name, ns in (
        ("atime", st.st_atime_ns),
        ("mtime", st.st_mtime_ns),
        ("ctime", st.st_ctime_ns),
        ("birthtime", st.st_mtime_ns),
    ):
        times[f"va_{name}.tv_sec"], times[f"va_{name}.tv_nsec"] = nearest(ns // 10**9), ns % 10**9
    k.umem.write(
        a.a_vap,
        vattr.layout(k.dm).pack(
            va_type=vnode.v_type, va_mode=st.st_mode & 0o7777, va_nlink=st.st_nlink,
            va_uid=inode.tree.inside(st.st_uid), va_gid=st.st_gid,
            va_fsid=k.vfs.mount(vnode.v_mount).get("mnt_stat.f_fsidx.__fsid_val")[0] & _NO32,
            va_fileid=st.st_ino, va_size=st.st_size, va_blocksize=st.st_blksize,
            va_rdev=_rdev(st.st_rdev), va_bytes=st.st_blocks * 512, **times,
        ),
    )  # fmt: skip


def _rdev(dev: int) -> int:
    """The number of a device of the host with the same major and minor; NODEV when they do not fit."""
    maj, mnr = os.major(dev), os.minor(dev)
    made = makedev(maj, mnr)
    return made if (major(made), minor(made)) == (maj, mnr) else NODEV


@_vnop("setattr")
def hostfs_setattr(k: Kernel, a: SimpleNamespace) -> None:
    """Length, owner, mode and times, whichever have values. The host decides, after owner and mode inside."""
    inode = k.vfs.hostfs.inode(k, a.a_vp)
    check_host_writable(inode.tree)
    va = k.umem.view(vattr.layout(k.dm), a.a_vap)
    uid, gid = va.va_uid & _NO32, va.va_gid & _NO32
    changes_owner = (uid, gid) != (_NO32, _NO32)
    changes_mode, changes_time = va.va_mode != _NO32, va.get("va_mtime.tv_sec") != -1
    if changes_time and va.va_vaflags & VA_UTIMES_NULL and not changes_owner | changes_mode:
        _access(k, a.a_vp, inode, VWRITE, a.a_cred)
    elif changes_owner or changes_mode or changes_time:
        _owner(k, inode, a.a_cred, changes_owner)
    if va.va_size != _NO64:
        if inode.kind == S_IFDIR:
            raise KernelError(EISDIR, f"'{inode.path}' is a directory")
        inode.truncate(va.va_size)
    if changes_owner:
        inode.chown(-1 if uid == _NO32 else uid, -1 if gid == _NO32 else gid)
    if changes_mode:
        inode.chmod(va.va_mode)
    if changes_time:
        times = [
            va.get(f"va_{name}.tv_sec") * 10**9 + va.get(f"va_{name}.tv_nsec") for name in ("atime", "mtime")
        ]
        inode.utime(*times)


def _owner(k: Kernel, inode: Inode, cred: int, root_only: bool) -> None:
    """EPERM unless the caller is root or, without `root_only`, the owner."""
    from lkmtools.abi.ucred import kauth_cred

    uid = k.umem.view(kauth_cred.layout(k.dm), cred).cr_uid
    if uid and root_only:
        raise KernelError(EPERM, f"only root may change the owner of '{inode.path}'")
    check_owner(uid, inode.tree.inside(inode.status().st_uid), inode)


def _pieces(k: Kernel, uio: int) -> Steps:
    """What counts the pieces in which a uio is served: its memory may be changed by what is moved."""
    return Steps(k, f"the transfer of the uio at {uio:#x}", 2 * k.mem.size // _CHUNK)


@_vnop("read")
def hostfs_read(k: Kernel, a: SimpleNamespace) -> None:
    """Bytes of a regular file."""
    inode = k.vfs.hostfs.inode(k, a.a_vp)
    view = k.umem.view(uio_struct.layout(k.dm), a.a_uio)
    if view.uio_offset < 0:
        raise KernelError(EINVAL, "the offset is before the beginning of the file")
    steps = _pieces(k, a.a_uio)
    while view.uio_resid and view.uio_iovcnt > 0:
        steps.step()
        data = inode.read(min(view.uio_resid, _CHUNK), view.uio_offset)
        if not data:
            return
        uio_read(k, data, a.a_uio)


@_vnop("write")
def hostfs_write(k: Kernel, a: SimpleNamespace) -> None:
    """Write a regular file, with IO_APPEND at its end."""
    inode = k.vfs.hostfs.inode(k, a.a_vp)
    check_host_writable(inode.tree)
    view = k.umem.view(uio_struct.layout(k.dm), a.a_uio)
    if a.a_ioflag & IO_APPEND:
        view.uio_offset = inode.status().st_size
    if view.uio_offset < 0:
        raise KernelError(EINVAL, "the offset is before the beginning of the file")
    steps = _pieces(k, a.a_uio)
    while view.uio_resid and view.uio_iovcnt > 0:
        steps.step()
        offset = view.uio_offset
        data = uio_write(k, min(view.uio_resid, _CHUNK), a.a_uio)
        wrote = inode.write(data, offset)
        if wrote < len(data):  # the host is full: the rest was not written
            view.uio_resid = view.uio_resid + len(data) - wrote
            view.uio_offset = offset + wrote
            return


@_vnop("fsync")
def hostfs_fsync(k: Kernel, a: SimpleNamespace) -> None:
    """fsync(2) on the host."""
    k.vfs.hostfs.inode(k, a.a_vp).fsync()


@_vnop("readlink")
def hostfs_readlink(k: Kernel, a: SimpleNamespace) -> None:
    """The text of the link, which is followed among the kernel's names."""
    uio_read(k, k.vfs.hostfs.inode(k, a.a_vp).readlink(), a.a_uio)


@_vnop("readdir")
def hostfs_readdir(k: Kernel, a: SimpleNamespace) -> None:
    """Entries from uio_offset on: 0 and 1 are the dots, then those with cookies."""
    inode = k.vfs.hostfs.inode(k, a.a_vp)
    if inode.kind != S_IFDIR:
        raise KernelError(ENOTDIR, f"'{inode.path}' is not a directory")
    dots = (
        Dirent(1, b".", inode.key[1], S_IFDIR),
        Dirent(2, b"..", (inode.parent or inode).key[1], S_IFDIR),
    )
    put_entries(k, a, [*dots, *(Dirent(row[0] + 2, *row[1:]) for row in inode.entries())])


# -- names --------------------------------------------------------------------------------------------------


def _make(k: Kernel, a: SimpleNamespace, make: Callable[[Inode, bytes], Any]) -> None:
    """Make something in a directory, which is let go; its locked vnode is the result."""
    with letting_go(k, put=(a.a_dvp,)):
        directory = k.vfs.hostfs.inode(k, a.a_dvp)
        check_host_writable(directory.tree)
        _, name = component(k, a.a_cnp)
        make(directory, name)
        found = directory.tree.lookup(directory, name)
        mp = view_of(k, a.a_dvp, "hostfs").v_mount
        k.umem.set_ptr(a.a_vpp, get_vnode(k, mp, found))


def _mode(k: Kernel, vap: int) -> int:
    mode: int = k.umem.view(vattr.layout(k.dm), vap).va_mode
    return mode


@_vnop("create")
def hostfs_create(k: Kernel, a: SimpleNamespace) -> None:
    """Make a regular file."""
    _make(k, a, lambda directory, name: directory.create(name, _mode(k, a.a_vap)))


@_vnop("mkdir")
def hostfs_mkdir(k: Kernel, a: SimpleNamespace) -> None:
    """Make a directory."""
    _make(k, a, lambda directory, name: directory.mkdir(name, _mode(k, a.a_vap)))


@_vnop("symlink")
def hostfs_symlink(k: Kernel, a: SimpleNamespace) -> None:
    """Make a symbolic link."""
    text = k.umem.cstr(a.a_target, MAXPATHLEN)
    _make(k, a, lambda directory, name: directory.symlink(name, text))


@_vnop("mknod")
def hostfs_mknod(k: Kernel, a: SimpleNamespace) -> None:
    """EPERM: no device nodes are made on the host."""

    def refuse(directory: Inode, name: bytes) -> None:
        raise KernelError(EPERM, "a device node cannot be made on the host")

    _make(k, a, refuse)


def _remove(k: Kernel, a: SimpleNamespace, directory: bool) -> None:
    with letting_go(k, put=(a.a_vp, a.a_dvp)):
        inode = k.vfs.hostfs.inode(k, a.a_dvp)
        check_host_writable(inode.tree)
        _, name = component(k, a.a_cnp)
        (inode.rmdir if directory else inode.remove)(name)


@_vnop("remove")
def hostfs_remove(k: Kernel, a: SimpleNamespace) -> None:
    """Remove a name."""
    _remove(k, a, False)


@_vnop("rmdir")
def hostfs_rmdir(k: Kernel, a: SimpleNamespace) -> None:
    """Remove a directory."""
    _remove(k, a, True)


@_vnop("link")
def hostfs_link(k: Kernel, a: SimpleNamespace) -> None:
    """Another name for a file."""
    with letting_go(k, put=(a.a_dvp,)):
        directory = k.vfs.hostfs.inode(k, a.a_dvp)
        check_host_writable(directory.tree)
        _, name = component(k, a.a_cnp)
        directory.link(name, k.vfs.hostfs.inode(k, a.a_vp))


@_vnop("rename")
def hostfs_rename(k: Kernel, a: SimpleNamespace) -> None:
    """Give a file another name, also in another directory."""
    with letting_go(k, put=(a.a_tvp, a.a_tdvp), rele=(a.a_fdvp, a.a_fvp)):
        source, target = k.vfs.hostfs.inode(k, a.a_fdvp), k.vfs.hostfs.inode(k, a.a_tdvp)
        check_host_writable(source.tree)
        source.rename(component(k, a.a_fcnp)[1], target, component(k, a.a_tcnp)[1])


# -- the life of a vnode ------------------------------------------------------------------------------------


@_vnop("inactive")
def hostfs_inactive(k: Kernel, a: SimpleNamespace) -> None:
    """The last reference to the vnode is gone: recycle it at once, with its descriptors."""
    k.umem.write(a.a_recycle, b"\1")
    vcall(k, "unlock", a.a_vp, 0)


@_vnop("reclaim")
def hostfs_reclaim(k: Kernel, a: SimpleNamespace) -> None:
    """Free the vnode; the file is closed unless another one was found below it."""
    inode = k.vfs.hostfs.inode(k, a.a_vp, "hostfs_reclaim")
    row = host_mount(k, view_of(k, a.a_vp, "hostfs_reclaim").v_mount)
    del k.vfs.hostfs.inodes[a.a_vp], row.vnodes[inode.key]
    row.tree.release(inode)


@_vnop("pathconf")
def hostfs_pathconf(k: Kernel, a: SimpleNamespace) -> None:
    """What pathconf(2) asks, with the host's limit of a name; EINVAL."""
    values = {_PC_LINK_MAX: 32767, _PC_NAME_MAX: 255, _PC_PATH_MAX: PATH_MAX, _PC_PIPE_BUF: 512}
    if a.a_name not in values:
        raise KernelError(EINVAL, f"unknown pathconf variable: {a.a_name}")
    k.umem.set_ptr(a.a_retval, values[a.a_name])
