"""RUN_ONCE(9): a function that is called once (subr_once.c of NetBSD 5.2)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from lkmtools.abi.once import ONCE_DONE, ONCE_RUNNING, ONCE_VIRGIN, once
from lkmtools.kern.base.export import export
from lkmtools.machine import Prototype

if TYPE_CHECKING:
    from lkmtools.kern.kernel import Kernel

_FUNC = Prototype("int func(void)")


@export("int _init_once(once_t *o, int (*func)(void))", "sys/once.h")
def init_once(k: Kernel, o: int, func: int) -> int:
    """Call `func` unless it has been called; waits while another lwp does. Returns what it returned."""
    view = k.umem.view(once.layout(k.dm), o)
    while view.o_status == ONCE_RUNNING:
        k.sched.tsleep(o, 0, "runonce", 0)
    if view.o_status == ONCE_VIRGIN:
        view.o_status = ONCE_RUNNING
        view.o_error = k.engine.call(_FUNC, func)
        view.o_status = ONCE_DONE
        k.sched.wakeup(o)
    error: int = view.o_error
    return error
