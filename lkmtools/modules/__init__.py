"""The modules of a simulated kernel: load, stat, unload.

    from lkmtools import client, modules

    with client.connect() as p:
        modules.load(p, "hello.o")
        print([module.name for module in modules.stat_all(p)])
        modules.unload(p, "hello")

modload(8), modstat(8) and modunload(8) are built on it. Each call opens /dev/lkm itself; the device is
exclusive, so a call waits while another tool has it. Loading needs the linker and lives in
lkmtools.modules.loader, which is imported by the first load only: modstat has to start fast.
"""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any

from lkmtools.abi import lkm
from lkmtools.abi.datamodel import cstring
from lkmtools.abi.errno import EINVAL, ENOENT, ENOTTY
from lkmtools.abi.fcntl import O_RDONLY
from lkmtools.errors import KernelError
from lkmtools.modules.device import lkm_device
from lkmtools.tuples import NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterator

    from lkmtools.client import Process
    from lkmtools.modules.loader import Loaded

__all__ = [
    "Module",
    "lkm_device",
    "load",
    "stat",
    "stat_all",
    "stat_fd",
    "unload",
    "unload_fd",
    "walk",
]

_ROOM = 64  # modules asked for with one LMSTATS
_REPLACED = "has a module replaced ioctl(2)?"
MOST_IDS = 1 << 16  # modules: more do not fit into the largest kernel, a page each and their records


class Module(NamedTuple):
    """One loaded module, as LMSTAT tells it (struct lmc_stat; NetBSD 5.2 <sys/lkm.h>).

    `offset` is signed: a system-call slot, packed majors for LM_DEV, -1 where the type has none. `area` and
    `private` are kernel addresses. `kbytes` is the size in units of 1024 bytes, as the kernel reports it.
    """

    id: int
    name: str
    type: int
    offset: int
    area: int
    kbytes: int
    private: int
    ver: int

    @property
    def type_name(self) -> str:
        """The word modstat shows for the type; "(UNKNOWN)" out of range, as modstat has it."""
        return lkm.TYPE_NAMES[self.type] if 0 <= self.type < len(lkm.TYPE_NAMES) else "(UNKNOWN)"

    @property
    def majors(self) -> tuple[int, int] | None:
        """(block major, character major) of an LM_DEV module, -1 for an absent one; None for other types."""
        if self.type != lkm.LM_DEV:
            return None
        return lkm.LKM_BLOCK_MAJOR(self.offset), lkm.LKM_CHAR_MAJOR(self.offset)


def stat_fd(p: Process, fd: int, module: int | str) -> Module:
    """LMSTAT on an open /dev/lkm. See `stat`; ENOTTY when the call succeeds and answers nothing."""
    layout = lkm.lmc_stat.layout(p.dm)
    if isinstance(module, int):
        request = layout.pack(id=module)
    else:
        request = layout.pack(id=-1, name=os.fsencode(module)[: lkm.MAXLKMNAME])
    buf = p.buffer(request)
    p.ioctl(fd, lkm.LMSTAT.code(p.dm), buf)
    return _module(p, layout.codec.unpack(buf.data), "LMSTAT")


def _module(p: Process, members: tuple[Any, ...], ioctl: str) -> Module:
    """The module that `ioctl` described in a struct lmc_stat; ENOTTY when it has not filled it in."""
    number, name, offset, kind, area, size, private, ver = members
    if not area:
        raise KernelError(ENOTTY, f"{ioctl} answered nothing: {_REPLACED}")
    if offset > p.dm.mask >> 1:
        offset -= p.dm.mask + 1
    return Module(number, cstring(name), kind, offset, area, size, private, ver)


def stat(p: Process, module: int | str) -> Module:
    """The module with this id or MOD_xxx name (LMSTAT; kern_lkm.c lkmioctl, NetBSD 5.2).

    KernelError: ENOENT no such name or a hole in the ids, EINVAL an id beyond the highest or no module at
    all, ENAMETOOLONG, whatever open(2) of /dev/lkm or the module's own STAT handler returns.
    """
    with lkm_device(p, O_RDONLY) as fd:
        return stat_fd(p, fd, module)


