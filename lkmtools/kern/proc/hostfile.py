"""Descriptors of the host in the kernel: standard input and output of programs that lkmctl exec started.

The daemon must never block on one. A pipe or terminal is opened once more through /proc, which sets
O_NONBLOCK for us without setting it for others that share the original; a socket has its own flag for that; a
regular file never blocks. What can be neither is only touched when poll(2) says so, a little at a time.
Waiting is done by HostPoll, one epoll descriptor that the owner of the kernel's loop watches.
"""

from __future__ import annotations

import _socket
import os
import select
import stat
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, TypeVar

from lkmtools.abi.errno import EAGAIN, EBADF, EINVAL, EIO, ENFILE, ENOTTY, EPIPE, ESPIPE
from lkmtools.abi.fcntl import FNONBLOCK, FREAD, FWRITE
from lkmtools.abi.poll import POLLHUP, POLLIN, POLLOUT, POLLRDNORM
from lkmtools.abi.proc import PCATCH, PSOCK
from lkmtools.abi.signal import SIGPIPE
from lkmtools.abi.time import nearest
from lkmtools.errors import KernelError
from lkmtools.kern.proc.host_tty import host_ioctl
from lkmtools.kern.proc.kern_descrip import File, Filedesc
from lkmtools.kern.proc.kern_sig import signal_proc

if TYPE_CHECKING:
    from lkmtools.kern.kernel import Kernel
    from lkmtools.kern.proc.kern_proc import Lwp

_A = TypeVar("_A")
_T = TypeVar("_T")
_MOST = 1 << 16  # bytes in one transfer
_LITTLE = 512  # ... to what might block
_LONGEST = 3600.0  # seconds of one wait: epoll takes less than 25 days


class HostPoll:
    """Host descriptors that lwps wait for. fileno() is readable when poll() has something to do."""

    def __init__(self) -> None:
        self._epoll = select.epoll()
        self._waiting: dict[int, tuple[HostFile, int]] = {}

    def fileno(self) -> int:
        """The descriptor to watch."""
        return self._epoll.fileno()

    @property
    def waiting(self) -> int:
        """How many descriptors are waited for."""
        return len(self._waiting)

    def close(self) -> None:
        """Nobody waits any more."""
        self._epoll.close()

    def watch(self, file: HostFile, events: int) -> None:
        """Tell `file` once one of the host's `events` has come."""
        old = self._waiting.get(file.fd)
        if old is not None:
            events |= old[1]
            self._epoll.modify(file.fd, events)
        else:
            try:
                self._epoll.register(file.fd, events)
            except PermissionError:
                return  # a regular file or such a device: nothing ever happens there
        self._waiting[file.fd] = (file, events)

    def forget(self, file: HostFile) -> None:
        """It is closed."""
        if self._waiting.pop(file.fd, None) is not None:
            self._epoll.unregister(file.fd)

    def poll(self, k: Kernel, timeout: float = 0) -> None:
        """Wake those whose descriptors are ready, after at most `timeout` seconds (-1: without limit).

        It may be earlier: after an hour.
        """
        for fd, _ in self._epoll.poll(min(timeout, _LONGEST)) if self._waiting else ():
            file, _ = self._waiting[fd]
            self.forget(file)
            file.ready(k)


