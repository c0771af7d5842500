"""<sys/queue.h> from Python: LIST, TAILQ and CIRCLEQ in guest memory.

`link` is the offset of the entry in its elements, `what` the list's name for a panic. Modules walk and change
the same lists with the macros, and can leave anything in them: an invalid pointer, or a circle, is a panic
that names the list.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from lkmtools.kern.base.bound import STEP, Steps
from lkmtools.machine import MemFault

if TYPE_CHECKING:
    from lkmtools.kern.kernel import Kernel


MOST_ROWS = 4096  # of a table whose length a module can write


def pointers(k: Kernel, what: str, start: int, count: int) -> list[int]:
    """A table of `count` pointers; a panic when it cannot be that long or leads out of memory."""
    if not 0 <= count <= MOST_ROWS:
        k.panic(f"the table {what} is corrupted: it has {count} rows; the limit is {MOST_ROWS}")
    k.umem.work += STEP * count
    with _links(k, what, "table"):
        return [k.umem.ptr(start + i * k.dm.pointer) for i in range(count)]


@contextmanager
def _links(k: Kernel, what: str, kind: str = "list") -> Iterator[None]:
    """What is done to the links of a list; a panic when one leads nowhere."""
    try:
        yield
    except MemFault as fault:
        k.panic(f"the {kind} {what} is corrupted: it leads to {fault.addr & k.dm.mask:#x}")


def list_insert_head(k: Kernel, what: str, head: int, elm: int, link: int) -> None:
    """LIST_INSERT_HEAD."""
    mem, step = k.umem, k.dm.pointer
    with _links(k, what):
        first = mem.ptr(head)
        mem.set_ptr(elm + link, first)
        mem.set_ptr(elm + link + step, head)
        if first:
            mem.set_ptr(first + link + step, elm + link)
        mem.set_ptr(head, elm)


def list_remove(k: Kernel, what: str, elm: int, link: int) -> None:
    """LIST_REMOVE."""
    mem, step = k.umem, k.dm.pointer
    with _links(k, what):
        following, before = mem.ptr(elm + link), mem.ptr(elm + link + step)
        if following:
            mem.set_ptr(following + link + step, before)
        mem.set_ptr(before, following)


def tailq_init(k: Kernel, head: int) -> None:
    """TAILQ_INIT."""
    k.umem.set_ptr(head, 0)
    k.umem.set_ptr(head + k.dm.pointer, head)


def tailq_insert_tail(k: Kernel, what: str, head: int, elm: int, link: int) -> None:
    """TAILQ_INSERT_TAIL."""
    mem, step = k.umem, k.dm.pointer
    with _links(k, what):
        last = mem.ptr(head + step)
        mem.set_ptr(elm + link, 0)
        mem.set_ptr(elm + link + step, last)
        mem.set_ptr(last, elm)
        mem.set_ptr(head + step, elm + link)


def tailq_insert_after(k: Kernel, what: str, head: int, listelm: int, elm: int, link: int) -> None:
    """TAILQ_INSERT_AFTER; TAILQ_INSERT_HEAD where `listelm` is 0."""
    mem, step = k.umem, k.dm.pointer
    with _links(k, what):
        before = listelm + link if listelm else head
        following = mem.ptr(before)
        mem.set_ptr(elm + link, following)
        mem.set_ptr(elm + link + step, before)
        mem.set_ptr((following + link if following else head) + step, elm + link)
        mem.set_ptr(before, elm)


def tailq_remove(k: Kernel, what: str, head: int, elm: int, link: int) -> None:
    """TAILQ_REMOVE."""
    mem, step = k.umem, k.dm.pointer
    with _links(k, what):
        following, before = mem.ptr(elm + link), mem.ptr(elm + link + step)
        mem.set_ptr((following + link if following else head) + step, before)
        mem.set_ptr(before, following)


def chain(k: Kernel, what: str, head: int, link: int) -> Iterator[int]:
    """The elements of a LIST or TAILQ, as it is while one walks it."""
    seen: set[int] = set()
    steps = Steps(k, f"the list {what}")
    with _links(k, what):
        elm = k.umem.ptr(head)
    while elm:
        if elm in seen:
            k.panic(f"the list {what} is corrupted: it comes back to {elm:#x}")
        seen.add(elm)
        steps.step()
        with _links(k, what):
            k.umem.ptr(elm + link)
        yield elm
        with _links(k, what):
            elm = k.umem.ptr(elm + link)


def circleq_init(k: Kernel, head: int) -> None:
    """CIRCLEQ_INIT."""
    k.umem.set_ptr(head, head)
    k.umem.set_ptr(head + k.dm.pointer, head)


def circleq_insert_tail(k: Kernel, what: str, head: int, elm: int, link: int) -> None:
    """CIRCLEQ_INSERT_TAIL."""
    mem, step = k.umem, k.dm.pointer
    with _links(k, what):
        last = mem.ptr(head + step)
        mem.set_ptr(elm + link, head)
        mem.set_ptr(elm + link + step, last)
        mem.set_ptr(head if last == head else last + link, elm)
        mem.set_ptr(head + step, elm)


def circleq_remove(k: Kernel, what: str, head: int, elm: int, link: int) -> None:
    """CIRCLEQ_REMOVE."""
    mem, step = k.umem, k.dm.pointer
    with _links(k, what):
        following, before = mem.ptr(elm + link), mem.ptr(elm + link + step)
        mem.set_ptr((head if following == head else following + link) + step, before)
        mem.set_ptr(head if before == head else before + link, following)
