"""A directory that changes between two reads shows what stays once, wherever a reader goes back to.

The changes are made at random, by hypothesis, to directories of four file systems and of the host.
"""

from __future__ import annotations

import os
import tempfile
from typing import Any, NamedTuple

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lkmtools.abi.errno import EINVAL
from lkmtools.abi.stat import dirent
from lkmtools.abi.syscall import SYS___getdents30
from lkmtools.errors import KernelError
from lkmtools.local import LocalKernel
from support.file_systems import SUBJECTS, Guest, Host, begin, end

ENTRY = st.sampled_from([f"{letter}{'x' * (7 * number)}" for number in range(3) for letter in "abcd"])
LARGEST = 32  # bytes of the longest of these entries
STEP = st.one_of(
    st.tuples(st.just("make"), ENTRY, st.just(b"")),
    st.tuples(st.just("unlink"), ENTRY),
    st.tuples(st.just("rename"), ENTRY, ENTRY),
    st.tuples(st.just("read"), st.sampled_from([4, LARGEST, 48, 64, 200])),
    st.tuples(st.just("read"), st.sampled_from([LARGEST, 48, 64, 200])),
    st.tuples(st.just("back"), st.integers(0, 9)),
)


class Bookmark(NamedTuple):
    """A place in a directory: its cookie, and what had been read before it."""

    cookie: int
    seen: list[str]


class DirectoryReader:
    """A directory of the kernel, read in small pieces, and what may be said of its names."""

    def __init__(self, guest: Guest) -> None:
        self.guest, self.p = guest, guest.p
        guest.fd = self.fd = guest.p.open(guest.top)
        self.seen: list[str] = []
        self.bookmarks = [Bookmark(0, [])]
        self.stays = set(guest.p.listdir(guest.top)) | {".", ".."}
        self.came_again: set[str] = set()
        self.gone: set[str] = set()

    def read(self, room: int) -> bool:
        """One getdents; whether it gave anything. Less room than an entry needs is EINVAL."""
        buffer = self.p.buffer(room)
        try:
            count = self.p.syscall(SYS___getdents30, self.fd, buffer, room)[0]
        except KernelError as error:
            if error.errno == EINVAL and room < LARGEST:
                return True
            raise
        assert count <= room
        layout, at = dirent.layout(self.p.dm), 0
        while at < count:
            start = at + layout.offsetof("d_name")
            length = layout.get(buffer.data, at, "d_namlen")
            self.seen.append(bytes(buffer.data[start : start + length]).decode())
            at += layout.get(buffer.data, at, "d_reclen")
        self.bookmarks.append(Bookmark(self.p.lseek(self.fd, 0, 1), [*self.seen]))
        return bool(count)

    def back(self, number: int) -> None:
        """Go to where the reader has been."""
        cookie, seen = self.bookmarks[number % len(self.bookmarks)]
        self.p.lseek(self.fd, cookie)
        self.seen = [*seen]

    def note(self, name: str, *names: Any) -> None:
        """A change is made: what it adds and removes."""
        added = {"make": names[0], "rename": names[-1]}.get(name)
        removed = names[0] if name != "make" and names[0] != added else None
        if added in self.gone:
            self.came_again.add(added)
        if removed is not None:
            self.gone.add(removed)
            self.stays.discard(removed)

    def check(self) -> None:
        """What was there all the time was seen once; what went, or came, at most once."""
        assert [name for name in self.stays if self.seen.count(name) != 1] == []
        assert [n for n in self.seen if n not in self.came_again and self.seen.count(n) > 1] == []


@pytest.mark.parametrize("subject", SUBJECTS)
@given(first=st.sets(ENTRY, min_size=4), steps=st.lists(STEP, min_size=5, max_size=40))
@settings(max_examples=40, deadline=None)
def test_a_directory_may_change_between_two_reads(
    memfs_kernel: LocalKernel, subject: str, first: set[str], steps: list[tuple[Any, ...]]
) -> None:
    """Reading on, also from a cookie that was got before, is right; afterwards it has what the host's has."""
    p = memfs_kernel.process("reader")
    with tempfile.TemporaryDirectory() as top, tempfile.TemporaryDirectory() as shown:
        guest, oracle = begin(memfs_kernel, p, subject, shown), Host(top)
        try:
            for name in first:
                assert (guest.do("make", name, b""), oracle.do("make", name, b"")) == (None, None)
            reader = DirectoryReader(guest)
            for name, *args in steps:
                if name in ("read", "back"):
                    getattr(reader, name)(*args)
                    continue
                results = guest.do(name, *args), oracle.do(name, *args)
                assert results[0] == results[1]
                if results[0] is None:
                    reader.note(name, *args)
            while reader.read(LARGEST):
                pass
            reader.check()
            reader.back(0)
            while reader.read(LARGEST):
                pass
            assert sorted(reader.seen) == sorted([".", "..", *os.listdir(top)])
        finally:
            end(memfs_kernel, guest, subject)
            p.exit()
