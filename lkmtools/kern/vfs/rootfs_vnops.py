"""The root file system as vnodes, where one is needed: the operations rootfs_NAME().

It is nodes in Python memory (ramfs.py), which the system calls on names use directly. An open file, a file
system that is layered over it, and a module that looks a name of it up, get vnodes, made when they are wanted
and gone with their last reference. Lookups do not cross into what is mounted on a directory; namei() does.
"""

from __future__ import annotations

import functools
from collections.abc import Iterator
from typing import TYPE_CHECKING

from lkmtools.abi.datamodel import C_TEXT
from lkmtools.abi.errno import EINVAL, EISDIR, EJUSTRETURN, ENOENT, EPERM
from lkmtools.abi.fcntl import IO_APPEND
from lkmtools.abi.mount import MNT_LOCAL, MNT_ROOTFS, statvfs, vfsops
from lkmtools.abi.namei import CREATE, ISDOTDOT, ISLASTCN, LOOKUP, MAXPATHLEN, RENAME
from lkmtools.abi.stat import S_IFDIR, S_IFMT
from lkmtools.abi.time import wrapped
from lkmtools.abi.ucred import kauth_cred
from lkmtools.abi.uio import uio as uio_struct
from lkmtools.abi.vnode import IFTOVT, VV_ROOT, vattr
from lkmtools.errors import KernelError
from lkmtools.kern.base.cred import Cred
from lkmtools.kern.base.export import export
from lkmtools.kern.proc.kern_copy import uio_read, uio_write
from lkmtools.kern.vfs.genfs_vnops import check_owner
from lkmtools.kern.vfs.ramfs import DATA_MAX, NODES_MAX, Made, Node
from lkmtools.kern.vfs.vfs_mount import copy_statvfs_info, new_mount
from lkmtools.kern.vfs.vfs_subr import lock_vnode, vref
from lkmtools.kern.vfs.vfs_subr_vattr import file_format
from lkmtools.kern.vfs.vfs_vnode import view_of
from lkmtools.kern.vfs.vnode_if import vcall
from lkmtools.kern.vfs.vnops_python import (
    Dirent,
    component,
    known_vnode,
    letting_go,
    make_vector,
    new_vnode,
    put_entries,
    vnop,
)

if TYPE_CHECKING:
    from types import SimpleNamespace

    from lkmtools.kern.kernel import Kernel

NAME = "rootfs"
_NO64, _NO32 = (1 << 64) - 1, (1 << 32) - 1  # VNOVAL
_BLOCK = 4096
_vnop = functools.partial(vnop, NAME)


class Rootfs:
    """Which nodes of the root file system have vnodes. Its struct mount is in no list."""

    def __init__(self, k: Kernel) -> None:
        self.vector = make_vector(k, NAME)
        layout = vfsops.layout(k.dm)
        self._ops = k.heap.alloc(layout.size)
        statistics = k.symbol("rootfs_vfs_statvfs")
        k.mem.write(self._ops, layout.pack(vfs_name=k.string(NAME), vfs_statvfs=statistics))
        self._mount = 0
        self.vnodes: dict[Node, int] = {}
        self.nodes: dict[int, Node] = {}

    def mount(self, k: Kernel) -> int:
        """Its struct mount, made at the first use."""
        if not self._mount:
            self._mount = new_mount(k, self._ops, 0, 0, None, 0)
            view = k.vfs.mount(self._mount)
            view.mnt_flag = MNT_LOCAL | MNT_ROOTFS
            view.put("mnt_stat.f_mntonname", b"/")
        return self._mount

    def vnode(self, k: Kernel, node: Node) -> int:
        """The locked vnode of a node. ENFILE."""
        while vp := self.vnodes.get(node, 0):
            if known_vnode(k, vp):
                return vp
        vp = new_vnode(k, 0, self.mount(k), self.vector)
        view = view_of(k, vp, NAME)
        view.v_type = IFTOVT(node.mode)
        if node is k.vfs.tree.root:
            view.v_vflag = VV_ROOT
        self.vnodes[node] = vp
        self.nodes[vp] = node
        node.held = True
        lock_vnode(k, vp)
        return vp

    def node(self, k: Kernel, vp: int, function: str = NAME) -> Node:
        """The node of a vnode; a panic when it is not of the root file system."""
        found = self.nodes.get(vp)
        if found is None:
            k.panic(f"{function}: {vp:#x} is not a vnode of the root file system")
        return found