class HostFile(File):
    """An open file of the host. It owns `fd`."""

    def __init__(self, fd: int) -> None:
        import fcntl

        mode = fcntl.fcntl(fd, fcntl.F_GETFL) & os.O_ACCMODE
        super().__init__({os.O_RDONLY: FREAD, os.O_WRONLY: FWRITE}.get(mode, FREAD | FWRITE))
        self.fd = fd
        kind = os.fstat(fd).st_mode
        self.regular = stat.S_ISREG(kind) or stat.S_ISDIR(kind) or stat.S_ISBLK(kind)
        self.socket = _socket.socket(fileno=os.dup(fd)) if stat.S_ISSOCK(kind) else None
        self.blocks = not self.regular and self.socket is None
        if self.blocks:
            try:
                again = os.open(f"/proc/self/fd/{fd}", mode | os.O_NONBLOCK | os.O_NOCTTY | os.O_CLOEXEC)
            except OSError:
                return  # it is another user's: poll decides
            os.close(fd)
            self.fd, self.blocks = again, False

    @property
    def ident(self) -> int:
        """What lwps that wait for it sleep on."""
        return -(self.fd << 4 | 9)

    def ready(self, k: Kernel) -> None:
        """What somebody waited for has come."""
        k.sched.wakeup(self.ident)
        k.pollers.notify(k, self.ident)

    def _now(self, events: int) -> int:
        """Which of the host's poll events hold now."""
        if self.regular:
            return events
        poller = select.poll()
        poller.register(self.fd, events)
        return next((found for _, found in poller.poll(0)), 0)

    def readwrite(self, k: Kernel, lwp: Lwp, buf: int, count: int, offset: int, rw: int) -> int:
        """Read what there is, waiting for the first byte; write everything, waiting for room.

        The host keeps the offset. EAGAIN with O_NONBLOCK.
        """
        if offset != self.offset:
            raise KernelError(
                ESPIPE, "this file belongs to the host: the kernel cannot read or write it at an offset"
            )
        return self._write(k, lwp, buf, count) if rw else self._read(k, lwp, buf, count)

    def _read(self, k: Kernel, lwp: Lwp, buf: int, count: int) -> int:
        take = min(count, _MOST)
        while take:
            data = self._attempt(select.POLLIN, self._take, take)
            if data is not None:
                lwp.proc.space.write(buf, data)
                return len(data)
            self._sleep(k, select.EPOLLIN, "hostrd")
        return 0

    def _attempt(self, event: int, action: Callable[[_A], _T], what: _A) -> _T | None:
        """What `action(what)` gives; None when the host is not ready for it. KernelError."""
        try:
            return action(what) if not self.blocks or self._now(event) else None
        except BlockingIOError:
            return None
        except OSError as error:
            raise _failed(error) from None

    def _take(self, count: int) -> bytes:
        return self.socket.recv(count, _socket.MSG_DONTWAIT) if self.socket else os.read(self.fd, count)

    def _give(self, data: bytes) -> int:
        return self.socket.send(data, _socket.MSG_DONTWAIT) if self.socket else os.write(self.fd, data)

    def _write(self, k: Kernel, lwp: Lwp, buf: int, count: int) -> int:
        done = 0
        while done < count:
            data = lwp.proc.space.read(buf + done, min(count - done, _LITTLE if self.blocks else _MOST))
            try:
                given = self._attempt(select.POLLOUT, self._give, data)
            except KernelError as error:
                if error.errno == EPIPE:
                    signal_proc(k, lwp.proc, SIGPIPE)
                raise
            if given is not None:
                done += given
                continue
            try:
                self._sleep(k, select.EPOLLOUT, "hostwr")
            except KernelError:
                if done:
                    return done
                raise
        return done

    def _sleep(self, k: Kernel, events: int, wmesg: str) -> None:
        if self.flag & FNONBLOCK:
            raise KernelError(EAGAIN, "the file of the host is not ready")
        k.host.watch(self, events)
        k.sched.tsleep(self.ident, PSOCK | PCATCH, wmesg, 0)

    def poll(self, k: Kernel, lwp: Lwp, events: int) -> int:
        """As the host's poll says."""
        want = (select.POLLIN if events & (POLLIN | POLLRDNORM) else 0) | (
            select.POLLOUT if events & POLLOUT else 0
        )
        found = self._now(want)
        ready = (events & (POLLIN | POLLRDNORM) if found & select.POLLIN else 0) | (
            events & POLLOUT if found & select.POLLOUT else 0
        )
        if found & (select.POLLHUP | select.POLLERR | select.POLLNVAL):
            ready |= POLLHUP
        if not ready:
            k.pollers.wait_for(lwp, self.ident)
            k.host.watch(self, want)
        return ready

    def seek(self, k: Kernel, lwp: Lwp, offset: int, whence: int) -> int:
        """Move the host's offset; ESPIPE for what has none."""
        try:
            return os.lseek(self.fd, offset, whence)
        except OSError as error:
            raise _failed(error) from None

    def attributes(self) -> dict[str, int]:
        """What the host says of it; the types and permissions of files have the same bits everywhere."""
        st = os.fstat(self.fd)
        times = {"a": st.st_atime_ns, "m": st.st_mtime_ns, "c": st.st_ctime_ns}
        values = {
            "st_dev": 0, "st_ino": st.st_ino, "st_mode": st.st_mode, "st_nlink": st.st_nlink,
            "st_uid": st.st_uid, "st_gid": st.st_gid, "st_size": st.st_size, "st_blocks": st.st_blocks,
            "st_blksize": st.st_blksize,
        }  # fmt: skip
        for which, nanos in times.items():
            seconds, rest = divmod(nanos, 1_000_000_000)
            values |= {f"st_{which}timespec.tv_sec": nearest(seconds), f"st_{which}timespec.tv_nsec": rest}
        return values

    def ioctl(self, k: Kernel, lwp: Lwp, com: int, data: int) -> int:
        """FIONREAD, and what host_tty.py has for terminals; EPASSTHROUGH for others."""
        try:
            return host_ioctl(k, self.fd, com, data)
        except OSError as error:
            raise _failed(error) from None

    def close(self, k: Kernel, lwp: Lwp) -> int:
        """The last descriptor inside is gone."""
        k.host.forget(self)
        self.dispose()
        return 0

    def dispose(self) -> None:
        """Close the host's descriptor; also for a file that was never given to a program."""
        if self.fd >= 0:
            os.close(self.fd)
            if self.socket is not None:
                self.socket.close()
            self.fd = -1


def open_host_files(fds: Sequence[int]) -> list[HostFile]:
    """Files for descriptors of the host, which they own from here on; ENFILE, and then all are closed."""
    made: list[HostFile] = []
    try:
        for fd in fds:
            made.append(HostFile(fd))
    except OSError as error:
        for file in made:
            file.dispose()
        for fd in fds[len(made) :]:
            os.close(fd)
        raise KernelError(ENFILE, f"{error.strerror} (on the host)") from None
    return made


def dispose_host_files(files: Filedesc) -> None:
    """Close the host's side of a table whose kernel is gone."""
    for fd in tuple(files):
        file = files.get(fd)
        if isinstance(file, HostFile):
            file.dispose()


def _failed(error: OSError) -> KernelError:
    """A host error; the few numbers that are the same in BSD keep theirs, the others are EIO."""
    same = (EPIPE, EIO, EBADF, EINVAL, ESPIPE, ENOTTY)
    return KernelError(error.errno if error.errno in same else EIO, f"{error.strerror} (on the host)")
