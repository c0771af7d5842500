"""Device memory for processes: d_mmap, page by page (uvm_device.c of NetBSD 5.2), and physical addresses.

d_mmap returns a page frame number, the physical address divided by the page size. Physical memory is RAM,
from 0 up; the kernel's address space is RAM in order, so that vtophys() is a subtraction. A driver may give
what the kernel has mapped and no program owns; where it gives anything else, mmap is EINVAL. Programs have
the frames themselves in their page table, clients share them with the kernel (uvm_map.py).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

from lkmtools.abi.errno import EINVAL
from lkmtools.abi.vmparam import PAGE_SIZE
from lkmtools.errors import KernelError
from lkmtools.kern.base.export import export
from lkmtools.machine import EXEC, READ, WRITE, Prototype

if TYPE_CHECKING:
    from lkmtools.kern.kernel import Kernel

D_MMAP = Prototype("paddr_t d_mmap(dev_t dev, off_t off, int prot)")


class Mappable(Protocol):
    """An open device, as far as its memory is concerned."""

    dev: int

    def entry(self, k: Kernel, member: str) -> int:
        """A function pointer of its driver; ENXIO when it has none any more."""


@export("paddr_t vtophys(vaddr_t va)", "machine/pmap.h")
def vtophys(k: Kernel, va: int) -> int:
    """The physical address of kernel memory; 0 where nothing is mapped."""
    return va - k.mem.base if k.mem.protection(va) else 0


@export("bool pmap_extract(struct pmap *pmap, vaddr_t va, paddr_t *pa)", "machine/pmap.h")
def pmap_extract(k: Kernel, pmap: int, va: int, pa: int) -> bool:
    """*pa is the physical address of kernel memory; false where there is none, and of a process's memory."""
    found = pmap == k.symbol("kernel_pmap_store") and k.mem.protection(va)
    if found and pa:
        k.umem.set_ptr(pa, va - k.mem.base)
    return bool(found)


def udv_attach(k: Kernel, file: Mappable, offsets: range, prot: int) -> list[int]:
    """The page frames of a device at these offsets, for PROT_READ or PROT_WRITE.

    EINVAL of a driver without d_mmap, where it refuses (-1), or gives no memory of the kernel's.
    """
    frames = []
    for offset in offsets:
        entry = file.entry(k, "d_mmap")
        if entry in (0, k.symbol("enodev")):
            raise KernelError(EINVAL, f"{file} cannot be mapped: its driver has no d_mmap")
        frame = k.engine.call(D_MMAP, entry, file.dev, offset, prot)
        if frame == k.dm.mask:
            raise KernelError(EINVAL, f"{file} has no memory at offset {offset}")
        _check(k, file, offset, frame, prot)
        frames.append(frame)
    return frames


def _check(k: Kernel, file: Mappable, offset: int, frame: int, prot: int) -> None:
    """EINVAL for a frame that is not the kernel's, or that the kernel itself may not use so."""
    addr = k.mem.base + frame * PAGE_SIZE
    held = k.mem.protection(addr) if addr < k.kmap.end else 0
    wanted = READ | (prot & WRITE)
    if held & wanted != wanted or (prot & WRITE and held & EXEC):
        raise KernelError(
            EINVAL,
            f"{file}: its d_mmap gave page frame {frame:#x} for offset {offset}; the kernel has no "
            f"memory for protection {prot:#x} in it",
        )
