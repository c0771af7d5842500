"""Process groups and sessions (kern_proc.c, kern_prot.c of NetBSD 5.2).

A client, and each program that it starts, begins a group of its own; what a program forks is in its group.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from lkmtools.abi.errno import EINVAL, EPERM, ESRCH
from lkmtools.abi.syscall import (
    SYS_getpgid,
    SYS_getpgrp,
    SYS_getsid,
    SYS_setpgid,
    SYS_setsid,
)
from lkmtools.errors import KernelError
from lkmtools.kern.proc.kern_proc import set_group
from lkmtools.kern.proc.syscall import syscall

if TYPE_CHECKING:
    from lkmtools.kern.kernel import Kernel
    from lkmtools.kern.proc.kern_proc import Lwp, Proc


def find_process(k: Kernel, lwp: Lwp, pid: int) -> Proc:
    """A process by its number, the caller's for 0; ESRCH."""
    proc = k.procs.get(pid) if pid else lwp.proc
    if proc is None:
        raise KernelError(ESRCH, f"no such process: {pid}")
    return proc


def group(k: Kernel, pgid: int) -> list[Proc]:
    """The processes of a group."""
    return [proc for proc in k.procs.values() if proc.pgid == pgid]


@syscall(SYS_getpgrp, "")
def sys_getpgrp(k: Kernel, lwp: Lwp) -> int:
    """My process group."""
    return lwp.proc.pgid


@syscall(SYS_getpgid, "pid_t pid")
def sys_getpgid(k: Kernel, lwp: Lwp, pid: int) -> int:
    """The group of a process; 0: of me. ESRCH."""
    return find_process(k, lwp, pid).pgid


@syscall(SYS_getsid, "pid_t pid")
def sys_getsid(k: Kernel, lwp: Lwp, pid: int) -> int:
    """The session of a process; 0: of me. ESRCH."""
    return find_process(k, lwp, pid).sid


@syscall(SYS_setpgid, "pid_t pid, pid_t pgid")
def sys_setpgid(k: Kernel, lwp: Lwp, pid: int, pgid: int) -> None:
    """Put me or a child into a group of my session, or a new one (pgid 0 or its pid).

    EINVAL for a negative group, ESRCH for who is neither, EPERM for a session's leader, a child of another
    session, a group that is not in mine.
    """
    if pgid < 0:
        raise KernelError(EINVAL, f"invalid process group: {pgid}")
    proc = find_process(k, lwp, pid)
    if proc is not lwp.proc and proc.parent is not lwp.proc:
        raise KernelError(ESRCH, f"process {pid} is not a child")
    if proc.sid != lwp.proc.sid or proc.sid == proc.pid:
        raise KernelError(EPERM, f"process {proc.pid} belongs to another session, or leads this one")
    wanted = pgid or proc.pid
    if wanted != proc.pid and not any(other.sid == proc.sid for other in group(k, wanted)):
        raise KernelError(EPERM, f"there is no process group {wanted} in this session")
    set_group(k, proc, wanted, proc.sid)


@syscall(SYS_setsid, "")
def sys_setsid(k: Kernel, lwp: Lwp) -> int:
    """A new session with a new group, both led by me. EPERM for a process that already leads a group."""
    proc = lwp.proc
    if group(k, proc.pid):
        raise KernelError(EPERM, f"process {proc.pid} already leads a process group")
    set_group(k, proc, proc.pid, proc.pid)
    return proc.pid
