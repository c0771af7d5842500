"""RAM and its page permissions.

RAM is one shared mapping without a file; the kernel's address space is that mapping, in order, from kernbase
up, so an address becomes an index by one subtraction. Python reads and writes the same bytes the CPU maps.
There is one byte of permissions per page. A page that programs of the host map too has a file of its own
(shared.py), at the same place of the mapping.

There are two accessors. `Memory` itself is for the kernel's own tables: it checks bounds only. `Checked` is
for every pointer that comes from a module: it faults where the CPU would, and counts the bytes it handles.
Both raise MemFault.
"""

from __future__ import annotations

import mmap
import struct
from collections.abc import Callable
from functools import cache, partial
from typing import Any

from lkmtools.abi.datamodel import DataModel, Field, Layout
from lkmtools.abi.vmparam import PAGE_SHIFT, PAGE_SIZE
from lkmtools.machine.shared import SharedFrames

READ, WRITE, EXEC = 1, 2, 4
_ACCESS = {READ: "read", WRITE: "write", EXEC: "execute"}
# By access, a table for translate(): 1 for the permissions of a page that do not include it.
_DENIED = {access: bytes(not prot & access for prot in range(256)) for access in _ACCESS}
_CHUNK = 1 << 20


class MemFault(Exception):
    """An access the page permissions forbid: virtual address and READ, WRITE or EXEC.

    `size` is how many bytes from that address on were wanted; 0 when it is not known.
    """

    def __init__(self, addr: int, access: int, size: int = 0) -> None:
        super().__init__(f"{_ACCESS[access]} at {addr:#x}")
        self.addr = addr
        self.access = access
        self.size = size


class View:
    """One struct in memory: attributes read and write it in place.

    Each layout has a class of its own (see viewer), with a property for each member that has been read: it is
    read again in a third of the time.
    """

    __slots__ = ("_mem", "addr")
    layout: Layout  # of the struct
    _readers: dict[str, Callable[[View], Any]]  # of the members that have been read

    def __init__(self, mem: Memory | Checked, addr: int) -> None:
        _SET_MEM(self, mem)
        _SET_ADDR(self, addr)

    def __repr__(self) -> str:
        return f"<struct {self.layout.name} at {self.addr:#x}>"

    def __getattr__(self, member: str) -> Any:
        """Read a member for the first time in a struct of this layout."""
        value = self.get(member)
        setattr(type(self), member, property(self._readers[member]))
        return value

    def get(self, member: str) -> Any:
        """Read `member` ("mod.lkm_name" for a nested one)."""
        read = self._readers.get(member)
        if read is None:
            read = self._readers[member] = _reader(self.layout.fields[member])
        return read(self)

    def __setattr__(self, member: str, value: Any) -> None:
        """Write `member`; an integer modulo its width, as C stores it."""
        field = self.layout.fields[member]
        if field.bound is None and isinstance(value, int):
            value &= (1 << 8 * field.size) - 1
        off = self._mem.locate(self.addr + field.offset, field.size, WRITE)
        self.layout.put(self._mem.buf, off - field.offset, member, value)

    put = __setattr__

    def at(self, member: str) -> int:
        """The address of `member`."""
        addr: int = self.addr + self.layout.fields[member].offset
        return addr


_SET_MEM, _SET_ADDR = (View.__dict__[slot].__set__ for slot in ("_mem", "addr"))


def _reader(field: Field) -> Callable[[View], Any]:
    """What reads a member of a struct."""
    offset, size, unpack, many = field.offset, field.size, field.codec.unpack_from, field.many

    def read(view: View) -> Any:
        mem = view._mem
        value = unpack(mem.buf, mem.locate(view.addr + offset, size, READ))
        return value if many else value[0]

    return read


@cache
def viewer(layout: Layout, kind: type[View] = View) -> type[View]:
    """The class of views of a struct that has this layout."""
    return type(layout.name, (kind,), {"__slots__": (), "layout": layout, "_readers": {}})


