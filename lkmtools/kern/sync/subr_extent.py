"""extent(9): ranges of numbers, of which parts are taken and given back (subr_extent.c of NetBSD 5.2).

The regions that are taken are a list of struct extent_regions in guest memory, by number. Neighbours are one
region, unless the extent or the allocation says EX_NOCOALESCE. EX_FAST makes no difference.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING

from lkmtools.abi.errno import EAGAIN, ENOMEM
from lkmtools.abi.extent import EX_BOUNDZERO, EX_CATCH, EX_NOCOALESCE, EX_WAITSPACE, EXF_NOCOALESCE, extent
from lkmtools.abi.extent import extent_region as region_struct
from lkmtools.abi.proc import PCATCH, PRIBIO
from lkmtools.errors import KernelError
from lkmtools.kern.base.bound import MEMORY, name_at
from lkmtools.kern.base.export import export
from lkmtools.kern.base.queue import chain, list_insert_head, list_remove

if TYPE_CHECKING:
    from lkmtools.kern.kernel import Kernel
    from lkmtools.machine.memory import View

_HEADER = "sys/extent.h"
_LIST = "ex_regions"


def _extent(k: Kernel, ex: int) -> View:
    return k.umem.view(extent.layout(k.dm), ex)


def _regions(k: Kernel, ex: View) -> Iterator[View]:
    """The regions that are taken, by number."""
    layout = region_struct.layout(k.dm)
    for addr in chain(k, _LIST, ex.at("ex_regions"), layout.offsetof("le_next")):
        yield k.umem.view(layout, addr)


def _name(k: Kernel, ex: View) -> str:
    return name_at(k, "ex_name", ex.ex_name)


@export(
    "struct extent *extent_create(const char *name, u_long start, u_long end, struct malloc_type *mtype, "
    "void *storage, size_t storagesize, int flags)",
    _HEADER,
)
def extent_create(
    k: Kernel, name: int, start: int, end: int, mtype: int, storage: int, storagesize: int, flags: int
) -> int:
    """Make an extent of the numbers `start` to `end`; NULL without memory. `storage` is not used."""
    shown = name_at(k, "name", name)
    if end < start:
        k.panic(f"extent_create: the extent '{shown}' ends at {end:#x}, before its start {start:#x}")
    layout = extent.layout(k.dm)
    ex = k.heap.alloc(layout.size, 0)
    if ex:
        k.mem.write(
            ex,
            layout.pack(
                ex_name=name,
                ex_start=start,
                ex_end=end,
                ex_mtype=mtype,
                ex_flags=EXF_NOCOALESCE if flags & EX_NOCOALESCE else 0,
            ),
        )
    return ex


@export("void extent_destroy(struct extent *ex)", _HEADER, bound=MEMORY)
def extent_destroy(k: Kernel, ex: int) -> None:
    """Free an extent and its regions; a pointer to anything else is a panic."""
    for region in list(_regions(k, _extent(k, ex))):
        _drop(k, region)
    if k.heap.free(ex) is None:
        k.panic(f"extent_destroy: {ex:#x} is not an extent of extent_create()")


def _drop(k: Kernel, region: View) -> None:
    list_remove(k, _LIST, region.addr, region_struct.layout(k.dm).offsetof("le_next"))
    if k.heap.free(region.addr) is None:
        k.panic(f"the list {_LIST} is corrupted: {region.addr:#x} is not a region")


def _take(k: Kernel, ex: View, start: int, end: int, flags: int) -> None:
    """Add the region `start` to `end`, which is free. ENOMEM."""
    layout = region_struct.layout(k.dm)
    before = after = None
    for region in _regions(k, ex):
        if region.er_start > end:
            after = region
            break
        before = region
    if not (ex.ex_flags & EXF_NOCOALESCE or flags & EX_NOCOALESCE):
        if before is not None and before.er_end + 1 == start:
            before.er_end = end
            if after is not None and after.er_start == end + 1:
                before.er_end = after.er_end
                _drop(k, after)
            return
        if after is not None and after.er_start == end + 1:
            after.er_start = start
            return
    addr = k.heap.alloc(layout.size)
    if not addr:
        raise KernelError(ENOMEM, f"no kernel memory for a region of extent '{_name(k, ex)}'")
    k.mem.write(addr, layout.pack(er_start=start, er_end=end))
    # A le_next has the shape of a head: LIST_INSERT_AFTER is an insert at the head of what follows.
    head = ex.at("ex_regions") if before is None else before.at("le_next")
    list_insert_head(k, _LIST, head, addr, layout.offsetof("le_next"))


def _wait(k: Kernel, ex: View, flags: int, attempt: Callable[[], None]) -> int:
    """Try until it succeeds (EX_WAITSPACE); otherwise EAGAIN is the answer."""
    while True:
        try:
            attempt()
        except KernelError as error:
            if error.errno != EAGAIN or not flags & EX_WAITSPACE:
                raise
        else:
            return 0
        k.sched.tsleep(ex.addr, PRIBIO | (PCATCH if flags & EX_CATCH else 0), "extnt", 0)


@export(
    "int extent_alloc_subregion1(struct extent *ex, u_long substart, u_long subend, u_long size, "
    "u_long alignment, u_long skew, u_long boundary, int flags, u_long *result)",
    _HEADER,
)
def extent_alloc_subregion1(
    k: Kernel, ex: int, substart: int, subend: int, size: int, alignment: int, skew: int, boundary: int,
    flags: int, result: int,
) -> int:  # fmt: skip
    """Take the lowest numbers of `substart` to `subend` that fit. EAGAIN (EX_WAITSPACE waits), ENOMEM."""
    view, who = _extent(k, ex), "extent_alloc_subregion"
    if size == 0:
        k.panic(f"{who}: the size is 0")
    if alignment == 0 or alignment & alignment - 1:
        k.panic(f"{who}: the alignment {alignment} is not a power of two")
    if not view.ex_start <= substart <= subend <= view.ex_end:
        k.panic(
            f"{who}: {substart:#x} to {subend:#x} is not in extent '{_name(k, view)}', "
            f"{view.ex_start:#x} to {view.ex_end:#x}"
        )
    if boundary and boundary < size:
        k.panic(f"{who}: the size {size} is more than the boundary {boundary}")

    def fit(start: int) -> int:
        at = _fit(start, size, alignment, skew, boundary, 0 if flags & EX_BOUNDZERO else view.ex_start)
        if at is None or at + size - 1 > subend:
            raise KernelError(EAGAIN, f"extent '{_name(k, view)}' has no {size} numbers in a row left")
        return at

    def attempt() -> None:
        at = fit(substart)
        for region in _regions(k, view):
            if at + size - 1 < region.er_start:
                break
            if region.er_end >= at:
                at = fit(region.er_end + 1)
        _take(k, view, at, at + size - 1, flags)
        k.umem.set_ptr(result, at)

    return _wait(k, view, flags, attempt)


def _fit(at: int, size: int, alignment: int, skew: int, boundary: int, base: int) -> int | None:
    """The lowest start from `at` on with the alignment, whose region crosses no multiple of the boundary.

    None when there is none: alignment and boundary are powers of two, so it is the same in later places.
    """
    at += (skew - at) % alignment
    if not boundary or boundary - (at - base) % boundary >= size:
        return at
    at += boundary - (at - base) % boundary
    at += (skew - at) % alignment
    return at if boundary - (at - base) % boundary >= size else None


@export(
    "int extent_alloc1(struct extent *ex, u_long size, u_long alignment, u_long skew, u_long boundary, "
    "int flags, u_long *result)",
    _HEADER,
)
def extent_alloc1(
    k: Kernel, ex: int, size: int, alignment: int, skew: int, boundary: int, flags: int, result: int
) -> int:
    """extent_alloc_subregion1() of the whole extent."""
    view = _extent(k, ex)
    return extent_alloc_subregion1(
        k, ex, view.ex_start, view.ex_end, size, alignment, skew, boundary, flags, result
    )


@export("int extent_alloc_region(struct extent *ex, u_long start, u_long size, int flags)", _HEADER)
def extent_alloc_region(k: Kernel, ex: int, start: int, size: int, flags: int) -> int:
    """Take the numbers from `start` on. EAGAIN when one of them is taken (EX_WAITSPACE waits), ENOMEM."""
    view = _extent(k, ex)
    end = _inside(k, "extent_alloc_region", view, start, size)

    def attempt() -> None:
        for region in _regions(k, view):
            if region.er_start <= end and start <= region.er_end:
                taken = f"{region.er_start:#x} to {region.er_end:#x}"
                raise KernelError(EAGAIN, f"of extent '{_name(k, view)}', {taken} is taken")
        _take(k, view, start, end, flags)

    return _wait(k, view, flags, attempt)


def _inside(k: Kernel, who: str, ex: View, start: int, size: int) -> int:
    """The last number of a region; a panic for one that is not in the extent."""
    if size == 0:
        k.panic(f"{who}: the size is 0")
    end: int = start + size - 1
    if start < ex.ex_start or end > ex.ex_end:
        k.panic(
            f"{who}: {start:#x} to {end:#x} is not in extent '{_name(k, ex)}', "
            f"{ex.ex_start:#x} to {ex.ex_end:#x}"
        )
    return end


@export("int extent_free(struct extent *ex, u_long start, u_long size, int flags)", _HEADER)
def extent_free(k: Kernel, ex: int, start: int, size: int, flags: int) -> int:
    """Give numbers back, and wake those who wait; ENOMEM. What is not taken as a whole is a panic."""
    view = _extent(k, ex)
    end = _inside(k, "extent_free", view, start, size)
    region = next((r for r in _regions(k, view) if r.er_start <= start and end <= r.er_end), None)
    if region is None:
        k.panic(f"extent_free: {start:#x} to {end:#x} of extent '{_name(k, view)}' is not one region")
    last = region.er_end
    if view.ex_flags & EXF_NOCOALESCE and (region.er_start, last) != (start, end):
        k.panic(f"extent_free: {start:#x} to {end:#x} is a part of a region of extent '{_name(k, view)}'")
    if region.er_start < start:
        if end < last:
            _take(k, view, end + 1, last, EX_NOCOALESCE)
        region.er_end = start - 1
    elif end < last:
        region.er_start = end + 1
    else:
        _drop(k, region)
    k.sched.wakeup(ex)
    return 0


@export("void extent_print(struct extent *ex)", _HEADER)
def extent_print(k: Kernel, ex: int) -> None:
    """Print an extent and its regions."""
    view = _extent(k, ex)
    k.console.write(
        f"extent `{_name(k, view)}' ({view.ex_start:#x} - {view.ex_end:#x}), flags = {view.ex_flags:#x}\n"
    )
    for region in _regions(k, view):
        k.console.write(f"     {region.er_start:#x} - {region.er_end:#x}\n")
