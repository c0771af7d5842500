"""Open files and descriptors (kern_descrip.c)."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from lkmtools.abi.errno import EBADF, EINVAL, EMFILE, EMOVEFD, ENODEV, ENOTTY, EPASSTHROUGH, returned
from lkmtools.abi.fcntl import (
    F_CLOSEM,
    F_DUPFD,
    F_DUPFD_CLOEXEC,
    F_GETFD,
    F_GETFL,
    F_MAXFD,
    F_SETFD,
    F_SETFL,
    FAPPEND,
    FASYNC,
    FD_CLOEXEC,
    FFLAGS,
    FNONBLOCK,
    OFLAGS,
    SEEK_CUR,
    SEEK_END,
)
from lkmtools.abi.filio import FIOASYNC, FIONBIO
from lkmtools.abi.poll import ALWAYS_READY
from lkmtools.abi.syscall import SYS_close, SYS_dup, SYS_dup2, SYS_exit, SYS_fcntl
from lkmtools.abi.uio import UIO_READ
from lkmtools.errors import KernelError
from lkmtools.kern.proc.syscall import syscall

if TYPE_CHECKING:
    from lkmtools.kern.kernel import Kernel
    from lkmtools.kern.proc.kern_copy import Pieces
    from lkmtools.kern.proc.kern_proc import Lwp

NOFILE = 1024  # descriptors of one process
_SETTABLE = FAPPEND | FASYNC | FNONBLOCK


def off_t(offset: int) -> int:
    """What the sum of two offsets is in a signed integer of 64 bits."""
    return (offset + (1 << 63)) % (1 << 64) - (1 << 63)


class File:
    """An open file: what descriptors share. Subclasses say what the operations do.

    `flag` has FREAD and FWRITE and the O_ flags; `offset` moves with read and write. Where the
    offset is `signed` it may be negative: a device decides itself what its offsets mean. `hears_modes`:
    its ioctl() gets FIONBIO and FIOASYNC too.
    """

    signed = False
    hears_modes = False

    def __init__(self, flag: int) -> None:
        self.flag = flag
        self.offset = 0
        self.refs = 1
        self.path = ""  # by which it was opened

    def readwrite(self, k: Kernel, lwp: Lwp, buf: int, count: int, offset: int, rw: int) -> int:
        """Transfer up to `count` bytes between user address `buf` and the file; returns how many."""
        raise KernelError(EINVAL, "this file cannot be read or written")

    def scatter(self, k: Kernel, lwp: Lwp, pieces: Pieces, rw: int) -> int:
        """readv() and writev(), at the file's offset, which moves: buffer by buffer until one is short.

        What has been read is not held up by waiting for more. An error after some bytes only ends it.
        """
        done, flag = 0, self.flag
        try:
            for base, length in pieces:
                moved = self.readwrite(k, lwp, base, length, self.offset, rw) if length else 0
                self.advance(moved)
                done += moved
                if moved < length:
                    break
                if done and rw == UIO_READ:
                    self.flag |= FNONBLOCK
        except KernelError:
            if not done:
                raise
        finally:
            self.flag = flag
        return done

    @property
    def size(self) -> int:
        """Its length in bytes; 0 for one that has none."""
        return 0

    def ioctl(self, k: Kernel, lwp: Lwp, com: int, data: int) -> int:
        """A command; `data` is kernel memory. Returns an errno; EPASSTHROUGH for what it has not."""
        return EPASSTHROUGH

    def poll(self, k: Kernel, lwp: Lwp, events: int) -> int:
        """Which of the POLL* `events` hold now; records the caller as waiting when none do."""
        return events & ALWAYS_READY

    def mmap(self, k: Kernel, lwp: Lwp, length: int, offset: int) -> int:
        """Map whole pages of the file into the caller's memory; returns their address."""
        raise KernelError(ENODEV, "this file cannot be mapped")

    def end(self, k: Kernel, lwp: Lwp) -> int:
        """Where the file ends, for lseek()."""
        return self.size

    def advance(self, moved: int) -> None:
        """So many bytes were read or written at the offset."""
        self.offset = off_t(self.offset + moved)

    def seek(self, k: Kernel, lwp: Lwp, offset: int, whence: int) -> int:
        """Move the offset; returns the new one. EINVAL before the beginning, ESPIPE where there is none."""
        new = offset
        if whence == SEEK_CUR:
            new += self.offset
        elif whence == SEEK_END:
            new += self.end(k, lwp)
        new = off_t(new)
        if new < 0 and not self.signed:
            raise KernelError(EINVAL, f"the offset would be negative: {new}")
        self.offset = new
        return new

    def attributes(self) -> dict[str, int]:
        """Members of struct stat, for a file that has no node."""
        raise KernelError(EINVAL, "this file has no attributes")

    def close(self, k: Kernel, lwp: Lwp) -> int:
        """The last descriptor is gone. Returns an errno."""
        return 0


