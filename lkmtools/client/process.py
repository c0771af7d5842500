"""Process: the system calls by name, each with its NetBSD 5.2 prototype from <sys/syscallargs.h>.

All of them go through syscall() by number. Errors are KernelErrors of the kernel.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from struct import Struct as Codec
from typing import TYPE_CHECKING

from lkmtools.abi import syscall as nr
from lkmtools.abi.errno import EINVAL
from lkmtools.abi.fcntl import O_RDONLY, SEEK_SET
from lkmtools.abi.limits import PATH_MAX
from lkmtools.abi.mman import MAP_PRIVATE, PROT_READ, PROT_WRITE
from lkmtools.client.core import Buffer
from lkmtools.client.sysctl import SysctlCalls
from lkmtools.errors import KernelError

if TYPE_CHECKING:
    from types import SimpleNamespace


_POLLFD = Codec("<ihh")
_GETDENTS = 8192  # bytes of directory read at once


class Process(SysctlCalls):
    """A process of the simulated kernel, made by connect(), for one thread at a time.

    Use it as a context manager, or exit() it.
    """

    def __enter__(self) -> Process:
        return self

    def __exit__(self, *exc: object) -> None:
        self.exit()

    def quad(self, value: int) -> tuple[int, ...]:
        """A 64-bit argument (off_t) as register words: one, or two in memory order (ILP32)."""
        if self.dm.pointer == 8:
            return (value,)
        low, high = value & 0xFFFFFFFF, value >> 32 & 0xFFFFFFFF
        return (low, high) if self.dm.byteorder == "little" else (high, low)

    def open(self, path: str, flags: int = O_RDONLY, mode: int = 0) -> int:
        """int open(const char *path, int flags, mode_t mode): the new descriptor."""
        return self.syscall(nr.SYS_open, path, flags, mode)[0]

    def close(self, fd: int) -> None:
        """int close(int fd)"""
        self.syscall(nr.SYS_close, fd)

    def dup(self, fd: int) -> int:
        """int dup(int fd)"""
        return self.syscall(nr.SYS_dup, fd)[0]

    def read(self, fd: int, size: int) -> bytes:
        """ssize_t read(int fd, void *buf, size_t nbyte): at most `size` bytes; none at the end."""
        buf = self.buffer(size)
        return bytes(buf.data[: self.syscall(nr.SYS_read, fd, buf, size)[0]])

    def write(self, fd: int, data: bytes) -> int:
        """ssize_t write(int fd, const void *buf, size_t nbyte): how many were written."""
        return self.syscall(nr.SYS_write, fd, data, len(data))[0]

    def pread(self, fd: int, size: int, offset: int) -> bytes:
        """ssize_t pread(int fd, void *buf, size_t nbyte, int pad, off_t offset)"""
        buf = self.buffer(size)
        return bytes(buf.data[: self.syscall(nr.SYS_pread, fd, buf, size, 0, *self.quad(offset))[0]])

    def pwrite(self, fd: int, data: bytes, offset: int) -> int:
        """ssize_t pwrite(int fd, const void *buf, size_t nbyte, int pad, off_t offset)"""
        return self.syscall(nr.SYS_pwrite, fd, data, len(data), 0, *self.quad(offset))[0]

    def lseek(self, fd: int, offset: int, whence: int = SEEK_SET) -> int:
        """off_t lseek(int fd, int pad, off_t offset, int whence): the new offset.

        On ILP32 it comes in two registers.
        """
        first, second = self.syscall(nr.SYS_lseek, fd, 0, *self.quad(offset), whence)
        if self.dm.pointer == 8:
            return first
        low, high = (first, second) if self.dm.byteorder == "little" else (second, first)
        return high << 32 | low & 0xFFFFFFFF

    def ioctl(self, fd: int, com: int, data: Buffer | bytes | int = 0, *also: Buffer) -> int:
        """int ioctl(int fd, u_long com, void *data); `also`: the buffers that `data` points to.

        What the kernel copies out appears in a Buffer, and is lost where `data` is bytes.
        """
        return self.syscall(nr.SYS_ioctl, fd, com, data, also=also)[0]

    def mmap(self, fd: int, length: int, offset: int = 0, prot: int = PROT_READ | PROT_WRITE) -> int:
        """void *mmap(void *addr, size_t len, int prot, int flags, int fd, long pad, off_t pos): an address.

        Below 4 GiB of this very program; see memory(). A file's is private, readable and writable whatever
        `prot` says; a device's is shared with the kernel, and must be open for `prot`.
        """
        address = self.syscall(nr.SYS_mmap, 0, length, prot, MAP_PRIVATE, fd, 0, *self.quad(offset))[0]
        return address & self.dm.mask

    def munmap(self, address: int, length: int) -> None:
        """int munmap(void *addr, size_t len): a whole mapping."""
        self.syscall(nr.SYS_munmap, address, length)

    def fcntl(self, fd: int, cmd: int, arg: int = 0) -> int:
        """int fcntl(int fd, int cmd, void *arg)"""
        return self.syscall(nr.SYS_fcntl, fd, cmd, arg)[0]

    def poll(self, fds: Sequence[tuple[int, int]], timeout: int = -1) -> list[tuple[int, int]]:
        """int poll(struct pollfd *fds, u_int nfds, int timeout): (fd, revents) of those that have any.

        `fds` are (fd, events); `timeout` in milliseconds, -1 for ever.
        """
        buf = self.buffer(b"".join(_POLLFD.pack(fd, events, 0) for fd, events in fds))
        self.syscall(nr.SYS_poll, buf, len(fds), timeout)
        return [(fd, revents) for fd, _, revents in _POLLFD.iter_unpack(buf.data) if revents]

    def getpid(self) -> int:
        """pid_t getpid(void)"""
        return self.syscall(nr.SYS_getpid)[0]

    def kill(self, pid: int, signum: int) -> None:
        """int kill(pid_t pid, int signum)"""
        self.syscall(nr.SYS_kill, pid, signum)

    def mknod(self, path: str, mode: int, dev: int) -> None:
        """int mknod(const char *path, mode_t mode, dev_t dev)"""
        self.syscall(nr.SYS_mknod, path, mode, dev)

    def unlink(self, path: str) -> None:
        """int unlink(const char *path)"""
        self.syscall(nr.SYS_unlink, path)

    def chmod(self, path: str, mode: int) -> None:
        """int chmod(const char *path, mode_t mode)"""
        self.syscall(nr.SYS_chmod, path, mode)

    def chown(self, path: str, uid: int, gid: int) -> None:
        """int chown(const char *path, uid_t uid, gid_t gid); -1 leaves one as it is."""
        self.syscall(nr.SYS_chown, path, uid, gid)

    def mkdir(self, path: str, mode: int = 0o777) -> None:
        """int mkdir(const char *path, mode_t mode)"""
        self.syscall(nr.SYS_mkdir, path, mode)

    def rmdir(self, path: str) -> None:
        """int rmdir(const char *path)"""
        self.syscall(nr.SYS_rmdir, path)

    def utimes(self, path: str, times: tuple[float, float] | None = None) -> None:
        """int utimes(const char *path, const struct timeval *tptr): access and change; None: now."""
        from lkmtools.abi.time import TIME_MAX, timeval

        layout = timeval.layout(self.dm)
        if late := [moment for moment in times or () if not 0 <= moment < TIME_MAX + 1]:
            raise KernelError(EINVAL, f"time {late[0]} is not between 0 and {TIME_MAX} (19 January 2038)")
        data = b"".join(layout.pack(tv_sec=int(t), tv_usec=round(t % 1 * 1_000_000)) for t in times or ())
        self.syscall(nr.SYS_utimes, path, data or 0)

    def rename(self, path: str, to: str) -> None:
        """int rename(const char *from, const char *to)"""
        self.syscall(nr.SYS_rename, path, to)

    def link(self, path: str, name: str) -> None:
        """int link(const char *path, const char *link)"""
        self.syscall(nr.SYS_link, path, name)

    def symlink(self, text: str, name: str) -> None:
        """int symlink(const char *path, const char *link)"""
        self.syscall(nr.SYS_symlink, text, name)

    def readlink(self, path: str) -> str:
        """ssize_t readlink(const char *path, char *buf, size_t count): what a symbolic link says."""
        buf = self.buffer(PATH_MAX)
        count = self.syscall(nr.SYS_readlink, path, buf, PATH_MAX)[0]
        return os.fsdecode(bytes(buf.data[:count]))

    def access(self, path: str, flags: int) -> None:
        """int access(const char *path, int flags)"""
        self.syscall(nr.SYS_access, path, flags)

    def truncate(self, path: str, length: int) -> None:
        """int truncate(const char *path, int pad, off_t length)"""
        self.syscall(nr.SYS_truncate, path, 0, *self.quad(length))

    def ftruncate(self, fd: int, length: int) -> None:
        """int ftruncate(int fd, int pad, off_t length)"""
        self.syscall(nr.SYS_ftruncate, fd, 0, *self.quad(length))

    def fsync(self, fd: int) -> None:
        """int fsync(int fd)"""
        self.syscall(nr.SYS_fsync, fd)

    def chdir(self, path: str) -> None:
        """int chdir(const char *path)"""
        self.syscall(nr.SYS_chdir, path)

    def fchdir(self, fd: int) -> None:
        """int fchdir(int fd)"""
        self.syscall(nr.SYS_fchdir, fd)

    def chroot(self, path: str) -> None:
        """int chroot(const char *path)"""
        self.syscall(nr.SYS_chroot, path)

    def getcwd(self) -> str:
        """int __getcwd(char *bufp, size_t length): the working directory, as seen from the root directory."""
        buf = self.buffer(PATH_MAX)
        count = self.syscall(nr.SYS___getcwd, buf, PATH_MAX)[0]
        return os.fsdecode(bytes(buf.data[: count - 1]))

    def share(self, path: str, writable: bool = False, session: bool = False) -> str:
        """Let the kernel show a directory of the host, an absolute path: the source to mount as hostfs, once.

        With `session` it is unmounted when no process has it as root directory any more, and this one ended.
        """
        found = self.control("share", path=path, writable=writable, session=session)
        if found["errno"]:
            raise KernelError(found["errno"], found["reason"])
        return str(found["word"])

    def mount(self, kind: str, path: str, source: str | bytes | None = None, flags: int = 0) -> None:
        """int __mount50(const char *type, const char *path, int flags, void *data, size_t data_len)

        `source` as bytes is the data. As a str it is what most file systems expect to find there: a struct
        whose first member points to a string.
        """
        if source is None:
            self.syscall(nr.SYS___mount50, kind, path, flags, 0, 0)
        elif isinstance(source, bytes):
            self.syscall(nr.SYS___mount50, kind, path, flags, source, len(source))
        else:
            text = self.buffer(os.fsencode(source) + b"\0")
            data = self.buffer(text.addr.to_bytes(self.dm.pointer, self.dm.byteorder))
            self.syscall(nr.SYS___mount50, kind, path, flags, data, self.dm.pointer, also=(text,))

    def unmount(self, path: str, flags: int = 0) -> None:
        """int unmount(const char *path, int flags)"""
        self.syscall(nr.SYS_unmount, path, flags)

    def statvfs(self, path: str) -> SimpleNamespace:
        """int statvfs1(const char *path, struct statvfs *buf, int flags): its members as attributes."""
        from lkmtools.abi import mount

        layout = mount.statvfs.layout(self.dm)
        buf = self.buffer(layout.size)
        self.syscall(nr.SYS_statvfs1, path, buf, 1)
        return layout.unpack(buf.data)

    def mounts(self) -> list[SimpleNamespace]:
        """int getvfsstat(struct statvfs *buf, size_t bufsize, int flags): every mounted file system."""
        from lkmtools.abi import mount

        layout = mount.statvfs.layout(self.dm)
        count = self.syscall(nr.SYS_getvfsstat, 0, 0, 1)[0]
        if count <= 0:
            return []
        buf = self.buffer(count * layout.size)
        count = self.syscall(nr.SYS_getvfsstat, buf, count * layout.size, 1)[0]
        return [layout.unpack(buf.data, i * layout.size) for i in range(count)]

    def lstat(self, path: str) -> SimpleNamespace:
        """int __lstat30(const char *path, struct stat *ub): stat() of a symbolic link itself."""
        return self._stat(nr.SYS___lstat30, path)

    def fstat(self, fd: int) -> SimpleNamespace:
        """int __fstat30(int fd, struct stat *sb): stat() of an open file."""
        return self._stat(nr.SYS___fstat30, fd)

    def stat(self, path: str) -> SimpleNamespace:
        """int __stat30(const char *path, struct stat *ub): the members of struct stat as attributes."""
        return self._stat(nr.SYS___stat30, path)

    def _stat(self, call: int, what: str | int) -> SimpleNamespace:
        from lkmtools.abi import stat

        layout = stat.stat.layout(self.dm)
        buf = self.buffer(layout.size)
        self.syscall(call, what, buf)
        return layout.unpack(buf.data)

    def listdir(self, path: str) -> list[str]:
        """int __getdents30(int fd, char *buf, size_t count): the names but "." and "..".

        EIO for entries that make no sense.
        """
        names: list[str] = []
        fd = self.open(path)
        buf = self.buffer(_GETDENTS)
        try:
            while count := self.syscall(nr.SYS___getdents30, fd, buf, _GETDENTS)[0]:
                names += self._names(path, bytes(buf.data[:count]))
        except KernelError:
            self.close(fd)
            raise
        self.close(fd)
        return [name for name in names if name not in (".", "..")]

    def _names(self, path: str, data: bytes) -> Iterator[str]:
        """The names in what getdents gave."""
        from lkmtools.abi import stat
        from lkmtools.abi.errno import EIO

        layout = stat.dirent.layout(self.dm)
        start, at = layout.offsetof("d_name"), 0
        while at < len(data):
            left = len(data) - at
            size = layout.get(data, at, "d_reclen") if left >= start else 0
            length = layout.get(data, at, "d_namlen") if left >= start else 0
            if not start + length < size <= left:
                said = f"has {size} bytes of {left}, and a name of {length}"
                raise KernelError(EIO, f"the entry at {at} of '{path}' says that it {said}")
            yield os.fsdecode(data[at + start : at + start + length])
            at += size
