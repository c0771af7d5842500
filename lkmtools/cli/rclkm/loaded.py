"""Which modules are loaded, and from which objects: what start skips and stop looks for."""

from __future__ import annotations

import os

from lkmtools import modules
from lkmtools.cli.rclkm.items import Item
from lkmtools.client import Process
from lkmtools.modules.refs import refs_fd
from lkmtools.tuples import NamedTuple


class LoadedObject(NamedTuple):
    """A loaded module: the object it came from ("" when unknown), and who is linked against it."""

    id: int
    name: str
    path: str
    users: tuple[int, ...]

    def made_by(self, item: Item) -> bool:
        """Is it from this line? By the object's path; by name only where the kernel knows no path."""
        if self.path:
            return self.path == os.path.abspath(item.path)
        return self.name == item.name.removesuffix(".o")


def loaded(p: Process, fd: int) -> list[LoadedObject]:
    """All modules of an open /dev/lkm, by id. KernelError."""
    out = []
    for module in modules.walk(p, fd):
        refs = refs_fd(p, fd, module.id)
        out.append(LoadedObject(module.id, module.name, refs.path, tuple(row.id for row in refs.users)))
    return out
