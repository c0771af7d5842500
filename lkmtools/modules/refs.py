"""Who needs a module: LMREFS of /dev/lkm, and the wait of modunload -w."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from lkmtools.abi import lkm
from lkmtools.abi.datamodel import cstring
from lkmtools.abi.syscall import SYS_lkmwait
from lkmtools.tuples import NamedTuple

if TYPE_CHECKING:
    from lkmtools.client import Process

_ROOM = 32  # rows asked for at first
_PATH = 4096
_LONGEST_WAIT = 0x7FFFFFFF  # milliseconds: an int of the kernel


class Ref(NamedTuple):
    """A row of LMREFS: the module (for a call: the process) `id`, -1 for the kernel; its name; how often."""

    id: int
    name: str
    times: int


class Refs(NamedTuple):
    """What LMREFS tells of a module: its object's path, its size in bytes, and four lists.

    `uses` is what it is linked against, `users` what is linked against it, `holds` the holders of references,
    `calls` the processes with a call in progress in it.
    """

    path: str
    size: int
    uses: tuple[Ref, ...]
    users: tuple[Ref, ...]
    holds: tuple[Ref, ...]
    calls: tuple[Ref, ...]

    @property
    def references(self) -> int:
        """How many references there are, of all holders."""
        return sum(row.times for row in self.holds)


def refs_fd(p: Process, fd: int, module: int) -> Refs:
    """LMREFS on an open /dev/lkm, for the module with this id. KernelError as LMSTAT, and ENAMETOOLONG."""
    head, row = lkm.lmc_refs.layout(p.dm), lkm.lmr_ref.layout(p.dm)
    room = _ROOM
    while True:
        rows, path = p.buffer(room * row.size), p.buffer(_PATH)
        request = head.pack(
            version=lkm.LMREFS_VERSION, id=module, refs=rows.addr, nrefs=room, path=path.addr, pathlen=_PATH
        )
        buf = p.buffer(request)
        p.ioctl(fd, lkm.LMREFS.code(p.dm), buf, rows, path)
        told = head.unpack(buf.data)
        if told.nrefs <= room:
            break
        room = told.nrefs
    found: dict[int, list[Ref]] = {kind: [] for kind in range(lkm.LMR_USES, lkm.LMR_CALL + 1)}
    for i in range(told.nrefs):
        ref = row.unpack(rows.data, i * row.size)
        found.setdefault(ref.kind, []).append(Ref(ref.id, cstring(ref.name), ref.count))
    lists = (tuple(found[kind]) for kind in (lkm.LMR_USES, lkm.LMR_USEDBY, lkm.LMR_HOLD, lkm.LMR_CALL))
    return Refs(cstring(bytes(path.data)), told.size, *lists)


def wait_unused(p: Process, module: int | str, seconds: float) -> bool:
    """Sleep until nobody needs a module any more: no dependents, no references, no calls in progress.

    /dev/lkm is not opened for it. False when nobody needed it to begin with, True when
    the last went away meanwhile. KernelError: EAGAIN with the reason after `seconds`; ENOENT and EINVAL as
    LMUNLOAD has them, ENOENT too if the module is unloaded meanwhile.
    """
    ms = min(max(round(seconds * 1000), 0), _LONGEST_WAIT)
    ident, name = (module, 0) if isinstance(module, int) else (-1, os.fsencode(module) + b"\0")
    return bool(p.syscall(SYS_lkmwait, ident, name, ms)[0])
