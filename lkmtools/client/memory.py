"""The memory of a process that the kernel maps into: real memory of this program, at real addresses.

Mappings are below 4 GiB, so that a pointer of an ILP32 kernel can hold their addresses: with MAP_32BIT if the
host has it, otherwise by trying fixed addresses. Those of files are private, readable and writable; those of
devices are shared with the kernel, page by page.
"""

from __future__ import annotations

import ctypes
import os
import sys
from collections.abc import Iterable, Sequence

from lkmtools.abi.mman import MAP_PRIVATE, MAP_SHARED, PROT_READ, PROT_WRITE
from lkmtools.abi.vmparam import PAGE_SIZE

LIMIT = 1 << 32
_MAP_FIXED, _MAP_ANONYMOUS, _MAP_32BIT, _MAP_FIXED_NOREPLACE = 0x10, 0x20, 0x40, 0x100000  # Linux's
_READ_WRITE, _NO_ACCESS = PROT_READ | PROT_WRITE, 0
_FAILED = ctypes.c_void_p(-1).value

Placement = tuple[int, int]  # address or 0, and further flags of mmap(2)
FIXED: tuple[Placement, ...] = tuple((at, _MAP_FIXED_NOREPLACE) for at in range(1 << 28, LIMIT, 1 << 27))
PLACES: tuple[Placement, ...] = FIXED
if os.uname().machine == "x86_64" and sys.platform == "linux":
    PLACES = ((0, _MAP_32BIT), *FIXED)

_libc = ctypes.CDLL(None, use_errno=True)
_libc.mmap.restype = ctypes.c_void_p
_libc.mmap.argtypes = [ctypes.c_void_p, ctypes.c_size_t, *[ctypes.c_int] * 3, ctypes.c_long]
_libc.munmap.argtypes = [ctypes.c_void_p, ctypes.c_size_t]


class Mapping:
    """Mapped pages; they go when the last reference does, so that no view of them dangles."""

    def __init__(self, address: int, length: int, prot: int) -> None:
        self.address = address
        self.length = length
        self.prot = prot
        self._munmap = _libc.munmap

    def __del__(self) -> None:
        self._munmap(self.address, self.length)


def map_low(
    fd: int, offset: int, length: int, places: Iterable[Placement] = PLACES, prot: int = _READ_WRITE
) -> Mapping:
    """Map part of a file privately below 4 GiB; OSError (ENOMEM) when there is no room in any of `places`.

    `fd` -1: no file, but room.
    """
    error = 0
    kind = MAP_PRIVATE if fd >= 0 else MAP_PRIVATE | _MAP_ANONYMOUS
    for hint, flags in places:
        address = _libc.mmap(hint or None, length, prot, kind | flags, fd, offset)
        if address == _FAILED:
            error = ctypes.get_errno()
            continue
        mapping = Mapping(address, length, prot)
        if address + length <= LIMIT and (not hint or address == hint):
            return mapping
    raise OSError(error, os.strerror(error))


class ProcessMemory:
    """The mappings of one process."""

    def __init__(self) -> None:
        self._mappings: dict[int, Mapping] = {}

    def map(self, fd: int, offset: int, length: int) -> int:
        """Map part of the file `fd`; its address. OSError."""
        mapping = map_low(fd, offset, length)
        self._mappings[mapping.address] = mapping
        return mapping.address

    def share(self, files: Sequence[int], address: int, length: int, prot: int) -> int:
        """Map `files`, a page each, shared, one after another from `address` on, which share() made room for.

        0: make room for `length` bytes first, and begin there. Their address. OSError; then all of it goes.
        """
        if address:
            mapping = self._at(address, len(files) * PAGE_SIZE)
        else:
            mapping = map_low(-1, 0, length, prot=_NO_ACCESS)
            self._mappings[mapping.address] = mapping
            address = mapping.address
        mapping.prot = prot
        for at, fd in zip(range(address, LIMIT, PAGE_SIZE), files, strict=False):
            if _libc.mmap(at, PAGE_SIZE, prot, MAP_SHARED | _MAP_FIXED, fd, 0) == _FAILED:
                error = ctypes.get_errno()
                self.unmap(mapping.address, mapping.length)
                raise OSError(error, os.strerror(error))
        return address

    def unmap(self, address: int, length: int) -> None:
        """Forget a mapping; its pages go as soon as no view() of them is held."""
        mapping = self._mappings.get(address)
        if mapping is not None and mapping.length == length:
            del self._mappings[address]

    def clear(self) -> None:
        """Forget all mappings: the process has ended."""
        self._mappings.clear()

    def view(self, address: int, length: int) -> memoryview:
        """The bytes at an address, in place; ValueError unless they are in one mapping."""
        mapping = self._at(address, length)
        if mapping.prot == _NO_ACCESS:
            raise ValueError(f"{length} bytes at {address:#x} are mapped without access")
        array = (ctypes.c_ubyte * length).from_address(address)
        array.mapping = mapping  # type: ignore[attr-defined]  # keeps the pages
        view = memoryview(array).cast("B")
        return view if mapping.prot & PROT_WRITE else view.toreadonly()

    def _at(self, address: int, length: int) -> Mapping:
        """The mapping in which a range lies; ValueError."""
        for mapping in self._mappings.values():
            if mapping.address <= address and address + length <= mapping.address + mapping.length:
                return mapping
        raise ValueError(f"{length} bytes at {address:#x} are not mapped in this process")
