"""Process groups, sessions and their login names (kern_proc.c, kern_prot.c of NetBSD 5.2).

A client, and each program that it starts, begins a group of its own; what a program forks is in its group.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from lkmtools.abi import proc as abi
from lkmtools.abi.errno import EINVAL, ENAMETOOLONG, EPERM, ESRCH
from lkmtools.abi.mutex import IPL_NONE, MUTEX_DEFAULT
from lkmtools.abi.syscall import (
    SYS___getlogin,
    SYS___setlogin,
    SYS_getpgid,
    SYS_getpgrp,
    SYS_getsid,
    SYS_setpgid,
    SYS_setsid,
)
from lkmtools.errors import KernelError
from lkmtools.kern.base.export import Data, export
from lkmtools.kern.proc.kern_copy import copyout_bytes, user_string
from lkmtools.kern.proc.kern_proc import set_group
from lkmtools.kern.proc.kern_sig import psignal
from lkmtools.kern.proc.syscall import syscall
from lkmtools.kern.sync.kern_mutex import mutex_enter, mutex_exit, mutex_init

if TYPE_CHECKING:
    from lkmtools.kern.kernel import Kernel
    from lkmtools.kern.proc.kern_proc import Lwp, Proc

_HEADER = "sys/proc.h"


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


@syscall(SYS___getlogin, "char *namebuf, size_t namelen")
def sys___getlogin(k: Kernel, lwp: Lwp, namebuf: int, namelen: int) -> None:
    """The login name of my session, `namelen` bytes of it, MAXLOGNAME at most; NULs fill the rest. EFAULT."""
    copyout_bytes(k, lwp.proc.login.ljust(abi.MAXLOGNAME, b"\0")[:namelen], namebuf)


@syscall(SYS___setlogin, "const char *namebuf")
def sys___setlogin(k: Kernel, lwp: Lwp, namebuf: int) -> None:
    """Set the login name of my session. EPERM without root, EINVAL for a name too long, EFAULT."""
    uid = lwp.proc.cred.uid
    if uid != 0:
        raise KernelError(EPERM, f"user {uid} may not set the login name: only root may")
    try:
        name = user_string(k, namebuf, abi.MAXLOGNAME)
    except KernelError as error:
        if error.errno == ENAMETOOLONG:
            raise KernelError(EINVAL, f"the login name has more than {abi.MAXLOGNAME - 1} bytes") from error
        raise
    for proc in k.procs.values():
        if proc.sid == lwp.proc.sid:
            proc.login = name
            set_group(k, proc, proc.pgid, proc.sid)  # its struct session shows the name


# -- for modules ---------------------------------------------------------------------------------------------


@export("struct proc *p_find(pid_t pid, u_int flags)", _HEADER)
def p_find(k: Kernel, pid: int, flags: int) -> int:
    """The process with that number, a zombie only with PFIND_ZOMBIE; NULL. It may leave proc_lock taken."""
    _take_lock(k, flags)
    proc = k.procs.get(pid)
    if proc is not None and proc.zombie and not flags & abi.PFIND_ZOMBIE:
        proc = None
    return _found(k, proc.addr if proc is not None else 0, flags)


@export("struct pgrp *pg_find(pid_t pgid, u_int flags)", _HEADER)
def pg_find(k: Kernel, pgid: int, flags: int) -> int:
    """A process group, as one of its processes has it; NULL. It may leave proc_lock taken."""
    _take_lock(k, flags)
    members = [proc for proc in group(k, pgid) if not proc.zombie]
    first = min(members, key=lambda proc: proc.pid != pgid, default=None)
    offset = abi.proc.layout(k.dm).offsetof("p_pgrp")
    return _found(k, k.mem.ptr(first.addr + offset) if first is not None else 0, flags)


@export("void pgsignal(struct pgrp *pgrp, int signo, int checkctty)", "sys/signalvar.h")
def pgsignal(k: Kernel, pgrp: int, signo: int, checkctty: int) -> None:
    """Signal each process of a group; with `checkctty` nobody: none has a controlling terminal."""
    if pgrp and not checkctty:
        gsignal(k, k.umem.view(abi.pgrp.layout(k.dm), pgrp).pg_id, signo)


@export("void gsignal(int pgid, int signo)", "sys/signalvar.h")
def gsignal(k: Kernel, pgid: int, signo: int) -> None:
    """Signal each process of the group with this number, if there is one (NetBSD before 5.0)."""
    for proc in group(k, pgid) if pgid else ():
        psignal(k, proc.addr, signo)


def _take_lock(k: Kernel, flags: int) -> None:
    """Take proc_lock before looking, unless the caller has it."""
    if not flags & abi.PFIND_LOCKED:
        mutex_enter(k, k.mem.ptr(k.symbol("proc_lock")))


def _found(k: Kernel, addr: int, flags: int) -> int:
    """Leave proc_lock as the caller wants it."""
    if flags & (abi.PFIND_UNLOCK_OK if addr else abi.PFIND_UNLOCK_FAIL):
        mutex_exit(k, k.mem.ptr(k.symbol("proc_lock")))
    return addr


def _init_lock(k: Kernel, addr: int) -> None:
    lock = k.heap.alloc(k.dm.pointer)
    mutex_init(k, lock, MUTEX_DEFAULT, IPL_NONE)
    k.mem.set_ptr(addr, lock)


DATA = (Data("proc_lock", "kmutex_t *proc_lock", lambda dm: dm.pointer, _init_lock, _HEADER),)
