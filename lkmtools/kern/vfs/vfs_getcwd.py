"""The working directory as a path (vfs_getcwd.c of NetBSD 5.2)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from lkmtools.abi.datamodel import C_TEXT
from lkmtools.abi.errno import EINVAL, ENOENT, ERANGE
from lkmtools.abi.syscall import SYS___getcwd
from lkmtools.errors import KernelError
from lkmtools.kern.proc.syscall import syscall

if TYPE_CHECKING:
    from lkmtools.kern.kernel import Kernel
    from lkmtools.kern.proc.kern_proc import Lwp


@syscall(SYS___getcwd, "char *bufp, size_t length")
def sys___getcwd(k: Kernel, lwp: Lwp, bufp: int, length: int) -> int:
    """The working directory as seen from the root directory, with its NUL; ERANGE when it does not fit."""
    proc = lwp.proc
    above = proc.root.rstrip("/")
    if proc.cwd != proc.root and not proc.cwd.startswith(f"{above}/"):
        raise KernelError(ENOENT, "the working directory is outside the root directory")
    text = (proc.cwd[len(above) :] or "/").encode(*C_TEXT) + b"\0"
    if not length:
        raise KernelError(EINVAL, "the buffer has no bytes")
    if len(text) > length:
        raise KernelError(ERANGE, f"the path has {len(text)} bytes; the buffer has {length}")
    proc.space.write(bufp, text)
    return len(text)
