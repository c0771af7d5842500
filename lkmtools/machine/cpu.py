"""The CPU: runs machine code over a Memory and says why it stopped.

Unicorn's virtual TLB mode asks us for every translation, so our page permissions are the page table. A denied
access is answered with a physical page that does not exist: the emulator then stops with the exact address
and the registers as they were before the instruction. No kernel work is done inside a callback, and no
callback raises.

Kernel functions are stub slots: an instruction that ends run(). Execution goes on at one common return pad,
never behind the stub, so that a stop request that arrives between the two cannot run a function twice.
"""

from __future__ import annotations

import ctypes
import struct
from dataclasses import dataclass
from typing import Any

from lkmtools.errors import LkmtoolsError
from lkmtools.machine import uclib
from lkmtools.machine.brake import Brake
from lkmtools.machine.memory import EXEC, PAGE_SHIFT, PAGE_SIZE, READ, WRITE, Memory
from lkmtools.machine.port import Port
from lkmtools.machine.space import AddressSpace

SLOT = 16  # bytes of a stub slot
_UNDEFINED, _PROTECTION = 6, 13  # the traps of instructions that Unicorn leaves to us
_NOWHERE = 0xF0000000  # a physical page beyond any RAM
_ACCESS = {uclib.UC_MEM_READ: READ, uclib.UC_MEM_WRITE: WRITE, uclib.UC_MEM_FETCH: EXEC}
_DENIED = {
    uclib.UC_ERR_READ_UNMAPPED: READ,
    uclib.UC_ERR_WRITE_UNMAPPED: WRITE,
    uclib.UC_ERR_FETCH_UNMAPPED: EXEC,
}

# What run() answers besides a slot number.
RETURNED = -1
PREEMPTED = -2
FAULTED = -3
SYSCALL = -4  # run_user() only


@dataclass(frozen=True, slots=True)
class Fault:
    """Why the CPU could not go on. `addr` and `access` belong to a page fault, `trap` to an exception."""

    pc: int
    addr: int | None
    access: int
    trap: int | None

    def describe(self, port: Port) -> str:
        """What happened, in the words of a panic message."""
        if self.addr is not None:
            what = {READ: "read", WRITE: "write", EXEC: "instruction fetch"}[self.access]
            return f"page fault: {what} at {self.addr:#x}"
        if self.trap is not None:
            return port.faults.get(self.trap, f"unexpected interrupt {self.trap:#x}")
        return "privileged or undefined instruction fault"


class _Batch:
    """Registers that are read or written together, with every argument of the call made beforehand."""

    __slots__ = ("_ids", "_pointers", "cells", "cells_ref", "count", "ids", "pack", "unpack")

    def __init__(self, registers: tuple[int, ...]) -> None:
        n = len(registers)
        self._ids = (ctypes.c_int * n)(*registers)
        self.cells = (ctypes.c_uint64 * n)()
        base = ctypes.addressof(self.cells)
        self._pointers = (ctypes.c_void_p * n)(*(base + 8 * i for i in range(n)))
        self.ids = ctypes.c_void_p(ctypes.addressof(self._ids))
        self.cells_ref = ctypes.c_void_p(ctypes.addressof(self._pointers))
        self.count = ctypes.c_int(n)
        codec = struct.Struct(f"={n}Q")
        self.pack = codec.pack_into
        self.unpack = codec.unpack


