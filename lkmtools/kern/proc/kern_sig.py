"""Signals (kern_sig.c of NetBSD 5.2; sendsig_siginfo() of the machines).

A signal is posted to a process and taken when its program would next run in user mode: ignored, stopping or
ending the process, or caught by a handler, for which a frame with siginfo and ucontext is built on the user
stack as the machine's row says. Floating-point registers do not travel in the ucontext: they are kept
beside it and come back with setcontext() of the same frame.

An emulation builds the frame itself (e_sendsig), in its own form; what it needs for that, and for its own
sigaction(2) and sigreturn(2), is in sys_sig.py.

A client is not a program and catches nothing: a signal ends its interruptible sleep. Not modelled: queued
signals, core files.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from lkmtools.abi import siginfo
from lkmtools.abi import signal as sig
from lkmtools.abi.errno import EINVAL, ENOSYS
from lkmtools.abi.exec import KSI_TRAP, ksiginfo
from lkmtools.abi.proc import PPAUSE
from lkmtools.abi.signal import NSIG
from lkmtools.errors import KernelError
from lkmtools.kern.base.export import export
from lkmtools.kern.proc import trapframe
from lkmtools.kern.proc.emul import member, proc_emul
from lkmtools.kern.proc.kern_proc import NO_CAUSE, SS_DISABLE, Cause, SigAction
from lkmtools.machine import Prototype

if TYPE_CHECKING:
    from lkmtools.kern.kernel import Kernel
    from lkmtools.kern.proc.kern_proc import Lwp, Proc, Program

IGNORED = {sig.SIGURG, sig.SIGCONT, sig.SIGCHLD, sig.SIGIO, sig.SIGWINCH, sig.SIGINFO, sig.SIGPWR}
_STOPPING = {sig.SIGSTOP, sig.SIGTSTP, sig.SIGTTIN, sig.SIGTTOU}
UNBLOCKABLE = 1 << sig.SIGKILL - 1 | 1 << sig.SIGSTOP - 1
SIGSET = 16  # bytes of a sigset_t
_SENDSIG = Prototype("void e_sendsig(const struct ksiginfo *ksi, const sigset_t *mask)")
_SAVED_FRAMES = 16  # signal frames whose floating-point registers are kept


class ProcExit(BaseException):
    """Unwinds a program's lwp to its end. `status` is for wait(2)."""

    def __init__(self, status: int) -> None:
        super().__init__(status)
        self.status = status


@export("void psignal(struct proc *p, int signo)", "sys/proc.h")
def psignal(k: Kernel, p: int, signo: int) -> None:
    """Send a signal. A client catches nothing: only its sleep with PCATCH ends."""
    if not 0 < signo < NSIG:
        k.panic(f"psignal: signal {signo} is not between 1 and {NSIG - 1}")
    signal_proc(k, proc_at(k, p, "psignal"), signo)


@export("int issignal(struct lwp *l)", "sys/signalvar.h")
def issignal(k: Kernel, l_addr: int) -> int:
    """The first signal that the process has to take, and keeps; SIGKILL of a client that is gone; 0."""
    lwp = k.lwp_at(l_addr)
    if lwp.killed:
        return sig.SIGKILL
    return lwp.proc.program.deliverable() if lwp.proc.program is not None else 0


def proc_at(k: Kernel, addr: int, function: str) -> Proc:
    """The process whose struct proc is at `addr`; a panic of `function` for anything else."""
    proc = k.procs.at.get(addr)
    if proc is None:
        k.panic(f"{function}: {addr:#x} is not a struct proc")
    return proc


def signal_proc(k: Kernel, proc: Proc, signo: int, cause: Cause = NO_CAUSE) -> None:
    """Post a signal (psignal(), kpsignal()). One that stops forgets one that continues, and the reverse."""
    program = proc.program
    if program is None:
        k.sched.interrupt(proc.lwp)
        return
    if proc.zombie:
        return
    if signo in (sig.SIGCONT, sig.SIGKILL) and program.stopped:
        program.stopped = 0
        k.sched.wakeup(stop_ident(proc))
    opposite = _STOPPING if signo == sig.SIGCONT else {sig.SIGCONT} if signo in _STOPPING else set()
    for other in opposite & program.pending.keys():
        del program.pending[other]
    handler = _handler(program, signo)
    if handler == siginfo.SIG_IGN or (handler == siginfo.SIG_DFL and signo in IGNORED):
        return
    program.pending[signo] = cause
    if not program.mask >> signo - 1 & 1:
        k.sched.interrupt(proc.lwp)


def _handler(program: Program, signo: int) -> int:
    """What is set for a signal: SIG_DFL, SIG_IGN or an address."""
    action = program.actions.get(signo)
    return action.handler if action is not None else siginfo.SIG_DFL


def trap_signal(k: Kernel, lwp: Lwp, signo: int, code: int, addr: int, why: str) -> None:
    """A signal for what the program itself just did (trapsignal()): blocked or ignored, it kills."""
    program = lwp.proc.program
    assert program is not None
    if program.mask >> signo - 1 & 1 or _handler(program, signo) == siginfo.SIG_IGN:
        program.actions.pop(signo, None)
        program.mask &= ~(1 << signo - 1)
    program.pending[signo] = Cause(code, addr, why=why)