@export("int rootfs_vfs_statvfs(struct mount *mp, struct statvfs *sbp)")
def rootfs_vfs_statvfs(k: Kernel, mp: int, sbp: int) -> int:
    """How many files there are, and bytes in them, of how many."""
    view, tree = k.umem.view(statvfs.layout(k.dm), sbp), k.vfs.tree
    view.f_bsize = view.f_frsize = view.f_iosize = _BLOCK
    view.f_blocks, view.f_files = DATA_MAX // _BLOCK, NODES_MAX
    view.f_bfree = view.f_bavail = (DATA_MAX - tree.used) // _BLOCK
    view.f_ffree = view.f_favail = NODES_MAX - tree.nodes
    copy_statvfs_info(k, sbp, mp)
    return 0


def _cred(k: Kernel, cred: int) -> Cred:
    view = k.umem.view(kauth_cred.layout(k.dm), cred)
    return Cred(view.cr_uid, view.cr_gid)


@_vnop("lookup")
def rootfs_lookup(k: Kernel, a: SimpleNamespace) -> int:
    """One component below a directory."""
    k.umem.set_ptr(a.a_vpp, 0)
    directory = k.vfs.rootfs.node(k, a.a_dvp)
    view, raw = component(k, a.a_cnp)
    cred, name = _cred(k, view.cn_cred), raw.decode(*C_TEXT)
    op = view.cn_nameiop if view.cn_flags & ISLASTCN else LOOKUP
    if view.cn_flags & ISDOTDOT:
        directory.access(cred, 1)
        return _parent(k, a, directory.parent)
    try:
        found = k.vfs.tree.child(directory, name, cred)
    except KernelError as error:
        if error.errno != ENOENT or op not in (CREATE, RENAME):
            raise
        directory.access(cred, 2)
        return EJUSTRETURN
    if op not in (LOOKUP, CREATE):
        directory.access(cred, 2)
    k.umem.set_ptr(a.a_vpp, k.vfs.rootfs.vnode(k, found))
    return 0


def _parent(k: Kernel, a: SimpleNamespace, parent: Node | None) -> int:
    """`..`: parents are locked before their children, so the child's lock is let go meanwhile."""
    if parent is None:
        vref(k, a.a_dvp)
        k.umem.set_ptr(a.a_vpp, a.a_dvp)
        return 0
    vcall(k, "unlock", a.a_dvp, 0)
    try:
        k.umem.set_ptr(a.a_vpp, k.vfs.rootfs.vnode(k, parent))
    finally:
        if not k.dead:
            lock_vnode(k, a.a_dvp)
    return 0


@_vnop("open")
def rootfs_open(k: Kernel, a: SimpleNamespace) -> None:
    """Nothing to do: opening the vnode's file opens the device."""


@_vnop("access")
def rootfs_access(k: Kernel, a: SimpleNamespace) -> None:
    """By owner and mode."""
    k.vfs.rootfs.node(k, a.a_vp).access(_cred(k, a.a_cred), a.a_mode)


@_vnop("getattr")
def rootfs_getattr(k: Kernel, a: SimpleNamespace) -> None:
    """The attributes of a node."""
    node = k.vfs.rootfs.node(k, a.a_vp)
    view = view_of(k, a.a_vp, NAME)
    view.v_size = node.size
    times = {
        f"va_{which}.tv_sec": wrapped(int(node.time)) for which in ("atime", "mtime", "ctime", "birthtime")
    }
    k.umem.write(
        a.a_vap,
        vattr.layout(k.dm).pack(
            va_type=view.v_type, va_mode=node.mode & 0o7777, va_nlink=node.nlink, va_uid=node.uid,
            va_gid=node.gid, va_fsid=k.vfs.mount(view.v_mount).get("mnt_stat.f_fsidx.__fsid_val")[0] & _NO32,
            va_fileid=node.ino, va_size=node.size, va_bytes=node.size + 511 & -512, va_blocksize=_BLOCK,
            va_rdev=node.rdev, **times,
        ),
    )  # fmt: skip


