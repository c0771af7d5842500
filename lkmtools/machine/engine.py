"""Calls between the kernel and machine code, nested to any depth.

Engine.call() runs a C function in the CPU. When that function calls a kernel function it reaches the
function's stub, the run ends, the Python function is called with decoded arguments and the run goes on behind
the call. The Python function may call machine code again: kernel -> module -> kernel nests as Python
recursion over one guest stack per Thread. A thread switch saves and loads registers only when another thread
really runs code.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from functools import cached_property
from types import MethodType
from typing import Any, NoReturn

from lkmtools.abi.vmparam import PAGE_SIZE
from lkmtools.errors import KernelError, answer_to
from lkmtools.evidence.calls import CallRing
from lkmtools.machine.arguments import other_arguments
from lkmtools.machine.brake import Brake
from lkmtools.machine.cproto import Prototype
from lkmtools.machine.cpu import ASTRAY, NOWHERE, RETURNED, STUB, Cpu
from lkmtools.machine.emulator import FAULTED, Fault
from lkmtools.machine.memory import WRITE, MemFault, Memory
from lkmtools.machine.rate import measure_rate
from lkmtools.machine.stubcall import narrow, pass_arguments
from lkmtools.machine.text import KernelFunction, Text
from lkmtools.machine.thread import Level, StubServer, Thread
from lkmtools.machine.usercpu import UserCpu
from lkmtools.machine.watchdog import Watchdog

_HEADROOM = 256  # bytes of stack that a call must find
_KERNEL_FRAME = 512  # what a kernel function that calls machine code takes of the stack itself
KERNEL_CALL = 4e-6  # seconds that a kernel call is charged, about what it costs
_U64 = (1 << 64) - 1
_SLOWEST = 2  # code that takes more than this many times the processor time of its blocks is charged the rest


class Engine:
    """Machine code, called from Python and calling back.

    `context` is passed first to every kernel function (the Kernel). `on_fault(thread, fault, function,
    args)`, `on_failure(thread, why)` and `on_error(thread, error, function, args)`, for a Python error that
    no function should let out, must raise; `on_other_stack(thread)` is called when machine code calls a
    kernel function with the stack pointer below the thread's stack, and may raise; `on_tick(thread)` is
    called at clock ticks, between instructions or kernel calls, `on_late(thread)` before it when half of a
    limit is over; `new_stack(thread)` gives a thread its stack when it first needs one.

    Time is what machine code does, not what the host's clock says: `rate` blocks of code are a second
    (0: measure_rate()). A tick of the host's clock only has the limits looked at.
    """

    def __init__(
        self,
        mem: Memory,
        text: Text,
        context: Any,
        calls: CallRing | None = None,
        rate: int = 0,
        new_cpu: Callable[[Memory, Brake, Text, CallRing], Cpu] = Cpu,
    ) -> None:
        """`calls` is where kernel calls are recorded; else in memory of the engine's own."""
        self.port = text.port
        self.calls = calls or CallRing()
        self.returns_to = self.calls.returns_to
        self.mem = mem
        self.context = context
        self.text = text
        self.stubs = text.stubs
        self.brake = Brake()
        self.cpu = new_cpu(mem, self.brake, text, self.calls)
        self.watchdog = Watchdog(self.brake)
        self.owner: Thread | None = None
        self._callers: dict[Prototype, Callable[[int, tuple[int, ...]], int]] = {}
        self._servers: dict[int, StubServer] = {}  # by the pc behind a stub, of those that have been reached
        self._stub_callers: dict[tuple[KernelFunction, Prototype], Callable[[tuple[int, ...]], int]] = {}
        self.current = Thread()
        self.watchdog_limit = 2.0  # seconds
        self.entry_limit = 10.0
        self.rate = rate or measure_rate()
        self.on_fault: Callable[[Thread, Fault | MemFault, KernelFunction | None, tuple[Any, ...]], NoReturn]
        self.on_failure: Callable[[Thread, str], NoReturn]
        self.on_error: Callable[[Thread, Exception, KernelFunction, tuple[Any, ...]], NoReturn]
        self.on_other_stack: Callable[[Thread], None] = lambda thread: None
        self.on_tick: Callable[[Thread], None] = lambda thread: None
        self.on_late: Callable[[Thread], None] = lambda thread: None
        self.name_of: Callable[[int], str] = hex
        self.new_stack: Callable[[Thread], None]
        self.cpu.plant()

    def close(self) -> None:
        """Stop the clock and free the CPU."""
        self.watchdog.close()
        self.cpu.close()
        if "user_cpu" in vars(self):
            self.user_cpu.close()

    @cached_property
    def user_cpu(self) -> UserCpu:
        """Where programs run; a kernel that has none so far has no such CPU yet."""
        return UserCpu(self.port, self.mem, self.brake, self.watchdog)

    # -- threads ----------------------------------------------------------------------------------------

    def own(self, thread: Thread) -> None:
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
        self.owner = thread

    def registers(self, thread: Thread) -> dict[str, int]:
        """All registers of `thread`, in which machine code runs: the CPU's, or those that own() saved."""
        if self.owner is thread:
            return self.cpu.dump()
        context = thread.context
        if context is None:
            return {}
        return {name: self.cpu.saved(context, number) for name, number in self.port.registers}

    def switch(self, thread: Thread) -> None:
        """Kernel code runs in `thread` from here on."""
        self.current = thread
        self.calls.entered[0] = thread.levels[0].addr if thread.levels else 0

    def drop(self, thread: Thread) -> None:
        """A thread is gone: free its register context."""
        if self.owner is thread:
            self.owner = None
        if thread.context is not None:
            self.cpu.free_context(thread.context)
            thread.context = None
        thread.levels.clear()

    # -- calls ------------------------------------------------------------------------------------------

    def call(self, proto: Prototype, addr: int, *args: int) -> int:
        """Call the C function at `addr` and return its result; a stub runs as Python, without the CPU."""
        fn = self.stubs.get(addr)
        if fn is not None:
            return (self._stub_callers.get((fn, proto)) or self._stub_caller(proto, fn))(args)
        return (self._callers.get(proto) or self.caller(proto))(addr, args)

    def _stub_caller(self, proto: Prototype, fn: KernelFunction) -> Callable[[tuple[int, ...]], int]:
        """What calls a kernel function through a table of `proto`; its frame counts as kernel stack."""
        convert, least, most = pass_arguments(self.port, self.mem, proto, fn)
        body = MethodType(fn.body, self.context)  # which takes a tuple as it is

        def call(args: tuple[int, ...]) -> int:
            thread = self.current
            levels = thread.levels
            floor: Level | Thread = levels[-1] if levels else thread
            taken = floor.taken
            floor.taken = taken + _KERNEL_FRAME
            try:
                if taken:  # the first has its frame anyway
                    self._check_stack(thread, taken + _KERNEL_FRAME)
                value: int = body(*(args if convert is None else convert(args)))
                if not value:
                    return 0
                return value if least <= value <= most else narrow(proto.bind(self.port), value)
            except (KernelError, MemoryError) as error:
                return narrow(proto.bind(self.port), self._errno(self.current, fn, error))
            except MemFault as fault:
                self.on_fault(self.current, fault, fn, args)
            except Exception as error:
                self.on_error(self.current, error, fn, args)
            finally:
                floor.taken = taken

        self._stub_callers[fn, proto] = call
        return call

    def _check_stack(self, thread: Thread, taken: int) -> None:
        """A fault when kernel functions that call one another leave no room for another one."""
        if not thread.stack_top:
            self.new_stack(thread)
        top = thread.sp - taken
        if top - _HEADROOM < thread.stack_base:
            low = min(top, thread.stack_base) - self.port.return_size
            self.on_fault(thread, MemFault(low, WRITE), None, ())

    def caller(self, proto: Prototype) -> Callable[[int, tuple[int, ...]], int]:
        """A function f(addr, args) that calls machine code of a prototype; made once for each."""
        cpu, watchdog, binding = self.cpu, self.watchdog, proto.bind(self.port)
        lay_out, result, run, entry = cpu.layout(binding), cpu.result(binding), cpu.run, self.text.entry
        entered, return_size = self.calls.entered, self.port.return_size
        room = binding.stack.size + self.port.stack_align + return_size + _HEADROOM

        def call(addr: int, args: tuple[int, ...]) -> int:
            thread = self.current
            levels = thread.levels
            if levels:
                outer = levels[-1]
                top, fp = outer.sp - outer.taken - _KERNEL_FRAME, outer.fp
            else:
                if not thread.stack_top:
                    self.new_stack(thread)
                top, fp = thread.stack_top - thread.taken, 0
                thread.started, entered[0] = 0, addr
            if self.owner is not thread:
                self.own(thread)
            if not thread.stack_base + room <= top <= thread.stack_top:
                self._other_stack(thread, top, room)
            sp = lay_out(top, fp, addr, args)
            level = Level(addr, sp)
            levels.append(level)
            try:
                if not watchdog.armed:
                    watchdog.arm()
                stop = run(entry, sp + return_size)
                if stop != RETURNED:
                    self._serve_until_returned(thread, level, stop)
                return 0 if binding.void else result()[0]
            finally:
                levels.pop()
                if not levels:
                    entered[0] = 0

        self._callers[proto] = call
        return call

    def _other_stack(self, thread: Thread, top: int, room: int) -> None:
        """The frame of a call would not be in the thread's stack: a fault, unless there is other memory."""
        end = thread.stack_base - self.port.return_size
        if thread.stack_base - PAGE_SIZE < top <= thread.stack_top:
            self.on_fault(thread, MemFault(min(top - self.port.return_size, end), WRITE), None, ())
        try:
            self.mem.checked.locate(top - room, room, WRITE)
        except MemFault as fault:
            self.on_fault(thread, fault, None, ())

    def _serve_until_returned(self, thread: Thread, level: Level, stop: int) -> None:
        """Serve what has stopped a function, and let it run, until it has returned: run(), but not called."""
        cpu, watchdog, servers = self.cpu, self.watchdog, self._servers
        returned = level.sp0 + self.port.return_size
        resume, begin, start, gate, fetch, stopped_at = cpu.steps
        stopped = cpu.stopped
        serve = servers.get(stopped[0]) or self._server(stopped[0]) if stop == STUB else None
        while True:
            if serve is not None:
                serve(thread, level, stopped)
                go_on = resume
            else:
                begin.value = self._interrupted(thread, level, stop)
                go_on = start
            if not watchdog.armed:
                watchdog.arm()
            status = go_on()
            if gate.value == returned:
                cpu.stopped = NOWHERE
                return
            fetch()
            cpu.stopped = stopped = stopped_at()
            serve = servers.get(stopped[0])
            if serve is None or status or cpu.trap is not None:
                stop = cpu.why(status)
                serve = servers.get(stopped[0]) or self._server(stopped[0]) if stop == STUB else None

    def _interrupted(self, thread: Thread, level: Level, stop: int) -> int:
        """A function has stopped, but not at a stub: where it goes on."""
        cpu = self.cpu
        pc, sp, _ = cpu.stopped
        if stop == ASTRAY:
            place = f"{sp:#x}, not {level.sp0 + self.port.return_size:#x}"
            name = self.name_of(level.addr)
            self.on_failure(thread, f"{name} returned with the stack pointer at {place}")
        if stop == FAULTED:
            assert cpu.fault is not None
            self.on_fault(thread, cpu.fault, None, ())
        if 0 <= pc - self.text.start < self.text.size:
            self.brake.pull()  # rather in the code that called the stub, which a report would name
        else:
            self._tick(thread)
            self.own(thread)
        return pc

    def _server(self, pc: int) -> StubServer:
        """What runs the function of the stub that stops at `pc`: arguments in, result out."""
        fn, cpu, watchdog, calls = self.text.stopped_at(pc), self.cpu, self.watchdog, self.calls
        assert fn is not None
        body, answer, written = MethodType(fn.body, self.context), cpu.answer, self.mem.on_code_write
        ring, places, registers, results = calls.ring, calls.places, calls.stopped, calls.results
        in_registers, others = cpu.arguments(fn.binding), other_arguments(cpu, ring, fn.binding)

        def serve(thread: Thread, level: Level, stopped: tuple[int, ...]) -> None:
            _, sp, level.fp = stopped
            level.sp, level.fn = sp, fn
            if sp < thread.stack_base:
                self.on_other_stack(thread)
            thread.calls += 1
            at, behind, place = next(places)
            ring[at] = registers
            args: tuple[Any, ...] = ()
            try:
                args = in_registers() if others is None else others(behind)
                value = body(*args)
            except (KernelError, MemoryError) as error:
                value = self._errno(thread, fn, error)
            except MemFault as fault:
                self.on_fault(thread, fault, fn, args)
            except Exception as error:
                self.on_error(thread, error, fn, args)
            if written:
                self._drop_stale_code()
            if watchdog.tick:
                self._tick(thread)
            if cpu.stopped is not stopped:  # machine code has run: of this frame or of another thread
                self.own(thread)
                cpu.write(cpu.port.sp, level.sp)
                place = calls.still(place, stopped)
            results[place] = word = value & _U64 if value else 0
            answer.value = word
            level.fn, level.sp = None, level.sp0

        self._servers[pc] = serve
        return serve

    def _errno(self, thread: Thread, fn: KernelFunction, error: KernelError | MemoryError) -> int:
        """What a kernel function that failed returns; a failure of the machine when it has no such result."""
        failed = answer_to(error)
        if not fn.binding.returns_errno:
            self.on_failure(thread, f"{fn.name}: {failed.reason or failed}")
        thread.reason = failed.reason
        return failed.errno

    def _drop_stale_code(self) -> None:
        """Python wrote to executable pages: the CPU must translate them again."""
        for addr, length in self.mem.on_code_write:
            self.cpu.flush_code(addr, length)
        self.mem.on_code_write.clear()

    # -- time -------------------------------------------------------------------------------------------

    def work(self) -> int:
        """What all threads have done in kernel mode so far: blocks of machine code, bytes in kernel calls."""
        blocks: int = self.cpu.cell.blocks
        return blocks + self.mem.checked.work

    def spent(self, thread: Thread) -> int:
        """How long `thread`, which runs, has run in kernel mode, in blocks.

        Those it ran, a number for each kernel call, and one for each byte that kernel functions handled.
        """
        calls = int(thread.calls * KERNEL_CALL * self.rate)
        return self.work() - thread.away + thread.extra + calls

    def charge(self, thread: Thread, seconds: float) -> None:
        """`thread` has been busy in a kernel function; a panic when it has been in one call for too long."""
        thread.started = thread.started or self.spent(thread)
        thread.extra += int(seconds * self.rate)
        self._check_entry(thread)

    def _tick(self, thread: Thread) -> None:
        """A clock tick: has this thread had the CPU for too long?"""
        self.watchdog.tick = False
        first = not thread.started
        if first:
            thread.started = self.spent(thread)
        if first or thread.calls != thread.seen_calls:
            thread.seen_calls = thread.calls
            thread.since = self.spent(thread)
        else:
            self._charge_slow_code(thread)
        self._look_at_late(thread)
        if self.spent(thread) - thread.since > self.watchdog_limit * self.rate:
            self.on_failure(thread, f"watchdog: {self.watchdog_limit:g} seconds without a kernel call")
        self._check_entry(thread)
        self.on_tick(thread)
        thread.ticked, thread.processor = self.spent(thread), time.thread_time()

    def _look_at_late(self, thread: Thread) -> None:
        """Remember where a thread is that has had half of what it may have."""
        spent = self.spent(thread)
        late = spent - thread.since > self.watchdog_limit * self.rate / 2
        if thread.levels and (late or spent - thread.started > self.entry_limit * self.rate / 2):
            self.on_late(thread)
        else:
            thread.seen.clear()

    def _charge_slow_code(self, thread: Thread) -> None:
        """There was nothing but machine code since the last tick: were its blocks much longer than most?"""
        least = int((time.thread_time() - thread.processor) / _SLOWEST * self.rate)
        thread.extra += max(0, least - (self.spent(thread) - thread.ticked))

    def _check_entry(self, thread: Thread) -> None:
        """Has the outermost call of `thread` lasted too long?"""
        if thread.levels and self.spent(thread) - thread.started > self.entry_limit * self.rate:
            self.on_failure(thread, f"watchdog: {self.entry_limit:g} seconds in one call")
