"""mmap(2) and munmap(2) (uvm_mmap.c of NetBSD 5.2).

Not modelled: mappings of anonymous memory and of devices by their d_mmap entries, and parts of mappings.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from lkmtools.abi.errno import EACCES, EINVAL
from lkmtools.abi.fcntl import FREAD
from lkmtools.abi.mman import MAP_PRIVATE, MAP_SHARED, PROT_EXEC, PROT_READ, PROT_WRITE
from lkmtools.abi.syscall import SYS_mmap, SYS_munmap
from lkmtools.errors import KernelError
from lkmtools.kern.syscall import syscall
from lkmtools.machine import PAGE_SIZE

if TYPE_CHECKING:
    from lkmtools.kern.kern_proc import Lwp
    from lkmtools.kern.kernel import Kernel


@syscall(SYS_mmap, "void *addr, size_t len, int prot, int flags, int fd, long pad, off_t pos", "void *")
def sys_mmap(
    k: Kernel, lwp: Lwp, addr: int, length: int, prot: int, flags: int, fd: int, pad: int, pos: int
) -> int:
    """Map a file that can be mapped; `addr` is a hint that is not taken.

    EINVAL for an odd offset, no length or what lies past the file's last page; EACCES for shared writing.
    """
    file = lwp.proc.files.get(fd)
    if not length or pos % PAGE_SIZE or pos < 0:
        raise KernelError(EINVAL, f"{length} bytes from {pos}: whole pages of {PAGE_SIZE}, at least one")
    if prot & ~(PROT_READ | PROT_WRITE | PROT_EXEC) or flags & (MAP_PRIVATE | MAP_SHARED) not in (
        MAP_PRIVATE,
        MAP_SHARED,
    ):
        raise KernelError(EINVAL, f"protection {prot:#x}, flags {flags:#x}")
    if not file.flag & FREAD or (flags & MAP_SHARED and prot & PROT_WRITE):
        raise KernelError(EACCES, "the file can be mapped for reading, or privately")
    return file.mmap(k, lwp, -(-length // PAGE_SIZE) * PAGE_SIZE, pos)


@syscall(SYS_munmap, "void *addr, size_t len")
def sys_munmap(k: Kernel, lwp: Lwp, addr: int, length: int) -> None:
    """Remove a whole mapping; EINVAL for a part of one, or where there is none."""
    vm = lwp.proc.vm
    size = vm.maps.get(addr, 0)
    if not length or -(-length // PAGE_SIZE) * PAGE_SIZE != size:
        raise KernelError(EINVAL, f"{length} bytes at {addr:#x} are not a mapping of this process")
    vm.unmap(addr)
