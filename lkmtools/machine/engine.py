"""Calls between the kernel and machine code, nested to any depth.

Engine.call() runs a C function in the CPU. When that function calls a kernel function it reaches the
function's stub, the run ends, the Python function is called with decoded arguments and the run goes on behind
the call. The Python function may call machine code again: kernel -> module -> kernel nests as Python
recursion over one guest stack per Thread. A thread switch saves and loads registers only when another thread
really runs code.
"""

from __future__ import annotations

import ctypes
import time
from collections.abc import Callable
from typing import Any, NamedTuple, NoReturn

from lkmtools.errors import KernelError
from lkmtools.machine.cproto import Binding, Prototype, VaList
from lkmtools.machine.cpu import FAULTED, PREEMPTED, RETURNED, SLOT, Cpu, Fault
from lkmtools.machine.memory import EXEC, PAGE_SHIFT, PAGE_SIZE, READ, WRITE, MemFault, Memory
from lkmtools.machine.port import FIRST_ARG, Port
from lkmtools.machine.space import AddressSpace
from lkmtools.machine.watchdog import Watchdog

_HEADROOM = 256  # bytes of stack that a call must find
_KERNEL_FRAME = 512  # what a kernel function that calls machine code takes of the stack itself


class Shortcut(NamedTuple):
    """When parameter `param`, an int, is `number` (0 to 127), a function only returns `value`."""

    param: int
    number: int
    value: int


class KernelFunction:
    """A function that machine code can call: its prototype and its Python body.

    `constant`, when not None, is all the function does: it is then machine code itself, and costs no stop.
    So is its `shortcut`.
    """

    __slots__ = ("addr", "binding", "body", "constant", "name", "proto", "shortcut")

    def __init__(
        self,
        proto: Prototype,
        body: Callable[..., Any],
        constant: int | None = None,
        shortcut: Shortcut | None = None,
    ) -> None:
        self.name = proto.name
        self.proto = proto
        self.body = body
        self.constant = constant
        self.shortcut = shortcut
        self.addr = 0
        self.binding: Binding

    def __repr__(self) -> str:
        return f"<KernelFunction {self.name} at {self.addr:#x}>"


class Level:
    """One call into machine code that has not returned."""

    __slots__ = ("addr", "fn", "fp", "sp", "sp0")

    def __init__(self, addr: int, sp0: int) -> None:
        self.addr = addr
        self.sp0 = sp0  # where the return address to the gate lies
        self.sp = sp0  # at the kernel function's entry, while one runs
        self.fp = 0
        self.fn: KernelFunction | None = None


class Thread:
    """A guest thread: a kernel stack and a place for its registers. `stack_top` is 0 until it has a stack."""

    def __init__(self) -> None:
        self.stack_base = 0
        self.stack_top = 0
        self.levels: list[Level] = []
        self.context: ctypes.c_void_p | None = None
        self.started = 0.0  # when the outermost call began, less the time it slept
        self.since = 0.0  # the last kernel call or entry that a tick saw
        self.calls = 0
        self.seen_calls = -1
        self.reason = ""  # why the last kernel function failed

    @property
    def sp(self) -> int:
        """Where the stack stands between machine code's frames."""
        return self.levels[-1].sp if self.levels else self.stack_top


class UserThread:
    """The user half of a thread: a program's registers and address space. `pc` is where it goes on."""

    __slots__ = ("context", "levels", "pc", "space")

    def __init__(self, space: AddressSpace) -> None:
        self.space = space
        self.context: ctypes.c_void_p | None = None
        self.levels = (self,)  # it always has registers worth keeping
        self.pc = 0


