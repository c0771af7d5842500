"""The memory the kernel maps into a process: where it lies, and how long a view of it is good."""

from __future__ import annotations

import ctypes
import os
import socket
from collections.abc import Iterator
from pathlib import Path

import pytest

from lkmtools.abi.errno import ENOMEM
from lkmtools.abi.mman import PROT_READ, PROT_WRITE
from lkmtools.abi.vmparam import PAGE_SIZE as PAGE
from lkmtools.client.memory import FIXED, LIMIT, PLACES, ProcessMemory, map_low
from lkmtools.client.transport import Transport
from lkmtools.proto import Mapped, Reader, Result, Share, Syscall, encode


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
    memory = ProcessMemory()
    view = memory.view(memory.map(file, 0, PAGE), 5)
    view[:5] = b"FIRST"
    assert bytes(view) == b"FIRST"
    assert os.pread(file, 5, 0) == b"first"


def test_unmapping_gives_the_pages_back(file: int) -> None:
    """At once, when nobody looks at them."""
    memory = ProcessMemory()
    address = memory.map(file, 0, PAGE)
    assert mapped(address)
    memory.unmap(address, PAGE)
    assert not mapped(address)
    with pytest.raises(ValueError, match="not mapped"):
        memory.view(address, 1)


def test_a_view_keeps_its_pages(file: int) -> None:
    """Until it goes itself."""
    memory = ProcessMemory()
    address = memory.map(file, 0, PAGE)
    view = memory.view(address, 5)
    memory.clear()
    assert bytes(view) == b"first"
    view.release()
    del view
    assert not mapped(address)


def test_a_view_lies_in_one_mapping(file: int) -> None:
    """ValueError beyond its end."""
    memory = ProcessMemory()
    address = memory.map(file, 0, PAGE)
    assert len(memory.view(address + 10, PAGE - 10)) == PAGE - 10
    with pytest.raises(ValueError, match="4097 bytes"):
        memory.view(address, PAGE + 1)


@pytest.fixture
def pages() -> Iterator[list[int]]:
    """Three memory files of a page."""
    files = [os.memfd_create(f"page {number}") for number in range(3)]
    for number, fd in enumerate(files):
        os.write(fd, b"%d" % number + bytes(PAGE - 1))
    yield files
    for fd in files:
        os.close(fd)


def test_pages_are_shared_in_a_row(pages: list[int]) -> None:
    """In two portions, into room for all; what is written is in the files."""
    memory = ProcessMemory()
    address = memory.share(pages[:1], 0, 3 * PAGE, PROT_READ | PROT_WRITE)
    assert memory.share(pages[1:], address + PAGE, 3 * PAGE, PROT_READ | PROT_WRITE) == address + PAGE
    view = memory.view(address, 3 * PAGE)
    assert [bytes(view[at : at + 1]) for at in range(0, 3 * PAGE, PAGE)] == [b"0", b"1", b"2"]
    view[PAGE : PAGE + 3] = b"new"
    assert os.pread(pages[1], 3, 0) == b"new"


def test_what_is_shared_for_reading_cannot_be_written(pages: list[int]) -> None:
    """Nor is anything read that is shared without access."""
    memory = ProcessMemory()
    view = memory.view(memory.share(pages, 0, 3 * PAGE, PROT_READ), PAGE)
    with pytest.raises(TypeError, match="read-only"):
        view[0] = 1
    with pytest.raises(ValueError, match="without access"):
        memory.view(memory.share(pages, 0, 3 * PAGE, 0), PAGE)


def test_a_file_that_cannot_be_shared_leaves_nothing(pages: list[int]) -> None:
    """OSError, and all of the room is given back."""
    memory = ProcessMemory()
    reading = os.open(f"/proc/self/fd/{pages[0]}", os.O_RDONLY)
    address = memory.share(pages[:1], 0, 2 * PAGE, PROT_READ | PROT_WRITE)
    with pytest.raises(PermissionError):
        memory.share([reading], address + PAGE, 2 * PAGE, PROT_READ | PROT_WRITE)
    assert not mapped(address)
    os.close(reading)


def received() -> int:
    """How many descriptors of the pages this process has."""
    links = [os.readlink(entry) for entry in Path("/proc/self/fd").iterdir() if entry.is_symlink()]
    return len([link for link in links if "memfd:page " in link])


def test_descriptors_that_did_not_come_are_ENOMEM(pages: list[int]) -> None:
    """The host passes as many as the process has room for; those that came are closed."""
    ours, theirs = socket.socketpair()
    transport = Transport(ours)
    share, result = Share(0, 3 * PAGE, PROT_READ, 3), Result(0, (0, 0), (), "", "")
    before = received()
    with theirs:
        socket.send_fds(theirs, [encode(share, 1)], pages[:2])
        theirs.sendall(encode(result, 1))
        assert transport.request(Syscall(1, (), ())) == result
        reader = Reader()
        reader.feed(theirs.recv(1 << 16))
        assert [reader.next(), reader.next()] == [(1, Syscall(1, (), ())), (1, Mapped(ENOMEM, 0))]
        assert received() == before
    transport.close()
