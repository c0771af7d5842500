"""Moving bytes between the kernel and the process that called it (copy.S, kern_subr.c of NetBSD 5.2)."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from lkmtools.abi.errno import EFAULT, EINTR, EINVAL, EIO, ENAMETOOLONG, ERESTART, EWOULDBLOCK
from lkmtools.abi.fcntl import FKIOCTL
from lkmtools.abi.uio import UIO_READ, UIO_SYSSPACE, UIO_USERSPACE, iovec, uio
from lkmtools.abi.uvm import vmspace
from lkmtools.errors import KernelError
from lkmtools.kern.base.bound import MEMORY, Steps, too_much
from lkmtools.kern.base.export import Data, export
from lkmtools.kern.base.mapped_regions import MappedRegions
from lkmtools.kern.base.panic import failure
from lkmtools.kern.lib.libkern import kcopy
from lkmtools.machine import AddressSpace

if TYPE_CHECKING:
    from lkmtools.abi.datamodel import DataModel, Layout
    from lkmtools.kern.base.request import Space
    from lkmtools.kern.kernel import Kernel
    from lkmtools.kern.proc.kern_proc import Lwp
    from lkmtools.machine.memory import View

_CHUNK = 4096
Pieces = Sequence[tuple[int, int]]  # address and length
_WAITS = (EINTR, ERESTART, EWOULDBLOCK)  # after some bytes these only mean that there are no more now
_Move = Callable[[int, int, int, bool, bool], None]


def space_of(k: Kernel) -> Space:
    """The memory of the process that is in the kernel now."""
    lwp = k.sched.current
    if lwp is None:
        raise KernelError(EFAULT, "there is no current process")
    return lwp.proc.space


def user_pages(k: Kernel) -> AddressSpace | None:
    """The pages of that memory, where module code may access it directly; None when there are none."""
    lwp = k.sched.current
    space = None if lwp is None else lwp.proc.space
    if isinstance(space, MappedRegions):
        try:
            return space.pages()
        except (KernelError, MemoryError):
            return None  # the access is a fault
    return space if isinstance(space, AddressSpace) else None


def copyin_bytes(k: Kernel, uaddr: int, length: int) -> bytes:
    """`length` bytes of the calling process, for Python; EFAULT."""
    _refuse_kernels(k, "copyin", uaddr)
    return space_of(k).read(uaddr, length) if length else b""


def copyin_array(k: Kernel, layout: Layout, uaddr: int, count: int) -> list[Any]:
    """`count` structs of the calling process, one after another; EFAULT."""
    data = copyin_bytes(k, uaddr, count * layout.size)
    return [layout.unpack(data, i * layout.size) for i in range(count)]


def copyout_bytes(k: Kernel, data: bytes, uaddr: int) -> None:
    """Python's bytes into the memory of the calling process; EFAULT."""
    if data:
        _refuse_kernels(k, "copyout", uaddr)
        space_of(k).write(uaddr, data)


def _refuse_kernels(k: Kernel, who: str, uaddr: int) -> None:
    """EFAULT for a kernel address, where one of a process is wanted."""
    if uaddr >= k.mem.base:
        to = "from" if who == "copyin" else "to"
        why = f"{who} {to} {uaddr:#x}, which is a kernel address: memcpy and kcopy copy within the kernel"
        raise KernelError(EFAULT, why)


@export("int copyin(const void *uaddr, void *kaddr, size_t len)", "sys/systm.h", bound=MEMORY)
def copyin(k: Kernel, uaddr: int, kaddr: int, length: int) -> int:
    """User to kernel; EFAULT when the user memory is not the process's. A bad kernel address is a panic."""
    if length:
        k.umem.write(kaddr, copyin_bytes(k, uaddr, length))
    return 0


@export("int copyout(const void *kaddr, void *uaddr, size_t len)", "sys/systm.h", bound=MEMORY)
def copyout(k: Kernel, kaddr: int, uaddr: int, length: int) -> int:
    """Kernel to user; EFAULT when the user memory is not the process's."""
    if length:
        copyout_bytes(k, k.umem.read(kaddr, length), uaddr)
    return 0


def user_string(k: Kernel, uaddr: int, limit: int) -> bytes:
    """A NUL-terminated string of the calling process.

    EFAULT, or ENAMETOOLONG when `limit` bytes hold no NUL.
    """
    return string_in(space_of(k), uaddr, limit)


def string_in(space: Space, uaddr: int, limit: int) -> bytes:
    """A NUL-terminated string in the memory of a process; the same errors."""
    out = bytearray()
    while len(out) < limit:
        take = min(space.available(uaddr + len(out)), limit - len(out), _CHUNK)
        part = space.read(uaddr + len(out), take)
        end = part.find(0)
        if end >= 0:
            return bytes(out + part[:end])
        out += part
    raise KernelError(ENAMETOOLONG, f"no NUL in the first {limit} bytes of the string at {uaddr:#x}")


