"""evcnt(9): the list of all event counters (subr_evcnt.c of NetBSD 5.2).

The counters are structs of modules; modules count in them, and the kernel only has them in its list.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from lkmtools.abi.evcnt import EVCNT_STRING_MAX, evcnt
from lkmtools.kern.base.export import Data, export
from lkmtools.kern.base.queue import chain, tailq_init, tailq_insert_tail, tailq_remove

if TYPE_CHECKING:
    from lkmtools.kern.kernel import Kernel

_LIST = "allevents"


def _link(k: Kernel) -> int:
    return evcnt.layout(k.dm).offsetof("tqe_next")


def _all(k: Kernel) -> list[int]:
    return list(chain(k, _LIST, k.symbol(_LIST), _link(k)))


@export("void evcnt_init(void)", "sys/evcnt.h")
def evcnt_init(k: Kernel) -> None:
    """Nothing: the kernel has no counters of its own to attach."""


@export("void evcnt_attach_static(struct evcnt *ev)", "sys/evcnt.h")
def evcnt_attach_static(k: Kernel, ev: int) -> None:
    """Add a counter that EVCNT_INITIALIZER filled in, and measure its names."""
    _attach(k, "evcnt_attach_static", ev)


@export(
    "void evcnt_attach_dynamic(struct evcnt *ev, int type, const struct evcnt *parent, const char *group, "
    "const char *name)",
    "sys/evcnt.h",
)
def evcnt_attach_dynamic(k: Kernel, ev: int, kind: int, parent: int, group: int, name: int) -> None:
    """Fill in a counter, which begins at 0, and add it; the names are not copied."""
    new = evcnt.layout(k.dm).pack(ev_type=kind & 0xFF, ev_parent=parent, ev_group=group, ev_name=name)
    k.umem.write(ev, new)
    _attach(k, "evcnt_attach_dynamic", ev)


def _attach(k: Kernel, function: str, ev: int) -> None:
    """Measure a counter's names, and add it; a panic when it is in the list already."""
    view = k.umem.view(evcnt.layout(k.dm), ev)
    view.ev_grouplen = _measure(k, function, "group", view.ev_group)
    view.ev_namelen = _measure(k, function, "name", view.ev_name)
    if ev in _all(k):
        k.panic(f"{function}: the counter at {ev:#x} is in the list already")
    tailq_insert_tail(k, _LIST, k.symbol(_LIST), ev, _link(k))


def _measure(k: Kernel, function: str, what: str, addr: int) -> int:
    """The length of a counter's group or name; a panic when it does not fit into its u_char."""
    text = k.umem.cstr(addr, EVCNT_STRING_MAX + 1)
    if not 0 < len(text) <= EVCNT_STRING_MAX:
        length = f"more than {EVCNT_STRING_MAX} bytes" if text else "no bytes"
        k.panic(f"{function}: the {what} has {length}; it must have 1 to {EVCNT_STRING_MAX}")
    return len(text)


@export("void evcnt_detach(struct evcnt *ev)", "sys/evcnt.h")
def evcnt_detach(k: Kernel, ev: int) -> None:
    """Remove a counter from the list; one that is not in it is a panic."""
    if ev not in _all(k):
        k.panic(f"evcnt_detach: {ev:#x} is not a counter in the list")
    tailq_remove(k, _LIST, k.symbol(_LIST), ev, _link(k))


def forget(k: Kernel, holds: Callable[[int], bool]) -> int:
    """Remove the counters in memory that a module gives back; how many there were."""
    left = [ev for ev in _all(k) if holds(ev)] if k.mem.ptr(k.symbol(_LIST)) else []
    for ev in left:
        tailq_remove(k, _LIST, k.symbol(_LIST), ev, _link(k))
    return len(left)


DATA = (Data(_LIST, f"struct evcntlist {_LIST}", lambda dm: 2 * dm.pointer, tailq_init, "sys/evcnt.h"),)
