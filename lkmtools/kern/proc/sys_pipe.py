"""Pipes (sys_pipe.c of NetBSD 5.2)."""

from __future__ import annotations

from itertools import count
from typing import TYPE_CHECKING

from lkmtools.abi.errno import EAGAIN, EPASSTHROUGH, EPIPE, ESPIPE
from lkmtools.abi.fcntl import FNONBLOCK, FREAD, FWRITE
from lkmtools.abi.filio import FIONREAD
from lkmtools.abi.poll import POLLERR, POLLHUP, POLLIN, POLLOUT, POLLRDNORM
from lkmtools.abi.proc import PCATCH, PSOCK
from lkmtools.abi.signal import SIGPIPE
from lkmtools.abi.stat import S_IFIFO, S_IRUSR, S_IWUSR
from lkmtools.abi.syscall import SYS_pipe
from lkmtools.errors import KernelError
from lkmtools.kern.proc.kern_descrip import File
from lkmtools.kern.proc.kern_sig import signal_proc
from lkmtools.kern.proc.syscall import syscall

if TYPE_CHECKING:
    from lkmtools.kern.kernel import Kernel
    from lkmtools.kern.proc.kern_proc import Lwp

PIPE_SIZE = 16384
PIPE_BUF = 512  # a write of at most this many bytes is atomic
_idents = count(1)


class Pipe:
    """What its two ends share."""

    def __init__(self) -> None:
        self.data = bytearray()
        self.readers = self.writers = 1
        self.ident = -(next(_idents) << 4 | 5)  # no address: nobody else sleeps there


class PipeEnd(File):
    """One end: reading for FREAD, writing for FWRITE."""

    def __init__(self, pipe: Pipe, flag: int) -> None:
        super().__init__(flag)
        self.pipe = pipe

    def _changed(self, k: Kernel) -> None:
        k.sched.wakeup(self.pipe.ident)
        k.pollers.notify(k, self.pipe.ident)

    def _wait(self, k: Kernel, wmesg: str) -> None:
        if self.flag & FNONBLOCK:
            raise KernelError(EAGAIN, "the pipe is empty" if wmesg == "piperd" else "the pipe is full")
        k.sched.tsleep(self.pipe.ident, PSOCK | PCATCH, wmesg, 0)

    def readwrite(self, k: Kernel, lwp: Lwp, buf: int, count: int, offset: int, rw: int) -> int:
        """Read what there is, waiting for the first byte; write everything, waiting for room."""
        return self._write(k, lwp, buf, count) if rw else self._read(k, lwp, buf, count)

    def _read(self, k: Kernel, lwp: Lwp, buf: int, count: int) -> int:
        pipe = self.pipe
        while count and not pipe.data:
            if not pipe.writers:
                return 0
            self._wait(k, "piperd")
        data = bytes(pipe.data[:count])
        lwp.proc.space.write(buf, data)
        del pipe.data[: len(data)]
        self._changed(k)
        return len(data)

    def _write(self, k: Kernel, lwp: Lwp, buf: int, count: int) -> int:
        pipe, done = self.pipe, 0
        while done < count:
            if not pipe.readers:
                signal_proc(k, lwp.proc, SIGPIPE)
                raise KernelError(EPIPE, "the pipe has no reader")
            room = PIPE_SIZE - len(pipe.data)
            if room <= 0 or (count <= PIPE_BUF and room < count):
                try:
                    self._wait(k, "pipewr")
                except KernelError:
                    if done:
                        return done
                    raise
                continue
            take = min(room, count - done)
            pipe.data += lwp.proc.space.read(buf + done, take)
            done += take
            self._changed(k)
        return done

    def poll(self, k: Kernel, lwp: Lwp, events: int) -> int:
        """Readable when there are bytes or no writer, writable when PIPE_BUF bytes fit or nobody reads."""
        pipe, ready = self.pipe, 0
        if self.flag & FREAD:
            if pipe.data or not pipe.writers:
                ready |= events & (POLLIN | POLLRDNORM)
            if not pipe.writers:
                ready |= POLLHUP
        elif not pipe.readers:
            ready |= POLLERR
        elif PIPE_SIZE - len(pipe.data) >= PIPE_BUF:
            ready |= events & POLLOUT
        if not ready:
            k.pollers.wait_for(lwp, pipe.ident)
        return ready

    def seek(self, k: Kernel, lwp: Lwp, offset: int, whence: int) -> int:
        """ESPIPE."""
        raise KernelError(ESPIPE, "a pipe has no offset")

    def attributes(self) -> dict[str, int]:
        """Members of struct stat: a FIFO with its number of bytes."""
        return {
            "st_mode": S_IFIFO | S_IRUSR | S_IWUSR, "st_size": len(self.pipe.data), "st_blksize": PIPE_SIZE,
            "st_nlink": 1,
        }  # fmt: skip

    def ioctl(self, k: Kernel, lwp: Lwp, com: int, data: int) -> int:
        """FIONREAD: how many bytes wait to be read."""
        if com != FIONREAD:
            return EPASSTHROUGH
        k.mem.set_u32(data, len(self.pipe.data))
        return 0

    def close(self, k: Kernel, lwp: Lwp) -> int:
        """The other end sees the end, or that nobody reads."""
        if self.flag & FREAD:
            self.pipe.readers -= 1
        else:
            self.pipe.writers -= 1
        self._changed(k)
        return 0


@syscall(SYS_pipe, "")
def sys_pipe(k: Kernel, lwp: Lwp) -> tuple[int, int]:
    """Two descriptors in the two result registers: what is written to the second is read from the first."""
    files, pipe = lwp.proc.files, Pipe()
    first = files.install(PipeEnd(pipe, FREAD))
    try:
        return first, files.install(PipeEnd(pipe, FWRITE))
    except KernelError:
        files.take(first)
        raise
