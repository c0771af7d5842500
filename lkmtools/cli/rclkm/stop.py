"""rc.lkm stop: unload what the lines of lkm.conf have loaded, in reverse order."""

from __future__ import annotations

from collections.abc import Sequence

from lkmtools import modules
from lkmtools.abi.errno import strerror
from lkmtools.abi.fcntl import O_RDWR
from lkmtools.cli.classic import opened
from lkmtools.cli.common import warnx
from lkmtools.cli.rclkm.items import Item
from lkmtools.cli.rclkm.loaded import LoadedObject, loaded
from lkmtools.cli.rclkm.start import NAME
from lkmtools.client import Process
from lkmtools.errors import KernelError


class Stop:
    """One run over `items`. The device stays open meanwhile, so that nothing comes or goes."""

    def __init__(self, p: Process, items: Sequence[Item]) -> None:
        self.p = p
        self.items = items
        self.failed = 0

    def run(self) -> int:
        """Unload everything that is loaded; the exit status. What is not loaded is skipped."""
        try:
            with opened(self.p, NAME, O_RDWR) as fd:
                for item, module in self._wanted(fd):
                    self._unload(fd, item, module)
        except KernelError as error:
            warnx(NAME, f"/dev/lkm: {error}")
            return 1
        return 1 if self.failed else 0

    def _wanted(self, fd: int) -> list[tuple[Item, LoadedObject]]:
        """What to unload: the last line's first, and before each module those linked against it."""
        there = loaded(self.p, fd)
        lines = [(item, m) for item in reversed(self.items) for m in there if m.made_by(item)]
        by_id = {module.id: (item, module) for item, module in lines}
        out: dict[int, tuple[Item, LoadedObject]] = {}

        def place(number: int) -> None:
            if number in by_id and number not in out:
                for user in by_id[number][1].users:
                    place(user)
                out[number] = by_id[number]

        for _, module in lines:
            place(module.id)
        return list(out.values())

    def _unload(self, fd: int, item: Item, module: LoadedObject) -> None:
        try:
            modules.unload_fd(self.p, fd, module.id)
        except KernelError as error:
            self.failed += 1
            warnx(NAME, f"{item.entry.place}: {item.name}: LMUNLOAD: {strerror(error.errno)}")
            if error.reason:
                warnx(NAME, f"{item.entry.place}: {item.name}: {error.reason}")
