"""What the tests of /dev/ksyms share: its ioctls by name, its image as a file and as pyelftools sees it."""

from __future__ import annotations

import io
from typing import Any

from elftools.elf.elffile import ELFFile

from lkmtools.abi import ksyms as abi
from lkmtools.abi.fcntl import O_RDONLY
from lkmtools.client import Process
from support.readelf import symbol_table

# A module with a function, a variable and local ones of both kinds.
PROBE = """
int probe_value = 42;
static int quiet_value = 7;
static __attribute__((noinline)) int quiet(int a) { return a * quiet_value++; }
int probe_run(int a) { return quiet(a) + probe_value; }
"""


class Snapshot:
    """An open /dev/ksyms."""

    def __init__(self, p: Process, path: str = "/dev/ksyms") -> None:
        self.p = p
        self.fd = p.open(path, O_RDONLY)
        self.size = self.word(abi.FREEBSD_KIOCGSIZE)
        self.address = self.word(abi.FREEBSD_KIOCGADDR)

    def word(self, command: Any) -> int:
        """What an ioctl that only gives something out gives."""
        buf = self.p.buffer(command.size(self.p.dm))
        self.p.ioctl(self.fd, command.code(self.p.dm), buf)
        return int.from_bytes(buf.data, self.p.dm.byteorder)

    def image(self) -> bytes:
        """The bytes in this process's memory."""
        return bytes(self.p.memory(self.address, self.size))

    def names(self) -> list[str]:
        """The names of its symbols."""
        return names(self.image())

    def close(self) -> None:
        """Close it."""
        self.p.close(self.fd)


def names(image: bytes) -> list[str]:
    """The names of the symbols in an image, but the first."""
    return [s.name for s in symbols(image)]


def symbols(image: bytes) -> list[Any]:
    """The symbols in an image, but the first."""
    return list(symbol_table(ELFFile(io.BytesIO(image))).iter_symbols())[1:]
