"""Process groups, sessions, and signals to them (kern_prot.c, sys_sig.c of NetBSD 5.2).

A client, and each program that it starts, begins a group of its own; what a program forks is in its group.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from lkmtools.abi.errno import EINVAL, EPERM, ESRCH
from lkmtools.abi.siginfo import SI_USER
from lkmtools.abi.signal import NSIG, SIGCONT
from lkmtools.abi.syscall import (
    SYS_getpgid,
    SYS_getpgrp,
    SYS_getsid,
    SYS_kill,
    SYS_setpgid,
    SYS_setsid,
)
from lkmtools.errors import KernelError
from lkmtools.kern.proc.kern_proc import Cause
from lkmtools.kern.proc.kern_sig import signal_proc
from lkmtools.kern.proc.syscall import syscall

if TYPE_CHECKING:
    from lkmtools.kern.kernel import Kernel
    from lkmtools.kern.proc.kern_proc import Lwp, Proc


def _find(k: Kernel, lwp: Lwp, pid: int) -> Proc:
    proc = k.procs.get(pid) if pid else lwp.proc
    if proc is None:
        raise KernelError(ESRCH, f"no process {pid}")
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
    return _find(k, lwp, pid).pgid


@syscall(SYS_getsid, "pid_t pid")
def sys_getsid(k: Kernel, lwp: Lwp, pid: int) -> int:
    """The session of a process; 0: of me. ESRCH."""
    return _find(k, lwp, pid).sid


@syscall(SYS_setpgid, "pid_t pid, pid_t pgid")
def sys_setpgid(k: Kernel, lwp: Lwp, pid: int, pgid: int) -> None:
    """Put me or a child into a group of my session, or a new one (pgid 0 or its pid).

    EINVAL for a negative group, ESRCH for who is neither, EPERM for a session's leader, a child of another
    session, a group that is not in mine.
    """
    if pgid < 0:
        raise KernelError(EINVAL, f"process group {pgid}")
    proc = _find(k, lwp, pid)
    if proc is not lwp.proc and proc.parent is not lwp.proc:
        raise KernelError(ESRCH, f"process {pid} is not a child")
    if proc.sid != lwp.proc.sid or proc.sid == proc.pid:
        raise KernelError(EPERM, f"process {proc.pid} is of another session, or leads it")
    wanted = pgid or proc.pid
    if wanted != proc.pid and not any(other.sid == proc.sid for other in group(k, wanted)):
        raise KernelError(EPERM, f"there is no process group {wanted} in this session")
    proc.pgid = wanted


@syscall(SYS_setsid, "")
def sys_setsid(k: Kernel, lwp: Lwp) -> int:
    """A new session with a new group, both led by me. EPERM for who leads a group already."""
    proc = lwp.proc
    if group(k, proc.pid):
        raise KernelError(EPERM, f"process group {proc.pid} exists")
    proc.sid = proc.pgid = proc.pid
    return proc.pid


def _may(lwp: Lwp, proc: Proc, signum: int) -> bool:
    return lwp.proc.cred.uid in (0, proc.cred.uid) or (signum == SIGCONT and proc.sid == lwp.proc.sid)


@syscall(SYS_kill, "pid_t pid, int signum")
def sys_kill(k: Kernel, lwp: Lwp, pid: int, signum: int) -> None:
    """Signal a process, my group (0), group -pid, or all that I may but me and the kernel's (-1).

    Signal 0 tests for them. A client catches nothing: its interruptible sleep ends. ESRCH, EPERM, EINVAL.
    """
    if not 0 <= signum < NSIG:
        raise KernelError(EINVAL, f"signal {signum} is not between 0 and {NSIG - 1}")
    if pid > 0:
        targets = [_find(k, lwp, pid)]
    elif pid == -1:
        targets = [proc for proc in k.procs.values() if proc.pid > 1 and proc is not lwp.proc]
    else:
        targets = group(k, -pid or lwp.proc.pgid)
    if not targets:
        raise KernelError(ESRCH, f"no process group {-pid}")
    allowed = [proc for proc in targets if _may(lwp, proc, signum)]
    if not allowed:
        raise KernelError(EPERM, f"process {targets[0].pid} is another user's")
    cause = Cause(SI_USER, None, lwp.proc.pid, lwp.proc.cred.uid)
    for proc in allowed if signum else ():
        signal_proc(k, proc, signum, cause)
