"""The life of a program: user mode, and the traps that leave it (trap.c, syscall.c of the machines).

An lwp that runs a program alternates between user mode and this loop. System calls go through sysent[] like
those of clients; faults and exceptions are signals, never panics; at a clock tick the hub decides which lwp
continues.
"""

from __future__ import annotations

import struct
from collections.abc import Callable
from contextlib import suppress
from typing import TYPE_CHECKING

from lkmtools.abi import siginfo
from lkmtools.abi import signal as sig
from lkmtools.abi.errno import EFAULT, EINTR, EJUSTRETURN, ERESTART
from lkmtools.abi.proc import proc as proc_struct
from lkmtools.abi.syscall import SYS___syscall, SYS_syscall
from lkmtools.abi.vmparam import PAGE_SIZE
from lkmtools.errors import KernelError
from lkmtools.kern.base.export import constant, export
from lkmtools.kern.proc import trapframe
from lkmtools.kern.proc.emul import lwp_regs, member, nsysent, proc_emul
from lkmtools.kern.proc.kern_proc import Cause
from lkmtools.kern.proc.kern_sig import pack_ksiginfo, take_signals, trap_signal
from lkmtools.kern.proc.sys_nosys import Unserved
from lkmtools.kern.proc.syscall import MAXARGS, RESTARTED
from lkmtools.machine import Prototype
from lkmtools.machine.emulator import PREEMPTED
from lkmtools.machine.usercpu import FIRST_USER_ARG, SYSCALL

if TYPE_CHECKING:
    from lkmtools.kern.kernel import Kernel
    from lkmtools.kern.proc.kern_proc import Lwp, Program

_SIGNALS = {
    "arithmetic": sig.SIGFPE,
    "illegal": sig.SIGILL,
    "trace": sig.SIGTRAP,
    "bus": sig.SIGBUS,
    "segment": sig.SIGSEGV,
}
TRAPSIGNAL = Prototype("void e_trapsignal(struct lwp *l, struct ksiginfo *ksi)")
_INDIRECT = {SYS_syscall, SYS___syscall}
MD_SYSCALL = Prototype("void md_syscall(struct trapframe *frame)")


def userland(k: Kernel, lwp: Lwp) -> None:
    """Run a program until ProcExit."""
    program = lwp.proc.program
    assert program is not None
    cpu, watchdog, sched, user = k.engine.user_cpu, k.engine.watchdog, k.sched, program.user
    serve = SystemCallTrap(k, lwp, program).serve
    while True:
        if program.pending:
            take_signals(k, lwp)
        stop = cpu.run(user)
        if stop == SYSCALL:
            serve()
            if sched.spl or sched.spins:
                sched.userret()
        elif stop != PREEMPTED:
            _exception(k, lwp, program)
        if watchdog.tick or stop == PREEMPTED or sched.resched:
            watchdog.tick = False
            sched.roundrobin()


def _exception(k: Kernel, lwp: Lwp, program: Program) -> None:
    """The program did what it may not: a signal says so."""
    fault = k.engine.user_cpu.fault
    assert fault is not None
    where = f"{fault.describe(k.port)}, pc {fault.pc:#x}"
    if fault.addr is not None:
        if program.space.exhausted:
            program.space.exhausted = False
            trap_signal(k, lwp, sig.SIGKILL, 0, 0, "out of memory for programs")
            return
        signo, code, addr = sig.SIGSEGV, siginfo.SEGV_MAPERR, fault.addr
    else:
        kind = "illegal" if fault.trap is None else k.port.user.exceptions.get(fault.trap, "segment")
        signo, code, addr = _SIGNALS[kind], 1, fault.pc
    emul = proc_emul(k, lwp.proc)
    hook = 0 if emul == k.symbol("emul_netbsd") else member(k, emul, "e_trapsignal")
    if not hook or hook == k.symbol("trapsignal"):
        trap_signal(k, lwp, signo, code, addr, where)
        return
    lwp.thread.reason = where
    trapframe.fill(k, lwp, trapno=fault.trap or 0)
    with pack_ksiginfo(k, lwp, signo, Cause(code, addr), program.mask) as (ksi, _):
        k.engine.call(TRAPSIGNAL, hook, lwp.addr, ksi)
    trapframe.store(k, lwp)


