"""The system calls for signals, and their kernel forms for emulations (sys_sig.c).

sigaction1() and its like work on the current process and take pointers into kernel memory, where the system
calls take the program's. A client has no signals of its own: EINVAL.
"""

from __future__ import annotations

import struct
from collections.abc import Iterable
from typing import TYPE_CHECKING, NoReturn

from lkmtools.abi import siginfo
from lkmtools.abi import signal as sig
from lkmtools.abi.errno import EINVAL, ENOMEM, EPERM, ESRCH
from lkmtools.abi.exec import KSI_TRAP, ksiginfo
from lkmtools.abi.proc import PCATCH, PPAUSE
from lkmtools.abi.siginfo import SI_USER
from lkmtools.abi.signal import NSIG, SIGCONT
from lkmtools.abi.syscall import (
    SYS___sigaction_sigtramp,
    SYS___sigaltstack14,
    SYS___sigpending14,
    SYS___sigprocmask14,
    SYS___sigsuspend14,
    SYS_getcontext,
    SYS_kill,
    SYS_setcontext,
)
from lkmtools.abi.vmparam import PAGE_SIZE
from lkmtools.errors import KernelError
from lkmtools.kern.base.export import export
from lkmtools.kern.proc import trapframe
from lkmtools.kern.proc.emul import lwp_regs
from lkmtools.kern.proc.kern_pgrp import find_process, group
from lkmtools.kern.proc.kern_proc import NO_STACK, SS_DISABLE, SS_ONSTACK, AltStack, Cause, SigAction
from lkmtools.kern.proc.kern_sig import (
    IGNORED,
    SIGSET,
    UNBLOCKABLE,
    ProcExit,
    native_frame,
    pack_ucontext,
    proc_at,
    signal_proc,
    signal_stack,
    signals_of,
    stop_ident,
    trap_signal,
    ucontext_head,
    word_format,
)
from lkmtools.kern.proc.syscall import syscall

if TYPE_CHECKING:
    from lkmtools.kern.kernel import Kernel
    from lkmtools.kern.proc.kern_proc import Lwp, Proc, Program

_HEADER = "sys/signalvar.h"
MINSIGSTKSZ = 8192


def _action_form(k: Kernel) -> struct.Struct:
    """struct sigaction: handler, mask, flags."""
    return struct.Struct(f"{k.dm.order}{'Q16si4x' if k.dm.pointer == 8 else 'I16si'}")


def _stack_form(k: Kernel) -> struct.Struct:
    """stack_t: sp, size, flags."""
    return struct.Struct(f"{k.dm.order}{'QQi4x' if k.dm.pointer == 8 else 'IIi'}")


def _mask(data: bytes) -> int:
    return int.from_bytes(data[:8], "little") & ~UNBLOCKABLE


# -- the work -------------------------------------------------------------------------------------------


def _sigaction(k: Kernel, program: Program, signum: int, new: bytes | None, tramp: int, vers: int) -> bytes:
    """Set what `new`, a struct sigaction, says, if there is one; what was set before."""
    if not 0 < signum < NSIG or vers not in (0, 2):
        raise KernelError(EINVAL, f"invalid signal or trampoline version: {signum}, {vers}")
    form = _action_form(k)
    old = program.actions.get(signum, SigAction(siginfo.SIG_DFL, 0, 0, 0))
    if new is not None:
        if signum in (sig.SIGKILL, sig.SIGSTOP):
            raise KernelError(EINVAL, f"signal {signum} cannot be caught or ignored")
        handler, mask, flags = form.unpack(new)
        trampoline = tramp if vers else k.port.user.top - PAGE_SIZE
        program.actions[signum] = SigAction(handler, int.from_bytes(mask[:8], "little"), flags, trampoline)
        if handler == siginfo.SIG_IGN or (handler == siginfo.SIG_DFL and signum in IGNORED):
            program.pending.pop(signum, None)
    return form.pack(old.handler, old.mask.to_bytes(SIGSET, "little"), old.flags)


def _sigprocmask(program: Program, how: int, mask: int | None) -> bytes:
    """Change the blocked signals by `mask`, if there is one; what was blocked before."""
    before = program.mask
    if mask is not None:
        changed = {
            siginfo.SIG_BLOCK: before | mask, siginfo.SIG_UNBLOCK: before & ~mask, siginfo.SIG_SETMASK: mask,
        }  # fmt: skip
        if how not in changed:
            raise KernelError(EINVAL, f"invalid how: {how} (it must be 1, 2 or 3)")
        program.mask = changed[how]
    return before.to_bytes(SIGSET, "little")


