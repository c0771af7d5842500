"""Finding and signalling processes from within the kernel (kern_proc.c, kern_sig.c)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from lkmtools.abi.signal import NSIG
from lkmtools.kern.export import export

if TYPE_CHECKING:
    from lkmtools.kern.kernel import Kernel


@export("struct proc *pfind(pid_t pid)", "sys/proc.h")
def pfind(k: Kernel, pid: int) -> int:
    """The process with that number, or NULL."""
    proc = k.procs.get(pid)
    return proc.addr if proc is not None else 0


@export("void psignal(struct proc *p, int signo)", "sys/proc.h")
def psignal(k: Kernel, p: int, signo: int) -> None:
    """Send a signal, which ends a sleep with PCATCH. Clients catch nothing, so nothing else happens."""
    if not 0 < signo < NSIG:
        k.panic(f"psignal: signal {signo} is not between 1 and {NSIG - 1}")
    lwp = k.lwps.get(p)  # a process's lwp is the first member of its struct proc
    if lwp is None:
        k.panic(f"psignal: {p:#x} is not a struct proc")
    k.sched.interrupt(lwp)
