"""Programs begin and end: fork, exit, wait4 (kern_fork.c, kern_exit.c of NetBSD 5.2).

The first program of a session is the child of the client that started it; its exit is told to `on_exit`, and
nobody needs to wait for it. A process whose parent is no program is reaped when it ends.
"""

from __future__ import annotations

import struct
from collections.abc import Callable
from typing import TYPE_CHECKING, NamedTuple

from greenlet import greenlet

from lkmtools.abi import proc as abi
from lkmtools.abi import siginfo
from lkmtools.abi.errno import EAGAIN, ECHILD, EINVAL, EPERM
from lkmtools.abi.exec import FORK_PPWAIT, FORK_SHAREVM
from lkmtools.abi.proc import PCATCH, PWAIT
from lkmtools.abi.proc import proc as proc_struct
from lkmtools.abi.resource import rusage as rusage_struct
from lkmtools.abi.siginfo import WNOHANG, WSTOPPED, WUNTRACED
from lkmtools.abi.signal import SIGCHLD, SIGCONT, SIGHUP
from lkmtools.abi.syscall import SYS___wait450, SYS_fork, SYS_vfork
from lkmtools.errors import KernelError, answer_to
from lkmtools.kern.base.config import Cred
from lkmtools.kern.base.export import export
from lkmtools.kern.exec.kern_exec import exec_image, new_space
from lkmtools.kern.exec.trap import userland
from lkmtools.kern.exec.uvm_mmap import ProgramMapper
from lkmtools.kern.proc.emul import exit_hooks, fork_hooks, inherit
from lkmtools.kern.proc.kern_descrip import Descriptors, File, close_all
from lkmtools.kern.proc.kern_proc import Exit, Lwp, Proc, Program, Usage, free_proc, new_proc
from lkmtools.kern.proc.kern_prot import copy_cred
from lkmtools.kern.proc.kern_sig import ProcExit, drop_frames, signal_proc, tell_parent, wait_ident
from lkmtools.kern.proc.syscall import syscall
from lkmtools.kern.uvm.uvm_map import Vmspace
from lkmtools.kern.vfs.hostfs_vfsops import leave_session
from lkmtools.machine import Prototype

if TYPE_CHECKING:
    from lkmtools.kern.kernel import Kernel

MAXPROC = 20 + 16 * 32  # processes that run programs, of one kernel (NPROC, with 32 maxusers)
MAXUPRC = 160  # ... of one user other than root (CHILD_MAX)
FORK_FUNC = Prototype("void func(void *arg)")


class Spawn(NamedTuple):
    """A program to start: its name and content, its arguments and environment, descriptors 0, 1 and 2."""

    name: str
    image: bytes
    args: list[bytes]
    env: list[bytes]
    files: list[File]


def _room(k: Kernel, cred: Cred) -> None:
    """EAGAIN when there are too many processes (nprocs, chgproccnt())."""
    running = [proc for proc in k.procs.values() if proc.program is not None]
    if len(running) >= MAXPROC:
        raise KernelError(EAGAIN, f"{len(running)} processes run programs; at most {MAXPROC}")
    mine = sum(proc.cred.uid == cred.uid for proc in running)
    if cred.uid and mine >= MAXUPRC:
        raise KernelError(EAGAIN, f"user {cred.uid} has {mine} processes; at most {MAXUPRC}")


def _start(k: Kernel, proc: Proc, first: Callable[[], None]) -> None:
    """Let the process run: `first`, then its program, to its end."""
    lwp = proc.lwp

    def life() -> None:
        failed = None
        status = 0
        try:
            first()
            userland(k, lwp)
        except ProcExit as ended:
            status = ended.status
        except (KernelError, MemoryError) as error:
            failed = answer_to(error)
        _exit(k, lwp, status, failed)

    lwp.greenlet = greenlet(life, parent=k.sched.hub)
    proc.busy = True
    k.procs[proc.pid] = proc
    k.programs += 1
    k.sched.ready(lwp)


