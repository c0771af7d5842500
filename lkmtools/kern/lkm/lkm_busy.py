"""What can keep a module from being unloaded: one table, in the order of the checks.

kern_lkm.c has nothing like it: it unloaded any module. The first row that applies gives the reason (EBUSY),
and the module's own unload function is called only if none does. modunload(8) and lkm(4) list the same rows
in the same words.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from lkmtools.kern.lkm import lkm_dispatch, lkm_refs
from lkmtools.kern.proc.emul import runs_under
from lkmtools.kern.vfs.spec_vnops import open_in
from lkmtools.tuples import NamedTuple

if TYPE_CHECKING:
    from lkmtools.kern.base.lkm_record import LoadableModule
    from lkmtools.kern.kernel import Kernel


class Need(NamedTuple):
    """A way to need a module: its name, how the manuals say it, and who tells the reason ("": nobody)."""

    name: str
    sentence: str
    why: Callable[[Kernel, LoadableModule], str]


NEEDS = (
    Need("dependents", "another module is linked against it", lkm_refs.dependents),
    Need("references", "a reference to it is held (lkm_hold())", lkm_refs.held),
    Need("mounts", "a file system of its type is mounted", lambda k, module: k.vfs.uses(module)),
    Need(
        "processes",
        "a process runs under its emulation, or runs a program that it loaded",
        runs_under,
    ),
    Need("formats", "an execution format uses its emulation", lambda k, module: k.formats.uses(module)),
    Need("calls", "a process sleeps in its code, or will return to it", lkm_refs.in_call),
    Need("devices", "a device of its driver is open or mapped", open_in),
    Need("tables", "another module has since replaced its entry in a kernel table", lkm_dispatch.blocked),
)


def in_use(k: Kernel, module: LoadableModule) -> str:
    """Why a module may not be unloaded; "" if it may.

    Asked in this order: dependents, references, mounts, processes, formats, calls, devices, tables.
    """
    return next(filter(None, (need.why(k, module) for need in NEEDS)), "")