def _sigpending(program: Program) -> bytes:
    return sum(1 << signo - 1 for signo in program.pending).to_bytes(SIGSET, "little")


def _sigsuspend(k: Kernel, lwp: Lwp, mask: int) -> None:
    """Sleep with other signals blocked until one is caught: EINTR."""
    program = signals_of(lwp)
    before, program.mask = program.mask, mask
    program.suspend_mask = before
    while True:
        k.sched.tsleep(stop_ident(lwp.proc) - 1, PPAUSE | PCATCH, "pause", 0)


def _sigaltstack(k: Kernel, lwp: Lwp, new: bytes | None) -> bytes:
    """Set the stack for handlers with SA_ONSTACK, if one is given; what it was before."""
    program, form = signals_of(lwp), _stack_form(k)
    stack = program.altstack
    sp = k.engine.user_cpu.general(program.user)[k.port.user.frame.index(k.port.sp)]
    on = stack.holds(sp)
    if new is not None:
        at, size, flags = form.unpack(new)
        if flags & ~SS_DISABLE:
            raise KernelError(EINVAL, f"invalid sigaltstack flags: {flags:#x}")
        if on:
            raise KernelError(EPERM, "a signal handler is running on this stack")
        if not flags and size < MINSIGSTKSZ:
            raise KernelError(ENOMEM, f"the stack has {size} bytes; the minimum is {MINSIGSTKSZ}")
        program.altstack = NO_STACK if flags else AltStack(at, size, 0)
    return form.pack(stack.sp, stack.size, stack.flags | (SS_ONSTACK if on else 0))


# -- system calls ---------------------------------------------------------------------------------------


@syscall(
    SYS___sigaction_sigtramp,
    "int signum, const void *nsa, void *osa, const void *tramp, int vers",
)
def sys___sigaction_sigtramp(
    k: Kernel, lwp: Lwp, signum: int, nsa: int, osa: int, tramp: int, vers: int
) -> None:
    """What to do about a signal.

    Version 0 uses the kernel's trampoline, 2 the program's (siginfo); 1, sigcontext, is EINVAL.
    """
    space = lwp.proc.space
    new = space.read(nsa, _action_form(k).size) if nsa else None
    old = _sigaction(k, signals_of(lwp), signum, new, tramp, vers)
    if osa:
        space.write(osa, old)


@syscall(SYS___sigprocmask14, "int how, const void *set, void *oset")
def sys___sigprocmask14(k: Kernel, lwp: Lwp, how: int, new: int, old: int) -> None:
    """Read and change the blocked signals."""
    space = lwp.proc.space
    before = _sigprocmask(signals_of(lwp), how, _mask(space.read(new, SIGSET)) if new else None)
    if old:
        space.write(old, before)


@syscall(SYS___sigpending14, "void *set")
def sys___sigpending14(k: Kernel, lwp: Lwp, addr: int) -> None:
    """The signals that wait for being unblocked."""
    lwp.proc.space.write(addr, _sigpending(signals_of(lwp)))


@syscall(SYS___sigsuspend14, "const void *set")
def sys___sigsuspend14(k: Kernel, lwp: Lwp, addr: int) -> None:
    """Sleep with other signals blocked until one is caught: EINTR."""
    _sigsuspend(k, lwp, _mask(lwp.proc.space.read(addr, SIGSET)))


@syscall(SYS___sigaltstack14, "const void *nss, void *oss")
def sys___sigaltstack14(k: Kernel, lwp: Lwp, nss: int, oss: int) -> None:
    """Read and set the stack for handlers; ENOMEM below MINSIGSTKSZ, EPERM while one runs on it."""
    space = lwp.proc.space
    old = _sigaltstack(k, lwp, space.read(nss, _stack_form(k).size) if nss else None)
    if oss:
        space.write(oss, old)


# -- for emulations -------------------------------------------------------------------------------------


def _of(k: Kernel, l_addr: int) -> Program:
    return signals_of(k.lwp_at(l_addr))


