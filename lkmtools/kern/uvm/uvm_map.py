"""The address space of a process: the mappings that the kernel makes in it (uvm_map.c of NetBSD 5.2).

A client is a process of the host, so its memory is mapped there, by the Mapper with which the process was
attached; it answers later, and the thread sleeps meanwhile. The kernel offers sealed memory files, whose
mappings are private: writing to it changes the process's own copy. Pages of a device are shared, one file
each (machine/shared.py), until they are unmapped or the process ends.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from typing import TYPE_CHECKING, Protocol

from lkmtools.abi.errno import ENOMEM
from lkmtools.abi.proc import PCATCH, PVM
from lkmtools.abi.vmparam import PAGE_SIZE
from lkmtools.errors import KernelError
from lkmtools.machine import WRITE, DeviceMapping
from lkmtools.tuples import NamedTuple

if TYPE_CHECKING:
    from lkmtools.kern.kernel import Kernel

OnMapped = Callable[[int, int], object]  # errno (0: none) and address
SHARE_PAGES = 250  # go to a client at once: a host passes at most 253 descriptors with one message
_NO_SPACE = "this process has no address space to map into"


class Span(NamedTuple):
    """Whole pages of a memory file: descriptor, offset and length in bytes."""

    fd: int
    offset: int
    length: int


class Pages(NamedTuple):
    """Page frames for a place in a client's memory, one after another from `addr` on.

    0 is for the first of a mapping of `length` bytes, which goes where there is room for all of it; `prot` is
    READ, WRITE.
    """

    frames: list[int]
    addr: int
    length: int
    prot: int


class MapEntry:
    """Pages of a process that a file was mapped to; another mapping at the same address is not this one.

    `parts` are those that are still there, from address to address; a program may unmap any page.
    """

    __slots__ = ("addr", "length", "parts")

    def __init__(self, addr: int, length: int) -> None:
        self.addr = addr
        self.length = length
        self.parts = [(addr, addr + length)]

    def cut(self, start: int, end: int) -> None:
        """What lies between these addresses is not of this mapping any more."""
        halves = [
            half for low, high in self.parts for half in ((low, min(high, start)), (max(low, end), high))
        ]
        self.parts = [(low, high) for low, high in halves if low < high]


class Mapper(Protocol):
    """The memory of a process, where it really is."""

    def map(self, span: Span, done: OnMapped) -> None:
        """Map `span` privately, readable and writable, below 4 GiB; then, or at once, call `done`."""

    def unmap(self, addr: int, length: int) -> None:
        """Remove a mapping; nothing to do when the process is gone."""


class Sharer(Mapper, Protocol):
    """A Mapper of a program of the host, which can share pages of the kernel's memory."""

    def share(self, pages: Pages, files: list[int], done: OnMapped) -> None:
        """Map `files`, a page each, shared, and for no more than `pages.prot`; then call `done`.

        They are open until then.
        """


class Vmspace:
    """The mappings of one process, by the address of the first page that is still there.

    `sharer` is the mapper of a client: programs have pages of devices in their own address space.
    """

    def __init__(self, mapper: Mapper | None, sharer: Sharer | None = None) -> None:
        self._mapper = mapper
        self._sharer = sharer
        self.maps: dict[int, MapEntry] = {}
        self._shared: dict[MapEntry, tuple[DeviceMapping, list[int]]] = {}  # what, and the page frames

    def devices(self) -> list[DeviceMapping]:
        """The pages of devices that a client shares, by mapping."""
        return [device for device, _ in self._shared.values()]

    def map(self, k: Kernel, span: Span) -> MapEntry:
        """Where `span` now lies; sleeps until the process has mapped it.

        ENOMEM; EINTR when the process dies meanwhile.
        """
        mapper = self._mapper
        if mapper is None:
            raise KernelError(ENOMEM, _NO_SPACE)
        addr = _answer(k, span.length, lambda done: mapper.map(span, done))
        return self._put(k, MapEntry(addr, span.length))

    def share(self, k: Kernel, device: DeviceMapping, frames: list[int]) -> int:
        """The address at which a client has mapped these page frames; sleeps until it has.

        ENOMEM; EINTR when the process dies meanwhile.
        """
        sharer = self._sharer
        if sharer is None:
            raise KernelError(ENOMEM, _NO_SPACE)
        k.mem.shared.share(frames)
        length, start = len(frames) * PAGE_SIZE, 0
        try:
            for first in range(0, len(frames), SHARE_PAGES):
                at = start + first * PAGE_SIZE if start else 0
                pages = Pages(frames[first : first + SHARE_PAGES], at, length, device.prot)
                start = _share(k, sharer, pages) - first * PAGE_SIZE
        except BaseException:
            k.mem.shared.drop(frames)
            if start:
                sharer.unmap(start, length)
            raise
        self._shared[self._put(k, MapEntry(start, length))] = device, frames
        return start

    def _put(self, k: Kernel, mapping: MapEntry) -> MapEntry:
        """Note a mapping, in place of one that the process had there."""
        old = self.maps.get(mapping.addr)
        if old is not None:
            self._release(k, old)
        self.maps[mapping.addr] = mapping
        return mapping

    def unmap(self, k: Kernel, mapping: MapEntry) -> None:
        """Remove what is left of a mapping; what the process has put in its place stays."""
        first = mapping.parts[0][0] if mapping.parts else 0
        if self.maps.get(first) is mapping:
            del self.maps[first]
            if self._mapper is not None:
                for start, end in mapping.parts:
                    self._mapper.unmap(start, end - start)
            self._release(k, mapping)

    def forget(self, addr: int, length: int) -> None:
        """A program itself has unmapped or replaced pages: they are its own business now."""
        for first, mapping in tuple(self.maps.items()):
            if first < addr + length and addr < mapping.parts[-1][1]:
                del self.maps[first]
                mapping.cut(addr, addr + length)
                if mapping.parts:
                    self.maps[mapping.parts[0][0]] = mapping

    def exit(self, k: Kernel) -> None:
        """The process ends: it shares nothing any more."""
        for mapping in tuple(self._shared):
            self._release(k, mapping)

    def _release(self, k: Kernel, mapping: MapEntry) -> None:
        """What was shared by a mapping is not any more."""
        if mapping in self._shared:
            k.mem.shared.drop(self._shared.pop(mapping)[1])


def _share(k: Kernel, sharer: Sharer, pages: Pages) -> int:
    """Have a client map these pages: their address."""
    files = k.mem.shared.open(pages.frames, bool(pages.prot & WRITE))
    try:
        at = _answer(k, pages.length, lambda done: sharer.share(pages, files, done))
    finally:
        for fd in files:
            os.close(fd)
    if pages.addr not in (0, at):
        raise KernelError(ENOMEM, f"the process mapped at {at:#x} what belongs at {pages.addr:#x}")
    return at


def _answer(k: Kernel, length: int, ask: Callable[[OnMapped], None]) -> int:
    """Ask the process to map something, and sleep until it says where that is; ENOMEM, EINTR."""
    answer: list[tuple[int, int]] = []
    lwp = k.sched.current
    assert lwp is not None

    def done(errno: int, addr: int) -> None:
        answer.append((errno, addr))
        k.sched.wakeup(lwp.addr)

    ask(done)
    while not answer:
        try:
            k.sched.tsleep(lwp.addr, PVM | PCATCH, "vmmap", 0)
        except KernelError:
            if lwp.killed:
                raise
    errno, addr = answer[0]
    if errno or not 0 < addr <= k.dm.mask:
        raise KernelError(ENOMEM, f"the process found no room for {length} bytes below 4 GiB")
    return addr
