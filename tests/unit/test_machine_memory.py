"""Memory: bounds, permissions, typed accessors, views, strings."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from lkmtools.abi.datamodel import ILP32_I386, LP64, Struct
from lkmtools.abi.vmparam import PAGE_SIZE
from lkmtools.machine import EXEC, READ, WRITE, MemFault, Memory

BASE = 0xC0000000
SIZE = 16 * PAGE_SIZE
inner = Struct("inner", "short a; u_long b")
thing = Struct(
    "thing",
    "char name[8]; int n; struct inner in; int64_t big; u_short list[3]; char *next",
    {"inner": inner},
)


@pytest.fixture(params=[LP64, ILP32_I386], ids=["LP64", "ILP32"])
def mem(request: Any) -> Iterator[Memory]:
    """RAM with page 2 read-only, pages 3 and 4 read-write, page 5 executable, the rest not mapped."""
    made = Memory(BASE, SIZE, request.param)
    for page, prot in ((2, READ), (3, READ | WRITE), (4, READ | WRITE), (5, READ | EXEC)):
        made.prot[page] = prot
    yield made
    made.close()


def page(n: int) -> int:
    return BASE + n * PAGE_SIZE


@pytest.mark.parametrize(
    ("addr", "length"),
    [
        (BASE - 1, 1),
        (BASE - 1, 2),
        (BASE + SIZE, 1),
        (BASE + SIZE - 1, 2),
        (0, 4),
        (1 << 64, 1),
        (-1, 1),
        (BASE, -1),
    ],
)
def test_outside_of_ram_is_a_fault(mem: Memory, addr: int, length: int) -> None:
    """For the kernel's own accessor and for the checked one, reading and writing."""
    with pytest.raises(MemFault):
        mem.read(addr, length)
    if length > 0:
        with pytest.raises(MemFault):
            mem.checked.read(addr, length)
        for access in (mem, mem.checked):
            with pytest.raises(MemFault):
                access.write(addr, bytes(length))


@pytest.mark.parametrize(
    ("start", "length", "access", "fault"),
    [
        (page(2), PAGE_SIZE, READ, None),
        (page(2), 3 * PAGE_SIZE, READ, None),
        (page(2) + 1, 4 * PAGE_SIZE, READ, page(6)),
        (page(1) + 10, 1, READ, page(1) + 10),
        (page(1) + 10, PAGE_SIZE, READ, page(1) + 10),
        (page(3), 2 * PAGE_SIZE, WRITE, None),
        (page(4) + PAGE_SIZE - 1, 2, WRITE, page(5)),
        (page(2) + PAGE_SIZE - 1, 1, WRITE, page(2) + PAGE_SIZE - 1),
        (page(5), 1, WRITE, page(5)),
        (page(15), 2 * PAGE_SIZE, READ, page(15)),
    ],
)
def test_the_checked_accessor_faults_at_the_first_byte_that_is_forbidden(
    mem: Memory, start: int, length: int, access: int, fault: int | None
) -> None:
    """Every page counts; the access is in the fault; what is forbidden changes nothing."""
    before = mem.read(BASE, SIZE)

    def act() -> None:
        if access == READ:
            assert mem.checked.read(start, length) == mem.read(start, length)
        else:
            mem.checked.write(start, b"x" * length)

    if fault is None:
        act()
        return
    with pytest.raises(MemFault) as caught:
        act()
    assert (caught.value.addr, caught.value.access) == (fault, access)
    assert mem.read(BASE, SIZE) == before


