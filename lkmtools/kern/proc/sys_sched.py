"""Requests of a process to the scheduler (sys_sched.c of NetBSD 5.2)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from lkmtools.abi.syscall import (
    SYS_sched_yield,
)
from lkmtools.kern.proc.syscall import syscall

if TYPE_CHECKING:
    from lkmtools.kern.kernel import Kernel
    from lkmtools.kern.proc.kern_proc import Lwp


@syscall(SYS_sched_yield, "")
def sys_sched_yield(k: Kernel, lwp: Lwp) -> None:
    """Let the others run first."""
    k.sched.yield_cpu()
