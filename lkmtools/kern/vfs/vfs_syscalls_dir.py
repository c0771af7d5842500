"""System calls on working and root directories, and umask (vfs_syscalls.c of NetBSD 5.2).

Directories are kept as paths. Within a root directory other than "/" a process can neither name nor see what
is outside.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from lkmtools.abi.errno import ENOENT, ENOTDIR, EPERM
from lkmtools.abi.stat import ALLPERMS
from lkmtools.abi.syscall import SYS_chdir, SYS_chroot, SYS_fchdir, SYS_umask
from lkmtools.abi.vnode import VDIR, VEXEC
from lkmtools.errors import KernelError
from lkmtools.kern.proc.syscall import syscall
from lkmtools.kern.vfs.vfs_lookup import lookup, namei
from lkmtools.kern.vfs.vfs_lookup_place import Place
from lkmtools.kern.vfs.vfs_mount import lwp_cred
from lkmtools.kern.vfs.vfs_syscalls import DirectoryFile
from lkmtools.kern.vfs.vfs_vnode import view_of
from lkmtools.kern.vfs.vfs_vnops import VnodeFile
from lkmtools.kern.vfs.vnode_if import vop

if TYPE_CHECKING:
    from lkmtools.kern.kernel import Kernel
    from lkmtools.kern.proc.kern_proc import Lwp


def _directory(k: Kernel, lwp: Lwp, place: Place) -> str:
    """The path of a place, which must be a directory that may be searched. ENOTDIR, EACCES."""
    if place.mounted:
        if view_of(k, place.vp, "chdir").v_type != VDIR:
            raise KernelError(ENOTDIR, f"'{place.path}' is not a directory")
        vop(k, "access", place.vp, VEXEC, lwp_cred(k, lwp))
        return place.path
    node = k.vfs.tree.lookup(place.path, lwp.proc.cred)
    if node.children is None:
        raise KernelError(ENOTDIR, f"'{place.path}' is not a directory")
    node.access(lwp.proc.cred, 1)
    return place.path


@syscall(SYS_chdir, "const char *path")
def sys_chdir(k: Kernel, lwp: Lwp, path: int) -> None:
    """Change the working directory."""
    with namei(k, lwp, path) as place:
        lwp.proc.cwd = _directory(k, lwp, place)


@syscall(SYS_fchdir, "int fd")
def sys_fchdir(k: Kernel, lwp: Lwp, fd: int) -> None:
    """Change the working directory to an open one; ENOENT when its name means another by now."""
    file = lwp.proc.files.get(fd)
    if not isinstance(file, DirectoryFile | VnodeFile):
        raise KernelError(ENOTDIR, f"descriptor {fd} is not a directory")
    proc = lwp.proc
    root, proc.root = proc.root, "/"
    try:
        with lookup(k, lwp, file.path) as place:
            here = place.vp if place.mounted else k.vfs.tree.lookup(place.path, proc.cred)
            if here != (file.node if isinstance(file, DirectoryFile) else file.vp):
                raise KernelError(ENOENT, f"'{file.path}' has become another file")
            proc.cwd = _directory(k, lwp, place)
    finally:
        proc.root = root


@syscall(SYS_chroot, "const char *path")
def sys_chroot(k: Kernel, lwp: Lwp, path: int) -> None:
    """Change the root directory; root's right. The working directory stays."""
    if lwp.proc.cred.uid != 0:
        raise KernelError(EPERM, "only root may chroot")
    with namei(k, lwp, path) as place:
        lwp.proc.root = _directory(k, lwp, place)


@syscall(SYS_umask, "mode_t mask", "mode_t")
def sys_umask(k: Kernel, lwp: Lwp, mask: int) -> int:
    """Set the permissions that new files do not get; returns the old ones."""
    old, lwp.proc.umask = lwp.proc.umask, mask & ALLPERMS
    return old
