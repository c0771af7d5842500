"""hostfs: a directory of the host as a file system of the kernel.

Which directories may be shown is decided outside the kernel: Hostfs.share() opens one and returns a word for
it, which mount(2) accepts once: no program or module can reach a directory that was not shared. Files are
opened by the kernel process, as its user; nothing is cached, and a vnode is freed with its last reference.
hostdir.py walks the host's tree, hostfs_vnops.py has the operations on files.

A share for one session shows /dev of the kernel at its own, and goes when the last process leaves whose root
directory it is, or that mounted it.
"""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from lkmtools.abi.datamodel import C_TEXT
from lkmtools.abi.errno import EFAULT, EOPNOTSUPP, EPERM, EROFS
from lkmtools.abi.mount import (
    MNT_FORCE,
    MNT_GETARGS,
    MNT_LOCAL,
    MNT_NODEV,
    MNT_NOSUID,
    MNT_OP_FLAGS,
    MNT_RDONLY,
    VFS_MNAMELEN,
    statvfs,
    vfsops,
)
from lkmtools.abi.vnode import FORCECLOSE, IFTOVT, VV_ROOT, WRITECLOSE
from lkmtools.errors import KernelError
from lkmtools.kern.base.export import export
from lkmtools.kern.proc.kern_copy import user_string
from lkmtools.kern.vfs.hostdir import HostDir, Inode, Key, host_errors
from lkmtools.kern.vfs.vfs_init import vfs_attach
from lkmtools.kern.vfs.vfs_mount import copy_statvfs_info, dounmount, mounted_over, vfs_getnewfsid
from lkmtools.kern.vfs.vfs_subr import lock_vnode, vflush
from lkmtools.kern.vfs.vfs_vnode import view_of
from lkmtools.kern.vfs.vnops_python import known_vnode, make_vector, new_vnode
from lkmtools.tuples import NamedTuple

if TYPE_CHECKING:
    from lkmtools.kern.kernel import Kernel
    from lkmtools.kern.proc.kern_proc import Lwp, Proc

NAME = "hostfs"
_TAG = 21  # VT_VFS
_WORD_MAX = 1024
_SHARES_MAX = 64


class HostShare(NamedTuple):
    """A directory that may be mounted once. `session`: for one session of processes."""

    tree: HostDir
    session: bool


class HostMount:
    """A mounted hostfs: its tree, and which vnode each file has. `owner`: who mounted a session's share."""

    def __init__(self, tree: HostDir, owner: Proc | None) -> None:
        self.tree = tree
        self.owner = owner
        self.vnodes: dict[Key, int] = {}


class Hostfs:
    """What a kernel knows of host directories. Its type of file system is attached when it is made."""

    def __init__(self, k: Kernel) -> None:
        self.shares: dict[str, HostShare] = {}
        self.mounts: dict[int, HostMount] = {}
        self.inodes: dict[int, Inode] = {}  # by vnode
        self.vector = make_vector(k, NAME)
        layout = vfsops.layout(k.dm)
        ops = k.heap.alloc(layout.size)
        names = ("mount", "unmount", "root", "statvfs", "sync")
        functions = {f"vfs_{name}": k.symbol(f"hostfs_vfs_{name}") for name in names}
        for name in ("enter", "exit"):
            functions[f"vfs_renamelock_{name}"] = k.symbol(f"genfs_renamelock_{name}")
        k.mem.write(ops, layout.pack(vfs_name=k.string(NAME), **functions))
        vfs_attach(k, ops)

    def share(self, path: str, writable: bool = False, session: bool = False) -> str:
        """Allow one mount of a host directory: the word to mount. KernelError with the host's errno.

        Of those that nobody mounts the oldest are forgotten.
        """
        tree = HostDir(os.path.abspath(path), writable)
        if len(self.shares) >= _SHARES_MAX:
            self.shares.pop(next(iter(self.shares))).tree.close()
        word = os.urandom(16).hex()
        self.shares[word] = HostShare(tree, session)
        return word

    def inode(self, k: Kernel, vp: int, function: str = "hostfs") -> Inode:
        """The file of a vnode; a panic when it is not of a hostfs."""
        found = self.inodes.get(vp)
        if found is None:
            k.panic(f"{function}: {vp:#x} is not a vnode of a host directory")
        return found

    def close(self) -> None:
        """The kernel is gone: close every descriptor."""
        for share in self.shares.values():
            share.tree.close()
        for row in self.mounts.values():
            row.tree.close()


def host_mount(k: Kernel, mp: int) -> HostMount:
    """The record of a mounted hostfs."""
    row = k.vfs.hostfs.mounts.get(mp)
    if row is None:
        k.panic(f"hostfs: {mp:#x} is not a mounted host directory")
    return row


def get_vnode(k: Kernel, mp: int, inode: Inode) -> int:
    """The locked vnode of a file, of which the caller gives a use away. KernelError gives it back."""
    row = host_mount(k, mp)
    try:
        while vp := row.vnodes.get(inode.key):
            if known_vnode(k, vp):
                row.tree.release(inode)
                return vp
        vp = new_vnode(k, _TAG, mp, k.vfs.hostfs.vector)
    except KernelError:
        row.tree.release(inode)
        raise
    view = view_of(k, vp, NAME)
    view.v_type = IFTOVT(inode.kind)
    if inode is row.tree.root:
        view.v_vflag = VV_ROOT
    view.v_size = inode.status().st_size
    row.vnodes[inode.key] = vp
    k.vfs.hostfs.inodes[vp] = inode
    lock_vnode(k, vp)
    return vp


# -- operations on the file system --------------------------------------------------------------------------


