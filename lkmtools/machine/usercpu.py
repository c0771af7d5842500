"""The CPU in user mode: programs take turns on it, each with its registers and its address space.

It is a separate engine over the same RAM, so that a trap into the kernel and the return from it change no
registers: the kernel's machine code runs in cpu.py's. Each engine notices by itself when the code that it
runs writes to code that it has translated. Neither writes code of the other: a device gives programs none
of the kernel's code to write, and no kernel address means a page of a program. `Frames.stale` is set by what
Python writes, and when kernel code may write to a page directly (direct.py).
"""

from __future__ import annotations

import ctypes
from typing import Any

from lkmtools.abi.vmparam import PAGE_SHIFT, PAGE_SIZE
from lkmtools.machine import uclib
from lkmtools.machine.brake import Brake
from lkmtools.machine.emulator import FAULTED, PREEMPTED, Batch, Emulator, Fault
from lkmtools.machine.memory import EXEC, READ, WRITE, Memory
from lkmtools.machine.port import Port
from lkmtools.machine.space import AddressSpace, Frames
from lkmtools.machine.watchdog import Watchdog

SYSCALL = -4  # what run() answers to a system call
FIRST_USER_ARG = 4  # in `regs`
_PROTECTION = 13  # the trap of instructions that Unicorn forgets to refuse
_START = 2 * PAGE_SIZE  # where the instructions lie that go to user mode


class UserThread:
    """The user half of a thread: a program's registers and address space. `pc` is where it goes on."""

    __slots__ = ("context", "pc", "space")

    def __init__(self, space: AddressSpace) -> None:
        self.space = space
        self.context: ctypes.c_void_p | None = None
        self.pc = 0


