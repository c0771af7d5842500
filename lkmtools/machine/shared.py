"""Pages of RAM that programs of the host also map.

No client maps RAM as a whole. A page that is shared for the first time moves to a memory file of its own,
which takes its place in our mapping: the same bytes at the same address, so that neither Python nor the CPU
sees a difference. When the last program that shares it has unmapped it, its content moves back to RAM, which
is mapped there again: a program that kept the file, or a mapping of it, has a private page from then on and
none of ours.

The files can neither be made longer nor shorter: a page without its file would end this program (SIGBUS).
"""

from __future__ import annotations

import ctypes
import fcntl
import mmap
import os
import resource
from collections import Counter
from collections.abc import Callable, Sequence

from lkmtools.abi.errno import ENOMEM
from lkmtools.abi.vmparam import PAGE_SIZE
from lkmtools.errors import KernelError

MOST = 8192  # pages at once; each is up to two more mappings of this process, and hosts allow some 65,000

_MAP_FIXED, _MREMAP_MAYMOVE, _MREMAP_FIXED = 0x10, 1, 2  # <sys/mman.h> of Linux
_FAILED = ctypes.c_void_p(-1).value
_libc = ctypes.CDLL(None, use_errno=True)
_libc.mmap.restype = ctypes.c_void_p
_libc.mmap.argtypes = [ctypes.c_void_p, ctypes.c_size_t, *[ctypes.c_int] * 3, ctypes.c_long]
_libc.munmap.argtypes = [ctypes.c_void_p, ctypes.c_size_t]
_libc.mremap.restype = ctypes.c_void_p
_libc.mremap.argtypes = [ctypes.c_void_p, ctypes.c_size_t, ctypes.c_size_t, ctypes.c_int, ctypes.c_void_p]


class SharedFrames:
    """Page frames of RAM by number, each with its memory file and how often it is shared.

    `buf` is RAM, a shared mapping. Half of the descriptors this process may have are the limit, and MOST.
    `on_move(frame, fd)` is called for a page that moves to a file, and, with None, for one that is back.
    """

    def __init__(self, buf: mmap.mmap) -> None:
        self._buf = buf
        self._base = ctypes.addressof(ctypes.c_char.from_buffer(buf))
        self._ram: int | None = None  # RAM once more, at an address where no page is ever replaced
        self._file: dict[int, int] = {}
        self._count: Counter[int] = Counter()
        self.on_move: Callable[[int, int | None], None] = lambda frame, fd: None

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
        if self._ram is not None:
            _libc.munmap(self._ram, len(self._buf))
            self._ram = None

    def _bytes(self, frame: int) -> bytes:
        return self._buf[frame * PAGE_SIZE : (frame + 1) * PAGE_SIZE]

    def _move_out(self, frame: int) -> int:
        """Give a frame a memory file of its own: its descriptor. OSError."""
        if self._ram is None:
            self._ram = _remap(self._base, len(self._buf))
        fd = os.memfd_create("lkm-page", os.MFD_CLOEXEC | os.MFD_ALLOW_SEALING)
        try:
            os.pwrite(fd, self._bytes(frame), 0)
            fcntl.fcntl(fd, fcntl.F_ADD_SEALS, fcntl.F_SEAL_SHRINK | fcntl.F_SEAL_GROW | fcntl.F_SEAL_SEAL)
            os.fchmod(fd, 0o400)  # a descriptor for reading cannot be reopened for writing
            self._place(frame, fd)
        except OSError:
            os.close(fd)
            raise
        self.on_move(frame, fd)
        return fd

    def _move_back(self, frame: int) -> None:
        """Copy a frame's content back to RAM, then map RAM there again. OSError."""
        assert self._ram is not None
        at = frame * PAGE_SIZE
        ctypes.memmove(self._ram + at, self._base + at, PAGE_SIZE)
        _remap(self._ram + at, PAGE_SIZE, self._base + at)
        os.close(self._file.pop(frame))
        self.on_move(frame, None)

    def _place(self, frame: int, fd: int) -> None:
        """Let a frame's address in our mapping mean the one page of a file."""
        at, prot = self._base + frame * PAGE_SIZE, mmap.PROT_READ | mmap.PROT_WRITE
        if _libc.mmap(at, PAGE_SIZE, prot, mmap.MAP_SHARED | _MAP_FIXED, fd, 0) == _FAILED:
            error = ctypes.get_errno()
            raise OSError(error, os.strerror(error))


def _remap(source: int, length: int, target: int | None = None) -> int:
    """Map the memory of a shared mapping once more, at `target` or anywhere: the address. OSError."""
    how = _MREMAP_MAYMOVE | (_MREMAP_FIXED if target is not None else 0)
    address: int = _libc.mremap(source, 0, length, how, target)  # old size 0: the first mapping stays
    if address == _FAILED:
        error = ctypes.get_errno()
        raise OSError(error, os.strerror(error))
    return address
