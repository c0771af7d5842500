"""Times of files: utimes, futimes, lutimes (vfs_syscalls.c of NetBSD 5.2)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from lkmtools.abi.errno import EINVAL
from lkmtools.abi.namei import FOLLOW, LOOKUP
from lkmtools.abi.syscall import SYS_futimes, SYS_lutimes, SYS_utimes
from lkmtools.abi.time import TIME_MAX, timeval, wrapped
from lkmtools.abi.vnode import VA_UTIMES_NULL
from lkmtools.errors import KernelError
from lkmtools.kern.proc.syscall import syscall
from lkmtools.kern.vfs.genfs_vnops import check_owner
from lkmtools.kern.vfs.ramfs import Node, OfNode
from lkmtools.kern.vfs.vfs_lookup import namei
from lkmtools.kern.vfs.vfs_subr import lock_vnode
from lkmtools.kern.vfs.vfs_vnops import VnodeFile
from lkmtools.kern.vfs.vfs_vnops_attr import setattr_of
from lkmtools.kern.vfs.vnode_if import vcall

if TYPE_CHECKING:
    from lkmtools.kern.kernel import Kernel
    from lkmtools.kern.proc.kern_proc import Lwp

_MILLION = 1_000_000


def _times(k: Kernel, lwp: Lwp, tptr: int) -> dict[str, int]:
    """The members of struct vattr that two timevals set; both are now when there are none."""
    if not tptr:
        seconds, fraction = divmod(int(k.now() * _MILLION), _MILLION)
        moments, flags = [(wrapped(seconds), fraction)] * 2, VA_UTIMES_NULL
    else:
        layout = timeval.layout(k.dm)
        data = lwp.proc.space.read(tptr, 2 * layout.size)
        found = [layout.unpack(data, at) for at in (0, layout.size)]
        moments, flags = [(row.tv_sec, row.tv_usec) for row in found], 0
        for seconds, fraction in moments:
            if not 0 <= seconds <= TIME_MAX or not 0 <= fraction < _MILLION:
                limit = f"seconds are 0 to {TIME_MAX}, microseconds below {_MILLION}"
                raise KernelError(EINVAL, f"invalid time: {seconds} s and {fraction} us; {limit}")
    values = {"va_vaflags": flags}
    for name, (seconds, fraction) in zip(("va_atime", "va_mtime"), moments, strict=True):
        values[f"{name}.tv_sec"], values[f"{name}.tv_nsec"] = seconds, fraction * 1000
    return values


def _set_node(k: Kernel, lwp: Lwp, node: Node, values: dict[str, int]) -> None:
    """Set the times of a file of the root file system; to now, a process that may write it can, too."""
    cred = lwp.proc.cred
    if not values["va_vaflags"]:
        check_owner(cred.uid, node.uid, node)
    elif cred.uid != node.uid:
        node.access(cred, 2)
    node.time = values["va_mtime.tv_sec"]


def _utimes(k: Kernel, lwp: Lwp, path: int, tptr: int, follow: int) -> None:
    values = _times(k, lwp, tptr)
    with namei(k, lwp, path, LOOKUP, follow) as place:
        if place.mounted:
            setattr_of(k, lwp, place.vp, **values)
        else:
            _set_node(k, lwp, k.vfs.tree.lookup(place.path, lwp.proc.cred), values)


@syscall(SYS_utimes, "const char *path, const struct timeval *tptr")
def sys_utimes(k: Kernel, lwp: Lwp, path: int, tptr: int) -> None:
    """Set the times of access and change: two timevals, or now when `tptr` is NULL."""
    _utimes(k, lwp, path, tptr, FOLLOW)


@syscall(SYS_lutimes, "const char *path, const struct timeval *tptr")
def sys_lutimes(k: Kernel, lwp: Lwp, path: int, tptr: int) -> None:
    """utimes() of a symbolic link itself."""
    _utimes(k, lwp, path, tptr, 0)


@syscall(SYS_futimes, "int fd, const struct timeval *tptr")
def sys_futimes(k: Kernel, lwp: Lwp, fd: int, tptr: int) -> None:
    """utimes() of an open file."""
    values = _times(k, lwp, tptr)
    file = lwp.proc.files.get(fd)
    if isinstance(file, OfNode):
        _set_node(k, lwp, file.node, values)
        return
    if not isinstance(file, VnodeFile):
        raise KernelError(EINVAL, f"descriptor {fd} is not a file with times to set")
    lock_vnode(k, file.vp)
    try:
        setattr_of(k, lwp, file.vp, **values)
    finally:
        if not k.dead:
            vcall(k, "unlock", file.vp, 0)
