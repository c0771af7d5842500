"""Every sample module of examples/ does what its README says, on both machines."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from threading import Thread
from typing import Any

import pytest

from lkmtools import modules
from lkmtools.abi.conf import makedev
from lkmtools.abi.errno import EBADF, EBUSY, EINVAL, ENAMETOOLONG, ENOENT, ENOSPC, ENOSYS, ENOTTY, ENXIO
from lkmtools.abi.fcntl import O_NONBLOCK, O_RDONLY, O_RDWR
from lkmtools.abi.lkm import LKM_CHAR_MAJOR
from lkmtools.abi.poll import POLLIN, POLLOUT
from lkmtools.abi.stat import S_IFCHR
from lkmtools.client import Process
from support.compiling import Compile
from support.daemons import Daemon
from support.errors import errno_of
from support.lab import Lab

EXAMPLES = Path(__file__).parents[2] / "examples"


def load(lab: Lab, path: str) -> Any:
    """Load examples/PATH.c."""
    source = EXAMPLES / f"{path}.c"
    return lab.load(source, name=source.stem)


def node(p: Process, path: str) -> None:
    """Make a node for the one DEV module that is loaded."""
    [module] = modules.stat_all(p)
    p.mknod(path, S_IFCHR | 0o666, makedev(LKM_CHAR_MAJOR(module.offset), 0))


def test_hello_says_when_it_comes_when_somebody_looks_and_when_it_goes(lab: Lab) -> None:
    load(lab, "hello/hello")
    modules.stat_all(lab.p)
    modules.unload(lab.p, "hello")
    said = [line for line in lab.dmesg.splitlines() if "hello" in line or "goodbye" in line]
    assert [line.split(":")[0] for line in said] == ["hello, kernel", "hello", "goodbye, kernel"]
    assert lab.tables() == lab.boot_tables


def test_newcall_counts_bits_and_writes_them_out(lab: Lab) -> None:
    load(lab, "newcall/newcall")
    text = lab.p.buffer(40)
    assert lab.p.syscall(210, 42, text, 40)[0] == 3
    assert bytes(text.data).split(b"\0")[0] == b"101010"
    assert lab.p.syscall(210, 0xFFFFFFFF, 0, 0)[0] == 32
    assert lab.p.syscall(210, 0, text, 2)[0] == 0
    assert bytes(text.data[:2]) == b"0\0"
    assert errno_of(lambda: lab.p.syscall(210, 42, text, 6)) == ENAMETOOLONG
    modules.unload(lab.p, "newcall")
    assert errno_of(lambda: lab.p.syscall(210, 42, text, 40)) == ENOSYS
    assert lab.tables() == lab.boot_tables


def test_echo_gives_back_what_was_written(lab: Lab) -> None:
    load(lab, "chardev/echo")
    node(lab.p, "/dev/echo")
    fd = lab.p.open("/dev/echo", O_RDWR)
    assert lab.p.read(fd, 100) == b""
    assert lab.p.write(fd, b"hello, device") == 13
    assert lab.p.pread(fd, 100, 0) == b"hello, device"
    assert lab.p.pread(fd, 3, 7) == b"dev"
    assert errno_of(lambda: lab.p.write(fd, bytes(4097))) == ENOSPC
    assert errno_of(lambda: modules.unload(lab.p, "echo")) == EBUSY
    lab.p.close(fd)
    modules.unload(lab.p, "echo")
    assert errno_of(lambda: lab.p.open("/dev/echo")) == ENXIO
    assert lab.tables() == lab.boot_tables


def test_echo_answers_ioctl_and_poll(lab: Lab) -> None:
    load(lab, "chardev/echo")
    node(lab.p, "/dev/echo")
    fd = lab.p.open("/dev/echo", O_RDWR)
    length = lab.p.buffer(4)
    assert lab.p.poll([(fd, POLLIN | POLLOUT)], 0) == [(fd, POLLOUT)]
    lab.p.write(fd, b"12345")
    lab.p.ioctl(fd, 0x40046501, length)
    assert int.from_bytes(length.data, "little") == 5
    assert lab.p.poll([(fd, POLLIN)], 0) == [(fd, POLLIN)]
    lab.p.ioctl(fd, 0x20006502)
    assert lab.p.pread(fd, 100, 0) == b""
    assert errno_of(lambda: lab.p.ioctl(fd, 0x20006503)) == ENOTTY
    readonly = lab.p.open("/dev/echo", O_RDONLY)
    assert errno_of(lambda: lab.p.ioctl(readonly, 0x20006502)) == EBADF


def test_sysentpatch_watches_unlink_and_puts_it_back(lab: Lab) -> None:
    load(lab, "sysentpatch/sysentpatch")
    lab.p.mknod("/dev/zap", S_IFCHR | 0o666, makedev(2, 2))
    lab.p.unlink("/dev/zap")
    assert errno_of(lambda: lab.p.unlink("/dev/zap")) == ENOENT
    assert lab.dmesg.count(f"lab[{lab.p.pid}] removes /dev/zap") == 2
    modules.unload(lab.p, "sysentpatch")
    assert lab.tables() == lab.boot_tables


CRASHES = {
    "nullcall": ("NULL pointer", "nullcall_lkmentry+0x"),
    "wild": ("dead0000", "wild_lkmentry+0x"),
    "overflow": ("stack", "depth_of+0x"),
    "panics": ("the answer is 1, not 42", "panics_lkmentry+0x"),
}


@pytest.mark.parametrize("name", CRASHES)
def test_a_crash_is_a_panic_that_says_what_and_where(lab: Lab, name: str) -> None:
    reason, place = CRASHES[name]
    panic = lab.panics(lambda: load(lab, f"crash/{name}"))
    assert reason in panic.reason
    assert place in panic.report


def test_an_endless_loop_is_stopped_by_the_watchdog(cc: Compile, machine: str) -> None:
    with closing(Lab(cc, machine, watchdog=0.1)) as lab:
        panic = lab.panics(lambda: load(lab, "crash/forever"))
    assert "forever_lkmentry+0x" in panic.report


def test_sleeper_wakes_for_a_write_and_for_its_alarm(
    start_daemon: Callable[..., Daemon], cc: Compile, machine: str
) -> None:
    """A read in another process ends when there is something to read."""
    daemon = start_daemon("--machine", machine)
    with daemon.connect() as p, daemon.connect() as reader:
        modules.load(p, cc(EXAMPLES / "sleeper/sleeper.c", machine, "sleeper"))
        node(p, "/dev/sleeper")
        fd, other = p.open("/dev/sleeper", O_RDWR | O_NONBLOCK), reader.open("/dev/sleeper")
        got: list[bytes] = []
        waiting = Thread(target=lambda: got.extend([reader.read(other, 100), reader.read(other, 100)]))
        waiting.start()
        p.write(fd, b"wake up")
        p.ioctl(fd, 0x80047301, (10).to_bytes(4, "little"))
        waiting.join(60)
        assert got == [b"wake up", b"alarm\n"]
        assert errno_of(lambda: p.ioctl(fd, 0x80047301, b"\xff\xff\xff\xff")) == EINVAL
        assert errno_of(lambda: modules.unload(p, "sleeper")) == EBUSY
        p.close(fd)
        reader.close(other)
        modules.unload(p, "sleeper")
