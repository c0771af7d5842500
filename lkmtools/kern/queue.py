"""<sys/queue.h> from Python: LIST, TAILQ and CIRCLEQ in guest memory.

`link` is the offset of the entry in its elements. Modules walk and change the same lists with the macros.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from lkmtools.kern.bound import Steps

if TYPE_CHECKING:
    from lkmtools.kern.kernel import Kernel


def list_insert_head(k: Kernel, head: int, elm: int, link: int) -> None:
    """LIST_INSERT_HEAD."""
    mem, step = k.umem, k.dm.pointer
    first = mem.ptr(head)
    mem.set_ptr(elm + link, first)
    mem.set_ptr(elm + link + step, head)
    if first:
        mem.set_ptr(first + link + step, elm + link)
    mem.set_ptr(head, elm)


def list_remove(k: Kernel, elm: int, link: int) -> None:
    """LIST_REMOVE."""
    mem, step = k.umem, k.dm.pointer
    following, before = mem.ptr(elm + link), mem.ptr(elm + link + step)
    if following:
        mem.set_ptr(following + link + step, before)
    mem.set_ptr(before, following)


def tailq_init(k: Kernel, head: int) -> None:
    """TAILQ_INIT."""
    k.umem.set_ptr(head, 0)
    k.umem.set_ptr(head + k.dm.pointer, head)


def tailq_insert_tail(k: Kernel, head: int, elm: int, link: int) -> None:
    """TAILQ_INSERT_TAIL."""
    mem, step = k.umem, k.dm.pointer
    last = mem.ptr(head + step)
    mem.set_ptr(elm + link, 0)
    mem.set_ptr(elm + link + step, last)
    mem.set_ptr(last, elm)
    mem.set_ptr(head + step, elm + link)


def tailq_remove(k: Kernel, head: int, elm: int, link: int) -> None:
    """TAILQ_REMOVE."""
    mem, step = k.umem, k.dm.pointer
    following, before = mem.ptr(elm + link), mem.ptr(elm + link + step)
    mem.set_ptr((following + link if following else head) + step, before)
    mem.set_ptr(before, following)


def chain(k: Kernel, head: int, link: int) -> Iterator[int]:
    """The elements of a LIST or TAILQ, as it is while one walks it. One without an end is a panic."""
    elm, steps = k.umem.ptr(head), Steps(k, f"the list at {head:#x}")
    while elm:
        steps.step()
        yield elm
        elm = k.umem.ptr(elm + link)


def circleq_init(k: Kernel, head: int) -> None:
    """CIRCLEQ_INIT."""
    k.umem.set_ptr(head, head)
    k.umem.set_ptr(head + k.dm.pointer, head)


def circleq_insert_tail(k: Kernel, head: int, elm: int, link: int) -> None:
    """CIRCLEQ_INSERT_TAIL."""
    mem, step = k.umem, k.dm.pointer
    last = mem.ptr(head + step)
    mem.set_ptr(elm + link, head)
    mem.set_ptr(elm + link + step, last)
    mem.set_ptr(head if last == head else last + link, elm)
    mem.set_ptr(head + step, elm)


def circleq_remove(k: Kernel, head: int, elm: int, link: int) -> None:
    """CIRCLEQ_REMOVE."""
    mem, step = k.umem, k.dm.pointer
    following, before = mem.ptr(elm + link), mem.ptr(elm + link + step)
    mem.set_ptr((head if following == head else following + link) + step, before)
    mem.set_ptr(head if before == head else before + link, following)
