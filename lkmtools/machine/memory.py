"""RAM and its page permissions.

RAM is one shared mapping of a memory file; the kernel's address space is that file, in order, from kernbase
up, so an address becomes an index by one subtraction. Python reads and writes the same bytes the CPU maps.
Page permissions are one byte a page.

There are two accessors. `Memory` itself is for the kernel's own tables: it checks bounds only. `Checked` is
for every pointer that comes from a module: it faults where the CPU would. Both raise MemFault.
"""

from __future__ import annotations

import mmap
import os
import struct
from typing import Any

from lkmtools.abi.datamodel import DataModel, Layout

PAGE_SIZE = 4096
PAGE_SHIFT = 12
READ, WRITE, EXEC = 1, 2, 4
_ACCESS = {READ: "read", WRITE: "write", EXEC: "execute"}


class MemFault(Exception):
    """An access the page permissions forbid: virtual address and READ, WRITE or EXEC."""

    def __init__(self, addr: int, access: int) -> None:
        super().__init__(f"{_ACCESS[access]} at {addr:#x}")
        self.addr = addr
        self.access = access


class View:
    """One struct in memory: attributes read and write it in place."""

    __slots__ = ("_base", "_layout", "_mem", "addr")

    def __init__(self, mem: Memory | Checked, layout: Layout, addr: int) -> None:
        object.__setattr__(self, "_mem", mem)
        object.__setattr__(self, "_layout", layout)
        object.__setattr__(self, "addr", addr)

    def __getattr__(self, name: str) -> Any:
        return self.get(name)

    def __setattr__(self, name: str, value: Any) -> None:
        self.put(name, value)

    def __repr__(self) -> str:
        return f"<struct {self._layout.name} at {self.addr:#x}>"

    def get(self, member: str) -> Any:
        """Read `member` ("mod.lkm_name" for a nested one)."""
        field = self._layout.fields[member]
        mem = self._mem
        off = mem.locate(self.addr + field.offset, field.size, READ)
        value = field.codec.unpack_from(mem.buf, off)
        return value if field.many else value[0]

    def put(self, member: str, value: Any) -> None:
        """Write `member`."""
        field = self._layout.fields[member]
        off = self._mem.locate(self.addr + field.offset, field.size, WRITE)
        self._layout.put(self._mem.buf, off - field.offset, member, value)

    def at(self, member: str) -> int:
        """The address of `member`."""
        addr: int = self.addr + self._layout.fields[member].offset
        return addr

    @property
    def layout(self) -> Layout:
        """The layout this view reads through."""
        layout: Layout = self._layout
        return layout


class _Access:
    """Typed reads and writes over locate(); integers in the machine's byte order."""

    __slots__ = ()
    _codec: dict[str, struct.Struct]
    buf: mmap.mmap

    def locate(self, addr: int, length: int, access: int) -> int:
        """The index of [addr, addr + length) in `buf`; MemFault at the first byte that is out of reach."""
        raise NotImplementedError  # pragma: no cover

    def read(self, addr: int, length: int) -> bytes:
        """`length` bytes from `addr`."""
        off = self.locate(addr, length, READ)
        return self.buf[off : off + length] if length > 0 else b""

    def write(self, addr: int, data: bytes | bytearray | memoryview) -> None:
        """Store `data` at `addr`."""
        raise NotImplementedError  # pragma: no cover

    def _get(self, code: str, addr: int) -> int:
        codec = self._codec[code]
        value: int = codec.unpack_from(self.buf, self.locate(addr, codec.size, READ))[0]
        return value

    def _put(self, code: str, addr: int, value: int) -> None:
        codec = self._codec[code]
        self.write(addr, codec.pack(value & (1 << 8 * codec.size) - 1))

    def u8(self, addr: int) -> int:
        """An unsigned byte."""
        return self.read(addr, 1)[0]

    def u16(self, addr: int) -> int:
        """An unsigned 16-bit integer."""
        return self._get("H", addr)

    def u32(self, addr: int) -> int:
        """An unsigned 32-bit integer."""
        return self._get("I", addr)

    def i32(self, addr: int) -> int:
        """A signed 32-bit integer."""
        return self._get("i", addr)

    def u64(self, addr: int) -> int:
        """An unsigned 64-bit integer."""
        return self._get("Q", addr)

    def ptr(self, addr: int) -> int:
        """A pointer, or an unsigned long."""
        return self._get("P", addr)

    def set_u8(self, addr: int, value: int) -> None:
        """Store a byte."""
        self._put("B", addr, value)

    def set_u16(self, addr: int, value: int) -> None:
        """Store 16 bits."""
        self._put("H", addr, value)

    def set_u32(self, addr: int, value: int) -> None:
        """Store 32 bits."""
        self._put("I", addr, value)

    def set_u64(self, addr: int, value: int) -> None:
        """Store 64 bits."""
        self._put("Q", addr, value)

    def set_ptr(self, addr: int, value: int) -> None:
        """Store a pointer, or an unsigned long."""
        self._put("P", addr, value)

    def cstr(self, addr: int, limit: int = 65536) -> bytes:
        """A NUL-terminated string, without the NUL; `limit` bytes of it when there is no NUL so far."""
        out = bytearray()
        while len(out) < limit:
            take = min(PAGE_SIZE - (addr & PAGE_SIZE - 1), limit - len(out))
            part = self.read(addr, take)
            end = part.find(0)
            if end >= 0:
                return bytes(out + part[:end])
            out += part
            addr += take
        return bytes(out)

    def view(self, layout: Layout, addr: int) -> View:
        """The struct at `addr`; its members are attributes that read and write memory."""
        return View(self, layout, addr)  # type: ignore[arg-type]


