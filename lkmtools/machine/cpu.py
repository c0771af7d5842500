"""The CPU in kernel mode: runs machine code over a Memory and returns the reason why it stopped.

Kernel functions are stub slots: an instruction that ends run(). Execution goes on at one common return pad,
never behind the stub, so that a stop request that arrives between the two cannot run a function twice.

A C function is entered through a few instructions that take the registers of a call from memory, and returns
to a gate that leaves its result there: a word in memory costs a fraction of a register of the emulator's.
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
from lkmtools.machine.emulator import FAULTED, PREEMPTED, Batch, Emulator
from lkmtools.machine.memory import EXEC, READ, WRITE, Memory
from lkmtools.machine.text import SLOT, Text

RETURNED = -1  # what run() answers when the gate was reached,
ASTRAY = -4  # ... with another stack pointer than that of the call
_UNDEFINED = 6  # the trap of an instruction that Unicorn leaves to us


class Cpu(Emulator):
    """One emulated CPU in kernel mode.

    After RETURNED, `result` has: sp, result, upper half of a wide result; after anything else, `regs` has:
    pc, sp, fp, at a stub the address it returns to, arguments.
    """

    def __init__(self, mem: Memory, brake: Brake, text: Text, calls: CallRing | None = None) -> None:
        """`calls` has room for the registers of the last stop, in the order of `regs`, and counts blocks."""
        port = text.port
        calls = calls or CallRing()
        self.text = text
        super().__init__(port, mem, brake, text.never, calls.cell)
        if port.user.syscall_insn is not None:
            self._on_instructions((port.user.syscall_insn,), self._syscall)
        self._limit = len(text.slots) * SLOT
        self._first = text.start + len(port.stub)
        self._returned = text.returned
        self._after = Batch(self._h, (port.pc, port.sp, port.fp, port.caller, *port.args), calls.registers)
        self.result: tuple[int, ...] = ()
        words = struct.Struct(f"{port.dm.order}3{port.dm.word}")
        self._result = partial(words.unpack_from, mem.buf, text.words + port.dm.pointer - mem.base)

    def plant(self) -> None:
        """Write the text, and let all of it be executed."""
        text = self.text
        self.mem.write(text.start, text.code)
        self.protect(text.start, text.size, READ | EXEC)
        self.protect(text.words, PAGE_SIZE, READ | WRITE)

    def layout(self, binding: Binding) -> Callable[..., int]:
        """A function f(top, fp, function, args) that lays out a call, which run(entry) begins.

        It answers where the return address is; the stack below `top` must be free.
        """
        return binding.layout(self.mem.buf, self.mem.base, self.text.words, self.text.gate)

    def _translate(self, va: int, access: int) -> tuple[int, int] | None:
        mem = self.mem
        page = va - mem.base >> PAGE_SHIFT
        perms = mem.prot[page] if 0 <= page < len(mem.prot) else 0
        return (page, perms) if perms & access else None

    def _syscall(self, *_: Any) -> int:
        """The system-call instruction is undefined here."""
        self._trap = _UNDEFINED
        self._hot.stop(self._h)
        return 0

    # -- running ----------------------------------------------------------------------------------------

    def run(self, pc: int, returned: int = -1) -> int:
        """Run from `pc` until something happens; `returned` is sp when the call that runs has returned.

        Returns the number of the stub slot that was reached, RETURNED when the gate was, PREEMPTED after a
        stop (pc() says where), FAULTED (`fault` says why), or ASTRAY.
        """
        self._begin.value = pc
        status = self._start()
        self.result = result = self._result()
        if result[0] == returned:
            return RETURNED
        after = self._after
        after.fetch()
        self.regs = regs = after.get()
        pc = regs[0]
        if status or self._trap is not None:
            self._note_fault(status, pc)
            return FAULTED
        offset = pc - self._first
        if 0 <= offset < self._limit and not offset % SLOT:
            return offset // SLOT
        return ASTRAY if pc == self._returned else PREEMPTED

    # -- page table and translations --------------------------------------------------------------------

    def flush_code(self, addr: int, length: int) -> None:
        """Forget machine code translated from [addr, addr + length): after it was written or unmapped."""
        self._ctl(uclib.UC_CTL_TB_REMOVE_CACHE, ctypes.c_uint64(addr), ctypes.c_uint64(addr + length))

    def protect(self, addr: int, length: int, prot: int) -> None:
        """Set the permissions of whole pages, and make the CPU see it. 0 unmaps."""
        first = addr - self.mem.base >> PAGE_SHIFT
        count = length + PAGE_SIZE - 1 >> PAGE_SHIFT
        self.mem.prot[first : first + count] = bytes((prot,)) * count
        self.flush_tlb()

    # -- registers --------------------------------------------------------------------------------------

    def pc(self) -> int:
        """The program counter."""
        return self.read(self.port.pc)

    def dump(self) -> dict[str, int]:
        """Every register the port names."""
        return {name: self.read(number) for name, number in self.port.registers}
