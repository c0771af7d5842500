"""malloc(9) and kmem_alloc(9): kernel memory in pieces (kern_malloc.c, subr_kmem.c of NetBSD 5.2).

Pieces are powers of two from 16 bytes to half a page, carved from pages; larger ones are pages with a guard
page behind. The owner of each piece is in records of ours. Freed memory is filled with a pattern, so that a
stale pointer is recognised; a second free, or a free of memory that was never allocated, panics.

The counters in struct malloc_type are kept as the original keeps them.
"""

from __future__ import annotations

from bisect import bisect_left, insort
from collections import Counter
from contextlib import suppress
from typing import TYPE_CHECKING

from lkmtools.abi.datamodel import C_TEXT
from lkmtools.abi.malloc import M_CANFAIL, M_MAGIC, M_NOWAIT, M_ZERO, MALLOC_TYPES, malloc_type
from lkmtools.abi.vmparam import PAGE_SIZE
from lkmtools.kern.base.bound import MEMORY
from lkmtools.kern.base.export import Data, export
from lkmtools.kern.base.freed import PATTERN, READ_FROM_FREED, is_from_freed
from lkmtools.machine import READ, WRITE, MemFault
from lkmtools.tuples import NamedTuple

if TYPE_CHECKING:
    from lkmtools.abi.datamodel import DataModel
    from lkmtools.kern.kernel import Kernel
    from lkmtools.kern.uvm.uvm_km import KernelMap
    from lkmtools.machine import Memory

_SHORTDESC, _LONGEST_NAME = 2, 64  # the word of struct malloc_type; bytes of it that are shown
_SMALLEST = 16
_LARGEST = PAGE_SIZE // 2


class Allocation(NamedTuple):
    """One live allocation: bytes asked for, bytes taken, and its malloc type's address (0: kmem)."""

    size: int
    taken: int
    type: int


