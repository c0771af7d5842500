"""A program's memory: break, mmap, munmap, mprotect (uvm_mmap.c, uvm_unix.c of NetBSD 5.2).

A program's memory is the machine's; a client's is the host's, where only whole mappings can be removed
(uvm_map.py). Shared anonymous memory is allocated at once. A device is always shared (uvm_device.py),
whatever the flags; but /dev/zero is anonymous memory.
"""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from lkmtools.abi.conf import DEV_ZERO, MEM_MAJOR, makedev
from lkmtools.abi.errno import EACCES, EINVAL, ENOMEM, EPERM
from lkmtools.abi.fcntl import FREAD, FWRITE
from lkmtools.abi.mman import MAP_ANON, MAP_FIXED, MAP_PRIVATE, MAP_SHARED, PROT_EXEC, PROT_READ, PROT_WRITE
from lkmtools.abi.stat import S_IFCHR
from lkmtools.abi.syscall import SYS_break, SYS_mmap, SYS_mprotect, SYS_munmap
from lkmtools.abi.vmparam import PAGE_SIZE, round_page, trunc_page
from lkmtools.errors import KernelError
from lkmtools.kern.proc.kern_descrip import File
from lkmtools.kern.proc.syscall import syscall
from lkmtools.kern.uvm.uvm_device import udv_attach
from lkmtools.kern.vfs.spec_vnops import DeviceFile
from lkmtools.machine import READ, WRITE, AddressSpace, DeviceMapping
from lkmtools.tuples import NamedTuple

if TYPE_CHECKING:
    from lkmtools.kern.kernel import Kernel
    from lkmtools.kern.proc.kern_proc import Lwp, Program
    from lkmtools.kern.uvm.uvm_map import OnMapped, Span

PROT_ALL = 7
MAX_OFFSET = 1 << 63
STACK_GAP = 16 << 20  # mappings begin this far below the stack


def _program(lwp: Lwp) -> Program:
    if lwp.proc.program is None:
        raise KernelError(
            EPERM, "a client process has no memory inside the kernel; a program has (lkmctl exec)"
        )
    return lwp.proc.program


@syscall(SYS_break, "char *nsize")
def sys_obreak(k: Kernel, lwp: Lwp, nsize: int) -> None:
    """Move the end of the data segment; ENOMEM when the range is in use."""
    program = _program(lwp)
    start, end = program.brk
    old, new = round_page(end), round_page(nsize)
    if new < start:
        raise KernelError(
            EINVAL, f"cannot set the break to {nsize:#x}: the data segment begins at {start:#x}"
        )
    if new > old:
        if new > mmap_top(k) or not program.space.is_free(old, new - old):
            raise KernelError(ENOMEM, f"no room to grow the data segment to {new:#x}")
        program.space.map(old, new - old, READ | WRITE)
    elif new < old:
        program.space.unmap(new, old - new)
    program.brk = (start, nsize)


@syscall(SYS_mmap, "void *addr, size_t len, int prot, int flags, int fd, long pad, off_t pos", "void *")
def sys_mmap(
    k: Kernel, lwp: Lwp, addr: int, length: int, prot: int, flags: int, fd: int, pad: int, pos: int
) -> int:
    """Map a file, fresh memory (MAP_ANON, /dev/zero) or a device; for a client, anywhere.

    EINVAL for an odd offset, no length or what lies past the file's last page; EACCES for shared writing of
    anything but a device that is open for it.
    """
    if flags & MAP_ANON:
        if fd != -1:
            raise KernelError(EINVAL, f"MAP_ANON with descriptor {fd}; it must be -1")
        return _anonymous(k, lwp, addr, length, prot, flags)
    file = lwp.proc.files.get(fd)
    if not length or pos % PAGE_SIZE or pos < 0:
        raise KernelError(
            EINVAL,
            f"cannot map {length} bytes at offset {pos}: "
            f"the length must not be 0, and the offset be a multiple of {PAGE_SIZE}",
        )
    if prot & ~PROT_ALL:
        raise KernelError(EINVAL, f"invalid protection: {prot:#x}")
    if isinstance(file, DeviceFile):
        if file.kind == S_IFCHR and file.dev == makedev(MEM_MAJOR, DEV_ZERO):
            return _anonymous(k, lwp, addr, length, prot, flags)
        return _device(k, lwp, file, Want(addr, round_page(length), prot, flags), pos)
    if flags & (MAP_PRIVATE | MAP_SHARED) not in (MAP_PRIVATE, MAP_SHARED):
        raise KernelError(EINVAL, f"invalid mmap flags: {flags:#x}")
    if not file.flag & FREAD or (flags & MAP_SHARED and prot & PROT_WRITE):
        raise KernelError(
            EACCES, "the file can be mapped only for reading or privately, and must be open for reading"
        )
    want = Want(addr, round_page(length), prot, flags)
    if lwp.proc.program is None:
        return file.mmap(k, lwp, want.size, pos)
    return _file(k, lwp, file, want, pos)


def _file(k: Kernel, lwp: Lwp, file: File, want: Want, pos: int) -> int:
    """A program's copy of a file's pages, where it wants them and protected as it asks."""
    space, vm = _program(lwp).space, lwp.proc.vm
    anywhere = file.mmap(k, lwp, want.size, pos)
    vm.forget(anywhere, want.size)
    try:
        at = anywhere if not want.addr and not want.flags & MAP_FIXED else want.place(k, space)
        space.move(anywhere, want.size, at)
    except KernelError:
        space.unmap(anywhere, want.size)
        raise
    vm.forget(at, want.size)
    space.protect(at, want.size, want.prot)
    return at