class Cpu:
    """One emulated CPU in kernel mode.

    `text` is the address of the stub slots, `slots` how many there are.
    """

    def __init__(self, port: Port, mem: Memory, text: int, slots: int) -> None:
        self.port = port
        self.mem = mem
        self.text = text
        self.slots = slots
        # Two slots behind the last stub: the return pad and the gate that machine code returns to.
        self.return_pad = text + slots * SLOT
        self.gate = self.return_pad + SLOT
        self._until = self.gate + SLOT  # inside the same mapped page or the next; never executed
        self._limit = slots * SLOT
        self._returned = self.gate + port.halt_length
        self._first = text + port.halt_length
        self.fault: Fault | None = None
        self.running = False
        # After run(): pc, sp, fp, result, upper half of a wide result, then the argument registers.
        self.regs: tuple[int, ...] = ()
        self._page = 0
        self._bad: tuple[int, int] | None = None
        self._trap: int | None = None
        self._open()
        segments = port.user.segments.values()
        numbers = (*(number for _, number in port.registers), *segments)
        self._registers = {number: ctypes.c_int(number) for number in numbers}
        self._cell = ctypes.c_uint64()
        self._cell_ref = ctypes.byref(self._cell)
        self._begin = ctypes.c_uint64()
        self._end = ctypes.c_uint64(self._until)
        self._never = (ctypes.c_uint64(0), ctypes.c_size_t(0))  # no timeout, no instruction limit
        high = port.ret if port.ret_hi is None else port.ret_hi
        self._after = _Batch((port.pc, port.sp, port.fp, port.ret, high, *port.args))
        self.space: AddressSpace | None = None  # while a program runs: the page table
        self._seen: AddressSpace | None = None  # whose translations the CPU may remember
        self._system_call = False
        user = port.user
        self._after_user = _Batch((port.pc, port.sp, user.number, user.flags, *user.args))
        self._answer = _Batch((user.ret, user.ret2, user.flags))
        self._general = _Batch(tuple(number for number in user.frame if number is not None))
        self._user_end = ctypes.c_uint64(user.top - 1)  # in the page of the signal trampoline, never executed
        entry = (port.sp, port.fp, port.direction[0])
        self._entries = [_Batch((*entry, *port.args[:n])) for n in range(len(port.args) + 1)]

    # -- the emulator -----------------------------------------------------------------------------------

    def _open(self) -> None:
        lib = self._uc = uclib.load()
        self._hot = uclib.hot(lib)
        handle = ctypes.c_void_p()
        self._check(lib.uc_open(self.port.uc_arch, self.port.uc_mode, ctypes.byref(handle)), "uc_open")
        self._h = handle
        self._ctl(uclib.UC_CTL_TCG_BUFFER_SIZE, ctypes.c_uint32(16 << 20))
        self._ctl(uclib.UC_CTL_TLB_TYPE, ctypes.c_int(uclib.UC_TLB_VIRTUAL))
        self._pin = ctypes.c_char.from_buffer(self.mem.buf)
        self._check(
            lib.uc_mem_map_ptr(handle, 0, self.mem.size, uclib.UC_PROT_ALL, ctypes.addressof(self._pin)),
            "uc_mem_map_ptr",
        )
        self._callbacks = (
            (uclib.UC_HOOK_TLB_FILL, uclib.TLB_CB(self._fill)),
            (uclib.UC_HOOK_MEM_UNMAPPED, uclib.MEM_CB(self._denied)),
            (uclib.UC_HOOK_INTR, uclib.INTR_CB(self._interrupt)),
        )
        self._hooks: list[ctypes.c_size_t] = []
        for kind, callback in self._callbacks:
            self._hook(kind, callback)
        self._brake = Brake(self._hot.stop)
        self._hook(uclib.UC_HOOK_BLOCK, self._brake.hook, data=self._brake.data)
        user = self.port.user
        self._instructions = (uclib.INSN_CB(self._privileged), uclib.INSN_CB(self._syscall))
        for number in user.privileged:
            self._hook(uclib.UC_HOOK_INSN, self._instructions[0], ctypes.c_int(number))
        if user.syscall_insn is not None:
            self._hook(uclib.UC_HOOK_INSN, self._instructions[1], ctypes.c_int(user.syscall_insn))

    def _hook(self, kind: int, callback: Any, *more: Any, data: ctypes.c_void_p | None = None) -> None:
        hook = ctypes.c_size_t()
        self._check(
            self._uc.uc_hook_add(
                self._h, ctypes.byref(hook), ctypes.c_int(kind), callback, data,
                ctypes.c_uint64(1), ctypes.c_uint64(0), *more,
            ),
            "uc_hook_add",
        )  # fmt: skip
        self._hooks.append(hook)

    def close(self) -> None:
        """Free the emulator. No thread may be running it."""
        handle, self._h = self._h, ctypes.c_void_p()
        if handle:
            self._uc.uc_close(handle)
            del self._pin

    def _check(self, status: int, what: str) -> None:
        if status != uclib.UC_ERR_OK:
            raise LkmtoolsError(f"Unicorn: {what} failed with error {status}")

    def _ctl(self, kind: int, *args: Any) -> None:
        self._check(self._uc.uc_ctl(self._h, uclib.ctl_write(kind, len(args)), *args), f"uc_ctl {kind}")

    def _fill(self, _uc: Any, va: int, kind: int, entry: Any, _data: Any) -> bool:
        """The page table: one translation for a page the CPU has not seen since the last flush."""
        result = entry.contents
        if self.space is not None:
            found = self.space.translate(va >> PAGE_SHIFT, _ACCESS[kind])
            if found is not None:
                result.paddr = found[0] << PAGE_SHIFT
                result.perms = found[1]
            else:
                self._page = va & -PAGE_SIZE
                result.paddr = _NOWHERE
                result.perms = uclib.UC_PROT_ALL
            return True
        mem = self.mem
        page = va - mem.base >> PAGE_SHIFT
        perms = mem.prot[page] if 0 <= page < len(mem.prot) else 0
        if perms & _ACCESS[kind]:
            result.paddr = page << PAGE_SHIFT
            result.perms = perms
        else:
            self._page = va & -PAGE_SIZE
            result.paddr = _NOWHERE
            result.perms = uclib.UC_PROT_ALL
        return True

    def _denied(self, _uc: Any, _kind: int, addr: int, _size: int, _value: int, _data: Any) -> bool:
        self._bad = (self._page | addr & PAGE_SIZE - 1, addr)
        return False

    def _interrupt(self, _uc: Any, number: int, _data: Any) -> None:
        self._trap = number
        self._hot.stop(self._h)

    def _syscall(self, *_: Any) -> int:
        """The system-call instruction: undefined in kernel mode."""
        if self.space is not None:
            self._system_call = True
        else:
            self._trap = _UNDEFINED
        self._hot.stop(self._h)
        return 0

    def _privileged(self, *_: Any) -> int:
        """An instruction that only the kernel may use."""
        if self.space is not None:
            self._trap = _PROTECTION
            self._hot.stop(self._h)
        return 0

    # -- running ----------------------------------------------------------------------------------------

    def run(self, pc: int) -> int:
        """Run from `pc` until something happens.

        Returns the number of the stub slot that was reached, RETURNED when the gate was, PREEMPTED after
        stop() (pc() says where), or FAULTED (`fault` says why).
        """
        hot, handle, after = self._hot, self._h, self._after
        self._begin.value = pc
        self.running = True
        status = hot.start(handle, self._begin, self._end, *self._never)
        self.running = False
        hot.read_batch(handle, after.ids, after.cells_ref, after.count)
        self.regs = regs = after.unpack(after.cells)
        pc = regs[0]
        if status or self._trap is not None:
            self._note_fault(status, pc)
            return FAULTED
        offset = pc - self._first
        if 0 <= offset < self._limit and not offset % SLOT:
            return offset // SLOT
        return RETURNED if pc == self._returned else PREEMPTED

    def run_user(self, pc: int, space: AddressSpace) -> int:
        """Run a program from `pc` in user mode, in `space`, until something happens.

        Returns SYSCALL (`regs` has pc, sp, its number, the flags and argument registers), PREEMPTED, or
        FAULTED (`fault` says why). `regs` has the first four in every case.
        """
        hot, handle, after, frames = self._hot, self._h, self._after_user, space.frames
        if frames.stale:
            frames.stale = False
            self._ctl(uclib.UC_CTL_TB_FLUSH)
        if space.changed or space is not self._seen:
            space.changed = False
            self._seen = space
            self.flush_tlb()
        self._begin.value = pc
        self.space = space
        self.running = True
        status = hot.start(handle, self._begin, self._user_end, *self._never)
        self.running = False
        self.space = None
        hot.read_batch(handle, after.ids, after.cells_ref, after.count)
        self.regs = after.unpack(after.cells)
        if self._system_call:
            self._system_call = False
            return SYSCALL
        if status or self._trap is not None:
            if self._trap is not None and self._trap == self.port.user.syscall_trap:
                self._trap = None
                return SYSCALL
            self._note_fault(status, self.regs[0])
            return FAULTED
        if self.regs[0] == self._user_end.value:
            self.fault = Fault(self.regs[0], self.regs[0], EXEC, None)
            return FAULTED
        return PREEMPTED

    def answer(self, value: int, second: int, flags: int) -> None:
        """Give a system call's results to the program that made it."""
        batch = self._answer
        batch.pack(batch.cells, 0, value, second, flags)
        self._hot.write_batch(self._h, batch.ids, batch.cells_ref, batch.count)

    def general(self) -> list[int]:
        """The registers of a program's trapframe, 0 in the words that are none."""
        batch = self._general
        self._hot.read_batch(self._h, batch.ids, batch.cells_ref, batch.count)
        values = iter(batch.unpack(batch.cells))
        return [next(values) if number is not None else 0 for number in self.port.user.frame]

    def set_general(self, words: list[int]) -> None:
        """Set them."""
        batch = self._general
        values = [w for w, number in zip(words, self.port.user.frame, strict=True) if number is not None]
        batch.pack(batch.cells, 0, *values)
        self._hot.write_batch(self._h, batch.ids, batch.cells_ref, batch.count)

    def stop(self) -> None:
        """End the run in progress soon, or the next one, with PREEMPTED; any thread may (see brake.py)."""
        self._brake.pull()

    def _note_fault(self, status: int, pc: int) -> None:
        trap, self._trap = self._trap, None
        bad, self._bad = self._bad, None
        if status in _DENIED and bad is not None:
            self.fault = Fault(pc, bad[0], _DENIED[status], None)
            self.flush_tlb()  # the denied page's entry stays otherwise
        else:
            self.fault = Fault(pc, None, 0, trap)

    # -- page table and translations --------------------------------------------------------------------

    def flush_tlb(self) -> None:
        """Forget every translation of addresses: after any change of the page table."""
        self._ctl(uclib.UC_CTL_TLB_FLUSH)

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

    def read(self, register: int) -> int:
        """One register, by the port's number for it."""
        self._cell.value = 0
        self._hot.reg_read(self._h, self._registers[register], self._cell_ref)
        return self._cell.value

    def write(self, register: int, value: int) -> None:
        """Set one register."""
        self._cell.value = value & 0xFFFFFFFFFFFFFFFF
        self._hot.reg_write(self._h, self._registers[register], self._cell_ref)

    def read_wide(self, register: int, size: int) -> bytes:
        """A register of up to 16 bytes, by Unicorn's number."""
        cell = ctypes.create_string_buffer(16)
        self._check(self._uc.uc_reg_read(self._h, ctypes.c_int(register), cell), "uc_reg_read")
        return cell.raw[:size]

    def write_wide(self, register: int, value: bytes) -> None:
        """Set one."""
        cell = ctypes.create_string_buffer(value, 16)
        self._check(self._uc.uc_reg_write(self._h, ctypes.c_int(register), cell), "uc_reg_write")

    def set_descriptors(self, register: int, base: int, size: int) -> None:
        """Where the table of segment descriptors is, for the program whose registers these are."""
        cell = ctypes.create_string_buffer(struct.pack("=H6xQII", 0, base, size - 1, 0))
        self._check(self._uc.uc_reg_write(self._h, ctypes.c_int(register), cell), "uc_reg_write")

    def enter(self, sp: int, fp: int, words: tuple[int, ...]) -> None:
        """Set sp, fp, the flags a C function expects, and the first argument registers, in one call."""
        batch = self._entries[len(words)]
        batch.pack(batch.cells, 0, sp, fp, self.port.direction[1], *words)
        self._hot.write_batch(self._h, batch.ids, batch.cells_ref, batch.count)

    def dump(self) -> dict[str, int]:
        """Every register the port names."""
        return {name: self.read(number) for name, number in self.port.registers}

    # -- contexts ---------------------------------------------------------------------------------------

    def new_context(self) -> ctypes.c_void_p:
        """Room for a register set; give it back with free_context."""
        context = ctypes.c_void_p()
        self._check(self._uc.uc_context_alloc(self._h, ctypes.byref(context)), "uc_context_alloc")
        return context

    def save(self, context: ctypes.c_void_p) -> None:
        """Store all registers in `context`."""
        if status := self._hot.save(self._h, context):
            self._check(status, "uc_context_save")

    def restore(self, context: ctypes.c_void_p) -> None:
        """Load all registers from `context`."""
        if status := self._hot.restore(self._h, context):
            self._check(status, "uc_context_restore")

    def free_context(self, context: ctypes.c_void_p) -> None:
        """Give a context back."""
        self._uc.uc_context_free(context)
