"""Mounted file systems: struct mount, what covers a directory, mounting and unmounting (vfs_syscalls.c, 5.2).

A file system is mounted on a directory of the root file system, whose nodes are Python's (ramfs.py), or on a
directory of another mounted one, a vnode. `Vfs` is the kernel's own record beside the structs.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from lkmtools.abi.datamodel import C_TEXT
from lkmtools.abi.errno import EBUSY, EFAULT, ENOENT, ENOMEM, ESRCH
from lkmtools.abi.mount import (
    IMNT_GONE,
    IMNT_UNMOUNT,
    MNT_BASIC_FLAGS,
    MNT_FORCE,
    MNT_RDONLY,
    MNT_WAIT,
    VFS_MNAMELEN,
    VFS_NAMELEN,
    mount,
    statvfs,
    vfsops,
)
from lkmtools.abi.mutex import RW_READER, RW_WRITER
from lkmtools.abi.proc import lwp as lwp_struct
from lkmtools.errors import KernelError
from lkmtools.kern.base.export import Data, export
from lkmtools.kern.base.queue import circleq_init, circleq_insert_tail, circleq_remove, tailq_init
from lkmtools.kern.proc.kern_copy import user_string
from lkmtools.kern.sync.blocked import Blocked
from lkmtools.kern.sync.kern_mutex import mutex_destroy, mutex_init
from lkmtools.kern.sync.kern_rwlock import rw_destroy, rw_enter, rw_exit, rw_init
from lkmtools.kern.sync.subr_specificdata import Domain
from lkmtools.kern.vfs.buf_cache import Buffers
from lkmtools.kern.vfs.vfs_init import has_vfsop, type_name, type_number, vfs_delref, vfsop
from lkmtools.kern.vfs.vfs_subr import check_locked, vrele
from lkmtools.kern.vfs.vfs_vnode import mutex, view_of, vnodes_of
from lkmtools.kern.vfs.vnode_if import Operation, check_vnode, operations
from lkmtools.machine import Prototype

if TYPE_CHECKING:
    from collections.abc import Callable

    from lkmtools.kern.base.lkm_record import LoadableModule
    from lkmtools.kern.kernel import Kernel
    from lkmtools.kern.proc.kern_proc import Lwp
    from lkmtools.kern.vfs.fifo_vnops import Fifo
    from lkmtools.kern.vfs.hostfs_vfsops import Hostfs
    from lkmtools.kern.vfs.ramfs import Node, Tree
    from lkmtools.kern.vfs.rootfs_vnops import Rootfs
    from lkmtools.kern.vfs.spec_vnops import DeviceFile
    from lkmtools.machine.memory import View

_HEADER = "sys/mount.h"
_MUTEXES = ("mnt_renamelock", "mnt_updating")
_VH_UNMOUNT = Prototype("void vh_unmount(struct mount *mp)")
_NAMEMAX = 255  # f_namemax, until the file system says otherwise: that of ffs


class Vfs:
    """What this room keeps of a kernel: live vnodes, the unused among them (longest first), mounts, buffers.

    `mounts` has for each struct mount the directory node it covers; None when it covers a vnode, or nothing.
    `tree` is the root file system, whose vnodes `rootfs` knows.
    """

    tree: Tree
    rootfs: Rootfs
    hostfs: Hostfs

    def __init__(self, k: Kernel) -> None:
        self._k = k
        self.operations: dict[str, Operation] = operations(k)
        self.vnodes: set[int] = set()
        self.unused: dict[int, None] = {}
        self.mounts: dict[int, Node | None] = {}
        self.buffers = Buffers()
        self.open_devices: dict[tuple[int, int], list[DeviceFile]] = {}  # by kind and dev_t
        self.hooks: list[int] = []  # struct vfs_hooks
        self.specdevs: dict[tuple[int, int], int] = {}  # struct specdev, by type of vnode and dev_t
        self.specnodes: dict[int, tuple[int, tuple[int, int]]] = {}  # struct specnode and device, by vnode
        self.fifos: dict[int, Fifo] = {}  # the open ones, by vnode
        self.names: set[int] = set()  # buffers of names that namei() gave to modules
        self.specific = Domain(k)  # what mount_setspecific() hangs on mounts
        self.given: dict[int, int] = {}  # by struct vfsops, what an older module gave for it (vfs_old.py)
        self.explicit: dict[int, int] = {}  # vectors of vfs_opv_init_explicit(), by struct vnodeopv_desc
        self.next_fsid = 1

    def mount(self, mp: int) -> View:
        """The struct mount at `mp`; a panic when there is none."""
        if mp not in self.mounts:
            self._k.panic(f"{mp:#x} is not a struct mount")
        return self._k.mem.view(mount.layout(self._k.dm), mp)

    def mounted_on(self, mp: int) -> str:
        """Where a file system is mounted."""
        text: bytes = self.mount(mp).get("mnt_stat.f_mntonname")
        return text.split(b"\0", 1)[0].decode(*C_TEXT)

    def mounted_by(self, ops: int) -> str:
        """Where the file systems of a type are mounted, as a sentence; "" when none is."""
        places = [self.mounted_on(mp) for mp in self.mounts if self.mount(mp).mnt_op == ops]
        if not places:
            return ""
        return f"file system '{type_name(self._k, ops)}' is mounted on {', '.join(places)}"

    def uses(self, module: LoadableModule) -> str:
        """Which mounted file systems have their operations in a module, as mounted_by()."""
        for mp in self.mounts:
            ops = self.mount(mp).mnt_op
            if module.holds(self.given.get(ops, ops)):
                return self.mounted_by(ops)
        return ""

    def forget_hooks(self, holds: Callable[[int], bool]) -> bool:
        """Detach the hooks in memory that a module gives back; were there any?"""
        left = [hooks for hooks in self.hooks if not holds(hooks)]
        found = len(left) < len(self.hooks)
        self.hooks = left
        return found

    def forget_vectors(self, holds: Callable[[int], bool]) -> None:
        """Free the vectors of vfs_opv_init_explicit() whose tables are in such memory."""
        for desc in filter(holds, list(self.explicit)):
            self._k.heap.free(self.explicit.pop(desc))


def _link(k: Kernel) -> int:
    return mount.layout(k.dm).offsetof("mnt_list.cqe_next")


def new_mount(k: Kernel, ops: int, flags: int, uid: int, node: Node | None, covered: int) -> int:
    """A struct mount, not yet in the list; its fields as vfs_mountalloc() has them."""
    layout = mount.layout(k.dm)
    mp = k.heap.alloc(layout.size)
    if not mp:
        raise KernelError(ENOMEM, "no kernel memory for a struct mount")
    view = k.mem.view(layout, mp)
    view.mnt_op, view.mnt_vnodecovered, view.mnt_flag, view.mnt_refcnt = (
        ops,
        covered,
        flags & MNT_BASIC_FLAGS,
        1,
    )
    tailq_init(k, view.at("mnt_vnodelist.tqh_first"))
    rw_init(k, view.at("mnt_unmounting"))
    for member in _MUTEXES:
        mutex_init(k, view.at(member), 0, 0)
    k.vfs.specific.init(specdataref(k, mp))
    view.put("mnt_stat.f_owner", uid)
    view.put("mnt_stat.f_fstypename", type_name(k, ops).encode(*C_TEXT)[: VFS_NAMELEN - 1])
    view.put("mnt_stat.f_namemax", _NAMEMAX)
    k.vfs.mounts[mp] = node
    return mp


def specdataref(k: Kernel, mp: int) -> int:
    """The address of mnt_specdataref."""
    return mp + mount.layout(k.dm).offsetof("mnt_specdataref.specdataref_lock") - k.dm.pointer


def free_mount(k: Kernel, mp: int) -> None:
    """Give a struct mount back that nothing refers to."""
    view = k.vfs.mount(mp)
    k.vfs.specific.fini(specdataref(k, mp), "vfs_destroy")
    rw_destroy(k, view.at("mnt_unmounting"))
    for member in _MUTEXES:
        mutex_destroy(k, view.at(member))
    del k.vfs.mounts[mp]
    k.heap.free(mp)


def insert_mount(k: Kernel, mp: int, path: str) -> None:
    """A file system is mounted: into the list with it, and over its directory."""
    view = k.vfs.mount(mp)
    node = k.vfs.mounts[mp]
    circleq_insert_tail(k, "mountlist", k.symbol("mountlist"), mp, _link(k))
    view.put("mnt_stat.f_mntonname", path.encode(*C_TEXT)[: VFS_MNAMELEN - 1])
    if node is not None:
        node.mounted = mp
    if has_vfsop(k, "vfs_start", mp):
        vfsop(k, "vfs_start", mp, 0)


def root_of(k: Kernel, mp: int) -> int:
    """VFS_ROOT: the root vnode of a file system, locked and referenced."""
    lwp = k.sched.current or k.sched.softlwp
    cell = lwp.alloca(k, 16)
    try:
        k.mem.set_ptr(cell, 0)
        vfsop(k, "vfs_root", mp, cell)
        vp = k.mem.ptr(cell)
    finally:
        lwp.release(k, cell)
    function = k.umem.ptr(k.vfs.mount(mp).mnt_op + _root_place(k))
    check_vnode(k, vp, f"VFS_ROOT: what {k.symbolize(function)} returned")
    check_locked(k, vp, function, "the root vnode")
    return vp


def _root_place(k: Kernel) -> int:
    return vfsops.layout(k.dm).offsetof("vfs_root")


def mounted_over(k: Kernel, mp: int) -> list[int]:
    """The file systems that are mounted on directories of this one."""
    covered = {other: k.vfs.mount(other).mnt_vnodecovered for other in k.vfs.mounts}
    return [other for other, vp in covered.items() if vp and view_of(k, vp, "unmount").v_mount == mp]


def dounmount(k: Kernel, lwp: Lwp, mp: int, flags: int) -> None:
    """Unmount: sync, then the file system's own unmount, which must clean all vnodes. EBUSY from it.

    Also by force EBUSY while another is mounted on it, which nobody would find again.
    """
    view = k.vfs.mount(mp)
    if view.mnt_iflag & (IMNT_UNMOUNT | IMNT_GONE):
        raise KernelError(EBUSY, f"the file system on '{k.vfs.mounted_on(mp)}' is being unmounted")
    for over in mounted_over(k, mp):
        raise KernelError(
            EBUSY, f"'{k.vfs.mounted_on(over)}' is mounted in the file system on '{k.vfs.mounted_on(mp)}'"
        )
    view.mnt_iflag = view.mnt_iflag | IMNT_UNMOUNT
    rw_enter(k, view.at("mnt_unmounting"), RW_WRITER)
    try:
        if not view.mnt_flag & MNT_RDONLY and has_vfsop(k, "vfs_sync", mp) and not flags & MNT_FORCE:
            vfsop(k, "vfs_sync", mp, MNT_WAIT, lwp_cred(k, lwp))
        vfsop(k, "vfs_unmount", mp, flags)
    except KernelError:
        view.mnt_iflag = view.mnt_iflag & ~IMNT_UNMOUNT
        rw_exit(k, view.at("mnt_unmounting"))
        k.sched.wakeup(mp)
        raise
    _unmounted(k, view)


def _unmounted(k: Kernel, view: View) -> None:
    mp, ops, covered, node = view.addr, view.mnt_op, view.mnt_vnodecovered, k.vfs.mounts[view.addr]
    left = vnodes_of(k, mp)
    if left:
        k.panic(
            f"unmount: dangling vnode: '{type_name(k, ops)}' left {len(left)} behind on "
            f"{k.vfs.mounted_on(mp)}, the first {left[0]:#x}"
        )
    vfs_hooks_unmount(k, mp)
    circleq_remove(k, "mountlist", k.symbol("mountlist"), mp, _link(k))
    if node is not None:
        node.mounted = 0
    if covered:
        view_of(k, covered, "unmount").vu_mountedhere = 0
    rw_exit(k, view.at("mnt_unmounting"))
    free_mount(k, mp)
    vfs_delref(k, ops)
    k.sched.wakeup(mp)
    if covered:
        vrele(k, covered)


def lwp_cred(k: Kernel, lwp: Lwp) -> int:
    """The credentials of a thread."""
    return k.mem.ptr(lwp.addr + lwp_struct.layout(k.dm).offsetof("l_cred"))


# -- hooks --------------------------------------------------------------------------------------------------


@export("int vfs_hooks_attach(struct vfs_hooks *hooks)", _HEADER)
def vfs_hooks_attach(k: Kernel, hooks: int) -> int:
    """From now on vh_unmount is called when a file system is unmounted."""
    k.vfs.hooks.append(hooks)
    return 0


@export("int vfs_hooks_detach(struct vfs_hooks *hooks)", _HEADER)
def vfs_hooks_detach(k: Kernel, hooks: int) -> int:
    """And no longer. ESRCH when these hooks are not attached."""
    if hooks not in k.vfs.hooks:
        raise KernelError(ESRCH, f"no struct vfs_hooks is attached at {hooks:#x}")
    k.vfs.hooks.remove(hooks)
    return 0


@export("void vfs_hooks_unmount(struct mount *mp)", _HEADER)
def vfs_hooks_unmount(k: Kernel, mp: int) -> None:
    """Call all hooks: the file system at `mp` is unmounted."""
    for hooks in list(k.vfs.hooks):
        if function := k.umem.ptr(hooks):  # vh_unmount is the first member
            k.engine.call(_VH_UNMOUNT, function, mp)


# -- for modules --------------------------------------------------------------------------------------------


@export("void vfs_getnewfsid(struct mount *mp)", _HEADER)
def vfs_getnewfsid(k: Kernel, mp: int) -> None:
    """Give a file system a number of its own: mnt_stat.f_fsidx and f_fsid."""
    view = k.vfs.mount(mp)
    number, k.vfs.next_fsid = k.vfs.next_fsid, k.vfs.next_fsid + 1
    device = 255 << 8 | number & 0xFF | number >> 8 << 20
    kind = type_number(type_name(k, view.mnt_op).encode(*C_TEXT))
    view.put("mnt_stat.f_fsidx.__fsid_val", (device, kind))
    view.put("mnt_stat.f_fsid", device)


@export("struct mount *vfs_getvfs(fsid_t *fsid)", _HEADER)
def vfs_getvfs(k: Kernel, fsid: int) -> int:
    """The mounted file system with that number, or NULL."""
    wanted = k.umem.read(fsid, 8)
    offset = mount.layout(k.dm).offsetof("mnt_stat.f_fsidx.__fsid_val")
    return next((mp for mp in k.vfs.mounts if k.mem.read(mp + offset, 8) == wanted), 0)


@export("int vfs_busy(struct mount *mp, struct mount **nextp)", _HEADER)
def vfs_busy(k: Kernel, mp: int, nextp: int) -> int:
    """Keep a file system from being unmounted. ENOENT when it is gone, or goes while one waits."""
    if mp not in k.vfs.mounts:
        raise KernelError(ENOENT, f"no file system has its struct mount at {mp:#x}")
    view = k.vfs.mount(mp)
    place = k.vfs.mounted_on(mp)
    while view.mnt_iflag & IMNT_UNMOUNT:
        k.sched.block(mp, Blocked("vfs_busy", "mount", mp))
        if mp not in k.vfs.mounts:
            raise KernelError(ENOENT, f"the file system on '{place}' was unmounted")
    rw_enter(k, view.at("mnt_unmounting"), RW_READER)
    return 0


@export("void vfs_unbusy(struct mount *mp, bool keepref, struct mount **nextp)", _HEADER)
def vfs_unbusy(k: Kernel, mp: int, keepref: int, nextp: int) -> None:
    """Let a file system be unmounted again. `*nextp` becomes the next in the list."""
    view = k.vfs.mount(mp)
    rw_exit(k, view.at("mnt_unmounting"))
    if nextp:
        k.umem.set_ptr(nextp, view.get("mnt_list.cqe_next"))


def _name(k: Kernel, addr: int, segment: int, limit: int) -> bytes:
    if segment:
        return k.umem.cstr(addr, limit - 1)
    return user_string(k, addr, limit)


@export(
    "int set_statvfs_info(const char *onp, int ukon, const char *fromp, int ukfrom, const char *vfsname, "
    "struct mount *mp, struct lwp *l)",
    _HEADER,
)
def set_statvfs_info(
    k: Kernel, onp: int, ukon: int, fromp: int, ukfrom: int, vfsname: int, mp: int, l_addr: int
) -> int:
    """Set the names of a file system: where it is mounted, what it shows, and its type.

    `ukon` and `ukfrom` are UIO_USERSPACE or UIO_SYSSPACE. EFAULT, ENAMETOOLONG.
    """
    view = k.vfs.mount(mp)
    view.put("mnt_stat.f_fstypename", k.umem.cstr(vfsname, VFS_NAMELEN - 1))
    for member, addr, segment in (("f_mntonname", onp, ukon), ("f_mntfromname", fromp, ukfrom)):
        if addr:
            view.put(f"mnt_stat.{member}", _name(k, addr, segment, VFS_MNAMELEN))
        elif member == "f_mntonname":
            raise KernelError(EFAULT, "the mount point is NULL")
    return 0


@export("void copy_statvfs_info(struct statvfs *sbp, const struct mount *mp)", _HEADER)
def copy_statvfs_info(k: Kernel, sbp: int, mp: int) -> None:
    """What a file system's statvfs operation does not know itself: names, numbers, flags."""
    k.vfs.mount(mp)
    source = mp + mount.layout(k.dm).offsetof("mnt_stat.f_flag")
    if source == sbp:
        return
    layout = statvfs.layout(k.dm)
    start = layout.offsetof("f_syncreads")
    k.umem.write(sbp + start, k.mem.read(source + start, layout.size - start))


@export("int vfs_mountedon(struct vnode *vp)", _HEADER)
def vfs_mountedon(k: Kernel, vp: int) -> int:
    """Whether a file system is mounted from a block device: 0, as none is."""
    view_of(k, vp, "vfs_mountedon")
    return 0


DATA = (
    Data("mountlist", "struct mntlist mountlist", lambda dm: 2 * dm.pointer, circleq_init, _HEADER),
    *(mutex(name, _HEADER) for name in ("mountlist_lock", "mntvnode_lock", "vfs_list_lock")),
)
