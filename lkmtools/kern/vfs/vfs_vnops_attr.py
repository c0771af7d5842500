"""Attributes of a vnode's file: read, changed, as a struct stat; program text (vfs_vnops.c of NetBSD 5.2)."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from lkmtools.abi.errno import EIO, EROFS, ETXTBSY
from lkmtools.abi.mount import MNT_RDONLY
from lkmtools.abi.stat import stat as stat_struct
from lkmtools.abi.vnode import VI_EXECMAP, VI_TEXT, vattr, vttoif_tab
from lkmtools.errors import KernelError
from lkmtools.kern.base.export import export
from lkmtools.kern.proc.kern_descrip import off_t
from lkmtools.kern.vfs.vfs_mount import lwp_cred
from lkmtools.kern.vfs.vfs_subr_vattr import vattr_null
from lkmtools.kern.vfs.vfs_vnode import view_of
from lkmtools.kern.vfs.vnode_if import vop

if TYPE_CHECKING:
    from lkmtools.kern.kernel import Kernel
    from lkmtools.kern.proc.kern_proc import Lwp

_HEADER = "sys/vnode.h"


def getattr_of(k: Kernel, lwp: Lwp, vp: int) -> Any:
    """VOP_GETATTR: the members of struct vattr as attributes."""
    layout = vattr.layout(k.dm)
    addr = lwp.alloca(k, layout.size)
    try:
        vattr_null(k, addr)
        vop(k, "getattr", vp, addr, lwp_cred(k, lwp))
        return layout.unpack(k.mem.read(addr, layout.size))
    finally:
        lwp.release(k, addr)


def with_vattr(k: Kernel, lwp: Lwp, call: Callable[[int], None], **values: int) -> None:
    """Call with the address of a struct vattr that has these values and no others."""
    layout = vattr.layout(k.dm)
    addr = lwp.alloca(k, layout.size)
    try:
        vattr_null(k, addr)
        view = k.mem.view(layout, addr)
        for name, value in values.items():
            view.put(name, value)
        call(addr)
    finally:
        lwp.release(k, addr)


def setattr_of(k: Kernel, lwp: Lwp, vp: int, **values: int) -> None:
    """VOP_SETATTR of a locked vnode; EROFS on a file system that is mounted read-only."""
    check_writable(k, vp)
    with_vattr(k, lwp, lambda vap: vop(k, "setattr", vp, vap, lwp_cred(k, lwp)), **values)


def check_writable(k: Kernel, vp: int) -> None:
    """EROFS when the vnode's file system is mounted read-only."""
    mp = view_of(k, vp, "write").v_mount
    if mp and k.vfs.mount(mp).mnt_flag & MNT_RDONLY:
        raise KernelError(EROFS, f"the file system on {k.vfs.mounted_on(mp)} is mounted read-only")


@export("void vn_markexec(struct vnode *vp)", _HEADER)
def vn_markexec(k: Kernel, vp: int) -> None:
    """A file may be executed by mapping it."""
    view = view_of(k, vp, "vn_markexec")
    view.v_iflag = view.v_iflag | VI_EXECMAP


@export("int vn_marktext(struct vnode *vp)", _HEADER)
def vn_marktext(k: Kernel, vp: int) -> int:
    """A file is a program's text from now on. ETXTBSY while it is open for writing."""
    view = view_of(k, vp, "vn_marktext")
    if view.v_writecount:
        raise KernelError(ETXTBSY, f"vnode {vp:#x} is open for writing")
    view.v_iflag = view.v_iflag | VI_TEXT | VI_EXECMAP
    return 0


@export("int vn_writechk(struct vnode *vp)", _HEADER)
def vn_writechk(k: Kernel, vp: int) -> int:
    """May a file be opened for writing? ETXTBSY when it is a program's text."""
    if view_of(k, vp, "vn_writechk").v_iflag & VI_TEXT:
        raise KernelError(ETXTBSY, f"vnode {vp:#x} is the text of a program")
    return 0


def vn_stat(k: Kernel, lwp: Lwp, vp: int, addr: int) -> None:
    """Fill the caller's struct stat from the attributes of a locked vnode (vn_stat())."""
    va = getattr_of(k, lwp, vp)
    times = {
        f"st_{which}timespec.{part}": getattr(va, f"va_{which}time_{part}")
        for which in ("a", "m", "c", "birth")
        for part in ("tv_sec", "tv_nsec")
    }
    kind = view_of(k, vp, "stat").v_type
    if not 0 < kind < len(vttoif_tab) - 1:
        raise KernelError(EIO, f"vnode {vp:#x} has type {kind}, which is not the type of a file")
    data = stat_struct.layout(k.dm).pack(
        st_dev=va.va_fsid & 0xFFFFFFFF, st_ino=va.va_fileid, st_mode=vttoif_tab[kind] | va.va_mode & 0o7777,
        st_nlink=va.va_nlink, st_uid=va.va_uid, st_gid=va.va_gid, st_rdev=va.va_rdev,
        st_size=off_t(va.va_size),
        st_blksize=va.va_blocksize & 0xFFFFFFFF, st_blocks=off_t(va.va_bytes) >> 9,
        st_flags=va.va_flags & 0xFFFFFFFF, **times,
    )  # fmt: skip
    lwp.proc.space.write(addr, data)
