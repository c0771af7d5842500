"""A Unicorn engine over RAM: page table, hooks, registers. cpu.py and usercpu.py are built on it.

Unicorn's virtual TLB mode asks us for every translation, so our page permissions are the page table. A denied
access is answered with a physical page that does not exist: the emulator then stops with the exact address
and the registers as they were before the instruction. No kernel work is done inside a callback, and no
callback raises.
"""

from __future__ import annotations

import ctypes
import struct
from collections.abc import Callable, Iterable
from functools import partial
from typing import Any

from lkmtools.abi.vmparam import PAGE_SHIFT, PAGE_SIZE
from lkmtools.machine import uclib
from lkmtools.machine.brake import Brake
from lkmtools.machine.engines import engines
from lkmtools.machine.memory import EXEC, READ, WRITE, Memory
from lkmtools.machine.port import Port
from lkmtools.tuples import NamedTuple

_NOWHERE = 0xF0000000  # a physical page beyond any RAM
_ACCESS = {uclib.UC_MEM_READ: READ, uclib.UC_MEM_WRITE: WRITE, uclib.UC_MEM_FETCH: EXEC}
_DENIED = {
    uclib.UC_ERR_READ_UNMAPPED: READ,
    uclib.UC_ERR_WRITE_UNMAPPED: WRITE,
    uclib.UC_ERR_FETCH_UNMAPPED: EXEC,
}

# What a run answers besides what belongs to its mode.
PREEMPTED = -2
FAULTED = -3
FORBIDDEN = 0x100  # the trap of an instruction that would take the machine from its kernel


class Fault(NamedTuple):
    """Why the CPU could not go on. `addr` and `access` belong to a page fault, `trap` to an exception.

    `size` is how many bytes were accessed, 0 for a fetch. `jump` is where the block of code begins that
    ran before a fetch failed.
    """

    pc: int
    addr: int | None
    access: int
    trap: int | None
    size: int = 0
    jump: int = 0

    def kind(self, port: Port, code: bytes) -> str:
        """ "read", "write", "read and write" or "fetch"; `code` is the instruction, where it can be read."""
        if self.access == READ and port.writes_back(code):
            return "read and write"
        return {READ: "read", WRITE: "write", EXEC: "fetch"}[self.access]

    def describe(self, port: Port, code: bytes = b"") -> str:
        """What happened, in the words of a panic message; `code` is the instruction, where it can be read."""
        if self.addr is not None:
            return page_fault(self.kind(port, code), self.addr, self.size)
        if self.trap == FORBIDDEN:
            return "privileged instruction fault"
        if self.trap is not None:
            return port.faults.get(self.trap, f"unexpected interrupt {self.trap:#x}")
        return "privileged or undefined instruction fault"


def page_fault(kind: str, addr: int, size: int) -> str:
    """The words for an access that was denied."""
    what = "instruction fetch" if kind == "fetch" else kind
    many = f" of {size} byte{'s' * (size != 1)}" if size else ""
    return f"page fault: {what}{many} at {addr:#x}"


class Batch:
    """Registers that are read or written together: fetch(), then get(); or put(values), then store().

    Every other argument of these calls is made beforehand.
    """

    __slots__ = ("_cells", "_ids", "_pointers", "fetch", "get", "put", "store")

    def __init__(
        self, handle: ctypes.c_void_p, registers: tuple[int, ...], memory: memoryview | None = None
    ) -> None:
        """`memory` is where their values are kept, 8 bytes each; else somewhere."""
        n = len(registers)
        self._ids = (ctypes.c_int * n)(*registers)
        self._cells = (ctypes.c_uint64 * n).from_buffer(memory or bytearray(8 * n))
        base = ctypes.addressof(self._cells)
        self._pointers = (ctypes.c_void_p * n)(*(base + 8 * i for i in range(n)))
        ids = ctypes.c_void_p(ctypes.addressof(self._ids))
        pointers = ctypes.c_void_p(ctypes.addressof(self._pointers))
        hot = uclib.hot()
        self.fetch = partial(hot.read_batch, handle, ids, pointers, ctypes.c_int(n))
        self.store = partial(hot.write_batch, handle, ids, pointers, ctypes.c_int(n))
        codec = struct.Struct(f"={n}Q")
        self.get = partial(codec.unpack, self._cells)
        self.put = partial(codec.pack_into, self._cells, 0)


