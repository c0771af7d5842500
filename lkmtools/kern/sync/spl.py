"""Interrupt priority levels (spl(9)): what must not interrupt the running code.

There is one level, in Scheduler.spl. Soft interrupts, callouts among them, run only while it is IPL_NONE: an
splx() that lowers it lets pending ones run at the next clock tick, or when the lwp sleeps or leaves the
kernel. There are no devices, so the levels above differ in name only.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from lkmtools.abi.mutex import (
    IPL_HIGH,
    IPL_NONE,
    IPL_SCHED,
    IPL_SOFTBIO,
    IPL_SOFTCLOCK,
    IPL_SOFTNET,
    IPL_SOFTSERIAL,
    IPL_VM,
)
from lkmtools.kern.base.export import Function, constant, export
from lkmtools.machine import Prototype

if TYPE_CHECKING:
    from lkmtools.kern.kernel import Kernel


def check_ipl(k: Kernel, function: str, ipl: int) -> int:
    """A level given by a module: one that does not exist is a panic."""
    if not IPL_NONE <= ipl <= IPL_HIGH:
        k.panic(f"{function}: interrupt level {ipl} is not between {IPL_NONE} and {IPL_HIGH}")
    return ipl


@export("int splraise(int ipl)", "sys/systm.h")
def splraise(k: Kernel, ipl: int) -> int:
    """Raise the level to `ipl` unless it is higher; returns the level before."""
    old = k.sched.spl
    k.sched.spl = max(old, check_ipl(k, "splraise", ipl))
    return old


@export("void spllower(int ipl)", "sys/systm.h")
def spllower(k: Kernel, ipl: int) -> None:
    """Lower the level to `ipl` unless it is lower."""
    k.sched.spl = min(k.sched.spl, check_ipl(k, "spllower", ipl))


@export("void splx(int s)", "sys/systm.h")
def splx(k: Kernel, s: int) -> None:
    """Set the level to what an spl function returned."""
    k.sched.spl = check_ipl(k, "splx", s)


@export("int spl0(void)", "sys/systm.h")
def spl0(k: Kernel) -> int:
    """Allow everything; returns the level before."""
    old, k.sched.spl = k.sched.spl, IPL_NONE
    return old


def _raiser(name: str, ipl: int) -> Function:
    """`int NAME(void)`, which raises the level to `ipl`."""

    def body(k: Kernel) -> int:
        return splraise(k, ipl)

    body.__doc__ = f"Raise the interrupt level to {ipl}; returns the level before."
    return Function(Prototype(f"int {name}(void)"), "sys/systm.h", body)


FUNCTIONS = (
    _raiser("splsoftclock", IPL_SOFTCLOCK),
    _raiser("splsoftbio", IPL_SOFTBIO),
    _raiser("splsoftnet", IPL_SOFTNET),
    _raiser("splsoftserial", IPL_SOFTSERIAL),
    _raiser("splbio", IPL_VM),
    _raiser("splnet", IPL_VM),
    _raiser("spltty", IPL_VM),
    _raiser("splvm", IPL_VM),
    _raiser("spllpt", IPL_VM),
    _raiser("splaudio", IPL_VM),
    _raiser("splserial", IPL_HIGH),
    _raiser("splipi", IPL_HIGH),
    _raiser("splclock", IPL_SCHED),
    _raiser("splstatclock", IPL_SCHED),
    _raiser("splsched", IPL_SCHED),
    _raiser("spllock", IPL_HIGH),
    _raiser("splhigh", IPL_HIGH),
    constant("bool cpu_intr_p(void)", 0, "sys/cpu.h"),
)
