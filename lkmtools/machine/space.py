"""The memory of user programs: physical pages, and address spaces made of them.

A page gets memory when it is first touched, by the CPU's page-table callback or by the kernel, and is shared
after a copy of the space until one side writes to it. Translations that the CPU may have cached are stale
when `changed` is set; translated machine code is stale when the frames' `stale` is.
"""

from __future__ import annotations

from array import array
from collections.abc import Iterator
from typing import Any

from lkmtools.abi.errno import EACCES, EFAULT, EINVAL, ENOMEM
from lkmtools.abi.vmparam import PAGE_SHIFT, PAGE_SIZE
from lkmtools.errors import KernelError
from lkmtools.machine.memory import EXEC, READ, WRITE, MemFault, Memory
from lkmtools.tuples import NamedTuple

_BLANK = bytes(PAGE_SIZE)
_OFFSET = PAGE_SIZE - 1


class Frames:
    """Physical pages [start, end) of RAM, byte offsets; the kernel's own page table does not map them."""

    def __init__(self, mem: Memory, start: int, end: int) -> None:
        self.buf = mem.buf
        first, last = start >> PAGE_SHIFT, (end >> PAGE_SHIFT) - 1
        self.unused = array("I", range(last, first - 1, -1))  # page numbers
        self.total = len(self.unused)
        self._shares: dict[int, int] = {}  # frames that more than one page of a space means
        self.stale = False  # machine code was translated from a frame that means something else now

    def take(self) -> int | None:
        """A frame, all zero; None when there is none."""
        if not self.unused:
            return None
        frame = self.unused.pop()
        at = frame << PAGE_SHIFT
        self.buf[at : at + PAGE_SIZE] = _BLANK
        return frame

    def shared(self, frame: int) -> bool:
        """Does more than one page mean it?"""
        return frame in self._shares

    def share(self, frame: int) -> None:
        """One page more means it."""
        self._shares[frame] = self._shares.get(frame, 1) + 1

    def drop(self, frame: int) -> None:
        """One page fewer means it."""
        count = self._shares.pop(frame, 1) - 1
        if count > 1:
            self._shares[frame] = count
        elif count == 0:
            self.unused.append(frame)


class DeviceMapping(NamedTuple):
    """What pages of a device were mapped from, and READ, WRITE: what they may ever be used for."""

    file: Any
    prot: int


