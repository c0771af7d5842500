"""Pages of RAM in memory files of their own: who sees what, and how many there may be."""

from __future__ import annotations

import mmap
import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from lkmtools.abi.datamodel import LP64
from lkmtools.abi.errno import ENOMEM
from lkmtools.abi.vmparam import PAGE_SIZE
from lkmtools.errors import KernelError
from lkmtools.machine import Memory

BASE = 0xFFFFFFFF80000000


@pytest.fixture
def mem() -> Iterator[Memory]:
    """Sixteen pages, each with its number in it."""
    mem = Memory(BASE, 16 * PAGE_SIZE, LP64)
    for page in range(16):
        mem.set_u8(BASE + page * PAGE_SIZE, page)
    yield mem
    mem.close()


def files() -> list[str]:
    """The memory files of pages that this process has open."""
    links = [os.readlink(entry) for entry in Path("/proc/self/fd").iterdir() if entry.is_symlink()]
    return [link for link in links if "lkm-page" in link]


def mapped(mem: Memory, frame: int, writable: bool = True) -> mmap.mmap:
    """A frame as another program maps it."""
    (fd,) = mem.shared.open([frame], writable)
    try:
        return mmap.mmap(fd, PAGE_SIZE, prot=mmap.PROT_READ | (mmap.PROT_WRITE if writable else 0))
    finally:
        os.close(fd)


def test_a_shared_page_is_one_for_both(mem: Memory) -> None:
    """It keeps its content when it is shared, while it is, and afterwards; its neighbours are untouched."""
    at = BASE + 5 * PAGE_SIZE
    mem.shared.share([5])
    other = mapped(mem, 5)
    assert other[0] == 5
    other[1] = 77
    mem.set_u8(at + 2, 78)
    assert (mem.u8(at + 1), other[2]) == (77, 78)
    mem.shared.drop([5])
    assert mem.read(at, 3) == bytes((5, 77, 78))
    other[0] = 99
    assert mem.u8(at) == 5
    assert [mem.u8(BASE + page * PAGE_SIZE) for page in range(16)] == list(range(16))


def test_a_page_is_shared_until_the_last_has_dropped_it(mem: Memory) -> None:
    """Each share() counts, also twice in one."""
    mem.shared.share([3, 3])
    mem.shared.share([2, 3])
    other = mapped(mem, 3)
    mem.shared.drop([3])
    mem.shared.drop([2, 3])
    assert mem.shared.total == 1
    other[0] = 44
    assert mem.u8(BASE + 3 * PAGE_SIZE) == 44
    mem.shared.drop([3])
    assert mem.shared.total == 0


def test_a_descriptor_for_reading_cannot_be_opened_for_writing(mem: Memory) -> None:
    """Not through /proc either, but by whom may read everything: the file has mode 0400."""
    mem.shared.share([1])
    (fd,) = mem.shared.open([1], writable=False)
    assert os.fstat(fd).st_mode & 0o777 == 0o400
    with pytest.raises(OSError, match="Bad file descriptor"):
        os.write(fd, b"x")
    with pytest.raises(PermissionError):
        mmap.mmap(fd, PAGE_SIZE)
    os.close(fd)


def test_no_descriptor_is_left(mem: Memory) -> None:
    """Dropped pages close their files, and so does the end of RAM."""
    before = len(files())
    mem.shared.share(range(16))
    mem.shared.drop(range(8))
    assert len(files()) == before + 8
    mem.shared.close()
    mem.shared.drop(range(8, 16))
    assert len(files()) == before


def test_beyond_the_limit_nothing_is_shared(mem: Memory, monkeypatch: pytest.MonkeyPatch) -> None:
    """ENOMEM says how many there are and may be."""
    monkeypatch.setattr("lkmtools.machine.shared.MOST", 3)
    mem.shared.share([0, 1])
    with pytest.raises(KernelError, match="2 more pages for clients; 2 are shared, the limit is 3") as caught:
        mem.shared.share([1, 2, 3])
    assert caught.value.errno == ENOMEM
    assert mem.shared.total == 2


def test_when_the_host_has_no_more_files_nothing_is_shared(
    mem: Memory, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What was shared already by this call is taken back."""
    real = os.memfd_create
    made: list[int] = []

    def scarce(name: str, flags: int) -> int:
        if len(made) == 2:
            raise OSError(24, "Too many open files")
        made.append(real(name, flags))
        return made[-1]

    monkeypatch.setattr(os, "memfd_create", scarce)
    with pytest.raises(KernelError, match="Too many open files") as caught:
        mem.shared.share([4, 5, 6])
    assert caught.value.errno == ENOMEM
    assert mem.shared.total == 0


def test_ram_goes_with_its_pages() -> None:
    """When RAM is given back, no page of it is mapped."""
    before = set(Path("/proc/self/maps").read_text().splitlines())
    mem = Memory(BASE, 4 * PAGE_SIZE, LP64)
    mem.shared.share([1, 2])
    mem.close()
    left = set(Path("/proc/self/maps").read_text().splitlines()) - before
    assert [line for line in left if "lkm-page" in line] == []
