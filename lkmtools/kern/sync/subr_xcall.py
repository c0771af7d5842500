"""Cross calls: a function that every CPU calls (subr_xcall.c of NetBSD 5.2). This machine has one."""

from __future__ import annotations

from typing import TYPE_CHECKING

from lkmtools.kern.base.export import constant, export
from lkmtools.machine import Prototype

if TYPE_CHECKING:
    from lkmtools.kern.kernel import Kernel

_HEADER = "sys/xcall.h"
_FUNC = Prototype("void func(void *arg1, void *arg2)")


@export("uint64_t xc_broadcast(u_int flags, xcfunc_t func, void *arg1, void *arg2)", _HEADER)
def xc_broadcast(k: Kernel, flags: int, func: int, arg1: int, arg2: int) -> int:
    """Call `func` with both arguments; returns a number for xc_wait(), which need not wait."""
    k.engine.call(_FUNC, func, arg1, arg2)
    return 1


@export(
    "uint64_t xc_unicast(u_int flags, xcfunc_t func, void *arg1, void *arg2, struct cpu_info *ci)", _HEADER
)
def xc_unicast(k: Kernel, flags: int, func: int, arg1: int, arg2: int, ci: int) -> int:
    """xc_broadcast() for one CPU, which is this one."""
    return xc_broadcast(k, flags, func, arg1, arg2)


FUNCTIONS = (constant("void xc_wait(uint64_t where)", 0, _HEADER),)
