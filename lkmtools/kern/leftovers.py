"""What still points into the memory of a module that was unloaded: the tables of the kernel are searched.

For a panic only: it looks at all of them.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from lkmtools.abi.conf import MAXDEVSW
from lkmtools.abi.syscall import SYS_NSYSENT
from lkmtools.kern.dev.subr_devsw import attached
from lkmtools.kern.proc.syscall import call_name

if TYPE_CHECKING:
    from lkmtools.kern.base.lkm_record import LoadableModule
    from lkmtools.kern.kernel import Kernel

_MOST = 4  # that are named


def pointers_to(k: Kernel, addr: int, fetch: bool) -> str:
    """The words for what points to where an unloaded module was, when `addr` is such an address; "".

    Memory that something else has by now is such an address when an instruction was to be fetched there.
    """
    gone, there = k.modules.unloaded_at(addr), k.mem.protection(addr)
    if gone is None or k.modules.at(addr) is not None or (there and not fetch):
        return ""
    found = list(_found(k, gone))
    if not found:
        return ""
    who = f"module {gone.title}, which was unloaded, was there: {k.symbolize(addr)}; " if there else ""
    return f"{who}{_still(found)}"


def is_left(k: Kernel, addr: int) -> bool:
    """Is `addr` where a module was unloaded, and nothing else is now?"""
    return k.modules.unloaded_at(addr) is not None and not k.mem.protection(addr)


def _still(found: list[str]) -> str:
    """The words for what was found."""
    more = f" and {len(found) - _MOST} more" if len(found) > _MOST else ""
    verb = "points" if len(found) == 1 else "point"
    return f"{', '.join(found[:_MOST])}{more} still {verb} into it"


def _found(k: Kernel, gone: LoadableModule) -> Iterator[str]:
    """The table slots, and what the kernel has been asked to call."""
    calls = k.system_calls
    at = calls.sysent + calls.layout.offsetof("sy_call")
    for number in range(SYS_NSYSENT):
        if gone.holds(k.mem.ptr(at + number * calls.layout.size)):
            yield f"sysent[{number}] ({call_name(number)})"
    for table in ("cdevsw", "bdevsw"):
        for major in range(MAXDEVSW):
            if gone.holds(attached(k, table, major)):
                yield f"{table}[{major}]"
    if k.callouts.running and (gone.holds(k.callouts.func) or gone.holds(k.callouts.running)):
        by = k.symbolize(k.callouts.running_caller, returns=True)
        yield f"the callout at {k.callouts.running:#x}, scheduled in {by},"
    if gone.holds(k.sched.softints.running):
        yield "a soft interrupt"
