"""How programs begin: fork, and the first program of a session (kern_fork.c of NetBSD 5.2).

The first program of a session is the child of the client that started it; its exit is passed to `on_exit`,
and no process has to wait for it.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from greenlet import greenlet

from lkmtools.abi.errno import EAGAIN, EINVAL, EPERM
from lkmtools.abi.exec import FORK_PPWAIT, FORK_SHAREVM
from lkmtools.abi.proc import proc as proc_struct
from lkmtools.abi.signal import SIGCHLD, SIGCONT, SIGHUP
from lkmtools.abi.syscall import SYS_fork, SYS_vfork
from lkmtools.errors import KernelError, answer_to
from lkmtools.kern.base.cred import Cred
from lkmtools.kern.base.export import export
from lkmtools.kern.exec.kern_exec import exec_image, new_space
from lkmtools.kern.exec.kern_exit import end_program
from lkmtools.kern.exec.kern_resource import MAXPROC, MAXUPRC
from lkmtools.kern.exec.trap import userland
from lkmtools.kern.exec.uvm_mmap import ProgramMapper
from lkmtools.kern.proc.emul import fork_hooks, inherit
from lkmtools.kern.proc.kern_descrip import File, Filedesc
from lkmtools.kern.proc.kern_proc import Exit, Lwp, Proc, Program, new_proc, set_group, set_parent
from lkmtools.kern.proc.kern_prot import copy_cred
from lkmtools.kern.proc.kern_sig import ProcExit, signal_proc
from lkmtools.kern.proc.kern_subr import doforkhooks
from lkmtools.kern.proc.syscall import syscall
from lkmtools.kern.uvm.uvm_map import Vmspace
from lkmtools.machine import Prototype
from lkmtools.tuples import NamedTuple

if TYPE_CHECKING:
    from lkmtools.kern.kernel import Kernel

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
        raise KernelError(EAGAIN, f"{len(running)} processes run programs; the limit is {MAXPROC}")
    mine = sum(proc.cred.uid == cred.uid for proc in running)
    if cred.uid and mine >= MAXUPRC:
        raise KernelError(EAGAIN, f"user {cred.uid} has {mine} processes; the limit is {MAXUPRC}")


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
        end_program(k, lwp, status, failed)

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
    set_parent(k, proc, parent)
    proc.login = parent.login
    set_group(k, proc, proc.pgid, parent.sid)
    proc.cwd, proc.root, proc.umask = parent.cwd, parent.root, parent.umask
    proc.files = Filedesc()
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
    set_parent(k, child, proc)
    copy_cred(k, proc, child)
    child.login = proc.login
    set_group(k, child, proc.pgid, proc.sid)
    child.cwd, child.root, child.umask = proc.cwd, proc.root, proc.umask
    child.limits, child.files = proc.limits.copy(), proc.files.copy()
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
    doforkhooks(k, child, proc)
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
        raise KernelError(EINVAL, f"fork flags {flags:#x}: parent and child cannot share memory")
    if exitsig != SIGCHLD:
        raise KernelError(
            EINVAL, f"unsupported exit signal: {exitsig} (only SIGCHLD, {SIGCHLD}, is supported)"
        )
    first = (lambda: k.engine.call(FORK_FUNC, func, arg)) if func else None
    child = fork(k, k.lwp_at(l_addr), flags, stack + size if stack else 0, first)
    if retval:
        k.umem.set_ptr(retval, child.pid)
        k.umem.set_ptr(retval + k.dm.pointer, 0)
    if rnewprocp:
        k.umem.set_ptr(rnewprocp, child.addr)
    return 0


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
