"""What lkmd's processes do to need little memory."""

from __future__ import annotations

import ctypes
import mmap
from pathlib import Path

from lkmtools.kernproc import thrift


def _resident(path: str) -> int:
    """KiB that this process has of the private mappings of a file."""
    kib, inside = 0, False
    for line in Path("/proc/self/smaps").read_text().splitlines():
        first, *rest = line.split(maxsplit=5)
        if not first.endswith(":"):
            inside = line.endswith(path)
        elif inside and first == "Rss:":
            kib += int(rest[0])
    return kib


def test_what_was_only_read_from_a_file_goes_and_comes_back(tmp_path: Path) -> None:
    """A private mapping of a file has no pages after settled(), and its content all the same."""
    path = tmp_path / "read"
    path.write_bytes(b"x" * (1 << 20))
    with path.open("rb") as file:
        mapped = mmap.mmap(file.fileno(), 0, mmap.MAP_PRIVATE, mmap.PROT_READ)
    assert mapped[:] == b"x" * (1 << 20)
    assert _resident(str(path)) == 1024
    thrift.settled()
    assert _resident(str(path)) == 0
    assert mapped[:] == b"x" * (1 << 20)


def test_what_was_written_stays_though_it_is_read_only_now(tmp_path: Path) -> None:
    """As a library's relocated constants are."""
    path = tmp_path / "written"
    path.write_bytes(b"x" * mmap.PAGESIZE)
    with path.open("rb") as file:
        mapped = mmap.mmap(file.fileno(), 0, mmap.MAP_PRIVATE, mmap.PROT_READ | mmap.PROT_WRITE)
    mapped[:7] = b"written"
    address = ctypes.c_void_p(ctypes.addressof(ctypes.c_char.from_buffer(mapped)))
    assert ctypes.CDLL(None).mprotect(address, ctypes.c_size_t(mmap.PAGESIZE), mmap.PROT_READ) == 0
    thrift.settled()
    assert mapped[:8] == b"writtenx"
