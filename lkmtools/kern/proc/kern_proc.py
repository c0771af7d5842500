"""Processes and their kernel threads (kern_proc.c, kern_lwp.c).

A client connection is a process with one lwp. What modules see of them (struct proc, struct lwp, the
credentials) is in kernel memory; the rest is in records of this file.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from itertools import accumulate
from typing import TYPE_CHECKING, Any

from greenlet import greenlet

from lkmtools.abi import proc as abi
from lkmtools.abi.datamodel import C_TEXT
from lkmtools.abi.dialects import PROC_DEVICES
from lkmtools.abi.errno import EAGAIN, ENOMEM
from lkmtools.abi.siginfo import SA_RESTART
from lkmtools.abi.ucred import kauth_cred
from lkmtools.abi.uvm import vmspace
from lkmtools.errors import KernelError
from lkmtools.kern.base.cred import Cred, effective, packed
from lkmtools.kern.base.place import calling_module
from lkmtools.kern.base.queue import list_insert_head, list_remove
from lkmtools.kern.base.request import NOWHERE, Reply, Request, Space
from lkmtools.kern.proc import trapframe
from lkmtools.kern.proc.emul import make_native
from lkmtools.kern.proc.kern_synch import LwpExit
from lkmtools.kern.proc.rusage import Rusage
from lkmtools.kern.sync.kern_timeout import Timer
from lkmtools.kern.uvm.uvm_map import Vmspace
from lkmtools.machine import Thread, UserThread
from lkmtools.tuples import NamedTuple

if TYPE_CHECKING:
    from lkmtools.kern.kernel import Kernel
    from lkmtools.kern.proc.kern_descrip import File, Filedesc
    from lkmtools.kern.sync.blocked import Blocked
    from lkmtools.machine import AddressSpace

PID_MAX = 30000
ARGS_ROOM = 64  # bytes for a system call's argument words
SCRATCH = 256  # bytes for a small ioctl argument, or a uio and its iovec


class Lwp:
    """A kernel thread. `addr` is its struct lwp; `args` and `retval` are kernel memory of its own."""

    def __init__(self, proc: Proc, addr: int, cred: int, room: int) -> None:
        self.proc = proc
        self.addr = addr
        self.cred = cred  # where the pointer to the process's credentials is
        self.args = room
        self.retval = room + ARGS_ROOM
        self._scratch = self._scratch_start = room + ARGS_ROOM + 16
        self._scratch_end = self._scratch + SCRATCH
        self.thread = Thread()
        self.greenlet: greenlet
        self.wchan: int | None = None
        self.wmesg = ""
        self.catch = False
        self.blocked: Blocked | None = None  # what it waits for, when that is somebody's
        self.slept: float | None = None  # see hangs.py
        self.woken = 0
        self.killed = False
        self.kthread = False  # of the kernel: see kern_kthread.py
        self.biglocks = 1  # how often it has the kernel lock: once when a module's code begins
        self.nopreempt = 0  # calls of kpreempt_disable() without kpreempt_enable()
        self.asleep = 0.0  # of time.monotonic(): when its last sleep began
        self.slice = 0  # blocks that are left of a program's time slice: see kern_runq.py
        self.asked: tuple[int, tuple[int, ...], bool] | None = None  # its last call: see syscall_text.py
        self.closing: File | None = None  # the file whose last descriptor it closes
        self.sy_call = 0  # the module's function that serves the system call in progress
        self.kept: set[int] = set()  # memory of modules unloaded meanwhile, until that function has returned
        self.clones: list[File] = []  # what cloning drivers' d_open made and open(2) has not taken yet

    def alloca(self, k: Kernel, size: int) -> int:
        """Kernel memory for the time of a call, as a local variable would be; release() it. ENOMEM."""
        addr = self._scratch
        end = addr + (size + 15 & -16)
        if end <= self._scratch_end:
            self._scratch = end
            return addr
        addr = k.heap.alloc(size)
        if not addr:
            raise KernelError(ENOMEM, f"no kernel memory for {size} bytes")
        return addr

    def release(self, k: Kernel, addr: int) -> None:
        """Give back what alloca() gave last."""
        if self._scratch_start <= addr < self._scratch_end:
            self._scratch = addr
        else:
            k.heap.free(addr)


class SigAction(NamedTuple):
    """What a program does about a signal. `mask` has bit n - 1 for signal n, as all our signal sets."""

    handler: int
    mask: int
    flags: int
    trampoline: int


class Cause(NamedTuple):
    """Why a signal came, for siginfo: si_code; the address of what the program did, or else who sent it.

    `why` is for people, when it ends the program.
    """

    code: int = 0
    addr: int | None = None
    pid: int = 0
    uid: int = 0
    status: int = 0  # of the child that it tells of
    why: str = ""


NO_CAUSE = Cause()


class AltStack(NamedTuple):
    """A program's stack for signal handlers (stack_t)."""

    sp: int
    size: int
    flags: int

    def holds(self, sp: int) -> bool:
        """Is the stack pointer on it?"""
        return not self.flags & SS_DISABLE and self.sp < sp <= self.sp + self.size