class Filedesc:
    """A process's descriptor table."""

    def __init__(self) -> None:
        self._files: dict[int, File] = {}
        self.cloexec: set[int] = set()  # descriptors that execve closes
        self.limit = NOFILE  # RLIMIT_NOFILE

    def __iter__(self) -> Iterator[int]:
        return iter(sorted(self._files))

    def get(self, fd: int) -> File:
        """The file behind `fd`; EBADF."""
        file = self._files.get(fd)
        if file is None:
            raise KernelError(EBADF, f"descriptor {fd} is not open")
        return file

    def install(self, file: File, lowest: int = 0) -> int:
        """The lowest free descriptor from `lowest` up now means `file`; EMFILE."""
        fd = lowest
        while fd in self._files:
            fd += 1
        if fd >= self.limit:
            raise KernelError(EMFILE, f"this process has at most {self.limit} descriptors")
        self._files[fd] = file
        return fd

    def put(self, fd: int, file: File) -> None:
        """`fd` now means `file`."""
        self._files[fd] = file

    def take(self, fd: int) -> File:
        """Remove `fd`; EBADF."""
        file = self.get(fd)
        del self._files[fd]
        self.cloexec.discard(fd)
        return file

    def copy(self) -> Filedesc:
        """A table whose descriptors mean the same open files (fork)."""
        other = Filedesc()
        other._files = self._files.copy()
        other.cloexec, other.limit = self.cloexec.copy(), self.limit
        for file in self._files.values():
            file.refs += 1
        return other


def fd_clone(lwp: Lwp, file: File) -> int:
    """What a driver's d_open returns to have `file` opened instead of its device: EMOVEFD."""
    lwp.clones.append(file)
    return EMOVEFD


def drop(k: Kernel, lwp: Lwp, file: File) -> int:
    """One descriptor fewer means `file`; the last one closes it. Returns close's errno."""
    file.refs -= 1
    if file.refs:
        return 0
    lwp.closing = file
    try:
        return file.close(k, lwp)
    finally:
        lwp.closing = None


def close_all(k: Kernel, lwp: Lwp) -> None:
    """Exit: every descriptor is closed; errors have nobody to go to but the console."""
    files = lwp.proc.files
    lwp.asked = SYS_exit, (), True
    for clone in lwp.clones:
        clone.close(k, lwp)  # its driver was called by somebody who opened nothing
    for fd in tuple(files):
        try:
            drop(k, lwp, files.take(fd))
        except KernelError as error:
            k.console.write(f"pid {lwp.proc.pid} ({lwp.proc.comm}): close of {fd} at exit: {error}\n")


@syscall(SYS_close, "int fd")
def sys_close(k: Kernel, lwp: Lwp, fd: int) -> None:
    """Close a descriptor; it is gone even when the driver's close fails."""
    errno = drop(k, lwp, lwp.proc.files.take(fd))
    if errno:
        raise KernelError(errno, lwp.thread.reason or f"closing descriptor {fd} returned {returned(errno)}")


