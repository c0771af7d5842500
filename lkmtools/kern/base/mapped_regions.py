"""The memory of a client whose modules access it directly (lkmd --user-memory=direct)."""

from __future__ import annotations

from lkmtools.abi.vmparam import PAGE_SIZE
from lkmtools.kern.base.request import RegionSpace, UserRegion
from lkmtools.machine import READ, WRITE, AddressSpace, Frames


class MappedRegions(RegionSpace):
    """The regions of a request. They are in pages of RAM, too, from when module code first accesses one.

    A region at an address that no process of this machine has is in no page: copyin and copyout reach it.
    """

    __slots__ = ("_frames", "_pages", "_space", "_top")

    def __init__(self, frames: Frames, top: int, regions: tuple[UserRegion, ...]) -> None:
        """Pages come from `frames`; user addresses are below `top`."""
        super().__init__(regions)
        self._frames = frames
        self._top = top & -PAGE_SIZE
        self._space: AddressSpace | None = None
        self._pages: list[int] = []  # their addresses

    def pages(self) -> AddressSpace:
        """An address space that holds the regions; KernelError (ENOMEM)."""
        if self._space is None:
            space = AddressSpace(self._frames, self._top)
            for _, region in self._reachable():
                first, end = region.addr & -PAGE_SIZE, region.addr + len(region.data)
                for page in range(first, end, PAGE_SIZE):
                    if space.is_free(page, PAGE_SIZE):
                        space.map(page, PAGE_SIZE, READ | WRITE)
                        self._pages.append(page)
                space.write(region.addr, region.data)
            self._space = space
        return self._space

    def _reachable(self) -> list[tuple[int, UserRegion]]:
        """The regions at user addresses, with their indices."""
        return [
            (index, region)
            for index, region in enumerate(self._regions)
            if region.data and region.addr >= PAGE_SIZE and region.addr + len(region.data) <= self._top
        ]

    def _gather(self) -> None:
        """Copy what module code wrote from the pages into the regions."""
        if self._space is None:
            return
        for index, region in self._reachable():
            now = self._space.read(region.addr, len(region.data))
            if now != region.data:
                region.data[:] = now
                self._changed[index] = (0, len(now))

    def read(self, addr: int, length: int) -> bytes:
        """`length` bytes of user memory; EFAULT."""
        self._gather()
        return super().read(addr, length)

    def write(self, addr: int, data: bytes) -> None:
        """Store into user memory; EFAULT, and then nothing was stored."""
        self._gather()
        super().write(addr, data)
        if self._space is not None and self._find(addr, len(data))[0] in dict(self._reachable()):
            self._space.write(addr, data)

    def changed(self) -> tuple[tuple[int, int, bytearray], ...]:
        """What copyout and module code changed, a span for each region."""
        self._gather()
        return super().changed()

    def close(self) -> int:
        """Give the pages back. The first page with bytes that module code wrote beside the regions; or 0."""
        space, self._space = self._space, None
        if space is None:
            return 0
        for _, region in self._reachable():
            space.write(region.addr, bytes(len(region.data)))
        strays = [page for page in self._pages if any(space.read(page, PAGE_SIZE))]
        space.clear()
        return min(strays, default=0)
