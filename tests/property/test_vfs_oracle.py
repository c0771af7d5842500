"""File systems do what the host's does: random sequences of file operations, with the host as the oracle.

The same operations go to a directory of the host and to a file system of the kernel; each must succeed or
fail alike, and in the end the same tree must be there. A directory that changes between two reads shows what
stays once, wherever a reader goes back to. The subjects: memfs (module code), a layer over it,
the root file system, and a directory of the host shown inside.
"""

from __future__ import annotations

import errno as host
import os
import stat
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lkmtools import modules
from lkmtools.abi.errno import EINVAL, ELOOP, ENOENT, ENOTDIR
from lkmtools.abi.fcntl import O_APPEND, O_CREAT, O_EXCL, O_RDWR, O_TRUNC, O_WRONLY
from lkmtools.abi.stat import dirent
from lkmtools.abi.syscall import SYS___getdents30
from lkmtools.client import Process
from lkmtools.errors import KernelError
from lkmtools.kern.vfs.hostdir import kernel_errno
from lkmtools.local import LocalKernel
from support.compiling import Compile

EXAMPLES = Path(__file__).parents[2] / "examples"
SUBJECTS = ("memfs", "hookfs", "rootfs", "hostfs")
FLAGS = {
    O_WRONLY: os.O_WRONLY,
    O_RDWR: os.O_RDWR,
    O_APPEND: os.O_APPEND,
    O_CREAT: os.O_CREAT,
    O_EXCL: os.O_EXCL,
    O_TRUNC: os.O_TRUNC,
}
NAME = st.sampled_from("abc")
EITHER = {-ENOENT, -ENOTDIR, -ELOOP}  # which of two bad paths is looked at first is nobody's promise
PATH = st.lists(NAME, min_size=1, max_size=3).map("/".join)
ROUND = st.tuples(PATH, NAME).map(lambda t: f"{t[0]}/../{t[1]}")  # up again
ANY = PATH | ROUND
OPEN = st.sets(st.sampled_from([O_APPEND, O_CREAT, O_EXCL, O_TRUNC])).map(sum)
DATA = st.binary(min_size=1, max_size=9)
OPERATION = st.one_of(
    st.tuples(st.just("mkdir"), ANY),
    st.tuples(st.just("rmdir"), PATH),
    st.tuples(st.just("unlink"), PATH),
    st.tuples(st.just("rename"), PATH, PATH),
    st.tuples(st.just("link"), PATH, PATH),
    st.tuples(st.just("symlink"), st.sampled_from(["a", "b/c", "c/../b", "none"]), PATH),
    st.tuples(st.just("readlink"), ANY),
    st.tuples(st.just("chmod"), ANY, st.sampled_from([0o600, 0o755])),
    st.tuples(st.just("truncate"), ANY, st.integers(0, 20)),
    st.tuples(st.just("make"), ANY, DATA),
    st.tuples(st.just("open"), ANY, OPEN),
    st.tuples(st.just("write"), DATA),
    st.tuples(st.just("pwrite"), DATA, st.integers(0, 5000)),
    st.tuples(st.just("pread"), st.integers(1, 9000), st.integers(0, 20)),
    st.tuples(st.just("close")),
)


class Host:
    """Operations on a directory of the host; paths are relative to it, and one file may be open."""

    def __init__(self, top: str) -> None:
        self.top = top
        self.fd = -1

    def at(self, path: str) -> str:
        return f"{self.top}/{path}"

    def symlink(self, text: str, path: str) -> None:
        os.symlink(text, self.at(path))

    def link(self, path: str, new: str) -> None:
        # link(2) of Linux does not follow; linkat(2), which Python takes when there is a descriptor, can
        os.link(self.at(path), self.at(new), src_dir_fd=0, follow_symlinks=True)

    def open(self, path: str, flags: int) -> None:
        self.close()
        there = sum(value for flag, value in FLAGS.items() if flags & flag)
        self.fd = os.open(self.at(path), os.O_RDWR | there, 0o644)

    def make(self, path: str, data: bytes) -> None:
        fd = os.open(self.at(path), os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o644)
        os.write(fd, data)
        os.close(fd)

    def write(self, data: bytes) -> int:
        return os.write(self.fd, data)

    def pwrite(self, data: bytes, offset: int) -> int:
        os.lseek(self.fd, offset, 0)  # Linux's pwrite appends with O_APPEND, and so does write
        return os.write(self.fd, data)

    def pread(self, count: int, offset: int) -> bytes:
        return os.pread(self.fd, count, offset)

    def close(self) -> None:
        if self.fd >= 0:
            os.close(self.fd)
        self.fd = -1

    def do(self, name: str, *args: Any) -> Any:
        """The result, or the kernel's number of the errno."""
        try:
            own = getattr(self, name, None)
            if own is not None:
                return own(*args)
            paths = [self.at(arg) if isinstance(arg, str) else arg for arg in args]
            return getattr(os, name)(*paths)
        except OSError as error:
            number = host.EPERM if (name, error.errno) == ("unlink", host.EISDIR) else error.errno
            return -kernel_errno(number or 0)

    def tree(self, path: str = ".") -> dict[str, Any]:
        """Everything below: type and mode, and links of what is no directory, with its content."""
        out: dict[str, Any] = {}
        for name in os.listdir(self.at(path)):
            at = f"{path}/{name}"
            found = os.lstat(self.at(at))
            if stat.S_ISDIR(found.st_mode):
                out[at] = found.st_mode
                out.update(self.tree(at))
            elif stat.S_ISLNK(found.st_mode):
                out[at] = os.readlink(self.at(at))
            else:
                out[at] = (found.st_mode, found.st_nlink, Path(self.at(at)).read_bytes())
        return out


