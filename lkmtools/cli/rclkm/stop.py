"""rc.lkm stop: unload what the lines of lkm.conf have loaded, in reverse order."""

from __future__ import annotations

import os
from collections.abc import Sequence
from typing import NamedTuple

from lkmtools import modules
from lkmtools.abi.errno import strerror
from lkmtools.abi.fcntl import O_RDWR
from lkmtools.cli.classic import opened
from lkmtools.cli.common import warnx
from lkmtools.cli.rclkm.items import Item
from lkmtools.cli.rclkm.start import NAME
from lkmtools.client import Process
from lkmtools.errors import KernelError
from lkmtools.modules.refs import refs_fd


class _Loaded(NamedTuple):
    """A loaded module: the object it came from ("" when nobody said), and who is linked against it."""

    id: int
    name: str
    path: str
    users: tuple[int, ...]


class Stop:
    """One run over `items`. The device stays open meanwhile, so that nothing comes or goes."""

    def __init__(self, p: Process, items: Sequence[Item]) -> None:
        self.p = p
        self.items = items
        self.failed = 0

    def run(self) -> int:
        """Unload everything that is loaded; the exit status. What is not loaded is passed over."""
        try:
            with opened(self.p, NAME, O_RDWR) as fd:
                for item, module in self._wanted(fd):
                    self._unload(fd, item, module)
        except KernelError as error:
            warnx(NAME, f"/dev/lkm: {error}")
            return 1
        return 1 if self.failed else 0

    def _wanted(self, fd: int) -> list[tuple[Item, _Loaded]]:
        """What to unload: the last line's first, and before each module those linked against it."""
        loaded = [self._look(fd, module) for module in modules.walk(self.p, fd)]
        lines = [(item, m) for item in reversed(self.items) for m in loaded if _made_by(item, m)]
        by_id = {module.id: (item, module) for item, module in lines}
        out: dict[int, tuple[Item, _Loaded]] = {}

        def place(number: int) -> None:
            if number in by_id and number not in out:
                for user in by_id[number][1].users:
                    place(user)
                out[number] = by_id[number]

        for _, module in lines:
            place(module.id)
        return list(out.values())

    def _look(self, fd: int, module: modules.Module) -> _Loaded:
        refs = refs_fd(self.p, fd, module.id)
        return _Loaded(module.id, module.name, refs.path, tuple(row.id for row in refs.users))

    def _unload(self, fd: int, item: Item, module: _Loaded) -> None:
        try:
            modules.unload_fd(self.p, fd, module.id)
        except KernelError as error:
            self.failed += 1
            warnx(NAME, f"{item.entry.place}: {item.name}: LMUNLOAD: {strerror(error.errno)}")
            if error.reason:
                warnx(NAME, f"{item.entry.place}: {item.name}: {error.reason}")


def _made_by(item: Item, module: _Loaded) -> bool:
    """Is it from this line? By the object's path; by name only where the kernel knows no path."""
    if module.path:
        return module.path == os.path.abspath(item.path)
    return module.name == item.name.removesuffix(".o")