@export("int sys_lkmnosys(struct lwp *l, const void *v, register_t *retval)", "sys/syscallargs.h")
@export("int sys_nosys(struct lwp *l, const void *v, register_t *retval)", "sys/syscallargs.h")
def sys_nosys(k: Kernel, l_addr: int, v: int, retval: int) -> int:
    """What serves an unimplemented system call: SIGSYS for a program, and ENOSYS."""
    proc = k.lwp_at(l_addr).proc
    if proc.program is not None:
        signal_proc(k, proc, sig.SIGSYS, Cause(why="an unimplemented system call"))
    return ENOSYS


def stop_ident(proc: Proc) -> int:
    """What a stopped process sleeps on."""
    return -(proc.addr << 4 | 1)  # no address: nobody else sleeps there


def take_signals(k: Kernel, lwp: Lwp) -> None:
    """Do what the pending signals ask, before the program runs on (issignal(), postsig()). ProcExit."""
    program = lwp.proc.program
    assert program is not None
    while signo := program.deliverable():
        cause = program.pending.pop(signo)
        program.reason = cause.why
        program.usage.signals += 1
        action = program.actions.get(signo)
        if action is None or action.handler == siginfo.SIG_DFL:
            _default(k, lwp, program, signo)
        elif action.handler != siginfo.SIG_IGN:
            _send(k, lwp, program, action, signo, cause)
    if program.suspend_mask is not None:
        program.mask, program.suspend_mask = program.suspend_mask, None


def _default(k: Kernel, lwp: Lwp, program: Program, signo: int) -> None:
    if signo in IGNORED:
        return
    if signo not in _STOPPING:
        if program.reason:
            k.console.write(
                f"pid {lwp.proc.pid} ({lwp.proc.comm}), uid {lwp.proc.cred.uid}: "
                f"exited on signal {signo}: {program.reason}\n"
            )
        raise ProcExit(signo)
    program.stopped, program.told = signo, False
    tell_parent(k, lwp.proc, siginfo.CLD_STOPPED, signo)
    while program.stopped:
        k.sched.tsleep(stop_ident(lwp.proc), PPAUSE, "stop", 0, watched=False)


def stop_asleep(k: Kernel, lwp: Lwp) -> bool:
    """Do what stopping signals ask in the middle of a sleep; True when no other is to be taken."""
    program = lwp.proc.program
    while program is not None and (signo := program.deliverable()) in _STOPPING:
        if _handler(program, signo) != siginfo.SIG_DFL:
            break
        del program.pending[signo]
        _default(k, lwp, program, signo)
    return program is not None and not program.deliverable()


def wait_ident(proc: Proc) -> int:
    """What a process sleeps on that waits for its children."""
    return -(proc.addr << 4 | 3)  # no address: nobody else sleeps there


def tell_parent(k: Kernel, child: Proc, code: int, status: int) -> None:
    """SIGCHLD for a parent that is a program, and its wait(2) looks again (child_psignal())."""
    parent = child.parent
    if parent is None or parent.program is None or parent.zombie:
        return
    action = parent.program.actions.get(sig.SIGCHLD)
    if code != siginfo.CLD_STOPPED or action is None or not action.flags & siginfo.SA_NOCLDSTOP:
        signal_proc(k, parent, sig.SIGCHLD, Cause(code, None, child.pid, child.cred.uid, status))
    k.sched.wakeup(wait_ident(parent))


# -- handlers ---------------------------------------------------------------------------------------------


def word_format(k: Kernel) -> str:
    """struct's format of a number of registers, which `%` fills in."""
    return f"{k.dm.order}%d{k.dm.word}"


def ucontext_head(k: Kernel) -> int:
    """Bytes of a ucontext_t before the registers: flags, link, sigmask, stack (sp, size, flags)."""
    return 2 * k.dm.pointer + SIGSET + 3 * k.dm.pointer


def pack_ucontext(k: Kernel, program: Program, mask: int) -> bytes:
    """A ucontext_t of the program as it stands (getucontext())."""
    cpu, port = k.engine.user_cpu, k.port.user
    cpu.own(program.user)
    registers = [cpu.read(number) if number is not None else 0 for number in port.context]
    registers[port.pc_slot] = program.user.pc
    word, pad = ("Q", 4) if k.dm.pointer == 8 else ("I", 0)
    head = struct.pack(
        f"{k.dm.order}I{pad}x{word}16s2{word}I{pad}x",
        siginfo.UC_SIGMASK | siginfo.UC_CPU, 0, mask.to_bytes(SIGSET, "little"), *program.altstack,
    )  # fmt: skip
    limit = k.dm.mask
    return head + struct.pack(word_format(k) % len(registers), *[value & limit for value in registers])