SS_ONSTACK, SS_DISABLE = 1, 4
NO_STACK = AltStack(0, 0, SS_DISABLE)


class Exit(NamedTuple):
    """How a program ended: its wait(2) status, or the errno of a program that could not be started."""

    status: int
    errno: int = 0
    reason: str = ""


class RealTimer(NamedTuple):
    """A running interval timer: when it ends (of time.monotonic()), how many seconds later again (0: not)."""

    when: float
    interval: float
    timer: Timer


class Program:
    """What a process that runs a program has besides: memory, registers, signals, parents and children.

    `session` is the client that started the first of its line.
    """

    def __init__(self, user: UserThread, session: int) -> None:
        self.user = user
        self.session = session
        self.files: dict[str, bytes] = {}  # programs that came with it, by the name to execute
        self.brk = (0, 0)  # start and end of the data segment's growing part
        self.actions: dict[int, SigAction] = {}
        self.mask = 0
        self.altstack = NO_STACK
        self.suspend_mask: int | None = None  # the mask before sigsuspend, which comes back
        self.pending: dict[int, Cause] = {}  # signals that were posted and not taken yet
        self.frames: list[tuple[int, Any]] = []  # ucontext addresses and the full registers saved with them
        self.just_return = False  # the system call has set all registers itself
        self.stopped = 0  # the signal that holds it; 0: it runs
        self.told = False  # its parent has waited for the stop
        self.usage = Rusage()
        self.children = Rusage()  # of those that were waited for
        self.itimer: RealTimer | None = None
        self.status = 0
        self.reason = ""  # of the signal that ended it
        self.on_exit: Callable[[Exit], None] | None = None

    @property
    def space(self) -> AddressSpace:
        """Its memory."""
        return self.user.space

    def stop_itimer(self) -> None:
        """No signal comes of its interval timer any more."""
        if self.itimer is not None:
            self.itimer.timer.cancel()
            self.itimer = None

    def deliverable(self) -> int:
        """The lowest pending signal that is not blocked; 0."""
        return min((signo for signo in self.pending if not self.mask >> signo - 1 & 1), default=0)

    def restarts(self) -> bool:
        """Does the signal that ended a sleep want the system call restarted?"""
        action = self.actions.get(self.deliverable())
        return action is not None and bool(action.flags & SA_RESTART)