@export("int hostfs_vfs_mount(struct mount *mp, const char *path, void *data, size_t *data_len)")
def hostfs_vfs_mount(k: Kernel, mp: int, path: int, data: int, data_len: int) -> int:
    """Show a shared directory: `data` begins with a pointer to its word. Read-only unless it was shared so.

    EPERM for what nobody shared. MNT_UPDATE: EROFS, and EBUSY while files are open for writing.
    """
    if k.vfs.mount(mp).mnt_flag & MNT_OP_FLAGS:
        return _update(k, mp)
    if not data:
        raise KernelError(EFAULT, "the host directory is missing: lkmctl mount -t hostfs DIR MOUNTPOINT")
    word = user_string(k, k.umem.ptr(data), _WORD_MAX).decode(*C_TEXT)
    share = k.vfs.hostfs.shares.pop(word, None)
    if share is None:
        raise KernelError(EPERM, "this word is not a share of this kernel; use lkmctl mount")
    tree = share.tree
    view = k.vfs.mount(mp)
    if not tree.writable:
        view.mnt_flag = view.mnt_flag | MNT_RDONLY
    view.mnt_flag = view.mnt_flag | MNT_LOCAL | MNT_NODEV | MNT_NOSUID
    view.put("mnt_stat.f_mntfromname", os.fsencode(tree.path)[: VFS_MNAMELEN - 1])
    vfs_getnewfsid(k, mp)
    lwp = k.sched.current
    row = k.vfs.hostfs.mounts[mp] = HostMount(tree, lwp.proc if share.session and lwp is not None else None)
    node = k.vfs.mounts[mp]
    if row.owner is not None and node is not None and node.children is not None:
        node.children["dev"] = k.vfs.tree.root_dev
    return 0


def _update(k: Kernel, mp: int) -> int:
    """Read-only from now on, or writable again if it was shared so; other flags as they come."""
    view = k.vfs.mount(mp)
    if view.mnt_flag & MNT_GETARGS:
        raise KernelError(EOPNOTSUPP, "a host directory has no mount data to show")
    if view.mnt_flag & MNT_RDONLY:
        vflush(k, mp, 0, WRITECLOSE)
    else:
        check_host_writable(host_mount(k, mp).tree)
    view.mnt_flag = view.mnt_flag | MNT_LOCAL | MNT_NODEV | MNT_NOSUID
    return 0


@export("int hostfs_vfs_unmount(struct mount *mp, int mntflags)")
def hostfs_vfs_unmount(k: Kernel, mp: int, mntflags: int) -> int:
    """Let go of all vnodes, or EBUSY; then of the directory."""
    row = host_mount(k, mp)
    vflush(k, mp, 0, FORCECLOSE if mntflags & MNT_FORCE else 0)
    row.tree.close()
    del k.vfs.hostfs.mounts[mp]
    node = k.vfs.mounts[mp]
    if row.owner is not None and node is not None and node.children is not None:
        node.children.pop("dev", None)
    return 0


@export("int hostfs_vfs_root(struct mount *mp, struct vnode **vpp)")
def hostfs_vfs_root(k: Kernel, mp: int, vpp: int) -> int:
    """The locked vnode of the directory itself."""
    root = host_mount(k, mp).tree.root
    root.users += 1
    k.umem.set_ptr(vpp, get_vnode(k, mp, root))
    return 0


@export("int hostfs_vfs_statvfs(struct mount *mp, struct statvfs *sbp)")
def hostfs_vfs_statvfs(k: Kernel, mp: int, sbp: int) -> int:
    """The host file system's numbers."""
    with host_errors("statvfs"):
        found = os.fstatvfs(host_mount(k, mp).tree.root.fd)
    view = k.umem.view(statvfs.layout(k.dm), sbp)
    for member in ("f_blocks", "f_bfree", "f_bavail", "f_files", "f_ffree", "f_favail"):
        view.put(member, getattr(found, member))
    view.f_bsize, view.f_frsize, view.f_iosize = found.f_bsize, found.f_frsize, found.f_bsize
    copy_statvfs_info(k, sbp, mp)
    return 0


@export("int hostfs_vfs_sync(struct mount *mp, int waitfor, kauth_cred_t cred)")
def hostfs_vfs_sync(k: Kernel, mp: int, waitfor: int, cred: int) -> int:
    """Nothing waits here to be written."""
    return 0


# -- sessions -----------------------------------------------------------------------------------------------


def leave_session(k: Kernel, lwp: Lwp) -> None:
    """A process ends: unmount the shares of sessions that nobody has as root directory any more."""
    for mp, row in tuple(k.vfs.hostfs.mounts.items()):
        if row.owner is None or mp not in k.vfs.hostfs.mounts:
            continue
        where = k.vfs.mounted_on(mp)
        others = (proc for proc in k.procs.values() if proc is not lwp.proc and not proc.zombie)
        if any(proc is row.owner or proc.root == where for proc in others):
            continue
        row.owner = lwp.proc
        try:
            _unmount_all(k, lwp, mp)
        except KernelError as error:
            k.console.write(f"hostfs: {where} of a session stays mounted: {error.reason}\n")
        else:
            k.vfs.tree.discard(where)


def _unmount_all(k: Kernel, lwp: Lwp, mp: int) -> None:
    """Unmount a file system by force, and before what is mounted on it."""
    for over in mounted_over(k, mp):
        _unmount_all(k, lwp, over)
    dounmount(k, lwp, mp, MNT_FORCE)


def check_host_writable(tree: HostDir) -> None:
    """EROFS for a directory that was shared read-only, whatever the mount's flags say."""
    if not tree.writable:
        raise KernelError(EROFS, f"'{tree.path}' of the host is shown read-only")