def _send(k: Kernel, lwp: Lwp, program: Program, action: SigAction, signo: int, cause: Cause) -> None:
    """Send the program to its handler (sendsig(), postsig()): by its emulation's e_sendsig."""
    if program.suspend_mask is not None:
        program.mask, program.suspend_mask = program.suspend_mask, None
    emul = proc_emul(k, lwp.proc)
    hook = 0 if emul == k.symbol("emul_netbsd") else member(k, emul, "e_sendsig")
    if hook and hook != k.symbol("sendsig_siginfo"):
        trapframe.fill(k, lwp)
        with pack_ksiginfo(k, lwp, signo, cause, program.mask) as (ksi, mask):
            k.engine.call(_SENDSIG, hook, ksi, mask)
        trapframe.store(k, lwp)
    else:
        native_frame(k, lwp, program, action, signo, cause)
    program.mask |= action.mask & ~UNBLOCKABLE
    if not action.flags & siginfo.SA_NODEFER:
        program.mask |= 1 << signo - 1
    if action.flags & siginfo.SA_RESETHAND:
        program.actions.pop(signo, None)
    program.reason = ""


def _reason(k: Kernel, cause: Cause) -> bytes:
    """The part of siginfo_t that is a union: of a fault or of a process."""
    if cause.addr is not None:
        return (cause.addr & k.dm.mask).to_bytes(k.dm.pointer, k.dm.byteorder)
    return struct.pack(f"{k.dm.order}iIi", cause.pid, cause.uid & 0xFFFFFFFF, cause.status)


@contextmanager
def pack_ksiginfo(k: Kernel, lwp: Lwp, signo: int, cause: Cause, mask: int) -> Iterator[tuple[int, int]]:
    """A ksiginfo_t and a sigset_t in kernel memory, for the time of a call."""
    layout = ksiginfo.layout(k.dm)
    size = layout.size + 15 & -16
    block = lwp.alloca(k, size + SIGSET)
    try:
        flags = 0 if cause.addr is None else KSI_TRAP
        k.mem.write(block, layout.pack(ksi_flags=flags, _signo=signo, _code=cause.code, ksi_lid=1))
        k.mem.write(block + layout.offsetof("_addr"), _reason(k, cause))
        k.mem.write(block + size, mask.to_bytes(SIGSET, "little"))
        yield block, block + size
    finally:
        lwp.release(k, block)


def signal_stack(k: Kernel, program: Program, action: SigAction | None, sp: int) -> tuple[int, bool]:
    """Where a signal frame may end, and whether that is the top of the alternate stack."""
    stack = program.altstack
    wanted = action is not None and action.flags & siginfo.SA_ONSTACK
    if wanted and not stack.flags & SS_DISABLE and not stack.holds(sp):
        return stack.sp + stack.size, True
    return sp - k.port.user.red_zone, False


def native_frame(k: Kernel, lwp: Lwp, program: Program, action: SigAction, signo: int, cause: Cause) -> None:
    """Build a signal frame with siginfo and ucontext, and go to the handler (sendsig_siginfo())."""
    user, port, cpu = program.user, k.port.user, k.engine.user_cpu
    context = pack_ucontext(k, program, program.mask)
    head = struct.pack(f"{k.dm.order}3i{4 if k.dm.pointer == 8 else 0}x", signo, cause.code, 0)
    info = (head + _reason(k, cause)).ljust(siginfo.SIGINFO_SIZE, b"\0")
    sp, _ = signal_stack(k, program, action, cpu.read(k.port.sp))
    total = siginfo.SIGINFO_SIZE + len(context) + port.fpregs
    base = sp - total & -16 & k.dm.mask
    uc = base + siginfo.SIGINFO_SIZE & k.dm.mask
    count = 1 if port.handler else 4
    frame = (base - (count - 1) * k.dm.pointer & -16) - k.dm.pointer & k.dm.mask
    head = struct.pack(word_format(k) % count, *(action.trampoline, signo, base, uc)[:count])
    try:
        program.space.write(base, info + context + bytes(port.fpregs))
        program.space.write(frame, head)
    except KernelError:
        program.reason = f"no stack at {frame:#x} for signal {signo}"
        program.actions.pop(sig.SIGILL, None)
        _default(k, lwp, program, sig.SIGILL)
    saved = cpu.new_context()
    cpu.save(saved)
    if len(program.frames) >= _SAVED_FRAMES:
        cpu.free_context(program.frames.pop(0)[1])
    program.frames.append((uc, saved))
    cpu.write(k.port.sp, frame)
    if port.handler is not None:
        for register, value in zip(port.handler, (signo, base, uc), strict=True):
            cpu.write(register, value)
    if port.context_register is not None:
        cpu.write(port.context_register, uc)
    cpu.write(*k.port.direction)
    user.pc = action.handler


def drop_frames(k: Kernel, program: Program) -> None:
    """Forget the floating-point registers of signal frames: the program, or its memory, is gone."""
    for _, saved in program.frames:
        k.engine.user_cpu.free_context(saved)
    program.frames.clear()


def signals_of(lwp: Lwp) -> Program:
    """The program of a process; EINVAL for a client."""
    if lwp.proc.program is None:
        raise KernelError(EINVAL, "a client process has no signals of its own")
    return lwp.proc.program
