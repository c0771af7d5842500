"""The life of a program: user mode, and what takes it out of there (trap.c, syscall.c of the machines).

An lwp that runs a program alternates between user mode and this loop. System calls go through sysent[] like
everybody's; faults and exceptions are signals, never panics; a clock tick lets the other lwps run.
"""

from __future__ import annotations

import struct
from contextlib import suppress
from typing import TYPE_CHECKING

from lkmtools.abi import siginfo
from lkmtools.abi import signal as sig
from lkmtools.abi.errno import EFAULT, EINTR, EJUSTRETURN, ERESTART
from lkmtools.abi.syscall import (
    SYS___syscall,
    SYS___wait450,
    SYS_ioctl,
    SYS_open,
    SYS_read,
    SYS_readv,
    SYS_syscall,
    SYS_write,
    SYS_writev,
)
from lkmtools.errors import KernelError
from lkmtools.kern.kern_sig import take_signals, trap_signal
from lkmtools.kern.syscall import MAXARGS
from lkmtools.machine import PAGE_SIZE
from lkmtools.machine.cpu import PREEMPTED, SYSCALL

if TYPE_CHECKING:
    from lkmtools.kern.kern_proc import Lwp, Program
    from lkmtools.kern.kernel import Kernel

_SIGNALS = {
    "arithmetic": sig.SIGFPE,
    "illegal": sig.SIGILL,
    "trace": sig.SIGTRAP,
    "bus": sig.SIGBUS,
    "segment": sig.SIGSEGV,
}
_RESTARTED = {SYS_read, SYS_write, SYS_readv, SYS_writev, SYS_ioctl, SYS_open, SYS___wait450}


def userland(k: Kernel, lwp: Lwp) -> None:
    """Run a program until ProcExit."""
    program = lwp.proc.program
    assert program is not None
    engine, watchdog = k.engine, k.engine.watchdog
    serve = SystemCallTrap(k, lwp, program).serve
    while True:
        if program.pending:
            take_signals(k, lwp)
        stop = engine.run_user(program.user)
        if stop == SYSCALL:
            serve()
            k.sched.userret()
        elif stop != PREEMPTED:
            _exception(k, lwp, program)
        if watchdog.tick or stop == PREEMPTED:
            watchdog.tick = False
            k.sched.yield_cpu()


def _exception(k: Kernel, lwp: Lwp, program: Program) -> None:
    """The program did what it may not: a signal says so."""
    fault = k.engine.cpu.fault
    assert fault is not None
    where = f"{fault.describe(k.port)}, pc {fault.pc:#x}"
    if fault.addr is not None:
        if program.space.exhausted:
            program.space.exhausted = False
            trap_signal(k, lwp, sig.SIGKILL, 0, 0, "out of memory for programs")
            return
        trap_signal(k, lwp, sig.SIGSEGV, siginfo.SEGV_MAPERR, fault.addr, where)
    else:
        kind = "illegal" if fault.trap is None else k.port.user.exceptions.get(fault.trap, "segment")
        trap_signal(k, lwp, _SIGNALS[kind], 1, fault.pc, where)


class SystemCallTrap:
    """System calls of one program: registers in, sysent[], registers out."""

    def __init__(self, k: Kernel, lwp: Lwp, program: Program) -> None:
        self._k, self._lwp, self._program = k, lwp, program
        self._onstack = MAXARGS - len(k.port.user.args)
        self._stack = struct.Struct(f"{k.dm.order}{self._onstack}{'Q' if k.dm.pointer == 8 else 'I'}")

    def serve(self) -> None:
        """One system call, from the trap to its answer."""
        k, lwp, program = self._k, self._lwp, self._program
        port, cpu, calls = k.port.user, k.engine.cpu, k.system_calls
        _, sp, number, flags, *in_registers = cpu.regs
        k.calls += 1
        number &= 0xFFFFFFFF
        lwp.thread.reason = ""
        try:
            args = tuple(in_registers)
            if number in (SYS_syscall, SYS___syscall) or calls.words(number) > len(args):
                args += self._from_stack(sp, number)
            if number in (SYS_syscall, SYS___syscall):
                skip = 2 if number == SYS___syscall and k.dm.pointer == 4 else 1
                number, args = args[0] & 0xFFFFFFFF, args[skip:]
            first, second = calls.call(lwp, number, args[:MAXARGS])
            errno = 0
        except KernelError as error:
            errno = error.errno
            first = second = 0
        if program.just_return or errno == EJUSTRETURN:
            program.just_return = False
            return
        if k.engine.owner is not program.user:
            k.engine.own(program.user)
        if errno == ERESTART or (errno == EINTR and number in _RESTARTED and self._restart()):
            program.user.pc -= port.syscall_length
        elif errno:
            cpu.answer(errno, second, flags | port.carry)
        else:
            cpu.answer(first, second, flags & ~port.carry)

    def _restart(self) -> bool:
        """Does the signal that ended a sleep want the call restarted?"""
        action = self._program.actions.get(self._program.deliverable())
        return action is not None and bool(action.flags & siginfo.SA_RESTART)

    def _from_stack(self, sp: int, number: int) -> tuple[int, ...]:
        """The arguments that are not in registers; EFAULT when one that the call takes cannot be read."""
        size = self._k.dm.pointer
        space, addr = self._program.space, sp + size
        try:
            return self._stack.unpack(space.read(addr, self._stack.size))
        except KernelError:
            data = b""
            with suppress(KernelError):  # perhaps none of them can be read
                data = space.read(addr, min(PAGE_SIZE - addr % PAGE_SIZE, self._stack.size))
            need = self._k.system_calls.words(number) - len(self._k.port.user.args)
            if len(data) < need * size:
                raise KernelError(EFAULT, f"the arguments at {addr:#x} cannot be read") from None
            return self._stack.unpack(data.ljust(self._stack.size, b"\0"))
