"""uvm_km_alloc() and uvm_km_free(): whole pages of the kernel map (uvm_km.c of NetBSD 5.2).

All memory is wired; an allocation of addresses alone (UVM_KMF_VAONLY) has pages too.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from lkmtools.abi.uvm import (
    UVM_KMF_CANFAIL,
    UVM_KMF_EXEC,
    UVM_KMF_NOWAIT,
    UVM_KMF_PAGEABLE,
    UVM_KMF_TYPEMASK,
    UVM_KMF_VAONLY,
    UVM_KMF_WIRED,
    uvmexp,
)
from lkmtools.abi.vmparam import PAGE_SHIFT, PAGE_SIZE, round_page
from lkmtools.kern.base.bound import MEMORY
from lkmtools.kern.base.export import Data, export
from lkmtools.machine import EXEC, READ, WRITE

if TYPE_CHECKING:
    from lkmtools.kern.kernel import Kernel

_HEADER = "uvm/uvm_extern.h"
_TYPES = (UVM_KMF_WIRED, UVM_KMF_PAGEABLE, UVM_KMF_VAONLY)


def _check(k: Kernel, who: str, map_addr: int, flags: int) -> None:
    if map_addr not in (k.mem.ptr(k.symbol("kernel_map")), k.mem.ptr(k.symbol("kmem_map"))):
        k.panic(f"{who}: the map {map_addr:#x} is neither kernel_map nor kmem_map")
    if flags & UVM_KMF_TYPEMASK not in _TYPES:
        names = "UVM_KMF_WIRED, UVM_KMF_PAGEABLE and UVM_KMF_VAONLY"
        k.panic(f"{who}: the flags {flags:#x} must have one of {names}")


@export(
    "vaddr_t uvm_km_alloc(struct vm_map *map, vsize_t size, vsize_t align, uvm_flag_t flags)",
    _HEADER,
    bound=MEMORY,
)
def uvm_km_alloc(k: Kernel, map_addr: int, size: int, align: int, flags: int) -> int:
    """Allocate pages, zeroed; without room 0 with UVM_KMF_CANFAIL or UVM_KMF_NOWAIT, otherwise a panic."""
    _check(k, "uvm_km_alloc", map_addr, flags)
    if align > PAGE_SIZE:
        k.panic(f"uvm_km_alloc: the alignment is {align}; the limit is a page, {PAGE_SIZE}")
    if size == 0:
        k.panic("uvm_km_alloc: size is 0")
    prot = READ | WRITE | (EXEC if flags & UVM_KMF_EXEC else 0)
    addr = k.kmap.alloc(size, prot) if size <= k.mem.size else 0
    if not addr and not flags & (UVM_KMF_CANFAIL | UVM_KMF_NOWAIT):
        k.panic(f"uvm_km_alloc: out of space in kernel map: {size} bytes asked for")
    if addr:
        k.mem.checked.work += round_page(size)
        k.kmap.given.add(addr)
    return addr


@export(
    "void uvm_km_free(struct vm_map *map, vaddr_t addr, vsize_t size, uvm_flag_t flags)",
    _HEADER,
    bound=MEMORY,
)
def uvm_km_free(k: Kernel, map_addr: int, addr: int, size: int, flags: int) -> None:
    """Free what uvm_km_alloc() returned, whole; another address or size is a panic."""
    _check(k, "uvm_km_free", map_addr, flags)
    if addr not in k.kmap.given:
        k.panic(f"uvm_km_free: {addr:#x} was not allocated by uvm_km_alloc()")
    if k.kmap.size_of(addr) != round_page(size):
        k.panic(f"uvm_km_free: {addr:#x} has {k.kmap.size_of(addr)} bytes, freed as {size}")
    k.kmap.given.discard(addr)
    k.kmap.free(addr)


def _pointer(k: Kernel, addr: int) -> None:
    """The map is the first member of the kernel's struct vmspace."""
    k.mem.set_ptr(addr, k.symbol("vmspace0"))


def _uvmexp(k: Kernel, addr: int) -> None:
    """The pages of the kernel map, all of one colour; those that are not free are wired."""
    npages = (k.kmap.end - k.kmap.start) >> PAGE_SHIFT
    exp = k.mem.view(uvmexp.layout(k.dm), addr)
    exp.pagesize, exp.pagemask, exp.pageshift, exp.npages = PAGE_SIZE, PAGE_SIZE - 1, PAGE_SHIFT, npages
    exp.ncolors = 1

    def count() -> None:
        exp.wired = k.kmap.used >> PAGE_SHIFT
        exp.free = npages - exp.wired

    k.kmap.on_use = count
    count()


DATA = (
    Data("uvmexp", "struct uvmexp uvmexp", lambda dm: uvmexp.layout(dm).size, _uvmexp, _HEADER),
    Data("kernel_map", "struct vm_map *kernel_map", lambda dm: dm.pointer, _pointer, _HEADER),
    Data("kmem_map", "struct vm_map *kmem_map", lambda dm: dm.pointer, _pointer, _HEADER),
)
