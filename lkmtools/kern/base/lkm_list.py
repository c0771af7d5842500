"""The list of modules: the TAILQ `lkmods` in guest memory, and our records of it by id, address and name.

What the original finds by walking the list is found here without a walk, so that loading, finding and
unloading a module costs the same however many there are. A module keeps the name that it had when loaded.
Every room may look up the module of an address; only kern/lkm adds and removes modules.
"""

from __future__ import annotations

import heapq
from array import array
from bisect import bisect_left, bisect_right, insort
from typing import TYPE_CHECKING

from lkmtools.abi.dialects import DIALECT
from lkmtools.abi.lkm import lkm_table
from lkmtools.kern.base.queue import tailq_insert_after, tailq_remove

if TYPE_CHECKING:
    from lkmtools.kern.base.lkm_record import LoadableModule
    from lkmtools.kern.kernel import Kernel

_REMEMBERED = 64  # unloaded modules whose places are remembered
_MOST_SYMBOLS = 1 << 13  # of all of them


class ModuleList:
    """Every module from LMRESERV to LMUNLOAD; `by_id` is in no particular order."""

    def __init__(self, k: Kernel) -> None:
        self._k = k
        self._link = lkm_table.layout(k.dm).offsetof("tqe_next")
        self.head = k.symbol("lkmods")
        self.by_id: dict[int, LoadableModule] = {}
        self.ids: list[int] = []  # of those, in order
        self._tables: dict[int, LoadableModule] = {}
        self._areas: list[tuple[int, int]] = []  # (area, id), by area
        self._names: dict[str, dict[int, LoadableModule]] = {}
        self._free: list[int] = []  # ids below len(by_id) + len(_free) that nobody has, a heap
        self._unloaded: list[LoadableModule] = []

    def next_id(self) -> int:
        """The lowest id that is free."""
        return self._free[0] if self._free else len(self.by_id)

    def insert(self, module: LoadableModule) -> None:
        """Put a module, whose id is next_id(), into the list, which is in the order of ids."""
        before = self.by_id[module.id - 1].table if module.id else 0
        tailq_insert_after(self._k, "lkmods", self.head, before, module.table, self._link)
        if self._free:
            heapq.heappop(self._free)
        self.by_id[module.id] = self._tables[module.table] = module
        insort(self.ids, module.id)
        insort(self._areas, (module.area, module.id))

    def remove(self, module: LoadableModule) -> None:
        """Take a module out of the list and forget it."""
        tailq_remove(self._k, "lkmods", self.head, module.table, self._link)
        del self.by_id[module.id], self._tables[module.table]
        del self.ids[bisect_left(self.ids, module.id)]
        del self._areas[bisect_right(self._areas, (module.area, module.id)) - 1]
        heapq.heappush(self._free, module.id)
        same = self._names.get(module.name, {})
        if same.pop(module.id, None) is not None and not same:
            del self._names[module.name]

    def named(self, module: LoadableModule) -> None:
        """A module has its name now; at its removal it has the same."""
        self._names.setdefault(module.name, {})[module.id] = module

    def dialect(self, addr: int) -> str:
        """The dialect of the module in whose memory `addr` lies (abi/dialects.py); that of the kernel."""
        module = self.at(addr)
        return DIALECT if module is None else module.info.dialect

    def by_name(self, name: str) -> list[LoadableModule]:
        """The modules of this name, by id."""
        return [module for _, module in sorted(self._names.get(name, {}).items())]

    def by_table(self, table: int) -> LoadableModule | None:
        """The module whose struct lkm_table is at `table`."""
        return self._tables.get(table)

    def at(self, addr: int) -> LoadableModule | None:
        """The module in whose memory `addr` lies."""
        i = bisect_left(self._areas, (addr + 1, 0))
        if not i:
            return None
        module = self.by_id[self._areas[i - 1][1]]
        return module if module.holds(addr) else None

    def locate(self, addr: int) -> tuple[str, int, str] | None:
        """(function, its address, module) for an address in a module."""
        module = self.at(addr)
        return None if module is None else (*module.function(addr), module.title)

    def loading(self) -> LoadableModule | None:
        """The module that /dev/lkm is in the middle of loading."""
        return next((module for module in self.by_id.values() if not module.loaded), None)

    # -- those that were unloaded -----------------------------------------------------------------------

    def unloaded(self, module: LoadableModule) -> None:
        """Remember where a module was: its last callers may come back. Old ones lose their symbols."""
        self._unloaded = [*self._unloaded[1 - _REMEMBERED :], module]
        left = _MOST_SYMBOLS
        for each in reversed(self._unloaded):
            left -= len(each.info.symbols)
            if left < 0:
                each.info = each.info._replace(symbols=(), addresses=array("Q"))

    def left(self) -> tuple[LoadableModule, ...]:
        """Those whose places are remembered, the last one first."""
        return tuple(reversed(self._unloaded))

    def unloaded_at(self, addr: int) -> LoadableModule | None:
        """The module that was last unloaded from around `addr`."""
        return next((module for module in reversed(self._unloaded) if module.holds(addr)), None)
