"""Who a process is, and its end (kern_prot.c, kern_exit.c, kern_sig.c)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from lkmtools.abi.errno import EINVAL, EPERM, ESRCH
from lkmtools.abi.signal import NSIG
from lkmtools.abi.syscall import (
    SYS_exit,
    SYS_getegid,
    SYS_geteuid,
    SYS_getgid,
    SYS_getpid,
    SYS_getppid,
    SYS_getuid,
    SYS_kill,
)
from lkmtools.errors import KernelError
from lkmtools.kern.kern_sig import ProcExit, signal_proc
from lkmtools.kern.syscall import syscall

if TYPE_CHECKING:
    from lkmtools.kern.kern_proc import Lwp
    from lkmtools.kern.kernel import Kernel


@syscall(SYS_getpid, "")
def sys_getpid(k: Kernel, lwp: Lwp) -> tuple[int, int]:
    """The process id; the parent's in the second register, as NetBSD does."""
    return lwp.proc.pid, sys_getppid(k, lwp)


@syscall(SYS_getppid, "")
def sys_getppid(k: Kernel, lwp: Lwp) -> int:
    """The parent's process id; every client is a child of process 1."""
    parent = lwp.proc.parent
    return parent.pid if parent is not None else 1


@syscall(SYS_getuid, "")
def sys_getuid(k: Kernel, lwp: Lwp) -> tuple[int, int]:
    """Real uid; the effective one in the second register."""
    return lwp.proc.cred.uid, lwp.proc.cred.uid


@syscall(SYS_geteuid, "")
def sys_geteuid(k: Kernel, lwp: Lwp) -> int:
    """Effective uid."""
    return lwp.proc.cred.uid


@syscall(SYS_getgid, "")
def sys_getgid(k: Kernel, lwp: Lwp) -> tuple[int, int]:
    """Real gid; the effective one in the second register."""
    return lwp.proc.cred.gid, lwp.proc.cred.gid


@syscall(SYS_getegid, "")
def sys_getegid(k: Kernel, lwp: Lwp) -> int:
    """Effective gid."""
    return lwp.proc.cred.gid


@syscall(SYS_kill, "pid_t pid, int signum")
def sys_kill(k: Kernel, lwp: Lwp, pid: int, signum: int) -> None:
    """Signal a process; 0 tests for it. A client catches nothing: its interruptible sleep ends."""
    if not 0 <= signum < NSIG:
        raise KernelError(EINVAL, f"signal {signum} is not between 0 and {NSIG - 1}")
    proc = k.procs.get(pid)
    if proc is None:
        raise KernelError(ESRCH, f"no process {pid}")
    if lwp.proc.cred.uid not in (0, proc.cred.uid):
        raise KernelError(EPERM, f"process {pid} is another user's")
    if signum:
        signal_proc(k, proc, signum)


@syscall(SYS_exit, "int status")
def sys_exit(k: Kernel, lwp: Lwp, status: int) -> None:
    """The process ends: a program at once, a client when this call has been answered."""
    if lwp.proc.program is not None:
        raise ProcExit((status & 0xFF) << 8)
    lwp.proc.exiting = True