class Proc:
    """A process. `addr` is its struct proc; `space` its memory while a system call is served."""

    def __init__(self, pid: int, cred: Cred, comm: str, host_pid: int) -> None:
        self.pid = pid
        self.ids: Callable[[], Cred]  # the effective ones
        self.pgid = self.sid = pid  # its process group and session
        self.login = b"root" if cred.uid == 0 else b""  # the login name of its session
        self.comm = command_name(comm)
        self.host_pid = host_pid
        self.addr = 0
        self.block = 0
        self.space: Space = NOWHERE
        self.tty = bytearray()
        self.cwd = "/"
        self.root = "/"  # its root directory, of chroot
        self.umask = 0o022
        self.limits: dict[int, tuple[int, int]] = {}  # soft and hard, of resources for which some were set
        self.exiting = False
        self.lwp: Lwp
        self.files: Filedesc
        self.work: deque[tuple[Request, Callable[[Reply], None]]] = deque()
        self.busy = False
        self.vmspace = 0  # its struct vmspace, which is only compared
        self.vm = Vmspace(None)
        self.program: Program | None = None  # what it runs; None for a client
        self.parent: Proc | None = None
        self.zombie = False

    def __repr__(self) -> str:
        return f"<Proc {self.pid} {self.comm}>"

    @property
    def cred(self) -> Cred:
        """Its effective ids now."""
        return self.ids()


class Processes(dict[int, Proc]):
    """The processes by number (allproc); `at` has them by the address of their struct proc."""

    _last = 0

    def __init__(self) -> None:
        super().__init__()
        self.at: dict[int, Proc] = {}

    def next_pid(self) -> int:
        """A number that no process, process group or session has; EAGAIN."""
        if not self:
            return 0
        taken = {number for proc in self.values() for number in (proc.pid, proc.pgid, proc.sid)}
        for _ in range(PID_MAX):
            self._last = self._last % PID_MAX + 1
            if self._last not in taken:
                return self._last
        raise KernelError(EAGAIN, f"no process number is free: the limit is {PID_MAX}")


def command_name(text: str) -> str:
    """The name of a process, as p_comm has it: MAXCOMLEN characters at most, and none that steers a terminal.

    It comes from clients and programs, and is shown to others.
    """
    return "".join(char if char.isprintable() else "?" for char in text[: abi.MAXCOMLEN])


def new_proc(k: Kernel, cred: Cred, comm: str, host_pid: int) -> Proc:
    """A process with its lwp, not yet running anything. EAGAIN without memory or a number for it."""
    proc = Proc(k.procs.next_pid(), cred, comm, host_pid)
    p_layout, l_layout, c_layout = (s.layout(k.dm) for s in (abi.proc, abi.lwp, kauth_cred))
    frame = trapframe.size(k)
    groups = abi.pgrp.layout(k.dm).size + abi.session.layout(k.dm).size
    space = vmspace.layout(k.dm)
    sizes = (p_layout.size, l_layout.size, c_layout.size, frame, groups, space.size)
    rooms = [size + 15 & -16 for size in sizes]
    proc.block = block = k.heap.alloc(sum(rooms) + ARGS_ROOM + 16 + SCRATCH)
    if not block:
        raise KernelError(EAGAIN, f"no kernel memory for another process; there are {len(k.procs)}")
    proc.addr, lwp_addr, cred_addr, frame_addr, pgrp, proc.vmspace, args = accumulate(rooms, initial=block)
    if proc.pid == 0:
        proc.addr, lwp_addr, proc.vmspace = (k.symbol(name) for name in ("proc0", "lwp0", "vmspace0"))
    else:
        k.mem.write(proc.vmspace, space.pack(vm_refcnt=1))
    k.mem.write(
        proc.addr,
        p_layout.pack(
            p_pid=proc.pid, p_cred=cred_addr, p_lwps=lwp_addr, p_nlwps=1, p_stat=abi.SACTIVE,
            p_vmspace=proc.vmspace, p_pgrp=pgrp, p_comm=proc.comm.encode(*C_TEXT)[: abi.MAXCOMLEN],
        ),
    )  # fmt: skip
    lwp = {"l_proc": proc.addr, "l_cred": cred_addr, "l_lid": 1, "l_stat": abi.LSRUN}
    k.mem.write(lwp_addr, l_layout.pack(**lwp, **{"l_md.md_regs": frame_addr}))
    make_native(k, proc)
    k.mem.write(cred_addr, packed(k, cred))
    pointer = proc.addr + p_layout.offsetof("p_cred")
    proc.ids = lambda: effective(k, pointer)
    proc.lwp = Lwp(proc, lwp_addr, pointer, args)
    k.lwps[lwp_addr] = proc.lwp
    k.procs.at[proc.addr] = proc
    list_insert_head(k, "allproc", k.symbol("allproc"), proc.addr, 0)
    set_group(k, proc, proc.pid, proc.pid)
    set_parent(k, proc, None)
    return proc