def walk(p: Process, fd: int) -> Iterator[Module]:
    """Every module of an open /dev/lkm by rising id, as modstat(8) walks.

    LMSTATS describes many at once. A kernel in which a module has replaced ioctl(2) refuses it (ENOTTY), and
    then each is asked for with LMSTAT, which that module may watch. A KernelError ends the walk and is
    raised; so does an id that no kernel reaches.
    """
    head, row = lkm.lmc_stats.layout(p.dm), lkm.lmc_stat.layout(p.dm)
    rows, number = p.buffer(_ROOM * row.size), 0
    while True:
        buf = p.buffer(head.pack(id=number, nstats=_ROOM, stats=rows.addr))
        try:
            p.ioctl(fd, lkm.LMSTATS.code(p.dm), buf, rows)
        except KernelError as error:
            if error.errno == EINVAL:
                return
            if error.errno != ENOTTY:
                raise
            yield from _one_by_one(p, fd, number)
            return
        answer = head.unpack(buf.data)
        _check_answer(number, answer.id, answer.nstats)
        for members in row.codec.iter_unpack(rows.data[: answer.nstats * row.size]):
            yield _module(p, members, "LMSTATS")
        number = answer.id


def _one_by_one(p: Process, fd: int, first: int) -> Iterator[Module]:
    """The modules from id `first` on, with an LMSTAT each, as the original modstat: EINVAL is the end."""
    for number in range(first, MOST_IDS):
        try:
            yield stat_fd(p, fd, number)
        except KernelError as error:
            if error.errno == EINVAL:
                return
            if error.errno != ENOENT:
                raise
    raise KernelError(ENOTTY, f"LMSTAT describes more than {MOST_IDS} modules: {_REPLACED}")


def _check_answer(first: int, following: int, count: int) -> None:
    """ENOTTY for an LMSTATS from ID `first` on that made no progress, or answered more than can be."""
    if following == first:
        raise KernelError(ENOTTY, f"LMSTATS answered nothing: {_REPLACED}")
    if not first < following <= MOST_IDS:
        raise KernelError(
            ENOTTY,
            f"LMSTATS from ID {first} on returned ID {following}; it must be above {first}, "
            f"and the limit is {MOST_IDS}: {_REPLACED}",
        )
    if count > _ROOM:
        raise KernelError(
            ENOTTY, f"LMSTATS says that it stored {count} modules; there was room for {_ROOM}: {_REPLACED}"
        )


def stat_all(p: Process) -> list[Module]:
    """All loaded modules at one moment: /dev/lkm is held meanwhile, so none can come or go."""
    with lkm_device(p, O_RDONLY) as fd:
        return list(walk(p, fd))


def load(
    p: Process,
    path: str | os.PathLike[str],
    *,
    entry: str | None = None,
    kernel: str | None = None,
    symbols: bool = False,
    force: bool = False,
    output: str | None = None,
) -> Loaded:
    """Load the module in the object file `path` and call its entry point, as modload(8) does.

    `entry` is its entry symbol (default: xxxinit or NAME_lkmentry), `kernel` an ELF file to take the
    kernel's symbols from (default: /dev/ksyms), `symbols` loads the module's symbols for later ones, `force`
    skips the kernel-version check, `output` is a file for the linked image, with its debugging sections but
    for damaged ones. LoadError (prepare.py) when a step fails, and then nothing stays behind; PanicError when
    the module brings the kernel down.
    """
    from lkmtools.modules.loader import load_object
    from lkmtools.modules.options import Options

    options = Options(entry=entry, kernel=kernel, symbols=symbols, force=force, output=output)
    return load_object(p, os.fspath(path), options)


def unload_fd(p: Process, fd: int, module: int | str) -> None:
    """LMUNLOAD on an open /dev/lkm. See `unload`."""
    layout = lkm.lmc_unload.layout(p.dm)
    if isinstance(module, int):
        p.ioctl(fd, lkm.LMUNLOAD.code(p.dm), p.buffer(layout.pack(id=module)))
        return
    name = p.buffer(os.fsencode(module) + b"\0")
    p.ioctl(fd, lkm.LMUNLOAD.code(p.dm), p.buffer(layout.pack(id=-1, name=name.addr)), name)


def unload(p: Process, module: int | str) -> None:
    """Unload the module with this id or MOD_xxx name (LMUNLOAD; kern_lkm.c lkmioctl, NetBSD 5.2).

    KernelError: EINVAL id out of range, ENOENT no such module, EBUSY the module refuses or is in use,
    EPERM at securelevel 1 and above, and whatever open(2) of /dev/lkm returns.
    """
    with lkm_device(p) as fd:
        unload_fd(p, fd, module)