class _Access:
    """Typed reads and writes; integers in the machine's byte order.

    The integer accessors are functions made once for a Memory (_loader, _storer): kernel code calls little
    else. set_u8() to set_ptr() store a value modulo its width.
    """

    __slots__ = (
        "base", "buf", "i32", "on_code_write", "prot", "ptr", "set_ptr", "set_u8", "set_u16", "set_u32",
        "set_u64", "size", "u8", "u16", "u32", "u64",
    )  # fmt: skip

    def __init__(
        self, base: int, buf: mmap.mmap, prot: bytearray, on_code_write: list[tuple[int, int]], dm: DataModel
    ) -> None:
        self.base = base
        self.size = len(buf)
        self.buf = buf
        self.prot = prot
        self.on_code_write = on_code_write
        form = {code: struct.Struct(dm.order + code) for code in "BHIiQ"}
        pointer = form[dm.word]
        self.u8 = self._loader(form["B"])
        self.u16 = self._loader(form["H"])
        self.u32 = self._loader(form["I"])
        self.i32 = self._loader(form["i"])
        self.u64 = self._loader(form["Q"])
        self.ptr = self._loader(pointer)  # or an unsigned long
        self.set_u8 = self._storer(form["B"])
        self.set_u16 = self._storer(form["H"])
        self.set_u32 = self._storer(form["I"])
        self.set_u64 = self._storer(form["Q"])
        self.set_ptr = self._storer(pointer)

    def _loader(self, codec: struct.Struct) -> Callable[[int], int]:
        """A function that reads the integer at an address."""
        raise NotImplementedError  # pragma: no cover

    def _storer(self, codec: struct.Struct) -> Callable[[int, int], None]:
        """A function that writes an integer to an address."""
        buf, pack, locate, size = self.buf, codec.pack_into, self.locate, codec.size
        mask, prot, on_code_write = (1 << 8 * size) - 1, self.prot, self.on_code_write

        def store(addr: int, value: int) -> None:
            off = locate(addr, size, WRITE)
            pack(buf, off, value & mask)
            if prot[off >> PAGE_SHIFT] & EXEC:
                on_code_write.append((addr, size))

        return store

    def locate(self, addr: int, length: int, access: int) -> int:
        """The index of [addr, addr + length) in `buf`; MemFault at the first byte that is out of reach."""
        raise NotImplementedError  # pragma: no cover

    def read(self, addr: int, length: int) -> bytes:
        """`length` bytes from `addr`."""
        off = self.locate(addr, length, READ)
        return self.buf[off : off + length] if length > 0 else b""

    def unpack(self, codec: struct.Struct, addr: int) -> tuple[Any, ...]:
        """The members of a struct at `addr` that a Layout's codec, or a selection of it, reads."""
        return codec.unpack_from(self.buf, self.locate(addr, codec.size, READ))

    def write(self, addr: int, data: bytes | bytearray | memoryview) -> None:
        """Store `data` at `addr`."""
        length = len(data)
        if length:
            off = self.locate(addr, length, WRITE)
            self.buf[off : off + length] = data
            if self.prot[off >> PAGE_SHIFT] & EXEC:
                self.on_code_write.append((addr, length))

    def cstr(self, addr: int, limit: int = 65536) -> bytes:
        """A NUL-terminated string, without the NUL; `limit` bytes of it when there is no NUL so far."""
        out = bytearray()
        while limit > 0:
            take = min(PAGE_SIZE - (addr & PAGE_SIZE - 1), limit)
            off = self.locate(addr, take, READ)
            end = self.buf.find(b"\0", off, off + take)
            if end >= 0:
                out += self.buf[off:end]
                break
            out += self.buf[off : off + take]
            addr += take
            limit -= take
        return bytes(out)

    def view(self, layout: Layout, addr: int) -> View:
        """The struct at `addr`; its members are attributes that read and write memory."""
        return viewer(layout)(self, addr)  # type: ignore[arg-type]


class Memory(_Access):
    """All of RAM, `size` bytes seen from `base` up. Accesses are bounds-checked, not permission-checked."""

    __slots__ = ("_ours", "checked", "dm", "shared")

    def __init__(self, base: int, size: int, dm: DataModel, buf: mmap.mmap | None = None) -> None:
        """`buf` is a shared mapping of `size` bytes that the caller made, and closes; else it is ours."""
        self.dm = dm
        self._ours = buf is None
        buf = mmap.mmap(-1, size) if buf is None else buf
        super().__init__(base, buf, bytearray(size >> PAGE_SHIFT), [], dm)
        self.checked = Checked(base, self.buf, self.prot, self.on_code_write, dm)
        self.shared = SharedFrames(self.buf)

    def close(self) -> None:
        """Give the memory back. Nothing may be accessed after this, and no CPU map it."""
        self.shared.close()
        if self._ours:
            self.buf.close()

    def _loader(self, codec: struct.Struct) -> Callable[[int], int]:
        base, last, buf, unpack = self.base, self.size - codec.size, self.buf, codec.unpack_from

        def load(addr: int) -> int:
            off = addr - base
            if not 0 <= off <= last:
                self.locate(addr, codec.size, READ)  # raises
            value: int = unpack(buf, off)[0]
            return value

        return load

    def _storer(self, codec: struct.Struct) -> Callable[[int, int], None]:
        base, buf, pack, size = self.base, self.buf, codec.pack_into, codec.size
        last, mask, prot, on_code_write = self.size - size, (1 << 8 * size) - 1, self.prot, self.on_code_write

        def store(addr: int, value: int) -> None:
            off = addr - base
            if not 0 <= off <= last:
                self.locate(addr, size, WRITE)  # raises
            pack(buf, off, value & mask)
            if prot[off >> PAGE_SHIFT] & EXEC:
                on_code_write.append((addr, size))

        return store

    def read(self, addr: int, length: int) -> bytes:
        """`length` bytes from `addr`."""
        off = addr - self.base
        if off < 0 or length < 0 or off + length > self.size:
            self.locate(addr, length, READ)  # raises
        return self.buf[off : off + length] if length > 0 else b""

    def unpack(self, codec: struct.Struct, addr: int) -> tuple[Any, ...]:
        """The members of a struct at `addr` that a Layout's codec, or a selection of it, reads."""
        off = addr - self.base
        if off < 0 or off + codec.size > self.size:
            self.locate(addr, codec.size, READ)  # raises
        return codec.unpack_from(self.buf, off)

    def locate(self, addr: int, length: int, access: int) -> int:
        """The index of [addr, addr + length) in `buf`; MemFault when any of it lies outside."""
        off = addr - self.base
        if off < 0 or length < 0 or off + length > self.size:
            first = addr if not 0 <= off < self.size else self.base + self.size
            raise MemFault(first, access, max(addr + length - first, 0))
        return off

    def reader(self, codec: struct.Struct, addr: int) -> Callable[[], tuple[Any, ...]]:
        """A function that unpacks the struct at `addr` each time: half the cost of unpack()."""
        return partial(codec.unpack_from, self.buf, self.locate(addr, codec.size, READ))

    def fill(self, addr: int, length: int, byte: int = 0) -> None:
        """Set `length` bytes to `byte`."""
        self.write(addr, bytes((byte,)) * length)

    def protection(self, addr: int) -> int:
        """The permissions of the page that holds `addr`; 0 when it is not mapped."""
        off = addr - self.base
        return self.prot[off >> PAGE_SHIFT] if 0 <= off < self.size else 0