def set_parent(k: Kernel, proc: Proc, parent: Proc | None) -> None:
    """Set the parent. A client has None, and its struct proc shows process 1."""
    proc.parent = parent
    shown = parent or k.procs.get(1) or k.procs.get(0)
    view = k.mem.view(abi.proc.layout(k.dm), proc.addr)
    view.p_pptr, view.p_ppid = (shown.addr, shown.pid) if shown else (0, 0)


def set_group(k: Kernel, proc: Proc, pgid: int, sid: int) -> None:
    """Put a process into a group and a session. Its struct pgrp and struct session are its own."""
    proc.pgid, proc.sid = pgid, sid
    leader = proc if sid == proc.pid else k.procs.get(sid)
    pgrp = k.mem.ptr(proc.addr + abi.proc.layout(k.dm).offsetof("p_pgrp"))
    session = pgrp + abi.pgrp.layout(k.dm).size
    k.mem.write(pgrp, abi.pgrp.layout(k.dm).pack(pg_session=session, pg_id=pgid))
    k.mem.write(
        session,
        abi.session.layout(k.dm).pack(
            s_count=1, s_leader=leader.addr if leader else 0, s_sid=sid, s_login=proc.login
        ),
    )


def caller(k: Kernel, lwp: Lwp, function: int, proc: frozenset[str] = PROC_DEVICES) -> int:
    """What `function`, of a driver or a system call, gets as its caller.

    A struct lwp *; a struct proc * in a module whose dialect is one of `proc` (abi/dialects.py).
    """
    return lwp.proc.addr if k.modules.dialect(function) in proc else lwp.addr


def find_lwp(k: Kernel, addr: int) -> Lwp | None:
    """The lwp whose struct lwp is at `addr`; that of a struct proc, if an older module passes one."""
    lwp = k.lwps.get(addr)
    if lwp is None and (proc := k.procs.at.get(addr)) is not None:
        module = calling_module(k)
        if module is not None and module.info.dialect in PROC_DEVICES:
            return proc.lwp
    return lwp


def let_go(k: Kernel, lwp: Lwp) -> None:
    """A call has returned from modules unloaded meanwhile: their memory goes, if it was the last one."""
    while lwp.kept:
        area = lwp.kept.pop()
        if not any(area in other.kept for other in k.lwps.values()):
            k.kmap.free(area)


def free_proc(k: Kernel, proc: Proc) -> None:
    """A process goes, with its kernel memory and stack (proc_free()); no other leads to its struct proc."""
    del k.procs[proc.pid]
    _outlive(k, proc)
    lwp = proc.lwp
    let_go(k, lwp)
    k.engine.drop(lwp.thread)
    if lwp.thread.stack_base:
        k.kmap.free(lwp.thread.stack_base)
    del k.lwps[lwp.addr], k.procs.at[proc.addr]
    list_remove(k, "allproc", proc.addr, 0)
    k.heap.free(proc.block)


def _outlive(k: Kernel, gone: Proc) -> None:
    """Its children are process 1's now, and its session has no leader."""
    init = k.procs.get(1)
    for other in k.procs.values():
        if other.parent is gone or (other.parent is None and gone.pid == 1):
            set_parent(k, other, init)
        if other.sid == gone.pid:
            set_group(k, other, other.pgid, other.sid)


def end_lwp(lwp: Lwp) -> None:
    """Unwind an lwp wherever it sleeps: `finally` blocks run, nothing else."""
    if not lwp.greenlet.dead and lwp.greenlet.gr_frame is not None:
        try:
            lwp.greenlet.throw(LwpExit)
        except LwpExit:
            return
