"""The end of a process: exit and wait4 (kern_exit.c of NetBSD 5.2).

A process whose parent is not a program is reaped when it ends.
"""

from __future__ import annotations

import struct
from typing import TYPE_CHECKING

from lkmtools.abi import proc as abi
from lkmtools.abi import siginfo
from lkmtools.abi.errno import ECHILD, EINVAL
from lkmtools.abi.proc import PCATCH, PWAIT
from lkmtools.abi.proc import proc as proc_struct
from lkmtools.abi.siginfo import WNOHANG, WSTOPPED, WUNTRACED
from lkmtools.abi.signal import SIGCHLD
from lkmtools.abi.syscall import (
    SYS_exit,
    SYS_wait4,
)
from lkmtools.errors import KernelError
from lkmtools.kern.base.export import export
from lkmtools.kern.exec.kern_resource import pack_rusage
from lkmtools.kern.proc.emul import exit_hooks
from lkmtools.kern.proc.kern_descrip import close_all
from lkmtools.kern.proc.kern_proc import Exit, Lwp, Proc, free_proc, set_parent
from lkmtools.kern.proc.kern_sig import ProcExit, drop_frames, tell_parent, wait_ident
from lkmtools.kern.proc.kern_subr import doexithooks
from lkmtools.kern.proc.rusage import Rusage
from lkmtools.kern.proc.syscall import syscall
from lkmtools.kern.vfs.hostfs_vfsops import leave_session
from lkmtools.tuples import NamedTuple

if TYPE_CHECKING:
    from lkmtools.kern.kernel import Kernel


@syscall(SYS_exit, "int status")
def sys_exit(k: Kernel, lwp: Lwp, status: int) -> None:
    """The process ends: a program at once, a client when this call has been answered."""
    if lwp.proc.program is not None:
        raise ProcExit((status & 0xFF) << 8)
    lwp.proc.exiting = True


@export("void exit1(struct lwp *l, int rv)", "sys/proc.h")
def exit1(k: Kernel, l_addr: int, status: int) -> None:
    """End the current process with this wait(2) status. For a program it does not return."""
    if k.lwp_at(l_addr) is not k.sched.current or k.sched.current.proc.program is None:
        k.panic(f"exit1: {l_addr:#x} is not the program that is running")
    raise ProcExit(status & 0xFFFF)


def end_program(k: Kernel, lwp: Lwp, status: int, failed: KernelError | None) -> None:
    """The end of a process (exit1()): it becomes a zombie, or goes at once when nobody can wait for it."""
    proc, program = lwp.proc, lwp.proc.program
    assert program is not None
    proc.exiting = True
    exit_hooks(k, proc)
    close_all(k, lwp)
    doexithooks(k, proc)
    leave_session(k, lwp)
    k.sched.userret()
    program.stop_itimer()
    drop_frames(k, program)
    k.engine.user_cpu.drop(program.user)
    program.space.clear()
    program.files = {}
    program.status = status
    proc.zombie = True
    proc.busy = False
    k.programs -= 1
    k.mem.set_u8(proc.addr + proc_struct.layout(k.dm).offsetof("p_stat"), abi.SZOMB)
    for other in tuple(k.procs.values()):
        if other.parent is proc:
            set_parent(k, other, k.procs.get(1))
            if other.zombie:
                _reap(k, other)
    how = siginfo.CLD_KILLED if status & WSTOPPED else siginfo.CLD_EXITED
    tell_parent(k, proc, how, status & WSTOPPED or status >> 8)
    if not _waits(proc.parent):
        _reap(k, proc)
    if program.on_exit is not None:
        errno, reason = (failed.errno, failed.reason) if failed is not None else (0, program.reason)
        program.on_exit(Exit(status, errno, reason))


def _waits(parent: Proc | None) -> bool:
    """Can a parent wait for a child? Not if it is a client, ignores SIGCHLD or has set SA_NOCLDWAIT."""
    if parent is None or parent.program is None or parent.zombie:
        return False
    action = parent.program.actions.get(SIGCHLD)
    return action is None or not (action.handler == siginfo.SIG_IGN or action.flags & siginfo.SA_NOCLDWAIT)