class Memory(_Access):
    """All of RAM, `size` bytes seen from `base` up. Accesses are bounds-checked, not permission-checked."""

    __slots__ = ("_codec", "base", "buf", "checked", "dm", "fd", "on_code_write", "prot", "size")

    def __init__(self, base: int, size: int, dm: DataModel) -> None:
        self.base = base
        self.size = size
        self.dm = dm
        self.fd = os.memfd_create("lkm-ram", os.MFD_CLOEXEC)
        os.ftruncate(self.fd, size)
        self.buf = mmap.mmap(self.fd, size)
        self.prot = bytearray(size >> PAGE_SHIFT)
        self._codec = {code: struct.Struct(dm.order + code) for code in "BHIiQ"}
        self._codec["P"] = self._codec["Q" if dm.pointer == 8 else "I"]
        self.on_code_write: list[tuple[int, int]] = []
        self.checked = Checked(self)

    def close(self) -> None:
        """Give the memory file back. The mapping goes when the last view of it does."""
        os.close(self.fd)

    def locate(self, addr: int, length: int, access: int) -> int:
        """The index of [addr, addr + length) in `buf`; MemFault when any of it lies outside."""
        off = addr - self.base
        if off < 0 or length < 0 or off + length > self.size:
            raise MemFault(addr if not 0 <= off < self.size else self.base + self.size, access)
        return off

    def write(self, addr: int, data: bytes | bytearray | memoryview) -> None:
        """Store `data` at `addr`."""
        length = len(data)
        off = self.locate(addr, length, WRITE)
        self.buf[off : off + length] = data
        if length and self.prot[off >> PAGE_SHIFT] & EXEC:
            self.on_code_write.append((addr, length))

    def fill(self, addr: int, length: int, byte: int = 0) -> None:
        """Set `length` bytes to `byte`."""
        self.write(addr, bytes((byte,)) * length)

    def protection(self, addr: int) -> int:
        """The permissions of the page that holds `addr`; 0 when it is not mapped."""
        off = addr - self.base
        return self.prot[off >> PAGE_SHIFT] if 0 <= off < self.size else 0


class Checked(_Access):
    """Memory as the CPU sees it in kernel mode: every page touched must permit the access."""

    __slots__ = ("_base", "_codec", "_mem", "_prot", "_size", "buf")

    def __init__(self, mem: Memory) -> None:
        self._mem = mem
        self._codec = mem._codec
        self._base, self._size, self._prot = mem.base, mem.size, mem.prot
        self.buf = mem.buf

    def locate(self, addr: int, length: int, access: int) -> int:
        """The index of the range in `buf`; MemFault at the first byte that may not be accessed."""
        off = addr - self._base
        if length <= 0:
            return off
        first = off >> PAGE_SHIFT
        last = off + length - 1 >> PAGE_SHIFT
        prot = self._prot
        if first == last and 0 <= off < self._size and prot[first] & access:
            return off
        for page in range(first, last + 1):
            if not (0 <= page < len(prot) and prot[page] & access):
                raise MemFault(max(addr, self._base + (page << PAGE_SHIFT)), access)
        return off

    def write(self, addr: int, data: bytes | bytearray | memoryview) -> None:
        """Store `data` at `addr`, every page of it writable."""
        length = len(data)
        off = self.locate(addr, length, WRITE)
        if length:
            self.buf[off : off + length] = data
            if self._prot[off >> PAGE_SHIFT] & EXEC:
                self._mem.on_code_write.append((addr, length))
