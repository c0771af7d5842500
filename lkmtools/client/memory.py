"""The memory of a process that the kernel maps into: real memory of this program, at real addresses.

Mappings are private, readable and writable, and lie below 4 GiB, so that a pointer of an ILP32 kernel holds
their addresses: by MAP_32BIT where the host has it, else by trying fixed places.
"""

from __future__ import annotations

import ctypes
import os
import sys
from collections.abc import Iterable

from lkmtools.abi.mman import MAP_PRIVATE, PROT_READ, PROT_WRITE

LIMIT = 1 << 32
_MAP_32BIT, _MAP_FIXED_NOREPLACE = 0x40, 0x100000  # <sys/mman.h> of Linux
_FAILED = ctypes.c_void_p(-1).value

Place = tuple[int, int]  # address or 0, and further flags of mmap(2)
FIXED: tuple[Place, ...] = tuple((at, _MAP_FIXED_NOREPLACE) for at in range(1 << 28, LIMIT, 1 << 27))
PLACES: tuple[Place, ...] = FIXED
if os.uname().machine == "x86_64" and sys.platform == "linux":
    PLACES = ((0, _MAP_32BIT), *FIXED)

_libc = ctypes.CDLL(None, use_errno=True)
_libc.mmap.restype = ctypes.c_void_p
_libc.mmap.argtypes = [ctypes.c_void_p, ctypes.c_size_t, *[ctypes.c_int] * 3, ctypes.c_long]
_libc.munmap.argtypes = [ctypes.c_void_p, ctypes.c_size_t]


class Mapping:
    """Mapped pages; they go when the last reference does, so that no view of them dangles."""

    def __init__(self, address: int, length: int) -> None:
        self.address = address
        self.length = length
        self._munmap = _libc.munmap

    def __del__(self) -> None:
        self._munmap(self.address, self.length)


def map_low(fd: int, offset: int, length: int, places: Iterable[Place] = PLACES) -> Mapping:
    """Map part of a file privately below 4 GiB; OSError (ENOMEM) when there is no room in any of `places`."""
    error = 0
    for hint, flags in places:
        prot = PROT_READ | PROT_WRITE
        address = _libc.mmap(hint or None, length, prot, MAP_PRIVATE | flags, fd, offset)
        if address == _FAILED:
            error = ctypes.get_errno()
            continue
        mapping = Mapping(address, length)
        if address + length <= LIMIT and (not hint or address == hint):
            return mapping
    raise OSError(error, os.strerror(error))


class Memory:
    """The mappings of one process."""

    def __init__(self) -> None:
        self._mappings: dict[int, Mapping] = {}

    def map(self, fd: int, offset: int, length: int) -> int:
        """Map part of the file `fd`; its address. OSError."""
        mapping = map_low(fd, offset, length)
        self._mappings[mapping.address] = mapping
        return mapping.address

    def unmap(self, address: int, length: int) -> None:
        """Forget a mapping; its pages go as soon as no view() of them is held."""
        mapping = self._mappings.get(address)
        if mapping is not None and mapping.length == length:
            del self._mappings[address]

    def clear(self) -> None:
        """Forget all mappings: the process has ended."""
        self._mappings.clear()

    def view(self, address: int, length: int) -> memoryview:
        """The bytes at an address, in place; ValueError unless they lie in one mapping."""
        for mapping in self._mappings.values():
            if mapping.address <= address and address + length <= mapping.address + mapping.length:
                array = (ctypes.c_ubyte * length).from_address(address)
                array.mapping = mapping  # type: ignore[attr-defined]  # keeps the pages
                return memoryview(array).cast("B")
        raise ValueError(f"{length} bytes at {address:#x} are not mapped in this process")