def spawn(k: Kernel, parent: Proc, cred: Cred, what: Spawn, on_exit: Callable[[Exit], None]) -> Proc:
    """A child of a client that runs a program; `on_exit` hears how it ended. EAGAIN, MemoryError."""
    _room(k, cred)
    cpu = k.engine.user_cpu  # the first program has it made, which the host may have no memory for
    space = new_space(k)
    proc = new_proc(k, cred, what.name.rpartition("/")[2], parent.host_pid)
    proc.program = program = Program(cpu.thread(space), parent.pid)
    proc.space = space
    proc.parent = parent
    proc.sid = parent.sid
    proc.cwd, proc.root, proc.umask = parent.cwd, parent.root, parent.umask
    proc.files = Descriptors()
    for file in what.files:
        proc.files.install(file)
    program.files[what.name] = what.image
    program.on_exit = on_exit
    proc.vm = Vmspace(ProgramMapper(k, program))
    lwp = proc.lwp
    k.sched.runq.new_slice(lwp)
    _start(k, proc, lambda: exec_image(k, lwp, what.name, what.image, what.args, what.env))
    return proc


@syscall(SYS_fork, "")
def sys_fork(k: Kernel, lwp: Lwp) -> tuple[int, int]:
    """A copy of the process: 0 and 1 there, its number and 0 here. EAGAIN at the limit."""
    return fork(k, lwp).pid, 0


def fork(
    k: Kernel, lwp: Lwp, flags: int = 0, stack: int = 0, first: Callable[[], object] | None = None
) -> Proc:
    """fork1() for Python: the child, which calls `first` and goes on as fork's child does.

    It does so on `stack`, when that is not 0.
    """
    proc, program = lwp.proc, lwp.proc.program
    if program is None:
        raise KernelError(EPERM, "a client process cannot fork")
    _room(k, proc.cred)
    child = new_proc(k, proc.cred, proc.comm, proc.host_pid)
    space = program.space.copy()
    user = k.engine.user_cpu.copy(program.user, space)
    child.program = copy = Program(user, program.session)
    child.space = space
    child.parent = proc
    copy_cred(k, proc, child)
    child.pgid, child.sid = proc.pgid, proc.sid
    child.cwd, child.root, child.umask = proc.cwd, proc.root, proc.umask
    child.files = proc.files.copy()
    copy.files, copy.brk, copy.mask, copy.altstack = (
        program.files, program.brk, program.mask, program.altstack
    )  # fmt: skip
    copy.actions = program.actions.copy()
    child.vm = Vmspace(ProgramMapper(k, copy))
    inherit(k, proc, child)

    def begin() -> None:
        _child_return(k, child, stack)
        if first is not None:
            first()

    _start(k, child, begin)
    fork_hooks(k, proc, child, flags)
    return child


def _child_return(k: Kernel, child: Proc, stack: int) -> None:
    """How fork's child begins (child_return()): 0, no error, and natively 1 as the second result."""
    port, program = k.port.user, child.program
    assert program is not None
    cpu = k.engine.user_cpu
    cpu.own(program.user)
    handler = k.mem.ptr(child.addr + proc_struct.layout(k.dm).offsetof("p_md.md_syscall"))
    native = handler in (k.symbol("syscall"), k.symbol("syscall_plain"))
    cpu.answer(0, 1 if native else cpu.read(port.ret2), cpu.read(port.flags) & ~port.carry)
    if stack:
        cpu.write(k.port.sp, stack)


@export(
    "int fork1(struct lwp *l, int flags, int exitsig, void *stack, size_t stacksize, void (*func)(void *), "
    "void *arg, register_t *retval, struct proc **rnewprocp)",
    "sys/proc.h",
)
def fork1(
    k: Kernel, l_addr: int, flags: int, exitsig: int, stack: int, size: int, func: int, arg: int,
    retval: int, rnewprocp: int,
) -> int:  # fmt: skip
    """fork for emulations. EINVAL for what is not modelled: another exit signal, sharing; EAGAIN."""
    shared = FORK_SHAREVM | FORK_PPWAIT
    if flags & ~shared or (flags & FORK_SHAREVM and flags & shared != shared):
        raise KernelError(EINVAL, f"fork flags {flags:#x}: parent and child share nothing here")
    if exitsig != SIGCHLD:
        raise KernelError(EINVAL, f"exit signal {exitsig}; here it is SIGCHLD")
    first = (lambda: k.call(FORK_FUNC, func, arg)) if func else None
    child = fork(k, k.lwp_at(l_addr), flags, stack + size if stack else 0, first)
    if retval:
        k.umem.set_ptr(retval, child.pid)
        k.umem.set_ptr(retval + k.dm.pointer, 0)
    if rnewprocp:
        k.umem.set_ptr(rnewprocp, child.addr)
    return 0


@export("void exit1(struct lwp *l, int rv)", "sys/proc.h")
def exit1(k: Kernel, l_addr: int, status: int) -> None:
    """End the current process with this wait(2) status. For a program it does not return."""
    if k.lwp_at(l_addr) is not k.sched.current or k.sched.current.proc.program is None:
        k.panic(f"exit1: {l_addr:#x} is not the program that is running")
    raise ProcExit(status & 0xFFFF)