@_vnop("setattr")
def rootfs_setattr(k: Kernel, a: SimpleNamespace) -> None:
    """Length, owner, mode and times, whichever have values; a device has no length, and keeps it.

    The caller has checked that the process may write the file; only its owner may change the rest.
    """
    node = k.vfs.rootfs.node(k, a.a_vp)
    va = k.umem.view(vattr.layout(k.dm), a.a_vap)
    uid = _cred(k, a.a_cred).uid
    owner = (va.va_uid & _NO32, va.va_gid & _NO32)
    changes_mode, changes_time = va.va_mode != _NO32, va.get("va_mtime.tv_sec") != -1
    if uid and owner != (_NO32, _NO32):
        raise KernelError(EPERM, f"only root may change the owner of '{node.path}'")
    if changes_mode or changes_time:
        check_owner(uid, node.uid, node)
    if va.va_size != _NO64:
        _truncate(k, node, va.va_size)
    node.uid, node.gid = (
        old if new == _NO32 else new for new, old in zip(owner, (node.uid, node.gid), strict=True)
    )
    if changes_mode:
        node.mode = node.mode & S_IFMT | va.va_mode & 0o7777
    if changes_time:
        node.time = va.get("va_mtime.tv_sec")


def _truncate(k: Kernel, node: Node, size: int) -> None:
    if node.children is not None:
        raise KernelError(EISDIR, f"'{node.path}' is a directory")
    if node.data is not None:
        k.vfs.tree.resize(node, size)
        node.time = k.now()


@_vnop("read")
def rootfs_read(k: Kernel, a: SimpleNamespace) -> None:
    """Bytes of a file."""
    node = k.vfs.rootfs.node(k, a.a_vp)
    view = k.umem.view(uio_struct.layout(k.dm), a.a_uio)
    at = view.uio_offset
    if node.data is None:
        raise KernelError(EINVAL, f"'{node.path}' is not a regular file")
    if at < 0:
        raise KernelError(EINVAL, "the offset is before the beginning of the file")
    uio_read(k, bytes(node.data[at : at + view.uio_resid]), a.a_uio)


@_vnop("write")
def rootfs_write(k: Kernel, a: SimpleNamespace) -> None:
    """Write a file, with IO_APPEND at its end. ENOSPC, EFBIG: nothing is written."""
    node = k.vfs.rootfs.node(k, a.a_vp)
    view = k.umem.view(uio_struct.layout(k.dm), a.a_uio)
    if node.data is None:
        raise KernelError(EINVAL, f"'{node.path}' is not a regular file")
    before = len(node.data)
    if a.a_ioflag & IO_APPEND:
        view.uio_offset = before
    at = view.uio_offset
    if at < 0:
        raise KernelError(EINVAL, "the offset is before the beginning of the file")
    if not view.uio_resid:
        return
    data = k.vfs.tree.resize(node, max(before, at + view.uio_resid))
    try:
        new = uio_write(k, view.uio_resid, a.a_uio)
    except KernelError:
        k.vfs.tree.resize(node, before)
        raise
    data[at : at + len(new)] = new
    node.time = k.now()


@_vnop("fsync")
def rootfs_fsync(k: Kernel, a: SimpleNamespace) -> None:
    """Memory is all there is."""


@_vnop("readlink")
def rootfs_readlink(k: Kernel, a: SimpleNamespace) -> None:
    """What the link says."""
    node = k.vfs.rootfs.node(k, a.a_vp)
    if node.target is None:
        raise KernelError(EINVAL, f"'{node.path}' is not a symbolic link")
    uio_read(k, node.target.encode(*C_TEXT), a.a_uio)


def entries(node: Node, at: int) -> Iterator[Dirent]:
    """What a directory is read as: the dots, then names behind cookie `at`. Nothing once it is removed."""
    children = node.listed()
    if not node.nlink:
        return
    yield Dirent(1, b".", node.ino, S_IFDIR)
    yield Dirent(2, b"..", (node.parent or node).ino, S_IFDIR)
    for name, cookie in node.cookies():
        if 2 + cookie > at:
            yield Dirent(2 + cookie, name.encode(*C_TEXT), children[name].ino, children[name].mode)


@_vnop("readdir")
def rootfs_readdir(k: Kernel, a: SimpleNamespace) -> None:
    """Entries behind uio_offset."""
    at = k.umem.view(uio_struct.layout(k.dm), a.a_uio).uio_offset
    put_entries(k, a, entries(k.vfs.rootfs.node(k, a.a_vp), at))