class UserCpu(Emulator):
    """One emulated CPU in user mode.

    After run(), `regs` is: pc, sp, then the number, flags and argument registers of a system call. Methods
    that take a thread make its registers the CPU's; the others are about those that are.
    """

    def __init__(self, port: Port, mem: Memory, brake: Brake, watchdog: Watchdog) -> None:
        user = port.user
        super().__init__(port, mem, brake, user.top - 1)  # in the page of the signal trampoline
        self._on_instructions(user.privileged, self._privileged)
        if user.syscall_insn is not None:
            self._on_instructions((user.syscall_insn,), self._syscall)
        self._watchdog = watchdog
        self.owner: UserThread | None = None
        self._fresh: ctypes.c_void_p | None = None
        self._space: AddressSpace | None = None  # the page table, whose translations the CPU may remember
        self._system_call = False
        self.regs: tuple[int, ...] = ()
        self._after = Batch(self._h, (port.pc, port.sp, user.number, user.flags, *user.args))
        self.results = Batch(self._h, (user.ret, user.ret2, user.flags))
        self._general = Batch(self._h, tuple(number for number in user.frame if number is not None))

    def _translate(self, va: int, access: int) -> tuple[int, int] | None:
        return self._space.translate(va >> PAGE_SHIFT, access) if self._space is not None else None

    def _syscall(self, *_: Any) -> int:
        """The system-call instruction."""
        self._system_call = True
        self._hot.stop(self._h)
        return 0

    def _privileged(self, *_: Any) -> int:
        """An instruction that only the kernel may use."""
        self.trap = _PROTECTION
        self._hot.stop(self._h)
        return 0

    # -- threads ----------------------------------------------------------------------------------------

    def own(self, user: UserThread) -> None:
        """Make the registers those of `user`: the only place where they change hands."""
        owner = self.owner
        if owner is user:
            return
        if owner is not None:
            if owner.context is None:
                owner.context = self.new_context()
            self.save(owner.context)
        if user.context is not None:
            self.restore(user.context)
        self.owner = user

    def reset(self, user: UserThread, pc: int) -> None:
        """Give a program fresh registers, to start at `pc`."""
        if self._fresh is None:
            self._fresh = self._first_context(user.space.frames)
        self.own(user)
        self.restore(self._fresh)
        user.pc = pc

    def _first_context(self, frames: Frames) -> ctypes.c_void_p:
        """A register set in user mode: the machine's own instruction for going there makes it."""
        port = self.port.user
        space = AddressSpace(frames, port.top)
        space.map(_START, PAGE_SIZE, READ | WRITE | EXEC)
        space.write(_START, port.enter)
        thread = UserThread(space)
        thread.pc = _START
        while self.run(thread) == PREEMPTED:
            pass
        # It has ended with a fault: nothing is mapped at the user address it goes to.
        for _, register in self.port.registers:
            if register not in (self.port.pc, port.flags):
                self.write(register, 0)
        if port.descriptors is not None:
            self.set_descriptors(port.descriptors.register, port.top, port.descriptors.size)
        context = self.new_context()
        self.save(context)
        self.owner = None
        space.clear()
        return context

    def thread(self, space: AddressSpace) -> UserThread:
        """A program that has not begun."""
        return UserThread(space)

    def copy(self, user: UserThread, space: AddressSpace) -> UserThread:
        """A program with the same registers in another space (fork)."""
        self.own(user)
        other = UserThread(space)
        other.context = self.new_context()
        self.save(other.context)
        other.pc = user.pc
        return other

    def drop(self, user: UserThread) -> None:
        """A program is gone: free its registers."""
        if self.owner is user:
            self.owner = None
        if user.context is not None:
            self.free_context(user.context)
            user.context = None

    # -- running ----------------------------------------------------------------------------------------

    def run(self, user: UserThread) -> int:
        """Run a program until something happens. Clock ticks only set `watchdog.tick`.

        Returns SYSCALL, PREEMPTED, or FAULTED (`fault` says why).
        """
        if self.owner is not user:
            self.own(user)
        watchdog = self._watchdog
        if not watchdog.armed:
            watchdog.arm()
        space = user.space
        if space.frames.stale:
            space.frames.stale = False
            self._ctl(uclib.UC_CTL_TB_FLUSH)
        if space.changed or space is not self._space:
            space.changed = False
            self._space = space
            self.flush_tlb()
        self._begin.value = user.pc
        status = self._start()
        after = self._after
        after.fetch()
        self.regs = regs = after.get()
        user.pc = pc = regs[0]
        if self._system_call:
            self._system_call = False
            self.trap = None  # of an instruction that is traced: it is not the next one's
            return SYSCALL
        if status or self.trap is not None:
            if self.trap is not None and self.trap == self.port.user.syscall_trap:
                self.trap = None
                return SYSCALL
            self._note_fault(status, pc)
            return FAULTED
        if pc == self._end.value:
            self.fault = Fault(pc, pc, EXEC, None)
            return FAULTED
        return PREEMPTED

    def read_regs(self) -> None:
        """Set `regs`."""
        self._after.fetch()
        self.regs = self._after.get()

    def answer(self, value: int, second: int, flags: int) -> None:
        """Give a system call's results to the program that made it."""
        self.results.put(value, second, flags)
        self.results.store()

    # -- registers --------------------------------------------------------------------------------------

    def general(self, user: UserThread) -> list[int]:
        """A program's registers, in the order of its trapframe; 0 in the words that are none."""
        self.own(user)
        batch = self._general
        batch.fetch()
        values = iter(batch.get())
        return [next(values) if number is not None else 0 for number in self.port.user.frame]

    def set_general(self, user: UserThread, words: list[int]) -> None:
        """Set them; the pc is `user.pc`."""
        self.own(user)
        values = [w for w, number in zip(words, self.port.user.frame, strict=True) if number is not None]
        self._general.put(*values)
        self._general.store()

    def segment_base(self, user: UserThread, which: str) -> int:
        """The base of a program's own segment "f" or "g"."""
        port = self.port.user
        if which in port.segments:
            self.own(user)
            return self.read(port.segments[which])
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
            self.write(port.segments[which], base)
            return
        table = port.descriptors
        assert table is not None
        at = user.space.own_page(port.top >> PAGE_SHIFT, READ) + table.places[which]
        self.mem.buf[at : at + 8] = table.pack(base)

    def fpu(self, user: UserThread) -> bytes:
        """A program's floating-point registers, as fxsave stores them."""
        self.own(user)
        return self.port.user.save_fpu(self._read_wide)

    def set_fpu(self, user: UserThread, data: bytes) -> None:
        """Set them."""
        self.own(user)
        self.port.user.restore_fpu(data, self._write_wide)

    def _read_wide(self, register: int, size: int) -> bytes:
        """A register of up to 16 bytes, by Unicorn's number."""
        cell = ctypes.create_string_buffer(16)
        uclib.check(self._uc.uc_reg_read(self._h, ctypes.c_int(register), cell), "uc_reg_read")
        return cell.raw[:size]

    def _write_wide(self, register: int, value: bytes) -> None:
        """Set one."""
        cell = ctypes.create_string_buffer(value, 16)
        uclib.check(self._uc.uc_reg_write(self._h, ctypes.c_int(register), cell), "uc_reg_write")