class Engine:
    """Machine code, called from Python and calling back.

    `context` is passed first to every kernel function (the Kernel). `on_fault(thread, fault, function)` and
    `on_failure(thread, why)` must raise; `on_tick(thread)` is called at clock ticks, between instructions or
    kernel calls; `new_stack(thread)` gives a thread its stack when it first needs one.
    """

    def __init__(self, port: Port, mem: Memory, functions: list[KernelFunction], context: Any) -> None:
        self.port = port
        self.mem = mem
        self.context = context
        self.functions = functions
        self.stubs: dict[int, KernelFunction] = {}  # by address
        # What is in each slot of the text: a function that has a shortcut has the slot before its own, too.
        self._slots = [fn for fn in functions for _ in range(2 if fn.shortcut else 1)]
        text = mem.base + port.kerntext
        self.cpu = Cpu(port, mem, text, len(self._slots))
        self.text_size = -(-(len(self._slots) + 3) * SLOT // PAGE_SIZE) * PAGE_SIZE
        self.watchdog = Watchdog(self.cpu)
        self.owner: Thread | UserThread | None = None
        self.current = Thread()
        self.watchdog_limit = 2.0
        self.entry_limit = 10.0
        self.on_fault: Callable[[Thread, Fault | MemFault, KernelFunction | None], NoReturn]
        self.on_failure: Callable[[Thread, str], NoReturn]
        self.on_tick: Callable[[Thread], None] = lambda thread: None
        self.name_of: Callable[[int], str] = hex
        self.new_stack: Callable[[Thread], None]
        self._plant(text)
        self._kernel_context = self.cpu.new_context()
        self._user_context: ctypes.c_void_p | None = None
        self.cpu.save(self._kernel_context)

    def _plant(self, text: int) -> None:
        """Write the stubs, the return pad and the gate; make them executable."""
        port, mem = self.port, self.mem
        mem.fill(text, self.text_size, port.filler[0])
        for fn in self.functions:
            fn.binding = fn.proto.bind(port)
            fn.addr = 0
        for i, fn in enumerate(self._slots):
            addr = text + i * SLOT
            code = port.halt if fn.constant is None else port.constant_code(fn.constant)
            if not fn.addr:
                fn.addr = addr
                if fn.shortcut:
                    code = port.shortcut_code(*fn.shortcut, SLOT)
            self.stubs[addr] = fn
            mem.write(addr, code)
        mem.write(self.cpu.return_pad, port.return_code)
        mem.write(self.cpu.gate, port.halt)
        self.cpu.protect(text, self.text_size, READ | EXEC)

    def close(self) -> None:
        """Stop the clock and free the CPU."""
        self.watchdog.close()
        self.cpu.close()

    def function_at(self, addr: int) -> KernelFunction | None:
        """The kernel function whose stub is at `addr`."""
        return self.stubs.get(addr)

    # -- threads ----------------------------------------------------------------------------------------

    def own(self, thread: Thread | UserThread) -> None:
        """Make the CPU's registers those of `thread`: the only place where contexts change hands."""
        owner = self.owner
        if owner is thread:
            return
        if owner is not None and owner.levels:
            if owner.context is None:
                owner.context = self.cpu.new_context()
            self.cpu.save(owner.context)
        if thread.context is not None and thread.levels:
            self.cpu.restore(thread.context)
        elif isinstance(owner, UserThread):
            self.cpu.restore(self._kernel_context)  # back to kernel mode
        self.owner = thread

    def drop(self, thread: Thread) -> None:
        """A thread is gone: free its register context."""
        if self.owner is thread:
            self.owner = None
        if thread.context is not None:
            self.cpu.free_context(thread.context)
            thread.context = None
        thread.levels.clear()

    # -- programs ---------------------------------------------------------------------------------------

    def reset_user(self, user: UserThread, pc: int) -> None:
        """Give a program fresh registers, to start at `pc`; they are the CPU's afterwards."""
        if self._user_context is None:
            self._user_context = self._first_user_context()
        if user.context is None:
            user.context = self.cpu.new_context()
        self.own(user)
        self.cpu.restore(self._user_context)
        user.pc = pc

    def _first_user_context(self) -> ctypes.c_void_p:
        """A register set in user mode: the machine's own instruction for going there makes it."""
        cpu, code = self.cpu, self.port.user.enter
        if isinstance(self.owner, UserThread) or (self.owner is not None and self.owner.levels):
            self.own(Thread())
        page = cpu.text + self.text_size - PAGE_SIZE
        old = self.mem.read(page, len(code))
        self.mem.write(page, code)
        self._drop_stale_code()
        pc = page
        while cpu.run(pc) == PREEMPTED:
            pc = cpu.regs[0]
        # It has ended with a fault: nothing is mapped at the user address it goes to.
        user = self.port.user
        for _, register in self.port.registers:
            if register not in (self.port.pc, user.flags):
                cpu.write(register, 0)
        if user.descriptors is not None:
            cpu.set_descriptors(user.descriptors.register, user.top, user.descriptors.size)
        context = cpu.new_context()
        cpu.save(context)
        self.mem.write(page, old)
        self._drop_stale_code()
        cpu.restore(self._kernel_context)
        return context

    def copy_user(self, user: UserThread, space: AddressSpace) -> UserThread:
        """A program with the same registers in another space (fork)."""
        self.own(user)
        other = UserThread(space)
        other.context = self.cpu.new_context()
        self.cpu.save(other.context)
        other.pc = user.pc
        return other

    def user_registers(self, user: UserThread) -> list[int]:
        """A program's registers, in the order of its trapframe."""
        self.own(user)
        return self.cpu.general()

    def set_user_registers(self, user: UserThread, words: list[int]) -> None:
        """Set them; the pc is `user.pc`."""
        self.own(user)
        self.cpu.set_general(words)

    def segment_base(self, user: UserThread, which: str) -> int:
        """The base of a program's own segment "f" or "g"."""
        port = self.port.user
        if which in port.segments:
            self.own(user)
            return self.cpu.read(port.segments[which])
        table = port.descriptors
        assert table is not None  # a machine has the one or the other
        at = user.space.frame_bytes(port.top >> PAGE_SHIFT)
        if at is None:
            return 0
        at += table.places[which]
        return table.unpack(self.mem.buf[at : at + 8])

    def set_segment_base(self, user: UserThread, which: str, base: int) -> None:
        """Set it: at once, or for when the program loads the segment register. KernelError (ENOMEM)."""
        port = self.port.user
        if which in port.segments:
            self.own(user)
            self.cpu.write(port.segments[which], base)
            return
        table = port.descriptors
        assert table is not None
        at = user.space.own_page(port.top >> PAGE_SHIFT, READ) + table.places[which]
        self.mem.buf[at : at + 8] = table.pack(base)

    def fpu(self, user: UserThread) -> bytes:
        """A program's floating-point registers, as fxsave stores them."""
        self.own(user)
        return self.port.user.save_fpu(self.cpu.read_wide)

    def set_fpu(self, user: UserThread, data: bytes) -> None:
        """Set them."""
        self.own(user)
        self.port.user.restore_fpu(data, self.cpu.write_wide)

    def drop_user(self, user: UserThread) -> None:
        """A program is gone: free its registers."""
        if self.owner is user:
            self.own(Thread())
            self.owner = None
        if user.context is not None:
            self.cpu.free_context(user.context)
            user.context = None

    def run_user(self, user: UserThread) -> int:
        """Run a program until it traps: what Cpu.run_user() says. Clock ticks only set `watchdog.tick`."""
        if self.owner is not user:
            self.own(user)
        watchdog = self.watchdog
        watchdog.entries += 1
        if not watchdog.armed:
            watchdog.arm()
        stop = self.cpu.run_user(user.pc, user.space)
        user.pc = self.cpu.regs[0]
        return stop

    # -- calls ------------------------------------------------------------------------------------------

    def call(self, proto: Prototype, addr: int, *args: int) -> int:
        """Call the C function at `addr` and return its result; a stub runs as Python, without the CPU."""
        fn = self.stubs.get(addr)
        if fn is not None:
            try:
                return fn.body(self.context, *args) or 0
            except KernelError as error:
                if not fn.binding.returns_errno:
                    raise
                self.current.reason = error.reason
                return error.errno
            except MemFault as fault:
                self.on_fault(self.current, fault, fn)
        binding = proto.bind(self.port)
        thread = self.current
        level = self._enter(thread, binding, addr, args)
        try:
            self._loop(thread, level, addr)
        finally:
            thread.levels.pop()
        _, _, _, value, high, *_ = self.cpu.regs
        if binding.wide and self.port.ret_hi is not None:
            value |= high << 32
        return binding.result(value)

    def _enter(self, thread: Thread, binding: Binding, addr: int, args: tuple[int, ...]) -> Level:
        """Lay out the frame of a call: stack words, return address to the gate, argument registers."""
        port, mem, cpu = self.port, self.mem, self.cpu
        if not thread.stack_top:
            self.new_stack(thread)
        if self.owner is not thread:
            self.own(thread)
        words = binding.encode(args)
        count, step, levels = len(port.args), port.dm.pointer, thread.levels
        onstack = words[count:]
        outer = levels[-1] if levels else None
        top = outer.sp - _KERNEL_FRAME if outer else thread.stack_top
        sp = (top - len(onstack) * step & -port.stack_align) - port.return_size
        if sp - _HEADROOM < thread.stack_base:
            self.on_fault(thread, MemFault(min(sp, thread.stack_base - step), WRITE), None)
        mem.set_ptr(sp, cpu.gate)
        for i, word in enumerate(onstack):
            mem.set_ptr(sp + port.return_size + i * step, word)
        level = Level(addr, sp)
        levels.append(level)
        cpu.enter(sp, outer.fp if outer else 0, words[:count])
        if outer is None:
            thread.started = thread.since = time.monotonic()
        return level

    def _loop(self, thread: Thread, level: Level, pc: int) -> None:
        """Run until the function returns to the gate, serving the kernel functions it calls."""
        cpu, functions, watchdog = self.cpu, self._slots, self.watchdog
        while True:
            watchdog.entries += 1
            if not watchdog.armed:
                watchdog.arm()
            stop = cpu.run(pc)
            if stop >= 0:
                self._serve(thread, level, functions[stop])
                pc = cpu.return_pad
            elif stop == RETURNED:
                expected = level.sp0 + self.port.return_size
                if cpu.regs[1] != expected:
                    place = f"{cpu.regs[1]:#x}, not {expected:#x}"
                    name = self.name_of(level.addr)
                    self.on_failure(thread, f"{name} returned with the stack pointer at {place}")
                return
            elif stop == FAULTED:
                assert cpu.fault is not None
                self.on_fault(thread, cpu.fault, None)
            else:
                pc = cpu.regs[0]
                if 0 <= pc - cpu.text < self.text_size:
                    cpu.stop()  # rather in the code that called this stub, of which a report would speak
                else:
                    self._tick(thread)
                    self.own(thread)

    def _serve(self, thread: Thread, level: Level, fn: KernelFunction) -> None:
        """Run one kernel function for machine code: arguments in, result out."""
        cpu, binding = self.cpu, fn.binding
        regs = stopped = cpu.regs
        level.sp, level.fp = regs[1], regs[2]
        level.fn = fn
        thread.calls += 1
        try:
            if binding.nstack:
                regs += self._stack_words(regs[1], binding)
            args: tuple[Any, ...] = binding.decode(regs)
            if binding.takes_list:
                args = self._with_list(binding, regs, args)
            value = fn.body(self.context, *args)
        except KernelError as error:
            if not binding.returns_errno:
                raise
            thread.reason = error.reason
            value = error.errno
        except MemFault as fault:
            self.on_fault(thread, fault, fn)
        if self.owner is not thread:
            self.own(thread)
        if cpu.regs is not stopped:  # machine code ran meanwhile, below this frame
            cpu.write(self.port.sp, level.sp)
        if not binding.void:
            cpu.write(self.port.ret, value or 0)
            if binding.wide and self.port.ret_hi is not None:
                cpu.write(self.port.ret_hi, (value or 0) >> 32)
        if self.mem.on_code_write:
            self._drop_stale_code()
        if self.watchdog.tick:
            self._tick(thread)
            self.own(thread)
        level.fn = None
        level.sp = level.sp0

    def _stack_words(self, sp: int, binding: Binding) -> tuple[int, ...]:
        """The words above the return address. The call has just pushed that, so only their end can be bad."""
        mem = self.mem
        off = sp + self.port.return_size - mem.base
        end = off + binding.stack.size - 1
        if not (off >= 0 and end < mem.size and mem.prot[end >> PAGE_SHIFT] & READ):
            raise MemFault(end + mem.base, READ)
        words: tuple[int, ...] = binding.stack.unpack_from(mem.buf, off)
        return words

    def _with_list(self, binding: Binding, regs: tuple[int, ...], args: tuple[int, ...]) -> tuple[Any, ...]:
        """Arguments of which one is a variable list: what follows the named ones, or a va_list."""
        if binding.va_param is None:
            return (*args, self._va_list(binding, regs))
        va = VaList(self.port.dm, self.port.va_list(self.mem, args[binding.va_param]))
        return (*args[: binding.va_param], va, *args[binding.va_param + 1 :])

    def _va_list(self, binding: Binding, regs: tuple[int, ...]) -> VaList:
        """What follows the named arguments of a variadic call: left-over registers, then the stack."""
        in_regs = iter(regs[FIRST_ARG + binding.words :])
        stack = regs[1] + self.port.return_size + binding.nstack * self.port.dm.pointer
        checked, step = self.mem.checked, self.port.dm.pointer

        def word() -> int:
            nonlocal stack
            value = next(in_regs, None)
            if value is None:
                value = checked.ptr(stack)
                stack += step
            return value

        return VaList(self.port.dm, word)

    def _drop_stale_code(self) -> None:
        """Python wrote to executable pages: the CPU must translate them again."""
        for addr, length in self.mem.on_code_write:
            self.cpu.flush_code(addr, length)
        self.mem.on_code_write.clear()

    def _tick(self, thread: Thread) -> None:
        """A clock tick: has this thread had the CPU for too long?"""
        self.watchdog.tick = False
        now = time.monotonic()
        if thread.calls != thread.seen_calls:
            thread.seen_calls = thread.calls
            thread.since = now
        if now - thread.since > self.watchdog_limit:
            self.on_failure(thread, f"watchdog: {self.watchdog_limit:g} seconds without a kernel call")
        self.check_entry(thread)
        self.on_tick(thread)

    def check_entry(self, thread: Thread) -> None:
        """Has the outermost call of `thread` lasted too long? Kernel functions that wait awake ask this."""
        if thread.levels and time.monotonic() - thread.started > self.entry_limit:
            self.on_failure(thread, f"watchdog: {self.entry_limit:g} seconds in one call")