class Checked(_Access):
    """Memory as the CPU sees it in kernel mode: every page touched must permit the access.

    `work` is how many bytes read(), write(), fill() and cstr() have handled so far, and the steps that
    kernel functions have added which loop over something else.
    """

    __slots__ = ("work",)

    def __init__(
        self, base: int, buf: mmap.mmap, prot: bytearray, on_code_write: list[tuple[int, int]], dm: DataModel
    ) -> None:
        super().__init__(base, buf, prot, on_code_write, dm)
        self.work = 0

    def _loader(self, codec: struct.Struct) -> Callable[[int], int]:
        base, buf, unpack, locate, size = self.base, self.buf, codec.unpack_from, self.locate, codec.size
        whole, prot, last = PAGE_SIZE - size, self.prot, self.size - size

        def load(addr: int) -> int:
            off = addr - base
            if not (addr & PAGE_SIZE - 1 <= whole and 0 <= off <= last and prot[off >> PAGE_SHIFT] & READ):
                locate(addr, size, READ)  # across two pages, or it raises
            value: int = unpack(buf, off)[0]
            return value

        return load

    def locate(self, addr: int, length: int, access: int) -> int:
        """The index of the range in `buf`; MemFault at the first byte that may not be accessed."""
        off = addr - self.base
        if length <= 0:
            return off
        first = off >> PAGE_SHIFT
        if first == off + length - 1 >> PAGE_SHIFT and 0 <= off < self.size and self.prot[first] & access:
            return off
        reach = self.reach(addr, length, access)
        if reach < length:
            raise MemFault(addr + reach, access, length - reach)
        return off

    def reach(self, addr: int, length: int, access: int) -> int:
        """How many of `length` bytes from `addr` may be accessed before the first that may not."""
        off = addr - self.base
        if not 0 <= off < self.size:
            return 0
        first = off >> PAGE_SHIFT
        pages = self.prot[first : (min(off + length, self.size) - 1 >> PAGE_SHIFT) + 1]
        denied = pages.translate(_DENIED[access]).find(1)
        end = first + (denied if denied >= 0 else len(pages)) << PAGE_SHIFT
        return max(min(end - off, length), 0)

    def read(self, addr: int, length: int) -> bytes:
        """`length` bytes from `addr`."""
        if length <= 0:
            return b""
        off = self.locate(addr, length, READ)
        self.work += length
        return self.buf[off : off + length]

    def write(self, addr: int, data: bytes | bytearray | memoryview) -> None:
        """Store `data` at `addr`."""
        length = len(data)
        if length:
            off = self.locate(addr, length, WRITE)
            self.work += length
            self.buf[off : off + length] = data
            if self.prot[off >> PAGE_SHIFT] & EXEC:
                self.on_code_write.append((addr, length))

    def fill(self, addr: int, length: int, byte: int = 0) -> None:
        """Set `length` bytes to `byte`."""
        self.locate(addr, length, WRITE)
        for at in range(0, length, _CHUNK):
            self.write(addr + at, bytes((byte,)) * min(_CHUNK, length - at))

    def cstr(self, addr: int, limit: int = 65536) -> bytes:
        """A NUL-terminated string, without the NUL; `limit` bytes of it when there is no NUL so far."""
        if limit <= 0:
            return b""
        take = min(PAGE_SIZE - (addr & PAGE_SIZE - 1), limit)
        off = self.locate(addr, 1, READ)  # the others are in the same page
        end = self.buf.find(b"\0", off, off + take)
        if end < 0 and take < limit:
            take = self.reach(addr, limit, READ)
            end = self.buf.find(b"\0", off, off + take)
            if end < 0 and take < limit:
                raise MemFault(addr + take, READ, 1)
        if end < 0:
            end = off + take
        self.work += end - off + 1
        return self.buf[off:end]
