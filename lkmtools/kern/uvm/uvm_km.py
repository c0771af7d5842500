"""The kernel map: whole pages of kernel virtual memory (uvm_km.c).

Addresses are handed out first-fit. Every allocation is followed by an unmapped guard page, so that running
off its end faults. Fresh memory is zero.
"""

from __future__ import annotations

from bisect import bisect_left, insort
from collections.abc import Callable

from lkmtools.abi.vmparam import PAGE_SIZE, round_page
from lkmtools.machine import Cpu, Memory


class FreeRanges:
    """The free parts of an address range, found by length, by their start and by their end.

    First-fit looks at one range of each length, and however many ranges there are they have few lengths: n
    different ones need at least n * n / 2 pages.
    """

    def __init__(self, start: int, length: int) -> None:
        self._lengths: dict[int, int] = {}  # by start
        self._starts: dict[int, int] = {}  # by end
        self._by_length: dict[int, list[int]] = {}  # starts in order, by length
        self._add(start, length)

    def take(self, need: int) -> int:
        """The lowest `need` bytes in a row, which are not free any more; 0 when there are none."""
        start = min((starts[0] for length, starts in self._by_length.items() if length >= need), default=0)
        if start:
            length = self._remove(start)
            if length > need:
                self._add(start + need, length - need)
        return start

    def give(self, start: int, length: int) -> None:
        """These bytes are free, and join the free ranges before and behind them."""
        if start in self._starts:
            before = self._starts[start]
            start, length = before, length + self._remove(before)
        if start + length in self._lengths:
            length += self._remove(start + length)
        self._add(start, length)

    def _add(self, start: int, length: int) -> None:
        self._lengths[start] = length
        self._starts[start + length] = start
        insort(self._by_length.setdefault(length, []), start)

    def _remove(self, start: int) -> int:
        """Forget a range: its length."""
        length = self._lengths.pop(start)
        del self._starts[start + length]
        starts = self._by_length[length]
        del starts[bisect_left(starts, start)]
        if not starts:
            del self._by_length[length]
        return length


class KernelMap:
    """Pages of [start, end); both are page-aligned kernel addresses.

    `on_free(addr, size)` hears of all memory that is given back, small pieces of the heap included;
    `on_use()` is called when `used` has changed.
    """

    def __init__(self, mem: Memory, cpu: Cpu, start: int, end: int) -> None:
        self._mem = mem
        self._cpu = cpu
        self._free = FreeRanges(start, end - start)
        self._sizes: dict[int, int] = {}
        self.given: set[int] = set()  # what uvm_km_alloc() has allocated
        self.used = 0  # bytes, guard pages not counted
        self.start, self.end = start, end
        self.on_free: Callable[[int, int], None] = lambda addr, size: None
        self.on_use: Callable[[], None] = lambda: None

    def alloc(self, size: int, prot: int) -> int:
        """Pages for `size` bytes with permissions `prot`; their address, or 0 when there is no room."""
        size = round_page(size)
        addr = self._free.take(size + PAGE_SIZE)
        if addr:
            self._sizes[addr] = size
            self.used += size
            self.on_use()
            self._mem.fill(addr, size)
            self._cpu.protect(addr, size, prot)
        return addr

    def free(self, addr: int) -> None:
        """Give back what alloc returned at `addr`; any access to it faults from now on."""
        size = self._sizes.pop(addr)
        self.used -= size
        self.on_use()
        self.on_free(addr, size)
        self._cpu.flush_code(addr, size)  # while it is mapped: the emulator asks for the page
        self._cpu.protect(addr, size, 0)
        self._free.give(addr, size + PAGE_SIZE)

    def size_of(self, addr: int) -> int:
        """The size of the allocation at `addr`, in bytes; 0 when there is none."""
        return self._sizes.get(addr, 0)
