"""The memory of a client whose modules access it directly (lkmd --user-memory=direct)."""

from __future__ import annotations

from lkmtools.abi.vmparam import PAGE_SIZE
from lkmtools.kern.base.request import RegionSpace, UserRegion
from lkmtools.machine import READ, WRITE, AddressSpace, Frames

_BLANK = bytes(PAGE_SIZE)


class MappedRegions(RegionSpace):
    """The regions of a request. They are in pages of RAM, too, from when module code first accesses one.

    From then on the pages have the truth. A region at an address that no process of this machine has is in
    no page: copyin and copyout reach it.
    """

    __slots__ = ("_frames", "_pages", "_reachable", "_space", "_top")

    def __init__(self, frames: Frames, top: int, regions: tuple[UserRegion, ...]) -> None:
        """Pages come from `frames`; user addresses are below `top`."""
        super().__init__(regions)
        self._frames = frames
        self._top = top & -PAGE_SIZE
        self._reachable = {
            index: region
            for index, region in enumerate(regions)
            if region.data and region.addr >= PAGE_SIZE and region.addr + len(region.data) <= self._top
        }
        self._space: AddressSpace | None = None
        self._pages: list[int] = []  # their addresses

    def pages(self) -> AddressSpace:
        """An address space that holds the regions; without memory for all of them, KernelError and none."""
        if self._space is None:
            space = AddressSpace(self._frames, self._top)
            try:
                self._fill(space)
            except BaseException:
                space.clear()
                raise
            self._space = space
        return self._space

    def _fill(self, space: AddressSpace) -> None:
        self._pages.clear()
        for region in self._reachable.values():
            first, end = region.addr & -PAGE_SIZE, region.addr + len(region.data)
            for page in range(first, end, PAGE_SIZE):
                if space.is_free(page, PAGE_SIZE):
                    space.map(page, PAGE_SIZE, READ | WRITE)
                    self._pages.append(page)
            space.write(region.addr, region.data)

    def _holding(self, addr: int, length: int) -> AddressSpace | None:
        """The pages, if they have these bytes; EFAULT when no region has them."""
        if self._space is not None and self._find(addr, length)[0] in self._reachable:
            return self._space
        return None

    def read(self, addr: int, length: int) -> bytes:
        """`length` bytes of user memory; EFAULT."""
        space = self._holding(addr, length)
        return super().read(addr, length) if space is None else space.read(addr, length)

    def write(self, addr: int, data: bytes) -> None:
        """Store into user memory; EFAULT, and then nothing was stored."""
        super().write(addr, data)
        space = self._holding(addr, len(data))
        if space is not None:
            space.write(addr, data)

    def changed(self) -> tuple[tuple[int, int, bytearray], ...]:
        """What copyout and module code changed, a span for each region."""
        if self._space is not None:
            for index, region in self._reachable.items():
                now = self._space.read(region.addr, len(region.data))
                if now != region.data:
                    region.data[:] = now
                    self._changed[index] = (0, len(now))
        return super().changed()

    def close(self) -> int:
        """Give the pages back. The first page with bytes that module code wrote beside the regions; or 0."""
        space, self._space = self._space, None
        if space is None:
            return 0
        for region in self._reachable.values():
            space.write(region.addr, bytes(len(region.data)))
        strays = [page for page in self._pages if space.read(page, PAGE_SIZE) != _BLANK]
        space.clear()
        return min(strays, default=0)
