"""FIFOs, on the root file system and on one of module code."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from lkmtools import modules
from lkmtools.abi.errno import EAGAIN, EBUSY, EEXIST, EINTR, ENXIO, EPIPE, ESPIPE
from lkmtools.abi.fcntl import O_NONBLOCK, O_RDONLY, O_RDWR, O_TRUNC, O_WRONLY
from lkmtools.abi.stat import S_IFIFO, S_IFMT
from lkmtools.abi.syscall import SYS_mkfifo
from lkmtools.errors import KernelError
from support.errors import errno_of
from support.lab import Lab

MEMFS = Path(__file__).parents[2] / "examples/memfs/memfs.c"


@pytest.fixture(params=["memfs", "rootfs"])
def fifo(lab: Lab, request: Any) -> Iterator[str]:
    """The name of a FIFO; afterwards nothing of it may be left."""
    if request.param == "memfs":
        lab.load(MEMFS, name="memfs")
        lab.p.mount("memfs", "/mnt")
    lab.p.syscall(SYS_mkfifo, "/mnt/fifo", 0o622)
    yield "/mnt/fifo"
    lab.settle()
    lab.p.unlink("/mnt/fifo")
    assert (lab.k.vfs.fifos, lab.k.vfs.rootfs.vnodes) == ({}, {})
    if request.param == "memfs":
        lab.p.unmount("/mnt")
        modules.unload(lab.p, "memfs")
    assert lab.k.vfs.vnodes == set()


def test_who_reads_and_who_writes_wait_for_each_other(lab: Lab, fifo: str) -> None:
    """Bytes pass; when the last writer has closed it, the reader sees the end; and once more."""
    reader, writer = lab.kernel.process("reader"), lab.kernel.process("writer")
    for first, second in (((reader, O_RDONLY), (writer, O_WRONLY)), ((writer, O_WRONLY), (reader, O_RDONLY))):
        opening = lab.start(first[0].open, fifo, first[1])
        assert not opening.done
        second[0].open(fifo, second[1])
        opening.result()
        reading = lab.start(reader.read, 0, 10)
        assert not reading.done
        writer.write(0, b"through")
        assert reading.result() == b"through"
        writer.write(0, b"the end")
        writer.close(0)
        assert (reader.read(0, 10), reader.read(0, 10)) == (b"the end", b"")
        assert errno_of(lambda: reader.lseek(0, 0)) == ESPIPE
        assert reader.fstat(0).st_mode == S_IFIFO | 0o600
        reader.close(0)


def test_who_does_not_wait(lab: Lab, fifo: str) -> None:
    """A reader opens it at once, a writer alone is ENXIO, and who does both needs nobody."""
    p = lab.p
    assert errno_of(lambda: p.open(fifo, O_WRONLY | O_NONBLOCK)) == ENXIO
    reading = p.open(fifo, O_RDONLY | O_NONBLOCK)
    assert p.read(reading, 1) == b""
    writing = p.open(fifo, O_WRONLY | O_NONBLOCK | O_TRUNC)
    assert errno_of(lambda: p.read(reading, 1)) == EAGAIN
    p.write(writing, b"x")
    assert (p.stat(fifo).st_mode & S_IFMT, p.stat(fifo).st_size) == (S_IFIFO, 0)
    p.close(reading)
    both = p.open(fifo, O_RDWR)
    p.write(both, b"y")
    assert p.read(both, 9) == b"xy"
    for fd in (both, writing):
        p.close(fd)
    assert errno_of(lambda: p.syscall(SYS_mkfifo, fifo, 0o600)) == EEXIST


def test_nobody_reads_any_more(lab: Lab, fifo: str) -> None:
    """EPIPE; the file system is busy until the last one has closed it."""
    p, other = lab.p, lab.kernel.process("other")
    reading = p.open(fifo, O_RDONLY | O_NONBLOCK)
    writing = other.open(fifo, O_WRONLY)
    p.close(reading)
    if p.mounts():
        assert errno_of(lambda: p.unmount("/mnt")) == EBUSY
    with pytest.raises(KernelError) as caught:
        other.write(writing, b"x")
    assert caught.value.errno == EPIPE
    other.exit()


def test_an_open_that_a_signal_ends(lab: Lab, fifo: str) -> None:
    """EINTR; it does not count as a reader."""
    reader = lab.kernel.process("reader")
    opening = lab.start(reader.open, fifo, O_RDONLY)
    lab.p.kill(reader.pid, 15)
    assert errno_of(opening.result) == EINTR
    assert errno_of(lambda: lab.p.open(fifo, O_WRONLY | O_NONBLOCK)) == ENXIO
