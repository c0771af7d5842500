"""Pages of RAM that programs of the host map too.

RAM as a whole is given to nobody. A page that is shared for the first time moves to a memory file of its own,
which takes its place in our mapping: the same bytes at the same address, so that neither Python nor the CPU
sees a difference. When the last who shares it is gone it becomes anonymous memory again: whoever kept the
file, or a mapping of it, has a page of his own from then on and none of ours.

The files can neither be made longer nor shorter: a page without its file would end this program (SIGBUS).
"""

from __future__ import annotations

import ctypes
import fcntl
import mmap
import os
import resource
from collections import Counter
from collections.abc import Sequence

from lkmtools.abi.errno import ENOMEM
from lkmtools.abi.kernel import PAGE_SIZE
from lkmtools.errors import KernelError

MOST = 8192  # pages at once; each is up to two more mappings of this process, and hosts allow some 65,000

_MAP_FIXED = 0x10  # <sys/mman.h> of Linux
_FAILED = ctypes.c_void_p(-1).value
_libc = ctypes.CDLL(None, use_errno=True)
_libc.mmap.restype = ctypes.c_void_p
_libc.mmap.argtypes = [ctypes.c_void_p, ctypes.c_size_t, *[ctypes.c_int] * 3, ctypes.c_long]


class SharedFrames:
    """Page frames of RAM by number, each with its memory file and how often it is shared.

    `buf` is RAM. Half of the descriptors this process may have are the limit, and MOST.
    """

    def __init__(self, buf: mmap.mmap) -> None:
        self._buf = buf
        self._base = ctypes.addressof(ctypes.c_char.from_buffer(buf))
        self._file: dict[int, int] = {}
        self._count: Counter[int] = Counter()

    @property
    def total(self) -> int:
        """How many pages are shared."""
        return len(self._file)

    @property
    def limit(self) -> int:
        """How many there may be."""
        return min(MOST, resource.getrlimit(resource.RLIMIT_NOFILE)[0] // 2)

    def share(self, frames: Sequence[int]) -> None:
        """Each of the frames is shared once more; ENOMEM, and then none is."""
        fresh = len(set(frames) - self._file.keys())
        if self.total + fresh > self.limit:
            raise KernelError(
                ENOMEM, f"{fresh} more pages for clients; {self.total} are shared, the limit is {self.limit}"
            )
        done = 0
        try:
            for frame in frames:
                if frame not in self._file:
                    self._file[frame] = self._move_out(frame)
                self._count[frame] += 1
                done += 1
        except OSError as error:
            self.drop(frames[:done])
            raise KernelError(ENOMEM, f"no memory file for a page: {error.strerror}") from None

    def drop(self, frames: Sequence[int]) -> None:
        """Each of the frames is shared once less; nothing to do after close()."""
        for frame in frames if self._file else ():
            self._count[frame] -= 1
            if not self._count[frame]:
                del self._count[frame]
                self._move_back(frame)

    def open(self, frames: Sequence[int], writable: bool) -> list[int]:
        """New descriptors of the frames' memory files, the caller's to close; ENOMEM, and then none."""
        files: list[int] = []
        try:
            for frame in frames:
                fd = self._file[frame]
                files.append(
                    os.dup(fd) if writable else os.open(f"/proc/self/fd/{fd}", os.O_RDONLY | os.O_CLOEXEC)
                )
        except OSError as error:
            for fd in files:
                os.close(fd)
            raise KernelError(ENOMEM, f"no descriptor for a page: {error.strerror}") from None
        return files

    def close(self) -> None:
        """Forget all of them: RAM goes, and the pages with it."""
        while self._file:
            os.close(self._file.popitem()[1])
        self._count.clear()

    def _bytes(self, frame: int) -> bytes:
        return self._buf[frame * PAGE_SIZE : (frame + 1) * PAGE_SIZE]

    def _move_out(self, frame: int) -> int:
        """Give a frame a memory file of its own: its descriptor. OSError."""
        fd = os.memfd_create("lkm-page", os.MFD_CLOEXEC | os.MFD_ALLOW_SEALING)
        try:
            os.pwrite(fd, self._bytes(frame), 0)
            fcntl.fcntl(fd, fcntl.F_ADD_SEALS, fcntl.F_SEAL_SHRINK | fcntl.F_SEAL_GROW | fcntl.F_SEAL_SEAL)
            os.fchmod(fd, 0o400)  # who has it for reading cannot open it anew for writing
            self._place(frame, fd, mmap.MAP_SHARED)
        except OSError:
            os.close(fd)
            raise
        return fd

    def _move_back(self, frame: int) -> None:
        """Make a frame anonymous memory with the same content. OSError."""
        content = self._bytes(frame)
        self._place(frame, -1, mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS)
        self._buf[frame * PAGE_SIZE : (frame + 1) * PAGE_SIZE] = content
        os.close(self._file.pop(frame))

    def _place(self, frame: int, fd: int, kind: int) -> None:
        """Let a frame's address in our mapping mean the one page of a file, or fresh memory (-1)."""
        at, prot = self._base + frame * PAGE_SIZE, mmap.PROT_READ | mmap.PROT_WRITE
        if _libc.mmap(at, PAGE_SIZE, prot, kind | _MAP_FIXED, fd, 0) == _FAILED:
            error = ctypes.get_errno()
            raise OSError(error, os.strerror(error))
