"""System calls on mounted file systems: mount, unmount, statvfs1, getvfsstat (vfs_syscalls.c of 5.2).

Only root may mount. The data for the file system is copied in, at least vfs_min_mount_data bytes.

MNT_UPDATE and MNT_GETARGS are left to the file system: its vfs_mount is called again, with the flag in
mnt_flag.

Not modelled: exports.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from lkmtools.abi.datamodel import C_TEXT
from lkmtools.abi.errno import EBUSY, EFAULT, EINVAL, ENODEV, ENOENT, ENOMEM, ENOTDIR, EOPNOTSUPP, EPERM
from lkmtools.abi.limits import PATH_MAX
from lkmtools.abi.mount import (
    MFSNAMELEN,
    MNT_BASIC_FLAGS,
    MNT_FORCE,
    MNT_GETARGS,
    MNT_OP_FLAGS,
    MNT_RDONLY,
    MNT_UPDATE,
    VFS_MAX_MOUNT_DATA,
    mount,
    statvfs,
    vfsops,
)
from lkmtools.abi.syscall import (
    SYS___mount50,
    SYS_compat_40_mount,
    SYS_fstatvfs1,
    SYS_getvfsstat,
    SYS_statvfs1,
    SYS_unmount,
)
from lkmtools.abi.vnode import VDIR, VV_ROOT
from lkmtools.errors import KernelError
from lkmtools.kern.proc.kern_copy import user_string
from lkmtools.kern.proc.syscall import syscall
from lkmtools.kern.vfs.vfs_init import find_type, has_vfsop, type_name, types, vfs_delref, vfsop
from lkmtools.kern.vfs.vfs_lookup import namei
from lkmtools.kern.vfs.vfs_lookup_place import Place
from lkmtools.kern.vfs.vfs_mount import dounmount, free_mount, insert_mount, new_mount
from lkmtools.kern.vfs.vfs_subr import vrele
from lkmtools.kern.vfs.vfs_vnode import view_of
from lkmtools.kern.vfs.vfs_vnops import VnodeFile
from lkmtools.kern.vfs.vnode_if import vcall
from lkmtools.near import near

if TYPE_CHECKING:
    from lkmtools.kern.kernel import Kernel
    from lkmtools.kern.proc.kern_proc import Lwp


@syscall(SYS___mount50, "const char *type, const char *path, int flags, void *data, size_t data_len")
def sys___mount50(k: Kernel, lwp: Lwp, kind: int, path: int, flags: int, data: int, length: int) -> int:
    """Mount a file system of a type over a directory; the bytes of data it used.

    EPERM, ENODEV (no such type: its module is not loaded), ENOTDIR, EBUSY, and the file system's own. With
    MNT_UPDATE change a mounted one's flags, with MNT_GETARGS ask it for its data (EINVAL: none is there).
    """
    if lwp.proc.cred.uid != 0:
        raise KernelError(EPERM, "only root may mount")
    if flags & ~(MNT_BASIC_FLAGS | MNT_OP_FLAGS):
        raise KernelError(
            EOPNOTSUPP, f"unsupported mount flags: {flags & ~(MNT_BASIC_FLAGS | MNT_OP_FLAGS):#x}"
        )
    if flags & (MNT_UPDATE | MNT_GETARGS):
        return _update(k, lwp, flags, path, (data, length))
    if k.securelevel > 1:
        raise KernelError(EPERM, f"securelevel is {k.securelevel}: no file system can be mounted")
    name = user_string(k, kind, MFSNAMELEN).decode(*C_TEXT)
    with namei(k, lwp, path) as place:
        ops = find_type(k, name)
        if not ops:
            other = near(name, (type_name(k, known) for known in types(k)))
            why = f"did you mean '{other}'?" if other else "its module is not loaded"
            raise KernelError(ENODEV, f"no file system type '{name}'; {why}")
        try:
            return _mount(k, lwp, place, ops, flags, path, (data, length))
        except KernelError:
            vfs_delref(k, ops)
            raise


def _mount(k: Kernel, lwp: Lwp, place: Place, ops: int, flags: int, path: int, data: tuple[int, int]) -> int:
    """Check the directory, call vfs_mount, and cover the directory."""
    node, covered = None, 0
    if place.mounted:
        view = view_of(k, place.vp, "mount")
        if view.v_type != VDIR:
            raise KernelError(ENOTDIR, f"'{place.path}' is not a directory")
        if view.vu_mountedhere:
            raise KernelError(EBUSY, f"'{place.path}' is a mount point")
        covered, _ = place.take()
        vcall(k, "unlock", covered, 0)  # what is mounted may be another view of it
    else:
        node = k.vfs.tree.lookup(place.path, lwp.proc.cred)
        if node.children is None:
            raise KernelError(ENOTDIR, f"'{place.path}' is not a directory")
        if node is k.vfs.tree.root:
            raise KernelError(EBUSY, "nothing can be mounted on the root directory")
    mp = 0
    try:
        mp = new_mount(k, ops, flags, lwp.proc.cred.uid, node, covered)
        used = _call_mount(k, lwp, mp, ops, path, data)
        if node.mounted if node is not None else view_of(k, covered, "mount").vu_mountedhere:
            vfsop(k, "vfs_unmount", mp, MNT_FORCE)
            raise KernelError(EBUSY, f"another file system was mounted on '{place.path}' meanwhile")
    except KernelError:
        if mp:
            free_mount(k, mp)
        if covered:
            vrele(k, covered)
        raise
    if covered:
        view_of(k, covered, "mount").vu_mountedhere = mp
    insert_mount(k, mp, place.path)
    return used


@syscall(SYS_compat_40_mount, "const char *type, const char *path, int flags, void *data")
def compat_40_sys_mount(k: Kernel, lwp: Lwp, kind: int, path: int, flags: int, data: int) -> None:
    """mount(2) of NetBSD 4, which does not say how long the data is: as long as the type wants."""
    sys___mount50(k, lwp, kind, path, flags, data, 0)


def _update(k: Kernel, lwp: Lwp, flags: int, path: int, data: tuple[int, int]) -> int:
    """Call vfs_mount of a mounted file system with new flags (mount_update()), or for its data.

    They are as before when it refuses.
    """
    with namei(k, lwp, path) as place:
        view = view_of(k, place.vp, "mount") if place.mounted else None
        if view is None or not view.v_vflag & VV_ROOT:
            raise KernelError(EINVAL, f"'{place.path}' is not a mount point")
        mp = view.v_mount
        vp, _ = place.take()
        vcall(k, "unlock", vp, 0)
    mount_view = k.vfs.mount(mp)
    before = mount_view.mnt_flag
    op = flags & MNT_OP_FLAGS
    try:
        if k.securelevel > 1 and not flags & (MNT_GETARGS | MNT_RDONLY):
            raise KernelError(EPERM, f"securelevel is {k.securelevel}: a mount can only become read-only")
        kept = before if flags & MNT_GETARGS else before & ~MNT_BASIC_FLAGS | flags & MNT_BASIC_FLAGS
        mount_view.mnt_flag = kept | op
        used = _call_mount(k, lwp, mp, mount_view.mnt_op, path, data)
        mount_view.mnt_flag = mount_view.mnt_flag & ~op
        return used
    except KernelError:
        if mp in k.vfs.mounts:
            mount_view.mnt_flag = before
        raise
    finally:
        if not k.dead:
            vrele(k, vp)


def _call_mount(k: Kernel, lwp: Lwp, mp: int, ops: int, path: int, data: tuple[int, int]) -> int:
    """vfs_mount with a copy of the caller's data."""
    user, length = data
    if ops in k.vfs.given:  # an older type copies the data in itself
        vfsop(k, "vfs_mount", mp, path, user, 0)
        return 0
    least = k.umem.view(vfsops.layout(k.dm), ops).vfs_min_mount_data
    length = length or (least if user else 0)
    size = max(length, least)
    if size > VFS_MAX_MOUNT_DATA:
        raise KernelError(EINVAL, f"the mount data have {size} bytes; the limit is {VFS_MAX_MOUNT_DATA}")
    if least and not user:
        raise KernelError(EFAULT, f"file system type '{type_name(k, ops)}' needs {least} bytes of mount data")
    content = lwp.proc.space.read(user, length) if user and length else b""
    cell = lwp.alloca(k, 16)
    buffer = k.heap.alloc(size) if user and size else 0
    if user and size and not buffer:
        raise KernelError(ENOMEM, f"no kernel memory for {size} bytes of mount data")
    try:
        if content:
            k.mem.write(buffer, content)
        k.mem.set_ptr(cell, length)
        vfsop(k, "vfs_mount", mp, path, buffer, cell)
        used = k.mem.ptr(cell)
        if k.vfs.mount(mp).mnt_flag & MNT_GETARGS and used:
            lwp.proc.space.write(user, k.mem.read(buffer, min(used, size)))
        return used
    finally:
        if buffer:
            k.heap.free(buffer)
        lwp.release(k, cell)


