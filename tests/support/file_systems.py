"""Directories of the host and of the kernel's file systems, to which the same operations can be done.

The subjects: memfs (module code), a layer over it, the root file system, and a directory of the host shown
inside.
"""

from __future__ import annotations

import errno as host
import os
import stat
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from lkmtools import modules
from lkmtools.abi.fcntl import O_APPEND, O_CREAT, O_EXCL, O_RDWR, O_TRUNC, O_WRONLY
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
def memfs_kernel(request: Any, cc: Compile) -> Iterator[LocalKernel]:
    """A kernel with memfs and hookfs."""
    with LocalKernel(inside=True, machine=request.param) as made:
        p = made.process("load")
        for path, name in (("memfs/memfs.c", "memfs"), ("stack/hook.c", "hook")):
            modules.load(p, cc(EXAMPLES / path, machine=request.param, name=name), symbols=True)
        p.mkdir("/layer")
        yield made


def begin(memfs_kernel: LocalKernel, p: Process, subject: str, shown: str) -> Guest:
    """An empty directory of a file system."""
    if subject == "rootfs":
        p.mkdir("/mnt/top")
        return Guest(p, "/mnt/top")
    if subject == "hostfs":
        p.mount("hostfs", "/mnt", memfs_kernel.share(shown, writable=True))
    else:
        p.mount("memfs", "/mnt")
    if subject == "hookfs":
        p.mount("hookfs", "/layer", "/mnt")
    top = "/layer/top" if subject == "hookfs" else "/mnt/top"
    p.mkdir(top)
    return Guest(p, top)


def end(memfs_kernel: LocalKernel, guest: Guest, subject: str) -> None:
    """All of it goes, and no vnode is left."""
    guest.close()
    for path, row in sorted(guest.tree().items(), reverse=True):
        (guest.p.rmdir if isinstance(row, int) else guest.p.unlink)(guest.at(path))
    guest.p.rmdir(guest.top)
    if subject == "hookfs":
        guest.p.unmount("/layer")
    if subject != "rootfs":
        guest.p.unmount("/mnt")
    kernel = memfs_kernel.kernel
    assert kernel is not None
    assert (kernel.vfs.vnodes, kernel.vfs.rootfs.vnodes, kernel.vfs.tree.used) == (set(), {}, 0)
