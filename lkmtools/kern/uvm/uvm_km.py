"""The kernel map: whole pages of kernel virtual memory (uvm_km.c).

Addresses are handed out first-fit. Every allocation is followed by an unmapped guard page, so that running
off its end faults. Fresh memory is zero.
"""

from __future__ import annotations

from bisect import insort

from lkmtools.abi.vmparam import PAGE_SIZE, round_page
from lkmtools.machine import Cpu, Memory


class KernelMap:
    """Pages of [start, end); both are page-aligned kernel addresses."""

    def __init__(self, mem: Memory, cpu: Cpu, start: int, end: int) -> None:
        self._mem = mem
        self._cpu = cpu
        self._free = [(start, end - start)]
        self._sizes: dict[int, int] = {}
        self.used = 0  # bytes, guard pages not counted
        self.start, self.end = start, end

    def alloc(self, size: int, prot: int) -> int:
        """Pages for `size` bytes with permissions `prot`; their address, or 0 when there is no room."""
        size = round_page(size)
        need = size + PAGE_SIZE
        for i, (addr, length) in enumerate(self._free):
            if length >= need:
                if length == need:
                    del self._free[i]
                else:
                    self._free[i] = (addr + need, length - need)
                self._sizes[addr] = size
                self.used += size
                self._mem.fill(addr, size)
                self._cpu.protect(addr, size, prot)
                return addr
        return 0

    def free(self, addr: int) -> None:
        """Give back what alloc returned at `addr`; any access to it faults from now on."""
        size = self._sizes.pop(addr)
        self.used -= size
        self._cpu.flush_code(addr, size)  # while it is mapped: the emulator asks for the page
        self._cpu.protect(addr, size, 0)
        insort(self._free, (addr, size + PAGE_SIZE))
        self._join(self._free.index((addr, size + PAGE_SIZE)))

    def _join(self, i: int) -> None:
        """Merge a free range with its neighbours."""
        free = self._free
        if i + 1 < len(free) and free[i][0] + free[i][1] == free[i + 1][0]:
            free[i : i + 2] = [(free[i][0], free[i][1] + free[i + 1][1])]
        if i and free[i - 1][0] + free[i - 1][1] == free[i][0]:
            free[i - 1 : i + 1] = [(free[i - 1][0], free[i - 1][1] + free[i][1])]

    def size_of(self, addr: int) -> int:
        """The size of the allocation at `addr`, in bytes; 0 when there is none."""
        return self._sizes.get(addr, 0)