class SystemCallTrap:
    """System calls of one program: registers in, its emulation's table, registers out.

    serve() is one, from the trap to its answer, as the process's handler wants it; serve(emul) is one by the
    machine's own convention, over sysent[] (`emul` 0) or the table of an emulation. Made once a program, with
    all that does not change at hand.
    """

    def __init__(self, k: Kernel, lwp: Lwp, program: Program, counts: bool = True) -> None:
        self._counts = counts  # calls that are not implemented
        self._k, self._lwp, self._program = k, lwp, program
        self._cpu, self._calls = k.engine.user_cpu, k.system_calls
        self._onstack = MAXARGS - len(k.port.user.args)
        self._stack = struct.Struct(f"{k.dm.order}{self._onstack}{k.dm.word}")
        layout = proc_struct.layout(k.dm)
        self._emul = lwp.proc.addr + layout.offsetof("p_emul")
        handler = lwp.proc.addr + layout.offsetof("p_md.md_syscall")
        self._handler = k.mem.reader(struct.Struct(k.dm.order + k.dm.word), handler)
        self._unserved: tuple[int, Unserved] | None = None  # of the emulation whose calls came last
        self.serve = self._make()

    def _make(self) -> Callable[..., None]:
        k, lwp, program, cpu, calls = self._k, self._lwp, self._program, self._cpu, self._calls
        entries, own_calls, enter, entry = calls.entries, calls.own_calls, calls.enter, calls.entry
        user, thread, from_stack, handler_now = program.user, lwp.thread, self._from_stack, self._handler
        no_carry, in_registers = ~k.port.user.carry, len(k.port.user.args)
        plain, put, store = k.symbol("syscall_plain"), cpu.results.put, cpu.results.store

        def serve(emul: int | None = None) -> None:
            if emul is None:
                k.calls += 1
                thread.reason = ""
                if handler_now()[0] != plain:
                    self._by_emulation(*handler_now())
                    return
                self._unserved = None
            regs = cpu.regs
            number, args = regs[2] & 0xFFFFFFFF, regs[FIRST_USER_ARG:]
            errno = 0
            try:
                if emul:
                    first, second = self._by_table(emul, number, regs[1], args)
                elif number in _INDIRECT:
                    first, second = self._indirect(number, args + from_stack(regs[1], 0))
                else:
                    need, sy_call = (entries.get(number) or entry(number))()
                    if need > in_registers:
                        args += from_stack(regs[1], need)
                    own = own_calls.get(sy_call)
                    first, second = own(lwp, args) if own else enter(lwp, number, sy_call, args)
            except KernelError as error:
                errno = error.errno
            if program.just_return or errno:
                self._no_results(number, errno, regs[3] | ~no_carry)
                return
            if cpu.owner is not user:
                cpu.own(user)
            put(first, second, regs[3] & no_carry)
            store()

        return serve

    def _no_results(self, number: int, errno: int, flags: int) -> None:
        """The program gets the call's error, or makes the call again, or its registers are set already."""
        program = self._program
        if program.just_return or errno == EJUSTRETURN:
            program.just_return = False
            return
        self._cpu.own(program.user)
        if errno == ERESTART or (errno == EINTR and number in RESTARTED and program.restarts()):
            program.user.pc -= self._k.port.user.syscall_length
        else:
            self._cpu.answer(errno, 0, flags)

    def _by_emulation(self, handler: int) -> None:
        """The process has an emulation: its own handler gets the trapframe, ours looks into its table."""
        k, lwp, program = self._k, self._lwp, self._program
        emul = k.mem.ptr(self._emul)
        if handler == k.symbol("syscall"):
            self.serve(0 if emul == k.symbol("emul_netbsd") else emul)
            return
        self._note(emul, self._cpu.regs[2] & 0xFFFFFFFF)
        frame = trapframe.fill(k, lwp, length=k.port.user.syscall_length)
        k.engine.call(MD_SYSCALL, handler, frame)
        if program.just_return:
            program.just_return = False
        else:
            trapframe.store(k, lwp)

    def _note(self, emul: int, number: int) -> int:
        """Count the call when the emulation's table has no function for it; how many calls it has."""
        unimplemented = self._k.system_calls.unimplemented
        if self._unserved is None or self._unserved[0] != emul:
            self._unserved = emul, unimplemented.unserved(emul)
        unserved = self._unserved[1]
        if number >= unserved.nsysent or number in unserved.names:
            unimplemented.count(number, unserved)
        return unserved.nsysent

    def _indirect(self, number: int, args: tuple[int, ...]) -> tuple[int, int]:
        """syscall() and __syscall(): the call that their first argument names."""
        skip = 2 if number == SYS___syscall and self._k.dm.pointer == 4 else 1
        number, args = args[0] & 0xFFFFFFFF, args[skip : skip + MAXARGS]
        calls = self._calls
        _, sy_call = (calls.entries.get(number) or calls.entry(number))()
        return calls.enter(self._lwp, number, sy_call, args)

    def _by_table(self, emul: int, number: int, sp: int, args: tuple[int, ...]) -> tuple[int, int]:
        """A call of an emulation's own table."""
        calls = self._calls
        rows = self._note(emul, number) if self._counts else nsysent(self._k, emul)
        need, sy_call = calls.nosys() if 0 < rows <= number else calls.emul_row(emul, number)
        if need > len(args):
            args += self._from_stack(sp, need)
        return calls.enter(self._lwp, number, sy_call, args, native=False)

    def _from_stack(self, sp: int, words: int) -> tuple[int, ...]:
        """The arguments that are not in registers; EFAULT when one of a call's `words` cannot be read."""
        size = self._k.dm.pointer
        space, addr = self._program.space, sp + size
        try:
            return self._stack.unpack(space.read(addr, self._stack.size))
        except KernelError:
            data = b""
            with suppress(KernelError):  # perhaps none of them can be read
                data = space.read(addr, min(PAGE_SIZE - addr % PAGE_SIZE, self._stack.size))
            need = words - len(self._k.port.user.args)
            if len(data) < need * size:
                raise KernelError(EFAULT, f"the arguments at {addr:#x} cannot be read") from None
            return self._stack.unpack(data.ljust(self._stack.size, b"\0"))


@export("void syscall_plain(struct trapframe *frame)", "sys/syscallvar.h")
@export("void syscall(struct trapframe *frame)", "sys/syscallvar.h")
def syscall(k: Kernel, frame: int) -> None:
    """The native handler, for a handler of an emulation that leaves a call to it."""
    lwp = k.sched.current
    if lwp is None or lwp.proc.program is None or frame != lwp_regs(k, lwp.addr):
        k.panic(f"syscall: {frame:#x} is not the trapframe of the program that is running")
    program, user = lwp.proc.program, k.port.user
    trapframe.store(k, lwp)
    cpu = k.engine.user_cpu
    cpu.read_regs()
    emul = proc_emul(k, lwp.proc)
    SystemCallTrap(k, lwp, program, counts=False).serve(0 if emul == k.symbol("emul_netbsd") else emul)
    trapframe.fill(k, lwp, length=user.syscall_length)


FUNCTIONS = (constant("void userret(struct lwp *l)", 0, "sys/userret.h"),)
