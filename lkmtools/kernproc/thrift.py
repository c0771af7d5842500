"""How a supervisor and its kernel process share memory, and release what they do not need.

Figures are of all pages that one or both have (/proc/PID/pagemap), with lkmtools.kern imported and a kernel
just booted, Python 3.11 on amd64: 37.4 MiB with nothing of this and a full collection, 24.3 with all of it.

Tried, and without effect (below 0.1 MiB): a collection before the fork, malloc_trim(), one malloc arena,
smaller thresholds of malloc, `-X no_debug_ranges`, to fill the free blocks among Python's objects before the
fork, to drop what the import system keeps of each module. To boot and end a kernel before the fork, so that
code is specialised and caches are full, saves 0.4 MiB and takes as long as a boot.
"""

from __future__ import annotations

import ctypes
import gc
from collections.abc import Iterator
from contextlib import suppress

_MADV_DONTNEED = 4  # <sys/mman.h> and <sys/prctl.h> of Linux
_PR_SET_THP_DISABLE = 41
_libc = ctypes.CDLL(None)
_libc.madvise.argtypes = [ctypes.c_void_p, ctypes.c_size_t, ctypes.c_int]


def before_fork() -> None:
    """In the supervisor, when all is imported: no garbage collection looks at these objects again.

    It would write to each of them, and so copy its page: 3.1 MiB at the first full collection of the child.
    What is garbage by the second fork, and later ones, would never be found again: it is collected before.
    """
    if gc.get_freeze_count():
        gc.collect()
    gc.freeze()


def no_huge_pages() -> None:
    """In the supervisor, before it makes an engine; a kernel process inherits it.

    Unicorn asks for huge pages for its translated code, of which a booted kernel has 4 KiB, and 4 more for a
    small module: 2.0 MiB an engine.
    """
    _libc.prctl(_PR_SET_THP_DISABLE, 1, 0, 0, 0)


def settled() -> None:
    """In either process, when it is up: let go of what its libraries needed for that and hardly will again.

    What was only read from a file comes back from the host's cache when it is wanted: the relocations of
    libunicorn alone are 3.7 MiB. 6.1 MiB in the supervisor, 1.9 in the kernel; it takes 3 ms.
    """
    with suppress(OSError):  # a host without /proc/self/smaps
        for start, size in tuple(_unwritten()):
            _libc.madvise(start, size, _MADV_DONTNEED)


def _unwritten() -> Iterator[tuple[int, int]]:
    """Address and size of each private mapping of a file that cannot be written to, and never has been.

    A library's relocated constants are read-only too, but no longer what is in the file.
    """
    start = size = 0
    with open("/proc/self/smaps", encoding="utf-8", errors="surrogateescape") as file:
        for line in file:
            first, *rest = line.split(maxsplit=5)
            if not first.endswith(":"):
                low, high = (int(part, 16) for part in first.split("-"))
                reads_file = rest[0][1::2] == "-p" and len(rest) == 5 and rest[4].startswith("/")
                start, size = (low, high - low) if reads_file else (0, 0)
            elif size and first == "Anonymous:" and rest[0] == "0":
                yield start, size