@syscall(SYS_dup, "int fd")
def sys_dup(k: Kernel, lwp: Lwp, fd: int) -> int:
    """Another descriptor for the same open file."""
    files = lwp.proc.files
    file = files.get(fd)
    new = files.install(file)
    file.refs += 1
    return new


@syscall(SYS_dup2, "int from, int to")
def sys_dup2(k: Kernel, lwp: Lwp, fd: int, to: int) -> int:
    """dup to a given number; what it meant before is closed."""
    files = lwp.proc.files
    file = files.get(fd)
    if not 0 <= to < files.limit:
        raise KernelError(EBADF, f"descriptor {to} is not between 0 and {files.limit - 1}")
    if to == fd:
        return to
    file.refs += 1
    if to in tuple(files):
        drop(k, lwp, files.take(to))
    files.put(to, file)
    return to


@syscall(SYS_fcntl, "int fd, int cmd, void *arg")
def sys_fcntl(k: Kernel, lwp: Lwp, fd: int, cmd: int, arg: int) -> int:
    """Descriptor and status flags: F_DUPFD, F_DUPFD_CLOEXEC, F_GETFD, F_SETFD, F_GETFL, F_SETFL.

    F_CLOSEM closes `fd` and all above it, F_MAXFD is the highest that is open. There are no locks.
    """
    files = lwp.proc.files
    if cmd == F_CLOSEM:
        if fd < 0:
            raise KernelError(EBADF, f"invalid descriptor: {fd}")
        for number in [number for number in files if number >= fd]:
            drop(k, lwp, files.take(number))
        return 0
    if cmd == F_MAXFD:
        return max(files, default=-1)
    file = files.get(fd)
    if cmd in (F_DUPFD, F_DUPFD_CLOEXEC):
        if not 0 <= arg < files.limit:
            raise KernelError(EINVAL, f"descriptor {arg} is not between 0 and {files.limit - 1}")
        new = files.install(file, arg)
        file.refs += 1
        if cmd == F_DUPFD_CLOEXEC:
            files.cloexec.add(new)
        return new
    if cmd == F_GETFD:
        return FD_CLOEXEC if fd in files.cloexec else 0
    if cmd == F_SETFD:
        (files.cloexec.add if arg & FD_CLOEXEC else files.cloexec.discard)(fd)
        return 0
    if cmd == F_GETFL:
        return OFLAGS(file.flag)
    if cmd == F_SETFL:
        _set_flags(k, lwp, file, FFLAGS(arg) & _SETTABLE)
        return 0
    raise KernelError(EINVAL, f"fcntl command {cmd} is unknown")


def ioctl_failure(lwp: Lwp, com: int, errno: int) -> KernelError:
    """The error of an ioctl that the file answered with an errno: ENOTTY for EPASSTHROUGH."""
    if errno == EPASSTHROUGH:
        return KernelError(ENOTTY, lwp.thread.reason or f"the file does not support ioctl {com:#x}")
    return KernelError(errno, lwp.thread.reason or f"ioctl {com:#x} of the file returned {returned(errno)}")


def _set_flags(k: Kernel, lwp: Lwp, file: File, flags: int) -> None:
    """F_SETFL: a file with `hears_modes` learns which of them change, and may refuse."""
    changed = (flags ^ file.flag) & (FNONBLOCK | FASYNC) if file.hears_modes else 0
    cell = lwp.alloca(k, 4)
    try:
        for com, flag in ((FIONBIO, FNONBLOCK), (FIOASYNC, FASYNC)):
            k.mem.set_u32(cell, flags & flag)
            errno = file.ioctl(k, lwp, com, cell) if changed & flag else 0
            if errno:
                raise ioctl_failure(lwp, com, errno)
    finally:
        lwp.release(k, cell)
    file.flag = file.flag & ~_SETTABLE | flags