class Emulator:
    """An engine. What runs in it, and what its addresses mean, its two subclasses say.

    After FAULTED `fault` says why.
    """

    def __init__(
        self, port: Port, mem: Memory, brake: Brake, end: int, cell: memoryview | None = None
    ) -> None:
        """`end` is an address that is never executed, `cell` memory for the block hook's cell."""
        self.port = port
        self.mem = mem
        self.brake = brake
        self.cell = brake.cell(cell)  # of the block hook: `cell.blocks` is how many have run here
        self.fault: Fault | None = None
        self._filled = False  # has the engine asked for a translation since the last flush,
        self._used = False  # ... or ever?
        self._page = 0
        self._bad: tuple[int, int] | None = None  # the address that was denied, and where the access ends
        self.trap: int | None = None  # the exception that ended the run
        self._open()
        segments = port.user.segments.values()
        percpu = (port.percpu.register, port.percpu.stack)
        numbers = (*(number for _, number in port.registers), *segments, *percpu)
        self._registers = {number: ctypes.c_int(number) for number in numbers}
        self._cell = ctypes.c_uint64()
        self._cell_ref = ctypes.byref(self._cell)
        self._begin = ctypes.c_uint64()
        self._end = ctypes.c_uint64(end)
        self._start = self._starter(self._begin)

    def _starter(self, begin: ctypes.c_uint64) -> Callable[[], int]:
        """What runs from `begin`, without a timeout and a limit on instructions."""
        return partial(self._hot.start, self._h, begin, self._end, ctypes.c_uint64(0), ctypes.c_size_t(0))

    # -- the engine -------------------------------------------------------------------------------------

    def _open(self) -> None:
        """Take an engine, and give it RAM and hooks. MemoryError."""
        lib = self._uc = uclib.load()
        self._hot = uclib.hot()
        self._h = engines(self.port).take()
        self._pin = ctypes.c_char.from_buffer(self.mem.buf)
        uclib.check(
            lib.uc_mem_map_ptr(self._h, 0, self.mem.size, uclib.UC_PROT_ALL, ctypes.addressof(self._pin)),
            "uc_mem_map_ptr",
        )
        self._callbacks: list[Any] = []  # as long as the engine calls them
        self._contexts: dict[int, ctypes.c_void_p] = {}  # by address
        self._hook(uclib.UC_HOOK_TLB_FILL, uclib.TLB_CB(self._fill))
        self._hook(uclib.UC_HOOK_MEM_UNMAPPED, uclib.MEM_CB(self._denied))
        self._hook(uclib.UC_HOOK_INTR, uclib.INTR_CB(self._interrupt))
        hook, data = self.brake.hook(self.cell)
        self._hook(uclib.UC_HOOK_BLOCK, hook, data=data)

    def _hook(self, kind: int, callback: Any, *more: Any, data: ctypes.c_void_p | None = None) -> None:
        self._add_hook(kind, callback, data, 1, 0, *more)
        self._callbacks.append(callback)

    def _add_hook(
        self, kind: int, callback: Any, data: ctypes.c_void_p | None, first: int, last: int, *more: Any
    ) -> ctypes.c_size_t:
        """A hook for addresses from `first` to `last`; all when that is less. The caller keeps `callback`."""
        hook = ctypes.c_size_t()
        uclib.check(
            self._uc.uc_hook_add(
                self._h, ctypes.byref(hook), ctypes.c_int(kind), callback, data,
                ctypes.c_uint64(first), ctypes.c_uint64(last), *more,
            ),
            "uc_hook_add",
        )  # fmt: skip
        return hook

    def _on_instructions(self, numbers: Iterable[int], handler: Callable[..., int]) -> None:
        """Call `handler` in place of instructions, by Unicorn's numbers."""
        callback = uclib.INSN_CB(handler)
        for number in numbers:
            self._hook(uclib.UC_HOOK_INSN, callback, ctypes.c_int(number))

    def close(self) -> None:
        """Free the engine. No thread may be running it."""
        handle, self._h = self._h, ctypes.c_void_p()
        while self._contexts:
            self._uc.uc_context_free(self._contexts.popitem()[1])
        if handle:
            self._uc.uc_close(handle)
            del self._pin

    def _ctl(self, kind: int, *args: Any) -> None:
        uclib.ctl(self._h, kind, *args)

    def _translate(self, va: int, access: int) -> tuple[int, int] | None:
        """The frame of the page at `va` and the accesses it permits; None when `access` is not among them."""
        raise NotImplementedError

    def _fill(self, _uc: Any, va: int, kind: int, entry: Any, _data: Any) -> bool:
        """The page table: one translation for a page the CPU has not seen since the last flush."""
        self._filled = self._used = True
        result = entry.contents
        found = self._translate(va, _ACCESS[kind])
        if found is not None:
            result.paddr = found[0] << PAGE_SHIFT
            result.perms = found[1]
        else:
            self._page = va & -PAGE_SIZE
            result.paddr = _NOWHERE
            result.perms = uclib.UC_PROT_ALL
        return True

    def _denied(self, _uc: Any, _kind: int, addr: int, size: int, _value: int, _data: Any) -> bool:
        """One access of an instruction is denied, and perhaps more of them are afterwards."""
        at = self._page | addr & PAGE_SIZE - 1
        first = self._bad[0] if self._bad is not None else at
        self._bad = (first, at + size)
        return False

    def _interrupt(self, _uc: Any, number: int, _data: Any) -> None:
        self.trap = number
        self._hot.stop(self._h)

    def _note_fault(self, status: int, pc: int) -> None:
        trap, self.trap = self.trap, None
        bad, self._bad = self._bad, None
        if status in _DENIED and bad is not None:
            access = _DENIED[status]
            fetch = access == EXEC
            self.fault = Fault(
                pc, bad[0], access, None, 0 if fetch else bad[1] - bad[0], self.last_block() if fetch else 0
            )
            self.flush_tlb()  # the denied page's entry stays otherwise
        else:
            self.fault = Fault(pc, None, 0, trap)

    def last_block(self) -> int:
        """Where the last block of code began that ran; of a kernel's address space."""
        last: int = self.cell.last
        return self.mem.base & -1 << 32 | last

    # -- page table and translations --------------------------------------------------------------------

    def flush_tlb(self) -> None:
        """Forget every translation of addresses: after any change of the page table."""
        if self._filled:
            self._filled = False
            self._ctl(uclib.UC_CTL_TLB_FLUSH)

    # -- registers --------------------------------------------------------------------------------------

    def read(self, register: int) -> int:
        """One register, by the port's number for it."""
        self._cell.value = 0
        self._hot.reg_read(self._h, self._registers[register], self._cell_ref)
        return self._cell.value

    def write(self, register: int, value: int) -> None:
        """Set one register."""
        self._cell.value = value & 0xFFFFFFFFFFFFFFFF
        self._hot.reg_write(self._h, self._registers[register], self._cell_ref)

    def set_descriptors(self, register: int, base: int, size: int) -> None:
        """Where the table of segment descriptors is."""
        cell = ctypes.create_string_buffer(struct.pack("=H6xQII", 0, base, size - 1, 0))
        uclib.check(self._uc.uc_reg_write(self._h, ctypes.c_int(register), cell), "uc_reg_write")

    # -- contexts ---------------------------------------------------------------------------------------

    def new_context(self) -> ctypes.c_void_p:
        """Room for a register set, until free_context() or close()."""
        context = ctypes.c_void_p()
        uclib.check(self._uc.uc_context_alloc(self._h, ctypes.byref(context)), "uc_context_alloc")
        self._contexts[context.value or 0] = context
        return context

    def save(self, context: ctypes.c_void_p) -> None:
        """Store all registers in `context`."""
        if status := self._hot.save(self._h, context):
            uclib.check(status, "uc_context_save")

    def restore(self, context: ctypes.c_void_p) -> None:
        """Load all registers from `context`."""
        if status := self._hot.restore(self._h, context):
            uclib.check(status, "uc_context_restore")

    def saved(self, context: ctypes.c_void_p, register: int) -> int:
        """One register as `context` has it, by the port's number for it."""
        self._cell.value = 0
        self._hot.saved_reg_read(context, self._registers[register], self._cell_ref)
        return self._cell.value

    def free_context(self, context: ctypes.c_void_p) -> None:
        """Give a context back."""
        self._uc.uc_context_free(self._contexts.pop(context.value or 0))
