"""msync, mlock and munlock (uvm_mmap.c of NetBSD 5.2): no page is written out, and none goes away."""

from __future__ import annotations

from typing import TYPE_CHECKING

from lkmtools.abi.errno import EINVAL
from lkmtools.abi.mman import MS_ASYNC, MS_INVALIDATE, MS_SYNC
from lkmtools.abi.syscall import SYS___msync13, SYS_mlock, SYS_munlock
from lkmtools.errors import KernelError
from lkmtools.kern.proc.syscall import syscall

if TYPE_CHECKING:
    from lkmtools.kern.kernel import Kernel
    from lkmtools.kern.proc.kern_proc import Lwp


@syscall(SYS___msync13, "void *addr, size_t len, int flags")
def sys___msync13(k: Kernel, lwp: Lwp, addr: int, length: int, flags: int) -> None:
    """Nothing: a device's pages are the device's memory, and files are mapped as copies.

    EINVAL for flags that are unknown, none, or both MS_ASYNC and MS_SYNC.
    """
    both = MS_ASYNC | MS_SYNC
    if not flags or flags & ~(both | MS_INVALIDATE) or flags & both == both:
        why = f"invalid msync flags: {flags:#x} (there are MS_ASYNC 1 or MS_SYNC 4, and MS_INVALIDATE 2)"
        raise KernelError(EINVAL, why)


@syscall(SYS_mlock, "const void *addr, size_t len")
def sys_mlock(k: Kernel, lwp: Lwp, addr: int, length: int) -> None:
    """Nothing: all memory stays."""


@syscall(SYS_munlock, "const void *addr, size_t len")
def sys_munlock(k: Kernel, lwp: Lwp, addr: int, length: int) -> None:
    """Nothing, as for mlock."""