class AddressSpace:
    """User addresses [PAGE_SIZE, top) of one program. Errors are KernelErrors: EFAULT, ENOMEM, EINVAL."""

    __slots__ = ("_common", "_device", "_frame", "_prot", "changed", "exhausted", "frames", "top")

    def __init__(self, frames: Frames, top: int) -> None:
        self.frames = frames
        self._common: set[int] = set()  # pages that stay shared after a copy of the space
        self._prot: dict[int, int] = {}  # by page number: READ, WRITE, EXEC; 0 for mapped without access
        self._frame: dict[int, int] = {}
        self._device: dict[int, DeviceMapping] = {}  # pages of the kernel's memory, shared with it for good
        self.top = top
        self.changed = True
        self.exhausted = False  # a page could not be given memory

    @property
    def size(self) -> int:
        """Bytes mapped."""
        return len(self._prot) << PAGE_SHIFT

    # -- the page table ---------------------------------------------------------------------------------

    def translate(self, page: int, access: int) -> tuple[int, int] | None:
        """The frame of a page and the accesses it permits; None when `access` is not among them."""
        prot = self._prot.get(page, 0)
        if not prot & access:
            return None
        frames = self.frames
        frame = self._frame.get(page)
        if frame is None:
            frame = frames.take()
            if frame is None:
                self.exhausted = True
                return None
            self._frame[page] = frame
        elif frames.shared(frame) and page not in self._device and page not in self._common:
            if access != WRITE:
                return frame, prot & ~WRITE
            frame = self._unshare(page, frame)
            if frame is None:
                return None
        return frame, prot

    def _unshare(self, page: int, old: int) -> int | None:
        frames = self.frames
        new = frames.take()
        if new is None:
            self.exhausted = True
            return None
        at, source = new << PAGE_SHIFT, old << PAGE_SHIFT
        frames.buf[at : at + PAGE_SIZE] = frames.buf[source : source + PAGE_SIZE]
        frames.drop(old)
        self._frame[page] = new
        self.changed = True
        return new

    # -- mappings ---------------------------------------------------------------------------------------

    def _pages(self, addr: int, length: int) -> range:
        """The page numbers of a page-aligned range of user addresses; EINVAL."""
        end = addr + length
        if addr & _OFFSET or addr < PAGE_SIZE or length <= 0 or end > self.top:
            raise KernelError(
                EINVAL, f"{addr:#x}+{length:#x} is not a range of user pages below {self.top:#x}"
            )
        return range(addr >> PAGE_SHIFT, end + _OFFSET >> PAGE_SHIFT)

    def map(self, addr: int, length: int, prot: int) -> None:
        """Fresh zero pages at `addr`, in place of what was there; ENOMEM when RAM could never hold them."""
        pages = self._pages(addr, length)
        if len(self._prot) + len(pages) > self.frames.total:
            limit = self.frames.total << PAGE_SHIFT
            raise KernelError(
                ENOMEM, f"cannot map {length} bytes: {self.size} are mapped, and programs have {limit}"
            )
        self._forget(pages)
        value = prot | READ if prot else 0
        self._prot.update(dict.fromkeys(pages, value))

    def map_frame(self, page: int, frame: int, prot: int) -> None:
        """A page, also beyond `top`, that means `frame`, which others share."""
        self.frames.share(frame)
        self._prot[page] = prot
        self._frame[page] = frame
        self.changed = True

    def frame_bytes(self, page: int) -> int | None:
        """Where in RAM a page is; None when it has no memory."""
        frame = self._frame.get(page)
        return None if frame is None else frame << PAGE_SHIFT

    def own_page(self, page: int, prot: int) -> int:
        """The place in RAM of a page (beyond `top`, too) that is private to this space; ENOMEM."""
        old = self._frame.get(page)
        if old is not None and not self.frames.shared(old):
            return old << PAGE_SHIFT
        frame = self.frames.take()
        if frame is None:
            raise KernelError(ENOMEM, "no memory for a page of the program")
        at = frame << PAGE_SHIFT
        if old is not None:
            self.frames.buf[at : at + PAGE_SIZE] = self.frames.buf[
                old << PAGE_SHIFT : (old + 1) << PAGE_SHIFT
            ]
            self.frames.drop(old)
        self._frame[page], self._prot[page] = frame, prot
        self.changed = True
        return at

    def map_shared(self, addr: int, length: int, prot: int) -> None:
        """Fresh zero pages that copies of this space will share, even after writes; ENOMEM."""
        pages, frames = self._pages(addr, length), self.frames
        unused = len(frames.unused)
        if len(pages) > unused:
            raise KernelError(
                ENOMEM, f"cannot allocate {length} bytes: {unused << PAGE_SHIFT} are free for programs"
            )
        self._forget(pages)
        for page in pages:
            frame = frames.take()
            assert frame is not None
            self._frame[page], self._prot[page] = frame, prot | READ if prot else 0
            self._common.add(page)
        self.changed = True

    def map_device(self, addr: int, frames: list[int], device: DeviceMapping) -> None:
        """Pages that mean the kernel's own memory, not copied and not given back; EXEC is not for them."""
        pages = self._pages(addr, len(frames) << PAGE_SHIFT)
        self._forget(pages)
        for page, frame in zip(pages, frames, strict=True):
            self._prot[page], self._frame[page], self._device[page] = device.prot | READ, frame, device
        self.changed = True

    def devices(self) -> set[DeviceMapping]:
        """The device mappings of which something is left."""
        return set(self._device.values())

    def move(self, addr: int, length: int, to: int) -> None:
        """Move mapped private pages to another address, in place of what was mapped there."""
        pages, targets = self._pages(addr, length), self._pages(to, length)
        moved = [(self._prot.pop(page), self._frame.pop(page, None)) for page in pages]
        self._forget(targets)
        for target, (prot, frame) in zip(targets, moved, strict=True):
            self._prot[target] = prot
            if frame is not None:
                self._frame[target] = frame
        self.changed = True

    def unmap(self, addr: int, length: int) -> None:
        """Pages go away; those that are not mapped do not matter."""
        pages = self._pages(addr, length)
        self._forget(pages if len(pages) <= len(self._prot) else [p for p in self._prot if p in pages])

    def protect(self, addr: int, length: int, prot: int) -> None:
        """Change what may be done with mapped pages; ENOMEM when one of them is not mapped."""
        pages = self._pages(addr, length)
        missing = next((page for page in pages if page not in self._prot), None)
        if missing is not None:
            raise KernelError(ENOMEM, f"{missing << PAGE_SHIFT:#x} is not mapped")
        if any(prot & ~self._device[page].prot & ~READ for page in pages if page in self._device):
            raise KernelError(EACCES, f"protection {prot:#x}: more than the device was mapped for")
        self.frames.stale |= any((prot | self._prot[page]) & EXEC for page in pages)
        self._prot.update(dict.fromkeys(pages, prot | READ if prot else 0))
        self.changed = True

    def _forget(self, pages: range | list[int]) -> None:
        for page in pages:
            prot = self._prot.pop(page, 0)
            frame = self._frame.pop(page, None)
            self._common.discard(page)
            if frame is not None and self._device.pop(page, None) is None:
                self.frames.drop(frame)
                self.frames.stale |= bool(prot & EXEC)
        self.changed = True

    def free_range(self, length: int, below: int) -> int:
        """The highest address under `below` with room for `length` bytes; ENOMEM."""
        need = -(-length // PAGE_SIZE)
        page = below >> PAGE_SHIFT
        for taken in sorted((p for p in self._prot if p < page), reverse=True):
            if page - taken - 1 >= need:
                break
            page = taken
        if page - need < 1 or need <= 0:
            raise KernelError(ENOMEM, f"no room for {length} bytes below {below:#x}")
        return page - need << PAGE_SHIFT

    def is_free(self, addr: int, length: int) -> bool:
        """Is nothing mapped in a range of user addresses?"""
        pages = self._pages(addr, length)
        return len(pages) <= self.frames.total and not any(page in self._prot for page in pages)

    def copy(self) -> AddressSpace:
        """A space with the same content (fork): memory is shared until either writes."""
        other = AddressSpace(self.frames, self.top)
        other._prot = self._prot.copy()
        other._frame = self._frame.copy()
        other._common = self._common.copy()
        other._device = self._device.copy()
        for page, frame in self._frame.items():
            if page not in self._device:
                self.frames.share(frame)
        self.changed = True
        return other

    def clear(self) -> None:
        """Unmap everything."""
        self._forget(list(self._prot))

    # -- the kernel's accesses (copyin, copyout) ----------------------------------------------------------

    def pieces(self, addr: int, length: int, access: int) -> Iterator[tuple[int, int]]:
        """Where in RAM the pages of a range are, and how many of its bytes are in each, for READ or WRITE.

        MemFault at the first byte that the program itself could not access so.
        """
        while length > 0:
            found = self.translate(addr >> PAGE_SHIFT, access)
            if found is None:
                raise MemFault(addr, access)
            frame, prot = found
            if access == WRITE and prot & EXEC:
                self.frames.stale = True
            inside = addr & _OFFSET
            take = min(length, PAGE_SIZE - inside)
            yield frame << PAGE_SHIFT | inside, take
            addr += take
            length -= take

    def _located(self, addr: int, length: int, access: int) -> list[tuple[int, int]]:
        """All pieces of a range; EFAULT."""
        try:
            return list(self.pieces(addr, length, access))
        except MemFault as fault:
            raise KernelError(EFAULT, f"the process may not access user address {fault.addr:#x}") from None

    def read(self, addr: int, length: int) -> bytes:
        """`length` bytes of user memory; EFAULT."""
        buf = self.frames.buf
        if 0 < length <= PAGE_SIZE - (addr & _OFFSET):  # as nearly always
            found = self.translate(addr >> PAGE_SHIFT, READ)
            if found is not None:
                at = found[0] << PAGE_SHIFT | addr & _OFFSET
                return buf[at : at + length]
        return b"".join([buf[at : at + take] for at, take in self._located(addr, length, READ)])

    def write(self, addr: int, data: bytes | bytearray) -> None:
        """Store into user memory; EFAULT, and then nothing was stored."""
        done = 0
        for at, take in self._located(addr, len(data), WRITE):
            self.frames.buf[at : at + take] = data[done : done + take]
            done += take

    def available(self, addr: int) -> int:
        """How many bytes from `addr` on are surely readable; EFAULT when none are."""
        self._located(addr, 1, READ)
        return PAGE_SIZE - (addr & _OFFSET)