@syscall(SYS_unmount, "const char *path, int flags")
def sys_unmount(k: Kernel, lwp: Lwp, path: int, flags: int) -> None:
    """Unmount what is mounted on a directory. EINVAL: nothing is; EBUSY: files of it are in use.

    When the directory is gone, it is found by the name it was mounted on.
    """
    if lwp.proc.cred.uid != 0:
        raise KernelError(EPERM, "only root may unmount")
    if flags & ~MNT_FORCE:
        raise KernelError(
            EINVAL, f"unsupported unmount flags: {flags:#x} (only MNT_FORCE, {MNT_FORCE:#x}, is supported)"
        )
    try:
        mp = _mount_at(k, lwp, path)
    except KernelError as error:
        mp = _mounted_as(k, lwp, path) if error.errno in (ENOENT, ENOTDIR, EINVAL) else 0
        if not mp:
            raise
    dounmount(k, lwp, mp, flags)


def _mount_at(k: Kernel, lwp: Lwp, path: int) -> int:
    """What is mounted on a directory; EINVAL when nothing is."""
    with namei(k, lwp, path) as place:
        view = view_of(k, place.vp, "mount") if place.mounted else None
        if view is None or not view.v_vflag & VV_ROOT:
            raise KernelError(EINVAL, f"'{place.path}' is not a mount point")
        mp: int = view.v_mount
        return mp


