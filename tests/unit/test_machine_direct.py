"""DirectMemory: pages of a program, which lie scattered in RAM, as kernel functions see them."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from lkmtools.abi.datamodel import LP64, Struct
from lkmtools.abi.vmparam import PAGE_SIZE
from lkmtools.machine import EXEC, READ, WRITE, MemFault, Memory
from lkmtools.machine.direct import DirectMemory
from lkmtools.machine.space import AddressSpace, Frames

BASE, TOP = 0xC0000000, 0xBFC00000
KERNEL, USER = BASE + PAGE_SIZE, 0x10000  # two pages each
PAIR = Struct("pair", "int first; int second", {})


class Direct:
    """RAM with two pages of the kernel, and a program: two pages in falling order, one of code."""

    def __init__(self) -> None:
        self.mem = Memory(BASE, 16 * PAGE_SIZE, LP64)
        self.mem.prot[1] = self.mem.prot[2] = READ | WRITE
        self.frames = Frames(self.mem, 8 * PAGE_SIZE, 16 * PAGE_SIZE)
        self.space: AddressSpace | None = AddressSpace(self.frames, TOP)
        self.space.map(USER, 2 * PAGE_SIZE, READ | WRITE)
        self.space.map(USER + 2 * PAGE_SIZE, PAGE_SIZE, READ | WRITE | EXEC)
        self.space.write(USER + PAGE_SIZE, b"second")
        self.view = DirectMemory(self.mem, lambda: self.space)


@pytest.fixture
def direct() -> Iterator[Direct]:
    made = Direct()
    yield made
    made.mem.close()


def fault(act: Any, *args: Any) -> int:
    with pytest.raises(MemFault) as caught:
        act(*args)
    return caught.value.addr


@pytest.mark.parametrize(
    ("offset", "text", "limit"),
    [
        (0, b"abc\0", 65536),
        (0, b"\0", 65536),
        (5, b"x" * 5000 + b"\0", 65536),
        (PAGE_SIZE - 2, b"across\0", 65536),
        (PAGE_SIZE - 3, b"end\0", 65536),
        (PAGE_SIZE - 2, b"across\0", 4),
        (7, b"cut", 3),
    ],
)
def test_a_string_of_the_program_costs_what_one_of_the_kernel_does(
    direct: Direct, offset: int, text: bytes, limit: int
) -> None:
    """One step a byte and one more, wherever it lies: not the rest of the page."""
    found = []
    for place in (KERNEL, USER):
        direct.view.write(place + offset, text)
        before = direct.view.work
        found.append((direct.view.cstr(place + offset, limit), direct.view.work - before))
    expected = text.rstrip(b"\0")[:limit]
    assert found == [(expected, len(expected) + 1)] * 2


def test_a_string_without_an_end_is_a_fault_where_the_memory_ends(direct: Direct) -> None:
    direct.view.write(USER, b"x" * 3 * PAGE_SIZE)
    assert fault(direct.view.cstr, USER + 5) == USER + 3 * PAGE_SIZE
    assert direct.view.cstr(USER + 5, 2 * PAGE_SIZE) == b"x" * 2 * PAGE_SIZE


def test_structs_of_the_kernel_have_one_class_with_and_without_direct_memory(direct: Direct) -> None:
    """What it has learned about reading their members is learned once; the program's have another."""
    layout = PAIR.layout(LP64)
    ours, theirs = direct.view.view(layout, KERNEL), direct.view.view(layout, USER + PAGE_SIZE - 4)
    assert type(ours) is type(direct.mem.view(layout, KERNEL))
    assert type(ours) is not type(theirs)
    for view in (ours, theirs):
        view.first, view.second = 3, 4
        assert (view.first, view.second) == (3, 4)


def test_only_a_write_to_the_program_s_code_makes_it_stale(direct: Direct) -> None:
    code = USER + 2 * PAGE_SIZE
    direct.frames.stale = False
    assert direct.view.read(code, 4) == bytes(4)
    direct.view.write(USER, b"data")
    assert not direct.frames.stale
    direct.view.write(code - 2, b"code")
    assert direct.frames.stale


def test_memory_that_is_not_the_program_s_is_a_fault_and_nothing_is_written(direct: Direct) -> None:
    end = USER + 3 * PAGE_SIZE
    assert fault(direct.view.write, end - 2, b"abcd") == end
    assert direct.view.read(end - 2, 2) == bytes(2)
    assert fault(direct.view.locate, USER, 1, EXEC) == USER
    direct.space = None
    assert fault(direct.view.read, USER, 1) == USER
    assert direct.view.read(USER, 0) == direct.view.cstr(USER, 0) == b""
    direct.view.write(USER, b"")