# -- names --------------------------------------------------------------------------------------------------


def _make(k: Kernel, a: SimpleNamespace, target: str | None = None) -> None:
    """Make a file, directory, device node or symbolic link; the directory is let go."""
    with letting_go(k, put=(a.a_dvp,)):
        view, name = component(k, a.a_cnp)
        va = k.umem.view(vattr.layout(k.dm), a.a_vap)
        form = file_format(k, f"va_type of the vattr at {a.a_vap:#x}", va.va_type)
        made = Made(form | va.va_mode & 0o7777, va.va_rdev if target is None else 0, target)
        directory = k.vfs.rootfs.node(k, a.a_dvp)
        node = k.vfs.tree.add(directory, name.decode(*C_TEXT), made, _cred(k, view.cn_cred), k.now())
        k.umem.set_ptr(a.a_vpp, k.vfs.rootfs.vnode(k, node))


@_vnop("create")
def rootfs_create(k: Kernel, a: SimpleNamespace) -> None:
    """Make a file."""
    _make(k, a)


@_vnop("mkdir")
def rootfs_mkdir(k: Kernel, a: SimpleNamespace) -> None:
    """Make a directory."""
    _make(k, a)


@_vnop("mknod")
def rootfs_mknod(k: Kernel, a: SimpleNamespace) -> None:
    """Make a device node."""
    _make(k, a)


@_vnop("symlink")
def rootfs_symlink(k: Kernel, a: SimpleNamespace) -> None:
    """Make a symbolic link."""
    _make(k, a, k.umem.cstr(a.a_target, MAXPATHLEN).decode(*C_TEXT))


@_vnop("link")
def rootfs_link(k: Kernel, a: SimpleNamespace) -> None:
    """Another name for a file that is not a directory."""
    with letting_go(k, put=(a.a_dvp,)):
        view, name = component(k, a.a_cnp)
        node = k.vfs.rootfs.node(k, a.a_vp)
        k.vfs.tree.enter(k.vfs.rootfs.node(k, a.a_dvp), name.decode(*C_TEXT), node, _cred(k, view.cn_cred))


def _remove(k: Kernel, a: SimpleNamespace, directory: bool) -> None:
    with letting_go(k, put=(a.a_vp, a.a_dvp)):
        view, name = component(k, a.a_cnp)
        cred = _cred(k, view.cn_cred)
        k.vfs.tree.drop(k.vfs.rootfs.node(k, a.a_dvp), name.decode(*C_TEXT), cred, directory)


@_vnop("remove")
def rootfs_remove(k: Kernel, a: SimpleNamespace) -> None:
    """Remove a name."""
    _remove(k, a, False)


@_vnop("rmdir")
def rootfs_rmdir(k: Kernel, a: SimpleNamespace) -> None:
    """Remove a directory."""
    _remove(k, a, True)


@_vnop("rename")
def rootfs_rename(k: Kernel, a: SimpleNamespace) -> None:
    """Give a node another name."""
    with letting_go(k, put=(a.a_tvp, a.a_tdvp), rele=(a.a_fdvp, a.a_fvp)):
        view, name = component(k, a.a_fcnp)
        new = component(k, a.a_tcnp)[1].decode(*C_TEXT)
        source, target = k.vfs.rootfs.node(k, a.a_fdvp), k.vfs.rootfs.node(k, a.a_tdvp)
        k.vfs.tree.move(source, name.decode(*C_TEXT), target, new, _cred(k, view.cn_cred))


# -- the life of a vnode ------------------------------------------------------------------------------------


@_vnop("inactive")
def rootfs_inactive(k: Kernel, a: SimpleNamespace) -> None:
    """The last reference to the vnode is gone: recycle it."""
    k.umem.write(a.a_recycle, b"\1")
    vcall(k, "unlock", a.a_vp, 0)


@_vnop("reclaim")
def rootfs_reclaim(k: Kernel, a: SimpleNamespace) -> None:
    """Free the vnode; its node stays while it has a name."""
    node = k.vfs.rootfs.node(k, a.a_vp, "rootfs_reclaim")
    del k.vfs.rootfs.nodes[a.a_vp], k.vfs.rootfs.vnodes[node]
    node.held = False
    k.vfs.tree.forget(node)