@syscall(SYS_vfork, "")
def sys_vfork(k: Kernel, lwp: Lwp) -> tuple[int, int]:
    """fork; the child has a memory of its own, and the parent does not wait for its exec."""
    return sys_fork(k, lwp)


def hangup(k: Kernel, session: int) -> None:
    """The client that started them is gone: SIGHUP for its programs."""
    for proc in tuple(k.procs.values()):
        if proc.program is not None and proc.program.session == session:
            signal_proc(k, proc, SIGHUP)
            if proc.program.stopped:
                signal_proc(k, proc, SIGCONT)  # nobody else would


def _exit(k: Kernel, lwp: Lwp, status: int, failed: KernelError | None) -> None:
    """The end of a process (exit1()): it becomes a zombie, or goes at once when nobody can wait for it."""
    proc, program = lwp.proc, lwp.proc.program
    assert program is not None
    proc.exiting = True
    exit_hooks(k, proc)
    close_all(k, lwp)
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
            other.parent = k.procs.get(1)
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
    """Can a child's end be waited for? Not by clients, and not by who ignores SIGCHLD or set SA_NOCLDWAIT."""
    if parent is None or parent.program is None or parent.zombie:
        return False
    action = parent.program.actions.get(SIGCHLD)
    return action is None or not (action.handler == siginfo.SIG_IGN or action.flags & siginfo.SA_NOCLDWAIT)


def _reap(k: Kernel, proc: Proc) -> None:
    """Nothing of a zombie is left (proc_free()); its parent has used what it and its children have."""
    if proc.program is not None and proc.parent is not None and proc.parent.program is not None:
        proc.parent.program.children.add(proc.program.usage)
        proc.parent.program.children.add(proc.program.children)
    del k.procs[proc.pid]
    free_proc(k, proc)


class Waited(NamedTuple):
    """What wait(2) found: the child (0: none), its status and what it has used, and whether it is gone."""

    pid: int
    status: int
    usage: Usage
    gone: bool


_NOBODY = Waited(0, 0, Usage(), False)


@syscall(SYS___wait450, "pid_t pid, int *status, int options, void *rusage")
def sys___wait450(k: Kernel, lwp: Lwp, pid: int, status: int, options: int, rusage: int) -> int:
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


def pack_rusage(k: Kernel, usage: Usage) -> bytes:
    """A struct rusage. All time is user time, and what is not counted is 0."""
    micros = int(usage.seconds * 1_000_000)
    times = {"ru_utime.tv_sec": micros // 1_000_000, "ru_utime.tv_usec": micros % 1_000_000}
    return rusage_struct.layout(k.dm).pack(ru_nsignals=usage.signals, **times)


@export(
    "int do_sys_wait(struct lwp *l, int *pid, int *status, int options, struct rusage *ru, int *was_zombie)",
    "sys/wait.h",
)
def do_sys_wait(k: Kernel, l_addr: int, pid: int, status: int, options: int, ru: int, was_zombie: int) -> int:
    """wait4 with kernel memory: *pid is whom, and then who; 0 when nobody yet, with WNOHANG."""
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
        raise KernelError(EINVAL, f"wait options {options:#x}")
    while True:
        group = proc.pgid if pid == 0 else -pid
        children = [
            p
            for p in k.procs.values()
            if p.parent is proc and (pid in (-1, p.pid) or (pid <= 0 and p.pgid == group))
        ]
        if not children:
            raise KernelError(ECHILD, "no such child" if pid != -1 else "no children")
        for child in children:
            if (found := _look(k, child, options)).pid:
                return found
        if options & WNOHANG:
            return _NOBODY
        k.sched.tsleep(wait_ident(proc), PWAIT | PCATCH, "wait", 0)


def _look(k: Kernel, child: Proc, options: int) -> Waited:
    """What there is to say of a child. One that has ended is gone with that."""
    program = child.program
    if program is None:
        return _NOBODY
    usage = Usage(program.usage.seconds, program.usage.signals)
    usage.add(program.children)
    if child.zombie:
        _reap(k, child)
        return Waited(child.pid, program.status, usage, True)
    if options & WUNTRACED and program.stopped and not program.told:
        program.told = True
        return Waited(child.pid, program.stopped << 8 | WSTOPPED, usage, False)
    return _NOBODY