@export(
    "int copyinstr(const void *uaddr, void *kaddr, size_t len, size_t *done)", "sys/systm.h", bound=MEMORY
)
def copyinstr(k: Kernel, uaddr: int, kaddr: int, length: int, done: int) -> int:
    """A string from user to kernel, at most `len` bytes with its NUL; a longer one is cut: ENAMETOOLONG.

    `*done` = bytes copied, NUL included. Where user memory is direct, the string may be the kernel's.
    """
    if _is_kernels(k, uaddr):
        return copystr(k, uaddr, kaddr, length, done)
    try:
        text = user_string(k, uaddr, length) + b"\0"
    except KernelError as error:
        if error.errno == ENAMETOOLONG:
            _store_string(k, kaddr, copyin_bytes(k, uaddr, length), done)
        raise
    _store_string(k, kaddr, text, done)
    return 0


def _is_kernels(k: Kernel, addr: int) -> bool:
    return k.config.user_memory == "direct" and bool(k.mem.protection(addr))


def _store_string(k: Kernel, kaddr: int, data: bytes, done: int) -> None:
    k.umem.write(kaddr, data)
    if done:
        k.umem.set_ptr(done, len(data))


@export(
    "int copyoutstr(const void *kaddr, void *uaddr, size_t len, size_t *done)", "sys/systm.h", bound=MEMORY
)
def copyoutstr(k: Kernel, kaddr: int, uaddr: int, length: int, done: int) -> int:
    """A string from kernel to user; where user memory is direct, also to kernel memory.

    ENAMETOOLONG when it and its NUL exceed `length` (what fits is copied).
    """
    if _is_kernels(k, uaddr):
        return copystr(k, kaddr, uaddr, length, done)
    text = k.umem.cstr(kaddr, length)
    whole = len(text) < length
    data = text + b"\0" if whole else text
    copyout_bytes(k, data, uaddr)
    if done:
        k.umem.set_ptr(done, len(data))
    return 0 if whole else ENAMETOOLONG


@export(
    "int copystr(const void *kfaddr, void *kdaddr, size_t len, size_t *done)", "sys/systm.h", bound=MEMORY
)
def copystr(k: Kernel, source: int, target: int, length: int, done: int) -> int:
    """A string within the kernel; ENAMETOOLONG when it and its NUL exceed `len`: what fits is copied."""
    text = k.umem.cstr(source, length)
    whole = len(text) < length
    data = text + b"\0" if whole else text
    k.umem.write(target, data)
    if done:
        k.umem.set_ptr(done, len(data))
    return 0 if whole else ENAMETOOLONG


@export("int uiomove(void *buf, size_t n, struct uio *uio)", "sys/systm.h", bound=MEMORY)
def uiomove(k: Kernel, buf: int, n: int, uio_addr: int) -> int:
    """Move up to `n` bytes between kernel memory at `buf` and where `uio` points; advances the uio."""

    def move(moved: int, take: int, base: int, system: bool, reading: bool) -> None:
        user = k.umem if system else space_of(k)
        if reading:
            user.write(base, k.umem.read(buf + moved, take))
        else:
            k.umem.write(buf + moved, user.read(base, take))

    _walk(k, n, uio_addr, move)
    return 0


@export("int uiomove_frombuf(void *buf, size_t buflen, struct uio *uio)", "sys/systm.h", bound=MEMORY)
def uiomove_frombuf(k: Kernel, buf: int, length: int, uio_addr: int) -> int:
    """uiomove() of a buffer that is a file's content, from uio_offset on; behind its end nothing. EINVAL."""
    offset = k.umem.view(uio.layout(k.dm), uio_addr).uio_offset
    if offset < 0:
        raise KernelError(EINVAL, f"invalid offset: {offset}")
    return uiomove(k, buf + offset, length - offset, uio_addr) if offset < length else 0


@export("int ureadc(int c, struct uio *uio)", "sys/systm.h")
def ureadc(k: Kernel, c: int, uio_addr: int) -> int:
    """One byte to where `uio` points. EFAULT; no room is a panic."""
    if not uio_read(k, bytes((c & 0xFF,)), uio_addr):
        k.panic("ureadc: uio_resid is not positive")
    return 0


@export("int ioctl_copyin(int flags, const void *src, void *dst, size_t len)", "sys/systm.h", bound=MEMORY)
def ioctl_copyin(k: Kernel, flags: int, source: int, target: int, length: int) -> int:
    """copyin(), or a copy within the kernel for flags with FKIOCTL; EFAULT."""
    return (kcopy if flags & FKIOCTL else copyin)(k, source, target, length)


@export("int ioctl_copyout(int flags, const void *src, void *dst, size_t len)", "sys/systm.h", bound=MEMORY)
def ioctl_copyout(k: Kernel, flags: int, source: int, target: int, length: int) -> int:
    """copyout(), or a copy within the kernel for flags with FKIOCTL; EFAULT."""
    return (kcopy if flags & FKIOCTL else copyout)(k, source, target, length)


def _total(pieces: Pieces) -> int:
    return sum(size for _, size in pieces)


