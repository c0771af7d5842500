"""The memory the kernel maps into a process: where it lies, and how long a view of it is good."""

from __future__ import annotations

import ctypes
import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from lkmtools.client.memory import FIXED, LIMIT, PLACES, Memory, map_low

PAGE = 4096


@pytest.fixture
def file() -> Iterator[int]:
    """A memory file of two pages."""
    fd = os.memfd_create("test")
    os.write(fd, b"first".ljust(PAGE, b"\0") + b"second".ljust(PAGE, b"\0"))
    yield fd
    os.close(fd)


def mapped(address: int) -> bool:
    """Is there memory at `address`?"""
    return any(
        line.startswith(f"{address:08x}-") for line in Path("/proc/self/maps").read_text().splitlines()
    )


@pytest.mark.parametrize("places", [PLACES, FIXED], ids=["as this host does", "at fixed places"])
def test_a_mapping_lies_below_4_gib(file: int, places: tuple[tuple[int, int], ...]) -> None:
    """So that a 32-bit pointer holds its address."""
    mapping = map_low(file, 0, 2 * PAGE, places)
    assert mapping.address + mapping.length <= LIMIT
    assert ctypes.string_at(mapping.address, 5) == b"first"


def test_a_place_that_is_taken_is_passed_by(file: int) -> None:
    """The next one is tried, and nothing is mapped over."""
    first = map_low(file, 0, PAGE, FIXED)
    taken = (first.address, 0x100000)
    second = map_low(file, PAGE, PAGE, [taken, *FIXED])
    assert second.address != first.address
    assert ctypes.string_at(first.address, 5) == b"first"


def test_no_room_is_an_oserror(file: int) -> None:
    """More than an address space of 32 bits holds."""
    with pytest.raises(OSError):  # noqa: PT011  # which errno is the host's affair
        map_low(file, 0, LIMIT, FIXED[-1:])


def test_writing_changes_the_process_only(file: int) -> None:
    """The mapping is private."""
    memory = Memory()
    view = memory.view(memory.map(file, 0, PAGE), 5)
    view[:5] = b"FIRST"
    assert bytes(view) == b"FIRST"
    assert os.pread(file, 5, 0) == b"first"


def test_unmapping_gives_the_pages_back(file: int) -> None:
    """At once, when nobody looks at them."""
    memory = Memory()
    address = memory.map(file, 0, PAGE)
    assert mapped(address)
    memory.unmap(address, PAGE)
    assert not mapped(address)
    with pytest.raises(ValueError, match="not mapped"):
        memory.view(address, 1)


def test_a_view_keeps_its_pages(file: int) -> None:
    """Until it goes itself."""
    memory = Memory()
    address = memory.map(file, 0, PAGE)
    view = memory.view(address, 5)
    memory.clear()
    assert bytes(view) == b"first"
    view.release()
    del view
    assert not mapped(address)


def test_a_view_lies_in_one_mapping(file: int) -> None:
    """ValueError beyond its end."""
    memory = Memory()
    address = memory.map(file, 0, PAGE)
    assert len(memory.view(address + 10, PAGE - 10)) == PAGE - 10
    with pytest.raises(ValueError, match="4097 bytes"):
        memory.view(address, PAGE + 1)
