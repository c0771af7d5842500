"""Limits of a process, and its resource usage (kern_resource.c of NetBSD 5.2)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from lkmtools.abi import resource as abi
from lkmtools.abi.errno import EINVAL, EPERM
from lkmtools.abi.resource import rusage as rusage_struct
from lkmtools.abi.syscall import SYS_getrlimit, SYS_getrusage, SYS_setrlimit
from lkmtools.abi.vmparam import PAGE_SIZE
from lkmtools.errors import KernelError
from lkmtools.kern.proc.kern_descrip import NOFILE
from lkmtools.kern.proc.rusage import Rusage
from lkmtools.kern.proc.syscall import syscall

if TYPE_CHECKING:
    from lkmtools.kern.kernel import Kernel
    from lkmtools.kern.proc.kern_proc import Lwp

MAXPROC = 20 + 16 * 32  # processes that run programs, of one kernel (NPROC, with 32 maxusers)
MAXUPRC = 160  # ... of one user other than root (CHILD_MAX)


def limit_of(k: Kernel, lwp: Lwp, which: int) -> int:
    """A limit of the kernel itself, RLIM_INFINITY where there is none. There are no core files. EINVAL."""
    if not 0 <= which < abi.RLIM_NLIMITS:
        raise KernelError(EINVAL, f"resource {which} is not between 0 and {abi.RLIM_NLIMITS - 1}")
    memory = k.frames.total * PAGE_SIZE
    return {
        abi.RLIMIT_STACK: k.port.user.stack_size,
        abi.RLIMIT_CORE: 0,
        abi.RLIMIT_RSS: memory,
        abi.RLIMIT_NPROC: MAXUPRC if lwp.proc.cred.uid else MAXPROC,
        abi.RLIMIT_NOFILE: NOFILE,
    }.get(which, abi.RLIM_INFINITY)


def _limits(k: Kernel, lwp: Lwp, which: int) -> tuple[int, int]:
    """The soft and the hard limit of a process: both are the kernel's own until somebody sets others."""
    own = limit_of(k, lwp, which)
    return lwp.proc.limits.get(which, (own, own))


@syscall(SYS_getrlimit, "int which, struct rlimit *rlp")
def sys_getrlimit(k: Kernel, lwp: Lwp, which: int, addr: int) -> None:
    """The soft and the hard limit of a resource."""
    soft, hard = _limits(k, lwp, which)
    lwp.proc.space.write(addr, abi.rlimit.layout(k.dm).pack(rlim_cur=soft, rlim_max=hard))


@syscall(SYS_setrlimit, "int which, const struct rlimit *rlp")
def sys_setrlimit(k: Kernel, lwp: Lwp, which: int, addr: int) -> None:
    """Set the limits of the process and of its children to come, at most to the kernel's own (dosetrlimit()).

    EPERM for anyone but root who raises the hard limit. RLIMIT_NOFILE is enforced; the others are kept.
    """
    _, most = _limits(k, lwp, which)
    layout, own = abi.rlimit.layout(k.dm), limit_of(k, lwp, which)
    asked = layout.unpack(lwp.proc.space.read(addr, layout.size))
    if asked.rlim_cur > asked.rlim_max:
        raise KernelError(
            EINVAL, f"the soft limit, {asked.rlim_cur}, exceeds the hard limit, {asked.rlim_max}"
        )
    if asked.rlim_max > most and lwp.proc.cred.uid != 0:
        raise KernelError(EPERM, f"only root may raise the hard limit of resource {which}, which is {most}")
    soft, hard = min(asked.rlim_cur, own), min(asked.rlim_max, own)
    lwp.proc.limits[which] = soft, hard
    if which == abi.RLIMIT_NOFILE:
        lwp.proc.files.limit = soft


@syscall(SYS_getrusage, "int who, struct rusage *rusage")
def sys_getrusage(k: Kernel, lwp: Lwp, who: int, addr: int) -> None:
    """What the process (RUSAGE_SELF), or its children that were waited for, have used; a client nothing."""
    if who not in (abi.RUSAGE_SELF, abi.RUSAGE_CHILDREN):
        raise KernelError(EINVAL, f"invalid who: {who} (0 is the process, -1 its children)")
    program = lwp.proc.program
    usage = Rusage() if program is None else program.children if who else program.usage
    lwp.proc.space.write(addr, pack_rusage(k, usage))


def pack_rusage(k: Kernel, usage: Rusage) -> bytes:
    """A struct rusage. All time is user time, and what is not counted is 0."""
    micros = int(usage.seconds * 1_000_000)
    times = {"ru_utime.tv_sec": micros // 1_000_000, "ru_utime.tv_usec": micros % 1_000_000}
    return rusage_struct.layout(k.dm).pack(ru_nsignals=usage.signals, **times)
