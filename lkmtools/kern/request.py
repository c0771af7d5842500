"""A system call as a client sends it, and its answer.

The caller's memory is not mapped into the machine: a request carries the regions its pointers point to.
copyin and copyout read and write those, and nothing else; what copyout changed goes back with the reply.
"""

from __future__ import annotations

from typing import NamedTuple

from lkmtools.abi.errno import EFAULT
from lkmtools.errors import KernelError


class Region:
    """A piece of the caller's memory. [lo, hi) is what the kernel changed."""

    __slots__ = ("addr", "data", "hi", "lo")

    def __init__(self, addr: int, data: bytearray) -> None:
        self.addr = addr
        self.data = data
        self.lo = len(data)
        self.hi = 0


class Request(NamedTuple):
    """System call `number` with register words `args`."""

    number: int
    args: tuple[int, ...]
    regions: tuple[Region, ...] = ()


class Reply(NamedTuple):
    """`errno` (0.

    None) and `retval`; `changed` = (region index, offset, bytes); `tty`: what uprintf wrote.
    """

    errno: int
    retval: tuple[int, int] = (0, 0)
    changed: tuple[tuple[int, int, bytes], ...] = ()
    reason: str = ""
    tty: bytes = b""


class RegionSpace:
    """The address space of a client process while one of its system calls is served."""

    def __init__(self, regions: tuple[Region, ...] = ()) -> None:
        self.regions = regions

    def _find(self, addr: int, length: int) -> tuple[Region, int]:
        for region in self.regions:
            off = addr - region.addr
            if off >= 0 and off + length <= len(region.data):
                return region, off
        raise KernelError(EFAULT, f"{length} bytes at user address {addr:#x} are not in the process's memory")

    def read(self, addr: int, length: int) -> bytes:
        """`length` bytes of user memory; EFAULT."""
        region, off = self._find(addr, length)
        return bytes(region.data[off : off + length])

    def write(self, addr: int, data: bytes) -> None:
        """Store into user memory; EFAULT, and then nothing was stored."""
        region, off = self._find(addr, len(data))
        region.data[off : off + len(data)] = data
        region.lo = min(region.lo, off)
        region.hi = max(region.hi, off + len(data))

    def available(self, addr: int) -> int:
        """How many bytes from `addr` on belong to the same region; EFAULT when none do."""
        region, off = self._find(addr, 1)
        return len(region.data) - off

    def changed(self) -> tuple[tuple[int, int, bytes], ...]:
        """What write() changed, a span for each region."""
        return tuple(
            (i, region.lo, bytes(region.data[region.lo : region.hi]))
            for i, region in enumerate(self.regions)
            if region.lo < region.hi
        )