@export(
    "int sigaction1(struct lwp *l, int signum, const struct sigaction *nsa, struct sigaction *osa, "
    "const void *tramp, int vers)",
    _HEADER,
)
def sigaction1(k: Kernel, l_addr: int, signum: int, nsa: int, osa: int, tramp: int, vers: int) -> int:
    """sigaction(2) with kernel memory."""
    new = k.umem.read(nsa, _action_form(k).size) if nsa else None
    old = _sigaction(k, _of(k, l_addr), signum, new, tramp, vers)
    if osa:
        k.umem.write(osa, old)
    return 0


@export("int sigprocmask1(struct lwp *l, int how, const sigset_t *nss, sigset_t *oss)", _HEADER)
def sigprocmask1(k: Kernel, l_addr: int, how: int, nss: int, oss: int) -> int:
    """sigprocmask(2) with kernel memory."""
    before = _sigprocmask(_of(k, l_addr), how, _mask(k.umem.read(nss, SIGSET)) if nss else None)
    if oss:
        k.umem.write(oss, before)
    return 0


@export("void sigpending1(struct lwp *l, sigset_t *ss)", _HEADER)
def sigpending1(k: Kernel, l_addr: int, ss: int) -> None:
    """sigpending(2) with kernel memory."""
    k.umem.write(ss, _sigpending(_of(k, l_addr)))


@export("int sigsuspend1(struct lwp *l, const sigset_t *ss)", _HEADER)
def sigsuspend1(k: Kernel, l_addr: int, ss: int) -> int:
    """sigsuspend(2) with kernel memory: EINTR."""
    _sigsuspend(k, k.lwp_at(l_addr), _mask(k.umem.read(ss, SIGSET)))
    return 0


@export("int sigaltstack1(struct lwp *l, const struct sigaltstack *nss, struct sigaltstack *oss)", _HEADER)
def sigaltstack1(k: Kernel, l_addr: int, nss: int, oss: int) -> int:
    """sigaltstack(2) with kernel memory."""
    old = _sigaltstack(k, k.lwp_at(l_addr), k.umem.read(nss, _stack_form(k).size) if nss else None)
    if oss:
        k.umem.write(oss, old)
    return 0


@export("void *getframe(struct lwp *l, int signo, int *onstack)", _HEADER)
def getframe(k: Kernel, l_addr: int, signo: int, onstack: int) -> int:
    """Where a signal frame ends (it grows down from there); *onstack: that is the alternate stack."""
    program = _of(k, l_addr)
    sp = k.mem.ptr(lwp_regs(k, l_addr) + k.port.user.frame.index(k.port.sp) * k.dm.pointer)
    end, other = signal_stack(k, program, program.actions.get(signo), sp)
    if onstack:
        k.umem.set_u32(onstack, other)
    return end


@export("void sigexit(struct lwp *l, int signo)", _HEADER)
def sigexit(k: Kernel, l_addr: int, signo: int) -> NoReturn:
    """End the current program as by this signal."""
    lwp = k.lwp_at(l_addr)
    if lwp is not k.sched.current or lwp.proc.program is None or not 0 < signo < NSIG:
        k.panic(f"sigexit: {l_addr:#x} with signal {signo}")
    raise ProcExit(signo)


def _ksiginfo(k: Kernel, ksi: int) -> tuple[int, Cause]:
    """Signal and why it came; a panic for a signal that is none."""
    layout = ksiginfo.layout(k.dm)
    view = k.umem.view(layout, ksi)
    if not 0 < view._signo < NSIG:
        k.panic(f"ksiginfo at {ksi:#x}: signal {view._signo} is not between 1 and {NSIG - 1}")
    if view.ksi_flags & KSI_TRAP:
        return view._signo, Cause(view._code, view._addr)
    who = struct.unpack(f"{k.dm.order}iIi", k.umem.read(ksi + layout.offsetof("_addr"), 12))
    return view._signo, Cause(view._code, None, *who)


@export("void trapsignal(struct lwp *l, struct ksiginfo *ksi)", _HEADER)
def trapsignal(k: Kernel, l_addr: int, ksi: int) -> None:
    """A signal for what the current program did itself: blocked or ignored, it ends it."""
    lwp = k.lwp_at(l_addr)
    signals_of(lwp)
    signo, cause = _ksiginfo(k, ksi)
    trap_signal(k, lwp, signo, cause.code, cause.addr or 0, lwp.thread.reason)


@export("void kpsignal(struct proc *p, struct ksiginfo *ksi, void *data)", _HEADER)
def kpsignal(k: Kernel, p: int, ksi: int, data: int) -> None:
    """Send a signal that says why it comes. `data` is ignored: descriptors are not passed with SIGIO."""
    proc = proc_at(k, p, "kpsignal")
    signal_proc(k, proc, *_ksiginfo(k, ksi))