class Heap:
    """Pieces of kernel memory. `blocks` are the live ones by address."""

    def __init__(self, mem: Memory, kmap: KernelMap) -> None:
        self._mem = mem
        self._map = kmap
        self._free: dict[int, list[int]] = {}
        self._freed: dict[int, int] = {}  # bytes taken, by address
        self.blocks: dict[int, Allocation] = {}
        self.lent: set[int] = set()  # cn_pnbuf of lookups in progress: free() leaves them alone
        self.used = 0  # bytes in live allocations, as asked for

    def alloc(self, size: int, type_addr: int = 0, zero: bool = True) -> int:
        """`size` bytes, aligned to 16 (to a page when half a page or more); 0 when there is no room."""
        if size > _LARGEST:
            addr = self._map.alloc(size, READ | WRITE)
            taken = self._map.size_of(addr)
        else:
            taken = max(_SMALLEST, 1 << (size - 1).bit_length()) if size else _SMALLEST
            addr = self._piece(taken)
            if addr and zero:
                self._mem.fill(addr, taken)
        if addr:
            self._mem.checked.work += taken
            self._freed.pop(addr, None)
            self.blocks[addr] = Allocation(size, taken, type_addr)
            self.used += size
        return addr

    def _piece(self, taken: int) -> int:
        free = self._free.setdefault(taken, [])
        if not free:
            page = self._map.alloc(PAGE_SIZE, READ | WRITE)
            if not page:
                return 0
            free.extend(range(page + PAGE_SIZE - taken, page - 1, -taken))
        return free.pop()

    def free(self, addr: int) -> Allocation | None:
        """Give a piece back; None when `addr` is not a live allocation."""
        block = self.blocks.pop(addr, None)
        if block is None:
            return None
        self.used -= block.size
        if block.taken > _LARGEST:
            self._map.free(addr)
        else:
            self._map.on_free(addr, block.taken)
            self._mem.write(addr, PATTERN * (block.taken // len(PATTERN)))
            self._free[block.taken].append(addr)
        self._mem.checked.work += block.taken
        self._freed[addr] = block.taken
        return block

    def was_freed(self, addr: int) -> bool:
        """Was `addr` allocated once and is free now?"""
        return addr in self._freed

    def holder(self, addr: int) -> int:
        """The address of the live allocation that holds `addr`; 0 for none. It looks at all of them."""
        held = (at for at, block in self.blocks.items() if at <= addr < at + block.taken)
        return next(held, 0)

    def is_free(self, addr: int) -> bool:
        """Is `addr` inside a piece of less than a page that was allocated once and is free now?"""
        sizes = (1 << bit for bit in range(_SMALLEST.bit_length() - 1, _LARGEST.bit_length()))
        return any(self._freed.get(addr & -size) == size for size in sizes)


class MallocTypes:
    """The malloc types that are attached: kmemstatistics, newest first."""

    def __init__(self, k: Kernel) -> None:
        self._k = k
        self._newest = 0
        self._newer: dict[int, int] = {}  # the neighbour of each type in the list; 0 for none
        self._older: dict[int, int] = {}
        self._modules: list[int] = []  # those of them that are not the kernel's own, by address

    def attach(self, addr: int) -> None:
        """Put the type at `addr` at the head of the list, unless it is in it."""
        if addr in self._older:
            return
        k, (start, end) = self._k, self._k.plan.data
        head = k.symbol("kmemstatistics")
        k.umem.set_ptr(addr, k.mem.ptr(head))  # ks_next is the first member
        k.mem.set_ptr(head, addr)
        self._newer[addr], self._older[addr] = 0, self._newest
        if self._newest:
            self._newer[self._newest] = addr
        self._newest = addr
        if not start <= addr < end:
            insort(self._modules, addr)

    def detach(self, addr: int) -> None:
        """Take it out, if it is in it."""
        if addr not in self._older:
            return
        i = bisect_left(self._modules, addr)
        if self._modules[i : i + 1] == [addr]:
            del self._modules[i]
        self._unlink(addr)

    def forget(self, addr: int, size: int) -> None:
        """Memory is given back, a module's for one: what types were in it are gone."""
        first, end = bisect_left(self._modules, addr), bisect_left(self._modules, addr + size)
        gone = self._modules[first:end]
        del self._modules[first:end]
        for at in gone:
            self._unlink(at)

    def _unlink(self, addr: int) -> None:
        newer, older = self._newer.pop(addr), self._older.pop(addr)
        if newer:
            self._older[newer] = older
            self._k.umem.set_ptr(newer, older)
        else:
            self._newest = older
            self._k.mem.set_ptr(self._k.symbol("kmemstatistics"), older)
        if older:
            self._newer[older] = newer


def _type(k: Kernel, who: str, addr: int) -> None:
    magic = k.umem.view(malloc_type.layout(k.dm), addr).ks_magic
    if magic != M_MAGIC:
        k.panic(f"{who}: bad magic: ks_magic of the type at {addr:#x} is {magic:#x}, not {M_MAGIC:#x}")


@export("void malloc_type_attach(struct malloc_type *type)", "sys/malloc.h")
def malloc_type_attach(k: Kernel, addr: int) -> None:
    """Make a type known; one that is known stays so. A panic for what is not a type (M_MAGIC)."""
    _type(k, "malloc_type_attach", addr)
    k.malloc_types.attach(addr)


@export("void malloc_type_detach(struct malloc_type *type)", "sys/malloc.h")
def malloc_type_detach(k: Kernel, addr: int) -> None:
    """Forget a type. Its memory stays allocated. A panic for what is not a type (M_MAGIC)."""
    _type(k, "malloc_type_detach", addr)
    k.malloc_types.detach(addr)


def _account(k: Kernel, type_addr: int, size: int, sign: int) -> None:
    """Keep a malloc type's counters (vmstat -m)."""
    if sign > 0:
        k.malloc_types.attach(type_addr)
    view = k.umem.view(malloc_type.layout(k.dm), type_addr)
    view.ks_memuse = max(0, view.ks_memuse + sign * size)
    view.ks_inuse = max(0, view.ks_inuse + sign)
    if sign > 0:
        view.ks_calls = view.ks_calls + 1
        view.ks_maxused = max(view.ks_maxused, view.ks_memuse)


@export(
    "void *kern_malloc(unsigned long size, struct malloc_type *type, int flags)", "sys/malloc.h", bound=MEMORY
)
@export("void *malloc(unsigned long size, struct malloc_type *type, int flags)", "sys/malloc.h", bound=MEMORY)
def malloc(k: Kernel, size: int, type_addr: int, flags: int) -> int:
    """Allocate; without room NULL with M_NOWAIT or M_CANFAIL, otherwise a panic.

    Without M_NOWAIT it may sleep: in a soft interrupt, or with a spin mutex held, that is a panic.
    """
    if not flags & M_NOWAIT:
        sched = k.sched
        if (sched.spins and sched.spl) or sched.current is sched.softlwp:  # vnodes have theirs at level 0
            sched.check_sleepable("malloc: M_WAITOK")
    addr = k.heap.alloc(size, type_addr, zero=bool(flags & M_ZERO))
    if not addr and not flags & (M_NOWAIT | M_CANFAIL):
        k.panic(f"malloc: out of space in kernel map: {size} bytes asked for{_whose(k)}")
    if addr and type_addr:
        _account(k, type_addr, size, 1)
    return addr


@export("void kern_free(void *addr, struct malloc_type *type)", "sys/malloc.h", bound=MEMORY)
@export("void free(void *addr, struct malloc_type *type)", "sys/malloc.h", bound=MEMORY)
def free(k: Kernel, addr: int, type_addr: int) -> None:
    """Free what malloc returned. NULL, a second time, or another address is a panic.

    File systems of NetBSD 1.4 give cn_pnbuf back in this way, with M_NAMEI: one that is the kernel's stays.
    """
    if addr in k.heap.lent and type_addr == k.symbol("M_NAMEI"):
        return
    block = k.heap.free(addr)
    if block is None:
        k.panic(_bad_free(k, "free", addr))
    if type_addr:
        _account(k, type_addr, block.size, -1)


def _whose(k: Kernel) -> str:
    """The end of the reason for a panic: how much is allocated, and which malloc type has most of it."""
    sizes: Counter[int] = Counter()
    for block in k.heap.blocks.values():
        sizes[block.type] += block.taken
    if not sizes:
        return ""
    ((most, size),) = sizes.most_common(1)
    count = sum(block.type == most for block in k.heap.blocks.values())
    name = "kmem_alloc()"
    if most:
        name = "a type that is gone"
        with suppress(MemFault):
            text = k.mem.checked.cstr(k.mem.checked.ptr(most + _SHORTDESC * k.dm.pointer), _LONGEST_NAME)
            name = f"type '{text.decode(*C_TEXT)}'"
    return f"; {sizes.total()} bytes are allocated, {size} of them in {count} blocks of {name}"


def _bad_free(k: Kernel, who: str, addr: int) -> str:
    """The reason for a panic: what is at an address that `who` was given instead of an allocation's."""
    heap, thread = k.heap, k.engine.current
    if heap.was_freed(addr):
        what = "is already free"
    elif is_from_freed(k, addr):
        what = f"is {READ_FROM_FREED}"
    elif at := heap.holder(addr):
        what = f"is {addr - at} bytes into the {heap.blocks[at].size} bytes that were allocated at {at:#x}"
    elif heap.is_free(addr):
        what = "is in a block that is already free"
    elif k.modules.at(addr) is not None:
        what = f"is {k.symbolize(addr)}, and was never allocated"
    elif thread.stack_base <= addr < thread.stack_top:
        what = "is on the kernel stack, and was never allocated"
    else:
        what = "was never allocated" if addr else f"was never allocated: {who} takes no NULL pointer"
    return f"{who}: {addr:#x} {what}"


@export(
    "void *kern_realloc(void *addr, unsigned long size, struct malloc_type *type, int flags)",
    "sys/malloc.h",
    bound=MEMORY,
)
@export(
    "void *realloc(void *addr, unsigned long size, struct malloc_type *type, int flags)",
    "sys/malloc.h",
    bound=MEMORY,
)
def realloc(k: Kernel, addr: int, size: int, type_addr: int, flags: int) -> int:
    """Change an allocation's size: malloc when `addr` is NULL; free when `size` is 0."""
    if addr == 0:
        return malloc(k, size, type_addr, flags)
    if size == 0:
        free(k, addr, type_addr)
        return 0
    block = k.heap.blocks.get(addr)
    if block is None:
        k.panic(_bad_free(k, "realloc", addr))
    new = malloc(k, size, type_addr, flags)
    if new:
        k.umem.write(new, k.umem.read(addr, min(size, block.size)))
        free(k, addr, type_addr)
    return new


@export("void *kmem_alloc(size_t size, km_flag_t kmflags)", "sys/kmem.h", bound=MEMORY)
def kmem_alloc(k: Kernel, size: int, kmflags: int) -> int:
    """Allocate; the size must be given again to kmem_free. NULL only with KM_NOSLEEP."""
    return _kmem(k, size, kmflags, zero=False)


@export("void *kmem_zalloc(size_t size, km_flag_t kmflags)", "sys/kmem.h", bound=MEMORY)
def kmem_zalloc(k: Kernel, size: int, kmflags: int) -> int:
    """kmem_alloc, zeroed."""
    return _kmem(k, size, kmflags, zero=True)


def _kmem(k: Kernel, size: int, kmflags: int, zero: bool) -> int:
    if size == 0:
        k.panic("kmem_alloc: size is 0")
    addr = k.heap.alloc(size, 0, zero)
    if not addr and not kmflags & 2:
        k.panic(f"kmem_alloc: out of space in kernel map: {size} bytes asked for{_whose(k)}")
    return addr


@export("void kmem_free(void *p, size_t size)", "sys/kmem.h", bound=MEMORY)
def kmem_free(k: Kernel, addr: int, size: int) -> None:
    """Free what kmem_alloc returned; a size other than that of the allocation is a panic."""
    block = k.heap.blocks.get(addr)
    if block is None:
        k.panic(_bad_free(k, "kmem_free", addr))
    if block.size != size:
        k.panic(f"kmem_free: {addr:#x} has {block.size} bytes, freed as {size}")
    k.heap.free(addr)


def _type_row(symbol: str, desc: str) -> Data:
    def size(dm: DataModel) -> int:
        return malloc_type.layout(dm).size

    def init(k: Kernel, addr: int) -> None:
        view = k.mem.view(malloc_type.layout(k.dm), addr)
        view.ks_shortdesc = k.string(desc)
        view.ks_magic = M_MAGIC
        k.malloc_types.attach(addr)

    return Data(symbol, f"struct malloc_type {symbol}[1]", size, init, "sys/malloc.h")


DATA = (
    Data(
        "kmemstatistics",
        "struct malloc_type *kmemstatistics",
        lambda dm: dm.pointer,
        header="sys/malloc.h",
    ),
    *(_type_row(symbol, desc) for symbol, desc in MALLOC_TYPES),
)
