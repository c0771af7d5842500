"""User memory that kernel code reaches without copyin and copyout, as on an x86 of the era.

There the kernel runs on the page table of the process that called it. `lkmd --user-memory=direct` serves
modules that rely on it; by default an access to a user address is a fault.

A user page is looked up each time, and the CPU forgets it before its next run: the process may have changed,
or its memory.
"""

from __future__ import annotations

import ctypes
import struct
from collections.abc import Callable, Iterator
from typing import Any

from lkmtools.abi.datamodel import Layout
from lkmtools.abi.vmparam import PAGE_SHIFT
from lkmtools.evidence.calls import CallRing
from lkmtools.machine.brake import Brake
from lkmtools.machine.cpu import Cpu
from lkmtools.machine.memory import EXEC, READ, WRITE, Checked, MemFault, Memory, View, _Access, viewer
from lkmtools.machine.space import AddressSpace
from lkmtools.machine.text import Text

UserSpace = Callable[[], AddressSpace | None]  # of the process that is in the kernel


class DirectCpu(Cpu):
    """A CPU in kernel mode that also sees the memory of the current process."""

    def __init__(self, user: UserSpace, mem: Memory, brake: Brake, text: Text, calls: CallRing) -> None:
        self._user = user
        self._lent = False  # the CPU may remember user pages
        super().__init__(mem, brake, text, calls)

    def _translate(self, va: int, access: int) -> tuple[int, int] | None:
        """The frame of a page, and what it permits: never to execute one of the user's."""
        if va >= self.mem.base:
            return super()._translate(va, access)
        space = self._user()
        found = None if space is None or access == EXEC else space.translate(va >> PAGE_SHIFT, access)
        if space is None or found is None:
            return None
        self._lent = True
        frame, prot = found
        if prot & WRITE and prot & EXEC:
            space.frames.stale = True  # the program's code may change
        return frame, prot & ~EXEC

    def _starter(self, begin: ctypes.c_uint64) -> Callable[[], int]:
        """As in Cpu, with the user pages as they are now."""
        start = super()._starter(begin)

        def start_afresh() -> int:
            if self._lent:
                self._lent = False
                self.flush_tlb()
            return start()

        return start_afresh


class DirectMemory(Checked):
    """Memory as kernel code sees it, with that of the current process: its pages lie scattered in RAM."""

    __slots__ = ("_user",)

    def __init__(self, mem: Memory, user: UserSpace) -> None:
        self._user = user
        super().__init__(mem.base, mem.buf, mem.prot, mem.on_code_write, mem.dm)

    def _pieces(self, addr: int, length: int, access: int) -> Iterator[tuple[int, int]]:
        """Where in `buf` the pages of a user range are, and how many of its bytes are in each; MemFault."""
        space = self._user()
        if space is None or access == EXEC:
            raise MemFault(addr, access, length)
        return space.pieces(addr, length, access)

    def _loader(self, codec: struct.Struct) -> Callable[[int], int]:
        kernel, base = super()._loader(codec), self.base

        def load(addr: int) -> int:
            if addr >= base:
                return kernel(addr)
            value: int = self.unpack(codec, addr)[0]
            return value

        return load

    def _storer(self, codec: struct.Struct) -> Callable[[int, int], None]:
        kernel, base, mask = super()._storer(codec), self.base, (1 << 8 * codec.size) - 1

        def store(addr: int, value: int) -> None:
            if addr >= base:
                kernel(addr, value)
            else:
                self.write(addr, codec.pack(value & mask))

        return store

    def locate(self, addr: int, length: int, access: int) -> int:
        """The index of the first byte in `buf`; of a user range only those of the same page follow it."""
        if addr >= self.base or length <= 0:
            return super().locate(addr, length, access)
        first, *_ = [at for at, _ in self._pieces(addr, length, access)]  # each page must permit it
        return first

    def read(self, addr: int, length: int) -> bytes:
        """`length` bytes from `addr`."""
        if addr >= self.base or length <= 0:
            return super().read(addr, length)
        self.work += length
        return b"".join([self.buf[at : at + take] for at, take in self._pieces(addr, length, READ)])

    def unpack(self, codec: struct.Struct, addr: int) -> tuple[Any, ...]:
        """The members of a struct at `addr` that a Layout's codec, or a selection of it, reads."""
        return codec.unpack(self.read(addr, codec.size)) if addr < self.base else super().unpack(codec, addr)

    def write(self, addr: int, data: bytes | bytearray | memoryview) -> None:
        """Store `data` at `addr`."""
        if addr >= self.base or not data:
            super().write(addr, data)
            return
        self.work += len(data)
        done = 0
        for at, take in list(self._pieces(addr, len(data), WRITE)):
            self.buf[at : at + take] = data[done : done + take]
            done += take

    def cstr(self, addr: int, limit: int = 65536) -> bytes:
        """A NUL-terminated string, without the NUL; `limit` bytes of it when there is no NUL so far."""
        if addr >= self.base:
            return super().cstr(addr, limit)
        text = _Access.cstr(self, addr, limit)
        self.work += len(text) + 1
        return text

    def view(self, layout: Layout, addr: int) -> View:
        """The struct at `addr`; its members are attributes that read and write memory."""
        return super().view(layout, addr) if addr >= self.base else viewer(layout, _UserView)(self, addr)


class _UserView(View):
    """A struct in user memory, where a page boundary may divide a member."""

    __slots__ = ()

    def __getattr__(self, member: str) -> Any:
        return self.get(member)

    def get(self, member: str) -> Any:
        field = self.layout.fields[member]
        value = self._mem.unpack(field.codec, self.addr + field.offset)
        return value if field.many else value[0]

    def __setattr__(self, member: str, value: Any) -> None:
        layout, field = self.layout, self.layout.fields[member]
        if field.bound is None and isinstance(value, int):
            value &= (1 << 8 * field.size) - 1
        raw = bytearray(layout.size)
        layout.put(raw, 0, member, value)
        self._mem.write(self.addr + field.offset, raw[field.offset : field.offset + field.size])

    put = __setattr__
