"""Limits of a process, which are the kernel's, and its resource usage (kern_resource.c of NetBSD 5.2)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from lkmtools.abi import resource as abi
from lkmtools.abi.errno import EINVAL, EPERM
from lkmtools.abi.resource import rusage as rusage_struct
from lkmtools.abi.syscall import SYS_getrlimit, SYS_getrusage, SYS_setrlimit
from lkmtools.abi.vmparam import PAGE_SIZE
from lkmtools.errors import KernelError
from lkmtools.kern.proc.kern_descrip import NOFILE
from lkmtools.kern.proc.kern_proc import Rusage
from lkmtools.kern.proc.syscall import syscall

if TYPE_CHECKING:
    from lkmtools.kern.kernel import Kernel
    from lkmtools.kern.proc.kern_proc import Lwp

MAXPROC = 20 + 16 * 32  # processes that run programs, of one kernel (NPROC, with 32 maxusers)
MAXUPRC = 160  # ... of one user other than root (CHILD_MAX)


def limit_of(k: Kernel, lwp: Lwp, which: int) -> int:
    """A limit as it is enforced, RLIM_INFINITY where none is. There are no core files. EINVAL."""
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


@syscall(SYS_getrlimit, "int which, struct rlimit *rlp")
def sys_getrlimit(k: Kernel, lwp: Lwp, which: int, addr: int) -> None:
    """A limit; the soft and the hard one are the same."""
    limit = limit_of(k, lwp, which)
    lwp.proc.space.write(addr, abi.rlimit.layout(k.dm).pack(rlim_cur=limit, rlim_max=limit))


@syscall(SYS_setrlimit, "int which, const struct rlimit *rlp")
def sys_setrlimit(k: Kernel, lwp: Lwp, which: int, addr: int) -> None:
    """Set a limit to its present value; EPERM for any other, which would not be enforced."""
    limit = limit_of(k, lwp, which)
    layout = abi.rlimit.layout(k.dm)
    asked = layout.unpack(lwp.proc.space.read(addr, layout.size))
    if asked.rlim_cur > asked.rlim_max:
        raise KernelError(
            EINVAL, f"the soft limit, {asked.rlim_cur}, exceeds the hard limit, {asked.rlim_max}"
        )
    if (asked.rlim_cur, asked.rlim_max) != (limit, limit):
        raise KernelError(EPERM, f"the limit of resource {which} is {limit} and cannot be changed")


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
