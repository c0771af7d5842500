"""A system call as a client sends it, and its answer.

The caller's memory is not mapped into the machine: a request carries the regions its pointers point to.
copyin and copyout read and write those, and nothing else; what copyout changed goes back with the reply.
"""

from __future__ import annotations

from typing import Protocol

from lkmtools.abi.errno import EFAULT
from lkmtools.errors import KernelError
from lkmtools.tuples import NamedTuple


class UserRegion(NamedTuple):
    """A piece of the caller's memory."""

    addr: int
    data: bytearray


class Request(NamedTuple):
    """System call `number` with register words `args`. `regions` are what its pointers point to."""

    number: int
    args: tuple[int, ...]
    regions: tuple[UserRegion, ...] = ()


class Reply(NamedTuple):
    """`errno` (0: none), `retval`; `changed` = (region index, offset, bytes); `tty`: what uprintf wrote."""

    errno: int
    retval: tuple[int, int] = (0, 0)
    changed: tuple[tuple[int, int, bytes | bytearray], ...] = ()
    reason: str = ""
    tty: str = ""


class Space(Protocol):
    """The memory of a process, as copyin and copyout see it. Errors are EFAULT."""

    def read(self, addr: int, length: int) -> bytes:
        """`length` bytes."""

    def write(self, addr: int, data: bytes) -> None:
        """Store all of `data`, or nothing."""

    def available(self, addr: int) -> int:
        """How many bytes from `addr` on are readable at once; at least 1."""


class RegionSpace:
    """The address space of a client process while one of its system calls is served."""

    __slots__ = ("_changed", "_regions")

    def __init__(self, regions: tuple[UserRegion, ...] = ()) -> None:
        self._regions = regions
        self._changed: dict[int, tuple[int, int]] = {}  # by region: [lo, hi) is what the kernel wrote

    def _find(self, addr: int, length: int) -> tuple[int, bytearray, int]:
        """The region's index, its bytes, and where in them `addr` is."""
        for index, region in enumerate(self._regions):
            start, data = region.addr, region.data
            if start <= addr and addr + length <= start + len(data):
                return index, data, addr - start
        raise KernelError(EFAULT, f"{length} bytes at user address {addr:#x} are not in the process's memory")

    def read(self, addr: int, length: int) -> bytes:
        """`length` bytes of user memory; EFAULT."""
        _, data, off = self._find(addr, length)
        return bytes(data[off : off + length])

    def write(self, addr: int, data: bytes) -> None:
        """Store into user memory; EFAULT, and then nothing was stored."""
        index, memory, lo = self._find(addr, len(data))
        if not data:
            return
        hi = lo + len(data)
        memory[lo:hi] = data
        before = self._changed.get(index)
        self._changed[index] = (min(lo, before[0]), max(hi, before[1])) if before else (lo, hi)

    def available(self, addr: int) -> int:
        """How many bytes from `addr` on belong to the same region; EFAULT when none do."""
        _, data, off = self._find(addr, 1)
        return len(data) - off

    def changed(self) -> tuple[tuple[int, int, bytearray], ...]:
        """What write() changed, a span for each region."""
        changed = self._changed
        if not changed:
            return ()
        return tuple([(i, lo, self._regions[i].data[lo:hi]) for i, (lo, hi) in sorted(changed.items())])


NOWHERE = RegionSpace()  # the memory of a process that is in no system call