@pytest.mark.parametrize("name", ["u8", "u16", "u32", "u64", "ptr"])
def test_integers_keep_their_width_and_faults(mem: Memory, name: str) -> None:
    """Stores are modulo the width; across two pages only where both permit it."""
    size = {"u8": 1, "u16": 2, "u32": 4, "u64": 8, "ptr": mem.dm.pointer}[name]
    top = (1 << 8 * size) - 1
    for access in (mem, mem.checked):
        load, store = getattr(access, name), getattr(access, f"set_{name}")
        for addr in (page(3), page(4) - size // 2, page(4) + 1):
            for value, expected in ((top, top), (-1, top), (top + 2, 1), (0x1122334455667788, None)):
                store(addr, value)
                assert load(addr) == (0x1122334455667788 & top if expected is None else expected)
                assert mem.read(addr, size) == load(addr).to_bytes(size, "little")
    with pytest.raises(MemFault):
        getattr(mem.checked, f"set_{name}")(page(2), 1)
    if size > 1:
        with pytest.raises(MemFault) as caught:
            getattr(mem.checked, name)(page(6) - 1)
        assert caught.value.addr == page(6)


def test_a_signed_integer(mem: Memory) -> None:
    mem.set_u32(page(3), 0xFFFFFFFE)
    assert (mem.i32(page(3)), mem.checked.i32(page(3))) == (-2, -2)


def test_strings_end_at_nul_at_the_limit_or_in_a_fault(mem: Memory) -> None:
    """A string may cross pages; one that runs into an unmapped page faults there, unless it ends before."""
    checked = mem.checked
    mem.write(page(4) - 3, b"abcdef\0")
    assert checked.cstr(page(4) - 3) == b"abcdef"
    assert checked.cstr(page(4) - 3, 4) == b"abcd"
    assert checked.cstr(page(4) - 3, 0) == b""
    mem.write(page(6) - 4, b"end\0")
    assert checked.cstr(page(6) - 4) == b"end"
    mem.write(page(6) - 4, b"ends")
    assert checked.cstr(page(6) - 4, 4) == b"ends"
    with pytest.raises(MemFault) as caught:
        checked.cstr(page(6) - 4)
    assert caught.value.addr == page(6)


def test_a_write_to_executable_pages_is_noted(mem: Memory) -> None:
    """So that the CPU drops what it translated from there; elsewhere nothing is noted."""
    mem.prot[5] = READ | WRITE | EXEC
    mem.write(page(3), b"data")
    mem.write(page(5), b"")
    assert mem.on_code_write == []
    mem.checked.write(page(5) + 16, b"code")
    mem.set_u16(page(5), 1)
    assert mem.on_code_write == [(page(5) + 16, 4), (page(5), 2)]


def test_a_view_reads_and_writes_in_place(mem: Memory) -> None:
    """Scalars with their sign and wrap, arrays, char arrays, members of nested structs, addresses."""
    layout = thing.layout(mem.dm)
    view: Any = mem.view(layout, page(3) + 8)
    view.name = b"abc"
    view.n = -5
    view.put("in.a", -1)
    view.put("in.b", mem.dm.mask)
    view.big = -(1 << 60)
    view.list = (1, 2, 0xFFFF)
    view.next = page(4)
    assert (view.name, view.n, view.get("in.a"), view.get("in.b")) == (b"abc" + bytes(5), -5, -1, mem.dm.mask)
    assert (view.big, view.list, view.next) == (-(1 << 60), (1, 2, 0xFFFF), page(4))
    assert view.at("n") == page(3) + 16
    assert mem.i32(view.at("n")) == -5
    assert mem.read(page(3), 8) == bytes(8)
    assert mem.read(view.addr + layout.size, 8) == bytes(8)
    unpacked = layout.unpack(mem.read(view.addr, layout.size))
    assert (unpacked.n, unpacked.in_a, unpacked.big) == (-5, -1, -(1 << 60))


def test_views_of_other_structs_and_places_are_apart(mem: Memory) -> None:
    """Each reads its own members and its own memory, checked or not, whichever was read first."""
    other = Struct("other", "char pad[12]; int n; int addr").layout(mem.dm)
    layout = thing.layout(mem.dm)
    mem.write(page(3), bytes(range(200)))
    first, second = mem.view(layout, page(3)), mem.checked.view(layout, page(3) + 64)
    third: Any = mem.view(other, page(3))
    for _ in range(2):
        found = [view.n & 255 for view in (first, second, third)]
        assert found == [8, 72, 12]
    assert (third.addr, third.get("addr")) == (page(3), 0x13121110)
    with pytest.raises(MemFault):
        _ = mem.checked.view(layout, page(7)).n
    assert mem.view(layout, page(7)).n == 0


def test_a_checked_view_faults_member_by_member(mem: Memory) -> None:
    """Only what is touched counts; a write to a read-only page changes nothing."""
    layout = thing.layout(mem.dm)
    view: Any = mem.checked.view(layout, page(6) - 12)
    assert view.n == 0
    with pytest.raises(MemFault) as caught:
        view.get("in.b")
    assert caught.value.addr >= page(6)
    with pytest.raises(MemFault):
        view.n = 1
    assert view.n == 0


def test_an_unknown_member_is_a_key_error(mem: Memory) -> None:
    with pytest.raises(KeyError):
        _ = mem.view(thing.layout(mem.dm), page(3)).nonsense


def test_a_view_stores_an_integer_modulo_its_width(mem: Memory) -> None:
    """As C does: too large, and too small."""
    view: Any = mem.view(thing.layout(mem.dm), page(3))
    view.n, view.big = 0xFFFF_FFFF + 6, -(1 << 64) - 2
    view.put("in.b", mem.dm.mask + 3)
    assert (view.n, view.big, view.get("in.b")) == (5, -2, 2)


def test_work_counts_the_bytes_that_bulk_operations_handle(mem: Memory) -> None:
    """Integers and the kernel's own accesses are not counted, nor what a fault prevents."""
    checked = mem.checked
    checked.write(page(3), b"text\0" * 3)
    assert checked.work == 15
    assert checked.read(page(3), 10) == b"text\0text\0"
    assert checked.cstr(page(3)) == b"text"
    assert checked.work == 15 + 10 + 5
    checked.fill(page(3), PAGE_SIZE + 1, 7)
    assert checked.work == 30 + PAGE_SIZE + 1
    assert mem.read(page(3), PAGE_SIZE + 2) == b"\7" * (PAGE_SIZE + 1) + b"\0"
    checked.set_u32(page(3), checked.u32(page(4)))
    mem.write(page(3), b"more")
    with pytest.raises(MemFault):
        checked.write(page(4), bytes(PAGE_SIZE + 1))
    assert checked.work == 30 + PAGE_SIZE + 1


def test_a_fill_that_cannot_be_done_whole_does_nothing(mem: Memory) -> None:
    """The fault is at the first byte that is out of reach."""
    with pytest.raises(MemFault) as caught:
        mem.checked.fill(page(4), 1 << 62, 7)
    assert caught.value.addr == page(5)
    assert mem.read(page(4), 4) == bytes(4)


def test_reach_ends_at_the_first_page_that_denies_the_access(mem: Memory) -> None:
    """Or at the length asked for, or with RAM."""
    reach = mem.checked.reach
    assert reach(page(3) + 10, 1 << 40, WRITE) == 2 * PAGE_SIZE - 10
    assert reach(page(2), 1 << 40, READ) == 4 * PAGE_SIZE
    assert reach(page(3), 5, READ) == 5
    assert [reach(addr, 1, READ) for addr in (page(1), BASE - 1, BASE + SIZE)] == [0, 0, 0]
