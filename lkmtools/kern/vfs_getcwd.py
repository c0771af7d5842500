"""The working directory and the mode mask (vfs_getcwd.c, vfs_syscalls.c of NetBSD 5.2).

A working directory is kept as a path, so that of an open directory is where it was opened.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from lkmtools.abi.errno import EINVAL, ENOTDIR, ERANGE
from lkmtools.abi.stat import ALLPERMS
from lkmtools.abi.syscall import SYS___getcwd, SYS_fchdir, SYS_umask
from lkmtools.abi.vnode import VDIR, VEXEC
from lkmtools.errors import KernelError
from lkmtools.kern.syscall import syscall
from lkmtools.kern.vfs_mount import lwp_cred
from lkmtools.kern.vfs_subr import lock_vnode, view_of
from lkmtools.kern.vfs_syscalls import DirectoryFile
from lkmtools.kern.vfs_vnops import VnodeFile
from lkmtools.kern.vnode_if import vcall, vop

if TYPE_CHECKING:
    from lkmtools.kern.kern_proc import Lwp
    from lkmtools.kern.kernel import Kernel


@syscall(SYS___getcwd, "char *buf, size_t length")
def sys___getcwd(k: Kernel, lwp: Lwp, buf: int, length: int) -> int:
    """The working directory as a path; returns its bytes with the NUL. ERANGE when the buffer is small."""
    path = lwp.proc.cwd.encode("latin-1") + b"\0"
    if length < 2:
        raise KernelError(EINVAL, f"a buffer of {length} bytes holds no path")
    if len(path) > length:
        raise KernelError(ERANGE, f"the path has {len(path)} bytes, the buffer {length}")
    lwp.proc.space.write(buf, path)
    return len(path)


@syscall(SYS_fchdir, "int fd")
def sys_fchdir(k: Kernel, lwp: Lwp, fd: int) -> None:
    """Make an open directory the working directory; ENOTDIR, EACCES."""
    file = lwp.proc.files.get(fd)
    if isinstance(file, VnodeFile):
        if view_of(k, file.vp, "fchdir").v_type != VDIR:
            raise KernelError(ENOTDIR, f"'{file.path}' is not a directory")
        lock_vnode(k, file.vp)
        try:
            vop(k, "access", file.vp, VEXEC, lwp_cred(k, lwp))
        finally:
            if not k.dead:
                vcall(k, "unlock", file.vp, 0)
    elif isinstance(file, DirectoryFile):
        file.node.access(lwp.proc.cred, VEXEC)
    else:
        raise KernelError(ENOTDIR, f"descriptor {fd} is not a directory")
    lwp.proc.cwd = file.path


@syscall(SYS_umask, "mode_t mask", "mode_t")
def sys_umask(k: Kernel, lwp: Lwp, mask: int) -> int:
    """Set the permissions that new files do not get; returns the old ones."""
    old, lwp.proc.umask = lwp.proc.umask, mask & ALLPERMS
    return old