class Guest(Host):
    """The same below a directory of the kernel."""

    def __init__(self, p: Process, top: str) -> None:
        super().__init__(top)
        self.p = p

    def symlink(self, text: str, path: str) -> None:
        self.p.symlink(text, self.at(path))

    def link(self, path: str, new: str) -> None:
        self.p.link(self.at(path), self.at(new))

    def open(self, path: str, flags: int) -> None:
        self.close()
        self.fd = self.p.open(self.at(path), O_RDWR | flags, 0o644)

    def make(self, path: str, data: bytes) -> None:
        fd = self.p.open(self.at(path), O_WRONLY | O_CREAT | O_TRUNC, 0o644)
        self.p.write(fd, data)
        self.p.close(fd)

    def write(self, data: bytes) -> int:
        return int(self.p.write(self.fd, data))

    def pwrite(self, data: bytes, offset: int) -> int:
        self.p.lseek(self.fd, offset)
        return int(self.p.write(self.fd, data))

    def pread(self, count: int, offset: int) -> bytes:
        return bytes(self.p.pread(self.fd, count, offset))

    def close(self) -> None:
        if self.fd >= 0:
            self.p.close(self.fd)
        self.fd = -1

    def do(self, name: str, *args: Any) -> Any:
        try:
            own = getattr(self, name, None)
            if own is not None:
                return own(*args)
            return getattr(self.p, name)(*(self.at(arg) if isinstance(arg, str) else arg for arg in args))
        except KernelError as error:
            return -error.errno

    def tree(self, path: str = ".") -> dict[str, Any]:
        out: dict[str, Any] = {}
        for name in self.p.listdir(self.at(path)):
            at = f"{path}/{name}"
            found = self.p.lstat(self.at(at))
            if stat.S_ISDIR(found.st_mode):
                out[at] = found.st_mode
                out.update(self.tree(at))
            elif stat.S_ISLNK(found.st_mode):
                out[at] = self.p.readlink(self.at(at))
            else:
                fd = self.p.open(self.at(at))
                out[at] = (found.st_mode, found.st_nlink, self.p.read(fd, 10000))
                self.p.close(fd)
        return out


@pytest.fixture(params=["amd64", "i386"], scope="module")
def lk(request: Any, cc: Compile) -> Iterator[LocalKernel]:
    """A kernel with memfs and hookfs."""
    with LocalKernel(inside=True, machine=request.param) as made:
        p = made.process("load")
        for path, name in (("memfs/memfs.c", "memfs"), ("stack/hook.c", "hook")):
            modules.load(p, cc(EXAMPLES / path, machine=request.param, name=name), symbols=True)
        p.mkdir("/layer")
        yield made


def begin(lk: LocalKernel, p: Process, subject: str, shown: str) -> Guest:
    """An empty directory of a file system."""
    if subject == "rootfs":
        p.mkdir("/mnt/top")
        return Guest(p, "/mnt/top")
    if subject == "hostfs":
        p.mount("hostfs", "/mnt", lk.share(shown, writable=True))
    else:
        p.mount("memfs", "/mnt")
    if subject == "hookfs":
        p.mount("hookfs", "/layer", "/mnt")
    top = "/layer/top" if subject == "hookfs" else "/mnt/top"
    p.mkdir(top)
    return Guest(p, top)


def end(lk: LocalKernel, guest: Guest, subject: str) -> None:
    """All of it goes, and no vnode is left."""
    guest.close()
    for path, row in sorted(guest.tree().items(), reverse=True):
        (guest.p.rmdir if isinstance(row, int) else guest.p.unlink)(guest.at(path))
    guest.p.rmdir(guest.top)
    if subject == "hookfs":
        guest.p.unmount("/layer")
    if subject != "rootfs":
        guest.p.unmount("/mnt")
    kernel = lk.kernel
    assert kernel is not None
    assert (kernel.vfs.vnodes, kernel.vfs.rootfs.vnodes, kernel.vfs.tree.used) == (set(), {}, 0)


@pytest.mark.parametrize("subject", SUBJECTS)
@given(operations=st.lists(OPERATION, min_size=5, max_size=30))
@settings(max_examples=20, deadline=None)
def test_a_file_system_does_what_the_hosts_does(
    lk: LocalKernel, subject: str, operations: list[tuple[Any, ...]]
) -> None:
    """Every operation ends alike, with the same errno; then both trees are the same."""
    p = lk.process("oracle")
    with tempfile.TemporaryDirectory() as top, tempfile.TemporaryDirectory() as shown:
        guest, oracle = begin(lk, p, subject, shown), Host(top)
        mask = os.umask(0o022)
        try:
            for operation in operations:
                if operation[0] in ("write", "pwrite", "pread") and oracle.fd < 0:
                    continue
                results = guest.do(*operation), oracle.do(*operation)
                if operation[0] not in ("link", "rename") or not EITHER.issuperset(results):
                    assert (operation, results[0]) == (operation, results[1])
            assert guest.tree() == oracle.tree()
        finally:
            os.umask(mask)
            oracle.close()
            end(lk, guest, subject)
            p.exit()


# -- a directory that changes while it is read --------------------------------------------------------------

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


class Reader:
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
    lk: LocalKernel, subject: str, first: set[str], steps: list[tuple[Any, ...]]
) -> None:
    """Reading on, also from a cookie that was got before, is right; afterwards it has what the host's has."""
    p = lk.process("reader")
    with tempfile.TemporaryDirectory() as top, tempfile.TemporaryDirectory() as shown:
        guest, oracle = begin(lk, p, subject, shown), Host(top)
        try:
            for name in first:
                assert (guest.do("make", name, b""), oracle.do("make", name, b"")) == (None, None)
            reader = Reader(guest)
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
            end(lk, guest, subject)
            p.exit()