def _reap(k: Kernel, proc: Proc) -> None:
    """Nothing of a zombie is left (proc_free()); its parent has used what it and its children have."""
    if proc.program is not None and proc.parent is not None and proc.parent.program is not None:
        proc.parent.program.children.add(proc.program.usage)
        proc.parent.program.children.add(proc.program.children)
    free_proc(k, proc)


class Waited(NamedTuple):
    """What wait(2) found: the child (0: none), its status and what it has used, and whether it is gone."""

    pid: int
    status: int
    usage: Rusage
    gone: bool


_NOBODY = Waited(0, 0, Rusage(), False)


@syscall(SYS_wait4, "pid_t pid, int *status, int options, void *rusage")
def sys_wait4(k: Kernel, lwp: Lwp, pid: int, status: int, options: int, rusage: int) -> int:
    """Wait for a child to end: this one, any (-1), one of my group (0) or of -pid. ECHILD, EINTR.

    With WUNTRACED also for one to be stopped.
    """
    space = lwp.proc.space
    found = wait_child(k, lwp, pid, options)
    if found.pid and status:
        space.write(status, struct.pack(f"{k.dm.order}i", found.status))
    if found.pid and rusage:
        space.write(rusage, pack_rusage(k, found.usage))
    return found.pid


@export(
    "int do_sys_wait(struct lwp *l, int *pid, int *status, int options, struct rusage *ru, int *was_zombie)",
    "sys/wait.h",
)
def do_sys_wait(k: Kernel, l_addr: int, pid: int, status: int, options: int, ru: int, was_zombie: int) -> int:
    """wait4 with kernel memory: *pid selects a child, then names it; 0 with WNOHANG if there is none."""
    found = wait_child(k, k.lwp_at(l_addr), k.umem.i32(pid), options)
    k.umem.set_u32(pid, found.pid)
    if status:
        k.umem.set_u32(status, found.status)
    if ru:
        k.umem.write(ru, pack_rusage(k, found.usage))
    if was_zombie:
        k.umem.set_u32(was_zombie, found.gone)
    return 0


def wait_child(k: Kernel, lwp: Lwp, pid: int, options: int) -> Waited:
    """Wait until a child has ended, with WUNTRACED or was stopped; at once, with WNOHANG, when none has."""
    proc = lwp.proc
    if options & ~(WNOHANG | WUNTRACED):
        raise KernelError(EINVAL, f"unsupported wait options: {options:#x}")
    while True:
        group = proc.pgid if pid == 0 else -pid
        children = [
            p
            for p in k.procs.values()
            if p.parent is proc and (pid in (-1, p.pid) or (pid <= 0 and p.pgid == group))
        ]
        if not children:
            raise KernelError(ECHILD, _childless(proc, pid, group))
        for child in children:
            if (found := _look(k, child, options)).pid:
                return found
        if options & WNOHANG:
            return _NOBODY
        k.sched.tsleep(wait_ident(proc), PWAIT | PCATCH, "wait", 0)


def _childless(proc: Proc, pid: int, group: int) -> str:
    """Why wait4() of `pid` finds nobody: any child (-1), one, or one of a process group."""
    which = "" if pid == -1 else f" {pid}" if pid > 0 else f" in process group {group}"
    return f"process {proc.pid} has no child{which}"


def _look(k: Kernel, child: Proc, options: int) -> Waited:
    """What there is to say of a child. One that has ended is gone with that."""
    program = child.program
    if program is None:
        return _NOBODY
    usage = Rusage(program.usage.seconds, program.usage.signals)
    usage.add(program.children)
    if child.zombie:
        _reap(k, child)
        return Waited(child.pid, program.status, usage, True)
    if options & WUNTRACED and program.stopped and not program.told:
        program.told = True
        return Waited(child.pid, program.stopped << 8 | WSTOPPED, usage, False)
    return _NOBODY
