"""timeout(9) of NetBSD 1.4 (kern_clock.c): a function is called once; it and its argument are the name.

Each call has a callout of the kernel's own, which is given back when a later one finds that it is over.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from lkmtools.abi.mutex import callout
from lkmtools.kern.base.export import export
from lkmtools.kern.sync.kern_timeout import callout_destroy, callout_init, callout_reset, callout_stop

if TYPE_CHECKING:
    from lkmtools.kern.kernel import Kernel


@export("void timeout(void (*func)(void *), void *arg, int ticks)")
def timeout(k: Kernel, func: int, arg: int, ticks: int) -> None:
    """Call func(arg) in `ticks`, at least one. A panic without kernel memory, as there was with CALLOUTs."""
    for key, callouts in list(k.callouts.unnamed.items()):
        for c in [c for c in callouts if k.callouts.pending(c) is None and k.callouts.running != c]:
            _give_back(k, key, c)
    c = k.heap.alloc(callout.layout(k.dm).size)
    if not c:
        k.panic("timeout table full: no kernel memory for another callout")
    callout_init(k, c, 0)
    callout_reset(k, c, ticks, func, arg)
    k.callouts.unnamed.setdefault((func, arg), []).append(c)


@export("void untimeout(void (*func)(void *), void *arg)")
def untimeout(k: Kernel, func: int, arg: int) -> None:
    """Cancel the first call of func(arg) that is still to come; it does nothing when none is."""
    due = (c for c in k.callouts.unnamed.get((func, arg), ()) if k.callouts.pending(c) is not None)
    c = next(due, None)
    if c is not None:
        callout_stop(k, c)
        _give_back(k, (func, arg), c)


def _give_back(k: Kernel, key: tuple[int, int], c: int) -> None:
    callouts = k.callouts.unnamed[key]
    callouts.remove(c)
    if not callouts:
        del k.callouts.unnamed[key]
    callout_destroy(k, c)
    k.heap.free(c)