def _anonymous(k: Kernel, lwp: Lwp, addr: int, length: int, prot: int, flags: int) -> int:
    """Fresh memory of a program, at `addr` exactly with MAP_FIXED, otherwise where there is room."""
    space = _program(lwp).space
    if length == 0:
        raise KernelError(EINVAL, "the length of a mapping must not be 0")
    if length > k.frames.total * PAGE_SIZE:
        raise KernelError(
            ENOMEM, f"cannot map {length} bytes: all programs together can use {k.frames.total * PAGE_SIZE}"
        )
    want = Want(addr, round_page(length), prot & PROT_ALL, flags)
    at = want.place(k, space)
    (space.map_shared if flags & MAP_SHARED else space.map)(at, want.size, want.prot)
    lwp.proc.vm.forget(at, want.size)
    return at


class Want(NamedTuple):
    """What a caller of mmap wants: where, how many bytes (whole pages), and how."""

    addr: int
    size: int
    prot: int
    flags: int

    def place(self, k: Kernel, space: AddressSpace) -> int:
        """At `addr` exactly with MAP_FIXED, near it if that is free, otherwise in any free place; ENOMEM."""
        if self.flags & MAP_FIXED:
            return self.addr
        at = trunc_page(self.addr)
        if self.addr and at >= PAGE_SIZE and at + self.size <= space.top and space.is_free(at, self.size):
            return at
        return space.free_range(self.size, mmap_top(k))


def _device(k: Kernel, lwp: Lwp, file: DeviceFile, want: Want, pos: int) -> int:
    """A device's memory, shared with it; EACCES for more than the file is open for."""
    if want.size > k.mem.size or pos + want.size > MAX_OFFSET:
        raise KernelError(
            EINVAL, f"cannot map {want.size} bytes of {file} at offset {pos}: the kernel has {k.mem.size}"
        )
    needed = (FREAD if want.prot & (PROT_READ | PROT_WRITE) else 0) | (
        FWRITE if want.prot & PROT_WRITE else 0
    )
    if needed & ~file.flag or want.prot & PROT_EXEC:
        raise KernelError(EACCES, f"{file} is not open for protection {want.prot:#x}")
    offsets, device = range(pos, pos + want.size, PAGE_SIZE), DeviceMapping(file, want.prot)
    if lwp.proc.program is None:
        if want.flags & MAP_FIXED:
            raise KernelError(EINVAL, "a client cannot choose the address of a mapping (MAP_FIXED)")
        return lwp.proc.vm.share(k, device, udv_attach(k, file, offsets, want.prot))
    space = lwp.proc.program.space
    at = want.place(k, space)
    space.map_device(at, udv_attach(k, file, offsets, want.prot), device)
    lwp.proc.vm.forget(at, want.size)
    return at


def mmap_top(k: Kernel) -> int:
    """Mappings are placed below this user address."""
    return k.port.user.top - k.port.user.stack_size - STACK_GAP


class ProgramMapper:
    """Puts memory files into a program's own address space, as private copies (uvm_map.Mapper)."""

    def __init__(self, k: Kernel, program: Program) -> None:
        self._k = k
        self._program = program

    def map(self, span: Span, done: OnMapped) -> None:
        """Fresh pages with the span's content; none when there is no memory for all of them."""
        space = self._program.space
        try:
            at = space.free_range(span.length, mmap_top(self._k))
            space.map(at, span.length, READ | WRITE)
        except KernelError as error:
            done(error.errno, 0)
            return
        try:
            space.write(at, os.pread(span.fd, span.length, span.offset))
        except KernelError:
            space.unmap(at, span.length)
            done(ENOMEM, 0)
            return
        done(0, at)

    def unmap(self, addr: int, length: int) -> None:
        """The pages go away."""
        self._program.space.unmap(addr, length)


def page_range(addr: int, length: int) -> int:
    """How many bytes the pages of `length` bytes from `addr` on have; EINVAL when no page begins there."""
    if addr % PAGE_SIZE:
        raise KernelError(EINVAL, f"address {addr:#x} is not a multiple of {PAGE_SIZE}")
    return round_page(length)


@syscall(SYS_munmap, "void *addr, size_t len")
def sys_munmap(k: Kernel, lwp: Lwp, addr: int, length: int) -> None:
    """Give pages back; a client only whole mappings (EINVAL)."""
    vm = lwp.proc.vm
    if lwp.proc.program is None:
        mapping = vm.maps.get(addr)
        if mapping is None or round_page(length) != mapping.length:
            raise KernelError(EINVAL, f"{length} bytes at {addr:#x} are not a mapping of this process")
        vm.unmap(k, mapping)
        return
    space: AddressSpace = _program(lwp).space
    size = page_range(addr, length)
    if size:
        space.unmap(addr, size)
        vm.forget(addr, size)


@syscall(SYS_mprotect, "void *addr, size_t len, int prot")
def sys_mprotect(k: Kernel, lwp: Lwp, addr: int, length: int, prot: int) -> None:
    """Change what may be done with pages."""
    space: AddressSpace = _program(lwp).space
    size = page_range(addr, length)
    if size:
        space.protect(addr, size, prot & PROT_ALL)