@export("void sendsig_siginfo(const struct ksiginfo *ksi, const sigset_t *mask)", _HEADER)
def sendsig_siginfo(k: Kernel, ksi: int, mask: int) -> None:
    """The native signal frame, for an emulation's e_sendsig that wants it."""
    lwp = k.sched.current
    if lwp is None or lwp.proc.program is None:
        k.panic("sendsig_siginfo: no program runs")
    signo, cause = _ksiginfo(k, ksi)
    action = lwp.proc.program.actions.get(signo)
    if action is None:
        k.panic(f"sendsig_siginfo: signal {signo} has no handler")
    trapframe.store(k, lwp)
    native_frame(k, lwp, lwp.proc.program, action, signo, cause)
    trapframe.fill(k, lwp)


def _may(lwp: Lwp, proc: Proc, signum: int) -> bool:
    return lwp.proc.cred.uid in (0, proc.cred.uid) or (signum == SIGCONT and proc.sid == lwp.proc.sid)


def _ordinary(procs: Iterable[Proc]) -> list[Proc]:
    """Those of these processes that are neither process 1 nor the kernel's own."""
    return [proc for proc in procs if proc.pid > 1 and not proc.lwp.kthread]


@syscall(SYS_kill, "pid_t pid, int signum")
def sys_kill(k: Kernel, lwp: Lwp, pid: int, signum: int) -> None:
    """Signal a process, my group (0), group -pid, or all that I may but me and the kernel's (-1).

    Signal 0 tests for them. A client catches nothing: its interruptible sleep ends. ESRCH, EPERM, EINVAL.
    """
    if not 0 <= signum < NSIG:
        raise KernelError(EINVAL, f"signal {signum} is not between 0 and {NSIG - 1}")
    if pid > 0:
        targets = [find_process(k, lwp, pid)]
    elif pid == -1:
        targets = [proc for proc in _ordinary(k.procs.values()) if proc is not lwp.proc]
    else:
        targets = _ordinary(group(k, -pid or lwp.proc.pgid))
    if not targets:
        raise KernelError(
            ESRCH, "there is no other process" if pid == -1 else f"no such process group: {-pid}"
        )
    allowed = [proc for proc in targets if _may(lwp, proc, signum)]
    if not allowed:
        raise KernelError(EPERM, f"process {targets[0].pid} belongs to another user")
    cause = Cause(SI_USER, None, lwp.proc.pid, lwp.proc.cred.uid)
    for proc in allowed if signum else ():
        signal_proc(k, proc, signum, cause)


@syscall(SYS_setcontext, "const void *ucp")
def sys_setcontext(k: Kernel, lwp: Lwp, ucp: int) -> None:
    """All registers and the signal mask from a ucontext; how a handler returns."""
    program = signals_of(lwp)
    port, cpu = k.port.user, k.engine.user_cpu
    head = ucontext_head(k)
    data = program.space.read(ucp, head + len(port.context) * k.dm.pointer)
    flags = struct.unpack_from(f"{k.dm.order}I", data)[0]
    registers = struct.unpack_from(word_format(k) % len(port.context), data, head)
    cpu.own(program.user)
    if flags & siginfo.UC_CPU:
        at = next((i for i, (addr, _) in enumerate(program.frames) if addr == ucp), None)
        if at is not None:
            cpu.restore(program.frames[at][1])
            for _, saved in program.frames[at:]:
                cpu.free_context(saved)
            del program.frames[at:]
        old = cpu.read(port.flags)
        for number, value in zip(port.context, registers, strict=True):
            if number == port.flags:
                cpu.write(number, old & ~port.free_flags | value & port.free_flags)
            elif number is not None:
                cpu.write(number, value)
        program.user.pc = registers[port.pc_slot]
        program.just_return = True
    if flags & siginfo.UC_SIGMASK:
        offset = 2 * k.dm.pointer
        program.mask = int.from_bytes(data[offset : offset + 8], "little") & ~UNBLOCKABLE


@syscall(SYS_getcontext, "void *ucp")
def sys_getcontext(k: Kernel, lwp: Lwp, ucp: int) -> None:
    """The program's registers and signal mask."""
    program = signals_of(lwp)
    program.space.write(ucp, pack_ucontext(k, program, program.mask) + bytes(k.port.user.fpregs))
