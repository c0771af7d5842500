"""The kernel map and the heap under random allocation: no overlap, guard pages, nothing lost."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lkmtools.abi.vmparam import PAGE_SIZE, round_page
from lkmtools.kern.uvm.kern_malloc import Heap
from lkmtools.kern.uvm.uvm_km import FreeRanges, KernelMap
from lkmtools.machine import READ, WRITE, Cpu, Memory, Text, port
from lkmtools.machine.brake import Brake

PAGES = 64
ROW = port("amd64")


class World:
    """64 pages of kernel map behind one page of stubs."""

    def __init__(self) -> None:
        self.mem = Memory(ROW.kernbase, (PAGES + 2) * PAGE_SIZE, ROW.dm)
        self.cpu = Cpu(self.mem, Brake(), Text(ROW, ()))
        self.fresh()

    def fresh(self) -> None:
        start = ROW.kernbase + PAGE_SIZE
        self.cpu.protect(start, PAGES * PAGE_SIZE, 0)
        self.map = KernelMap(self.mem, self.cpu, start, start + PAGES * PAGE_SIZE)
        self.heap = Heap(self.mem, self.map)


@pytest.fixture(scope="module")
def world() -> Iterator[World]:
    made = World()
    yield made
    made.cpu.close()
    made.mem.close()


def apart(ranges: list[tuple[int, int]]) -> bool:
    """Do no two of these (start, end) overlap?"""
    ranges = sorted(ranges)
    return all(one[1] <= other[0] for one, other in pairwise(ranges))


# A step allocates so many bytes, or (negative) frees the live allocation of that index.
SIZES = st.integers(1, 20 * PAGE_SIZE) | st.sampled_from([1, PAGE_SIZE - 1, PAGE_SIZE, PAGE_SIZE + 1])
STEPS = st.lists(SIZES | st.integers(-30, -1), max_size=60)
SMALL = st.lists(
    st.sampled_from([0, 1, 15, 16, 17, 31, 100, 512, 2047, 2048, 2049, 4096, 5000]) | st.integers(-40, -1),
    max_size=120,
)


@given(steps=STEPS)
@settings(max_examples=60, deadline=None)
def test_the_map_hands_out_pages_that_do_not_overlap(world: World, steps: list[int]) -> None:
    """Each page-aligned, inside, zeroed, with an unmapped page behind; freed pages cannot be accessed."""
    world.fresh()
    kmap, mem, live = world.map, world.mem, {}
    for step in steps:
        if step > 0:
            addr = kmap.alloc(step, READ | WRITE)
            if not addr:
                continue
            size = round_page(step)
            assert addr % PAGE_SIZE == 0
            assert kmap.start <= addr < addr + size < kmap.end
            assert not any(mem.read(addr, size))
            mem.fill(addr, size, 0xA5)
            live[addr] = size
        elif live:
            addr = list(live)[step % len(live)]
            size = live.pop(addr)
            kmap.free(addr)
            assert {mem.protection(at) for at in range(addr, addr + size, PAGE_SIZE)} == {0}
        assert apart([(addr, addr + size + PAGE_SIZE) for addr, size in live.items()])
        assert kmap.used == sum(live.values())
        for addr, size in live.items():
            assert mem.protection(addr) == mem.protection(addr + size - 1) == READ | WRITE
            assert mem.protection(addr + size) == 0
            assert kmap.size_of(addr) == size
    for addr in live:
        kmap.free(addr)
    assert kmap.used == 0
    whole = (PAGES - 1) * PAGE_SIZE  # the last page is a guard
    assert kmap.alloc(whole + 1, READ) == 0
    assert kmap.alloc(whole, READ) == kmap.start


@given(steps=st.lists(st.integers(1, 9) | st.integers(-30, -1), max_size=80))
def test_free_ranges_are_taken_first_fit(steps: list[int]) -> None:
    """The lowest address with so many free bytes behind it; what is given back joins its neighbours."""
    ranges, free, live = FreeRanges(100, PAGES), [True] * PAGES, {}
    for step in steps:
        if step > 0:
            fits = (at for at in range(PAGES - step + 1) if all(free[at : at + step]))
            at = next(fits, -100)
            assert ranges.take(step) == at + 100
            if at >= 0:
                live[at] = step
                free[at : at + step] = [False] * step
        elif live:
            at = list(live)[step % len(live)]
            free[at : at + live[at]] = [True] * live[at]
            ranges.give(at + 100, live.pop(at))
    for at, length in live.items():
        ranges.give(at + 100, length)
    assert (ranges.take(PAGES + 1), ranges.take(PAGES), ranges.take(1)) == (0, 100, 0)


@given(steps=SMALL)
@settings(max_examples=60, deadline=None)
def test_the_heap_hands_out_pieces_that_keep_their_content(world: World, steps: list[int]) -> None:
    """Aligned to 16, apart, zeroed on request; every piece has its own bytes until it is freed."""
    world.fresh()
    heap, mem = world.heap, world.mem
    live: dict[int, tuple[int, int]] = {}
    for number, step in enumerate(steps):
        if step >= 0:
            addr = heap.alloc(step)
            if not addr:
                continue
            assert addr % 16 == 0
            assert addr not in live
            assert not any(mem.read(addr, step))
            mem.fill(addr, step, number % 255 + 1)
            live[addr] = step, number % 255 + 1
        elif live:
            addr = list(live)[step % len(live)]
            size, _ = live.pop(addr)
            block = heap.free(addr)
            assert block is not None
            assert block.size == size
            assert heap.free(addr) is None
            assert heap.was_freed(addr)
        assert apart([(addr, addr + max(size, 1)) for addr, (size, _) in live.items()])
        assert heap.used == sum(size for size, _ in live.values())
    for addr, (size, byte) in live.items():
        assert mem.read(addr, size) == bytes((byte,)) * size
        assert not heap.was_freed(addr)


@given(size=st.integers(2049, 4 * PAGE_SIZE))
@settings(max_examples=30, deadline=None)
def test_large_pieces_have_a_guard_page_and_go_back_to_the_map(world: World, size: int) -> None:
    """More than half a page is pages of its own."""
    world.fresh()
    addr = world.heap.alloc(size)
    assert world.mem.protection(addr + round_page(size)) == 0
    assert world.map.used == round_page(size)
    world.heap.free(addr)
    assert (world.map.used, world.heap.used) == (0, 0)


def test_a_full_heap_says_so_and_recovers(world: World) -> None:
    """0 when there is no page left; after one piece was freed there is room for one."""
    world.fresh()
    pieces = []
    while addr := world.heap.alloc(2000):
        pieces.append(addr)
    assert len(pieces) == PAGES // 2 * 2
    assert world.heap.alloc(10) == 0
    world.heap.free(pieces[7])
    assert world.heap.alloc(1500) == pieces[7]


def test_freed_small_memory_is_filled_with_deadbeef(world: World) -> None:
    """A stale pointer is seen for what it is."""
    world.fresh()
    addr = world.heap.alloc(64)
    world.heap.free(addr)
    assert world.mem.u32(addr) == world.mem.u32(addr + 60) == 0xDEADBEEF