@contextmanager
def uio_for(
    k: Kernel, lwp: Lwp, pieces: Pieces, offset: int, rw: int, segment: int = UIO_USERSPACE
) -> Iterator[View]:
    """A struct uio of pieces of the process's memory, or (UIO_SYSSPACE) of the kernel's.

    Behind it lies the process: uio_procp of sources before NetBSD 4.0.
    """
    u_layout, v_layout = uio.layout(k.dm), iovec.layout(k.dm)
    addr = lwp.alloca(k, u_layout.size + 24 + v_layout.size * len(pieces))
    try:
        k.mem.set_ptr(addr + u_layout.size, lwp.proc.addr)
        iov = addr + (u_layout.size + k.dm.pointer + 15 & -16)
        k.mem.write(iov, b"".join(v_layout.pack(iov_base=base, iov_len=size) for base, size in pieces))
        space = k.symbol("vmspace0") if segment == UIO_SYSSPACE else lwp.proc.vmspace
        k.mem.write(
            addr,
            u_layout.pack(
                uio_iov=iov, uio_iovcnt=len(pieces), uio_offset=offset, uio_resid=_total(pieces), uio_rw=rw,
                uio_vmspace=space,
            ),
        )  # fmt: skip
        yield k.mem.view(u_layout, addr)
    finally:
        lwp.release(k, addr)


def uio_read(k: Kernel, data: bytes, uio_addr: int) -> int:
    """Python bytes to where `uio` points, as far as it has room; returns how many."""

    def move(moved: int, take: int, base: int, system: bool, reading: bool) -> None:
        (k.umem if system else space_of(k)).write(base, data[moved : moved + take])

    return _walk(k, len(data), uio_addr, move)


def uio_write(k: Kernel, count: int, uio_addr: int) -> bytes:
    """Up to `count` bytes from where `uio` points."""
    out = bytearray()

    def move(moved: int, take: int, base: int, system: bool, reading: bool) -> None:
        out.extend((k.umem if system else space_of(k)).read(base, take))

    _walk(k, count, uio_addr, move)
    return bytes(out)


def _walk(k: Kernel, count: int, uio_addr: int, move: _Move) -> int:
    """The loop of uiomove: iovec by iovec, the uio's members kept up to date at each step."""
    view = k.umem.view(uio.layout(k.dm), uio_addr)
    iov_layout = iovec.layout(k.dm)
    system = view.uio_vmspace in (k.symbol("vmspace0"), UIO_SYSSPACE)  # the latter before NetBSD 4.0
    reading = view.uio_rw == UIO_READ
    moved, steps = 0, Steps(k, f"the array of struct iovecs of the uio at {uio_addr:#x}")
    while moved < count and view.uio_resid and view.uio_iovcnt > 0:
        iov = k.umem.view(iov_layout, view.uio_iov)
        take = min(count - moved, iov.iov_len)
        steps.step()
        if take == 0:
            view.uio_iov = view.uio_iov + iov_layout.size
            view.uio_iovcnt = view.uio_iovcnt - 1
            continue
        if moved + take > k.mem.size:
            too_much(
                k, f"what the uio at {uio_addr:#x} moves", moved + take, f"the size of RAM, {k.mem.size}"
            )
        move(moved, take, iov.iov_base, system, reading)
        iov.iov_base = iov.iov_base + take
        iov.iov_len = iov.iov_len - take
        view.uio_resid = view.uio_resid - take
        view.uio_offset = view.uio_offset + take
        moved += take
    return moved


def transfer(
    k: Kernel, lwp: Lwp, pieces: Pieces, offset: int, rw: int, function: int, call: Callable[[int], int]
) -> tuple[int, int]:
    """Call an operation with a uio over memory of the calling process: (bytes moved, offset then).

    `call` calls the operation, which is the function at address `function`.
    """
    count = _total(pieces)
    with uio_for(k, lwp, pieces, offset, rw) as view:
        lwp.thread.reason = ""
        errno = call(view.addr)
        left, end = view.uio_resid, view.uio_offset
    moved: int = count - left
    if moved < 0:
        raise KernelError(EIO, f"uio_resid was left at {left}, more than the {count} bytes asked for")
    if errno and not (moved and errno in _WAITS):
        raise KernelError(errno, lwp.thread.reason or failure(k, function, errno))
    return moved, end


@export("void uio_setup_sysspace(struct uio *uio)", "sys/uio.h")
def uio_setup_sysspace(k: Kernel, uio_addr: int) -> None:
    """The transfer stays inside the kernel."""
    k.umem.view(uio.layout(k.dm), uio_addr).uio_vmspace = k.symbol("vmspace0")


def _vmspace_size(dm: DataModel) -> int:
    return vmspace.layout(dm).size


def _vmspace0(k: Kernel, addr: int) -> None:
    """The kernel's address space, which is known by its pmap (VMSPACE_IS_KERNEL_P)."""
    pmap = k.symbol("kernel_pmap_store")
    k.mem.write(addr, vmspace.layout(k.dm).pack(**{"vm_map.pmap": pmap, "vm_refcnt": 1}))


DATA = (
    Data("kernel_pmap_store", "struct pmap kernel_pmap_store", lambda dm: 256, None, "machine/pmap.h"),
    Data("vmspace0", "struct vmspace vmspace0", _vmspace_size, _vmspace0, "uvm/uvm_extern.h"),
)
