"""The CPU in kernel mode: runs machine code over a Memory and returns the reason why it stopped.

Kernel functions are stub slots: an instruction that ends run(). Execution goes on at one common return pad,
never behind the stub, so that a stop request that arrives between the two cannot run a function twice.

A C function is entered through a few instructions that take the registers of a call from memory, and returns
to a gate that leaves its result there; the return pad takes a kernel function's result from there. A word in
memory costs a fraction of a register of the emulator's.
"""

from __future__ import annotations

import ctypes
import struct
from collections.abc import Callable
from functools import partial
from typing import Any

from lkmtools.abi.vmparam import PAGE_SHIFT, PAGE_SIZE
from lkmtools.evidence.calls import CallRing
from lkmtools.machine import uclib
from lkmtools.machine.brake import Brake
from lkmtools.machine.cproto import Binding
from lkmtools.machine.emulator import FAULTED, FORBIDDEN, PREEMPTED, Batch, Emulator, Fault
from lkmtools.machine.forbidden import Forbidden
from lkmtools.machine.memory import EXEC, READ, WRITE, Memory
from lkmtools.machine.port import FIRST_ARG
from lkmtools.machine.text import Text
from lkmtools.tuples import NamedTuple

STUB = 0  # what run() answers when a stub was reached,
RETURNED = -1  # ... the gate,
ASTRAY = -4  # ... the gate with another stack pointer than that of the call
NOWHERE = (0, 0, 0)  # where a run stopped that has returned
PERCPU_TABLE = 24  # bytes of the segment descriptors of kernel code
_UNDEFINED = 6  # the trap of an instruction that Unicorn leaves to us


class RunSteps(NamedTuple):
    """What Cpu.run() does, for a loop that must not pay for a call each time.

    `resume` runs from the return pad, `start` from `begin`; the run has returned when `gate` has its stack
    pointer. Else `fetch` reads the registers, and `stopped` gives pc, sp and fp. Cpu.why() says the rest.
    """

    resume: Callable[[], int]
    begin: ctypes.c_uint64
    start: Callable[[], int]
    gate: Any
    fetch: Callable[[], object]
    stopped: Callable[[], tuple[int, ...]]