def _mounted_as(k: Kernel, lwp: Lwp, path: int) -> int:
    """What was mounted last on a directory of that name, whatever is there now; 0 for nothing."""
    name = user_string(k, path, PATH_MAX).decode(*C_TEXT)
    wanted = f"{lwp.proc.root.rstrip('/')}{name}".rstrip("/")
    return next((mp for mp in reversed(_listed(k)) if k.vfs.mounted_on(mp) == wanted), 0)


def _statvfs(k: Kernel, mp: int) -> bytes:
    """What VFS_STATVFS says; what mount(2) knows when the file system has no such operation."""
    view = k.vfs.mount(mp)
    kept = view.at("mnt_stat.f_flag")
    if has_vfsop(k, "vfs_statvfs", mp):
        vfsop(k, "vfs_statvfs", mp, kept)
    view.put("mnt_stat.f_flag", view.mnt_flag)
    return k.mem.read(kept, statvfs.layout(k.dm).size)


@syscall(SYS_statvfs1, "const char *path, struct statvfs *buf, int flags")
def sys_statvfs1(k: Kernel, lwp: Lwp, path: int, buf: int, flags: int) -> None:
    """Statistics of the file system that a path is on."""
    with namei(k, lwp, path) as place:
        place.to_vnodes()
        mp = view_of(k, place.vp, "statvfs").v_mount
    lwp.proc.space.write(buf, _statvfs(k, mp))


@syscall(SYS_fstatvfs1, "int fd, struct statvfs *buf, int flags")
def sys_fstatvfs1(k: Kernel, lwp: Lwp, fd: int, buf: int, flags: int) -> None:
    """statvfs1() of an open file."""
    file = lwp.proc.files.get(fd)
    mp = view_of(k, file.vp, "statvfs").v_mount if isinstance(file, VnodeFile) else 0
    if not mp:
        raise KernelError(EOPNOTSUPP, "the file is not on a mounted file system")
    lwp.proc.space.write(buf, _statvfs(k, mp))


@syscall(SYS_getvfsstat, "struct statvfs *buf, size_t bufsize, int flags")
def sys_getvfsstat(k: Kernel, lwp: Lwp, buf: int, size: int, flags: int) -> int:
    """Statistics of all mounted file systems, as many as fit; how many there are when `buf` is NULL."""
    step = statvfs.layout(k.dm).size
    listed = _listed(k)
    if not buf:
        return len(listed)
    room = listed[: size // step]
    for i, mp in enumerate(room):
        if mp in k.vfs.mounts:
            lwp.proc.space.write(buf + i * step, _statvfs(k, mp))
    return len(room)


def _listed(k: Kernel) -> list[int]:
    """The struct mounts of mountlist."""
    head = k.symbol("mountlist")
    link = mount.layout(k.dm).offsetof("mnt_list.cqe_next")
    out, mp = [], k.mem.ptr(head)
    while mp != head:
        out.append(mp)
        mp = k.umem.ptr(mp + link)
    return out