class Cpu(Emulator):
    """One emulated CPU in kernel mode.

    After a run `stopped` has pc, sp and fp: another tuple each time. They are 0 when it has RETURNED.
    """

    def __init__(self, mem: Memory, brake: Brake, text: Text, calls: CallRing | None = None) -> None:
        """`calls` has room for the registers of the last stop (port.py), and counts blocks."""
        port = text.port
        calls = calls or CallRing()
        self.text = text
        super().__init__(port, mem, brake, text.never, calls.cell)
        if port.user.syscall_insn is not None:
            self._on_instructions((port.user.syscall_insn,), self._syscall)
        self._cells = calls.registers
        self._forbidden_at = 0  # where such an instruction was about to run
        self._forbidden_hook = uclib.BLOCK_CB(self._forbidden)  # whose arguments a hook for code has
        self.forbidden = Forbidden(port, mem, self._watch, self._unwatch)
        registers = (port.pc, port.sp, port.fp, port.caller, *port.args)
        self._after = Batch(self._h, registers, self._cells)
        self._stop = partial(struct.Struct("=3Q").unpack_from, self._cells)
        self.stopped: tuple[int, ...] = NOWHERE
        dm = port.dm
        gate, self._result = text.words + dm.pointer - mem.base, text.words + 2 * dm.pointer - mem.base
        self._gate = self._word(dm.pointer, gate)
        self.answer = self._word(8, self._result)  # the result that the return pad loads
        self.steps = RunSteps(
            self._starter(ctypes.c_uint64(text.return_pad)),
            *(self._begin, self._start, self._gate, self._after.fetch, self._stop),
        )

    def _word(self, size: int, at: int) -> Any:
        """The word at an index of RAM, 4 or 8 bytes long, as a ctypes object: the quickest access to it."""
        kind: Any = ctypes.c_uint64 if size == 8 else ctypes.c_uint32
        kind = kind.__ctype_le__ if self.port.dm.byteorder == "little" else kind.__ctype_be__
        return kind.from_address(ctypes.addressof(self._pin) + at)

    def plant(self) -> None:
        """Write the text, and let all of it be executed."""
        text = self.text
        self.mem.write(text.start, text.code)
        self.protect(text.start, text.size, READ | EXEC)
        self.protect(text.words, PAGE_SIZE, READ | WRITE)

    def set_percpu(self, base: int, table: int) -> None:
        """Where the CPU's own segment begins; `table` has PERCPU_TABLE bytes for descriptors."""
        percpu = self.port.percpu
        if percpu.table is None or percpu.pack is None:
            self.write(percpu.register, base)
            return
        self.mem.write(table, bytes(8) + percpu.pack(0) + percpu.pack(base))
        self.set_descriptors(percpu.table, table, PERCPU_TABLE)
        self.write(percpu.stack, 8)
        self.write(percpu.register, 16)

    def layout(self, binding: Binding) -> Callable[..., int]:
        """A function f(top, fp, function, args) that lays out a call, which run(entry) begins.

        It answers where the return address is; the stack below `top` must be free.
        """
        return binding.layout(self.mem.buf, self.mem.base, self.text.words, self.text.gate)

    def result(self, binding: Binding) -> Callable[[], tuple[int, ...]]:
        """What takes the result of a call that has returned; nothing of void."""
        return partial(binding.result.unpack_from, self.mem.buf, self._result)

    def arguments(self, binding: Binding) -> Callable[[], tuple[int, ...]]:
        """What takes the arguments in registers of the stub that was reached."""
        return partial(binding.in_registers.unpack_from, self._cells, 8 * FIRST_ARG)

    def argument_registers(self) -> tuple[int, ...]:
        """All argument registers at the last stop."""
        return struct.unpack_from(f"={len(self.port.args)}Q", self._cells, 8 * FIRST_ARG)

    def _translate(self, va: int, access: int) -> tuple[int, int] | None:
        mem = self.mem
        page = va - mem.base >> PAGE_SHIFT
        perms = mem.prot[page] if 0 <= page < len(mem.prot) else 0
        return (page, perms) if perms & access else None

    def _syscall(self, *_: Any) -> int:
        """The system-call instruction is undefined here."""
        self.trap = _UNDEFINED
        self._hot.stop(self._h)
        return 0

    def _watch(self, addr: int) -> ctypes.c_size_t:
        """Call _forbidden() before an instruction at this address."""
        return self._add_hook(uclib.UC_HOOK_CODE, self._forbidden_hook, None, addr, addr)

    def _unwatch(self, hook: ctypes.c_size_t) -> None:
        uclib.check(self._uc.uc_hook_del(self._h, hook), "uc_hook_del")

    def _forbidden(self, _uc: Any, addr: int, *_: Any) -> None:
        """Perhaps an instruction that would take the machine from its kernel is next."""
        if self.forbidden.at(addr):
            self.trap, self._forbidden_at = FORBIDDEN, addr
            self._hot.stop(self._h)

    # -- running ----------------------------------------------------------------------------------------

    def run(self, pc: int, returned: int = -1) -> int:
        """Run from `pc` until something happens; `returned` is sp when the call that runs has returned.

        Returns STUB when a kernel function's was reached, RETURNED when the gate was, PREEMPTED after a
        stop (pc() says where), FAULTED (`fault` says why), or ASTRAY.
        """
        self._begin.value = pc
        status = self._start()
        if self._gate.value == returned:
            self.stopped = NOWHERE
            return RETURNED
        self._after.fetch()
        self.stopped = self._stop()
        return self.why(status)

    def why(self, status: int) -> int:
        """The reason, as run() answers it, why a run stopped that has not returned; `status` is Unicorn's."""
        pc = self.stopped[0]
        if status or self.trap is not None:
            self._note_fault(status, self._at_trap(pc))
            return FAULTED
        if self.text.stopped_at(pc) is not None:
            return STUB
        if pc == self.text.returned:
            return ASTRAY
        return PREEMPTED if self.cell.stopped() or not self._halted(pc) else FAULTED

    def _at_trap(self, pc: int) -> int:
        """Where the instruction is that raised an interrupt, when the pc is not there."""
        trap, before = self.trap, pc - 2
        if trap == FORBIDDEN:
            self.write(self.port.pc, self._forbidden_at)
            return self._forbidden_at
        if trap is None or not self.mem.protection(before) & EXEC:
            return pc
        return pc - self.port.trap_length(trap, self.mem.read(before, 2))

    def _halted(self, pc: int) -> bool:
        """Has the instruction before `pc` halted the CPU?"""
        halt = self.port.halt
        there = pc - len(halt)
        if not self.mem.protection(there) & EXEC or self.mem.read(there, len(halt)) != halt:
            return False
        self.fault = Fault(there, None, 0, FORBIDDEN)
        self.write(self.port.pc, there)
        return True

    # -- page table and translations --------------------------------------------------------------------

    def flush_code(self, addr: int, length: int) -> None:
        """Forget machine code translated from [addr, addr + length): after it was written or unmapped."""
        if self.mem.protection(addr) & EXEC:
            self.forbidden.scan(addr, length)
        if self._used:
            self._ctl(uclib.UC_CTL_TB_REMOVE_CACHE, ctypes.c_uint64(addr), ctypes.c_uint64(addr + length))

    def protect(self, addr: int, length: int, prot: int) -> None:
        """Set the permissions of whole pages, and make the CPU see it. 0 unmaps."""
        first = addr - self.mem.base >> PAGE_SHIFT
        count = length + PAGE_SIZE - 1 >> PAGE_SHIFT
        self.mem.prot[first : first + count] = bytes((prot,)) * count
        if prot & EXEC:
            self.forbidden.scan(addr, length)
        else:
            self.forbidden.forget(addr, length)
        self.flush_tlb()

    # -- registers --------------------------------------------------------------------------------------

    def pc(self) -> int:
        """The program counter."""
        return self.read(self.port.pc)

    def dump(self) -> dict[str, int]:
        """Every register the port names."""
        return {name: self.read(number) for name, number in self.port.registers}
