"""Devices of DEV modules: read, write and ioctl; what an unload or a detach leaves of an open one."""

from __future__ import annotations

import re
import struct

import pytest

from lkmtools import modules
from lkmtools.abi.errno import EBUSY, EFAULT, EIO, ENOTTY, ENXIO
from lkmtools.abi.ioccom import IOC_VOID
from lkmtools.abi.poll import POLLERR, POLLIN
from lkmtools.errors import KernelError
from support.driver import (
    O_NONBLOCK,
    O_RDONLY,
    O_RDWR,
    O_WRONLY,
    S_IFBLK,
    load,
    node,
)
from support.errors import errno_of, failure
from support.lab import Lab

# -- data ----------------------------------------------------------------------------------------------------


def test_what_is_written_is_read(lab: Lab, driver_fd: int) -> None:
    """At the file's offset, which moves; at another with pread; part of it at the end, then end of file."""
    p = lab.p
    assert p.write(driver_fd, b"hello, world") == 12
    assert p.lseek(driver_fd, 0) == 0
    assert (p.read(driver_fd, 5), p.read(driver_fd, 100)) == (b"hello", b", world" + bytes(88))
    assert (p.read(driver_fd, 1), p.lseek(driver_fd, 0, 1)) == (b"", 100)
    assert p.pwrite(driver_fd, b"xyzzy", 97) == 3
    assert p.pread(driver_fd, 10, 95) == b"\0\0xyz"
    assert p.lseek(driver_fd, 0, 1) == 100
    assert errno_of(p.write, driver_fd, b"z") == 28
    assert p.read(driver_fd, 0) == b""


def test_a_bad_buffer_is_efault_and_moves_nothing(lab: Lab, driver_fd: int) -> None:
    p = lab.p
    assert errno_of(p.syscall, 3, driver_fd, 0xDEAD000, 10) == EFAULT
    assert errno_of(p.syscall, 4, driver_fd, p.buffer(4), 10) == EFAULT
    assert p.lseek(driver_fd, 0, 1) == 0


def test_an_error_after_some_bytes_counts_unless_it_means_wait(lab: Lab) -> None:
    """EIO is reported although four bytes moved; EWOULDBLOCK, EINTR and ERESTART then give the four."""
    _, major = load(lab)
    fd = lab.p.open(node(lab, major, 7, name="/dev/d7"), O_RDWR)
    lab.p.write(fd, b"abcdef")
    assert errno_of(lab.p.pread, fd, 10, 0) == EIO
    fd = lab.p.open(node(lab, major, 6, name="/dev/d6"), O_RDWR | O_NONBLOCK)
    assert lab.p.read(fd, 10) == b"abcd"
    assert lab.value("drv_ioflag") == 0x100  # IO_NDELAY


def test_an_errno_of_a_driver_without_a_reason_names_its_function(lab: Lab) -> None:
    """A close has no function that could be named: the descriptor is."""
    _, major = load(lab)
    closing = lab.p.open(node(lab, major, 8, name="/dev/d8"))
    reading = lab.p.open(node(lab, major, 7, name="/dev/d7"), O_RDWR)
    lab.p.write(reading, b"abcdef")
    assert [
        failure(lab.p.open, node(lab, major, 9, name="/dev/d9")).reason,
        failure(lab.p.pread, reading, 10, 0).reason,
        failure(lab.p.ioctl, reading, IOC_VOID | ord("x") << 8 | 6).reason,
        failure(lab.p.ioctl, reading, IOC_VOID | ord("x") << 8 | 9).reason,
        failure(lab.p.close, closing).reason,
    ] == [
        "drv_open() [drv] returned EBUSY",
        "drv_read() [drv] returned EIO",
        "ioctl 0x20007806 of the file returned EBUSY",
        "the file does not support ioctl 0x20007809",
        f"closing descriptor {closing} returned EIO",
    ]


def test_access_modes_are_checked_before_the_driver(lab: Lab, driver_fd: int) -> None:
    assert errno_of(lab.p.write, lab.p.open("/dev/drv0", O_RDONLY), b"x") == 9
    assert errno_of(lab.p.read, lab.p.open("/dev/drv0", O_WRONLY), 1) == 9


# -- ioctl ---------------------------------------------------------------------------------------------------


def commands(lab: Lab) -> tuple[str, int]:
    """The layout of struct pair, and its size."""
    form = "<i4xq8s" if lab.k.dm.align64 == 8 else "<iq8s"
    return form, struct.calcsize(form)


def test_ioctl_arguments_are_copied_as_the_command_says(lab: Lab, driver_fd: int) -> None:
    """IOW in, IOR out, IOWR both, IO nothing: its argument word itself."""
    form, size = commands(lab)
    p = lab.p
    p.ioctl(driver_fd, 0x80007802 | size << 16, struct.pack(form, -5, 1 << 40, b"text"))
    buf = p.buffer(b"\xff" * size)
    p.ioctl(driver_fd, 0x40007801 | size << 16, buf)
    assert struct.unpack(form, buf.data) == (-5, 1 << 40, b"text\0\0\0\0")
    p.ioctl(driver_fd, 0xC0007803 | size << 16, buf)
    assert struct.unpack(form, buf.data) == (5, -(1 << 40), b"uext\0\0\0\0")
    p.ioctl(driver_fd, 0x20007804, 77)
    p.ioctl(driver_fd, 0x40007801 | size << 16, buf)
    assert struct.unpack(form, buf.data)[0] == 77


def test_a_failing_ioctl_copies_nothing_out(lab: Lab, driver_fd: int) -> None:
    form, size = commands(lab)
    before = struct.pack(form, -13, 1, b"text")
    buf = lab.p.buffer(before)
    assert errno_of(lab.p.ioctl, driver_fd, 0xC0007803 | size << 16, buf) == EBUSY
    assert buf.data == before


def test_how_large_an_ioctl_argument_may_be(lab: Lab, driver_fd: int) -> None:
    """IOCPARM_MAX is a page; a command with more is ENOTTY before the driver sees it."""
    content = bytes(range(256)) * 17
    buf = lab.p.buffer(content)
    lab.p.ioctl(driver_fd, 0xC0007805 | 4096 << 16, buf)
    assert bytes(buf.data) == bytes(b ^ 0x55 for b in content[:4096]) + content[4096:]
    assert errno_of(lab.p.ioctl, driver_fd, 0xC0007805 | 4097 << 16, buf) == ENOTTY


def test_an_unknown_ioctl_is_enotty(lab: Lab, driver_fd: int) -> None:
    """EPASSTHROUGH of the driver becomes ENOTTY; a bad pointer is EFAULT before the driver is asked."""
    assert errno_of(lab.p.ioctl, driver_fd, 0x200078FF) == ENOTTY
    assert errno_of(lab.p.ioctl, driver_fd, 0xC0107803, 0xDEAD000) == EFAULT


# -- unload and detach ---------------------------------------------------------------------------------------


def test_an_open_device_keeps_its_driver(lab: Lab, driver_fd: int) -> None:
    """EBUSY names the device and who opened it; a descriptor that a dead client had does not count."""
    other = lab.kernel.process("other")
    other.open("/dev/drv0", O_RDWR)
    lab.p.close(driver_fd)
    with pytest.raises(KernelError) as caught:
        modules.unload(lab.p, "drv")
    assert caught.value.errno == EBUSY
    assert re.fullmatch(
        rf"character device \d+, 0 of 'drv' is open, by pid {other.pid} \(other\)", caught.value.reason
    )
    other.exit()
    modules.unload(lab.p, "drv")
    assert errno_of(lab.p.open, "/dev/drv0") == ENXIO
    assert lab.tables() == lab.boot_tables


def test_an_open_block_device_keeps_its_driver_too(lab: Lab) -> None:
    bmajor, _ = load(lab, bdev="&drv_bdevsw")
    fd = lab.p.open(node(lab, bmajor, 3, S_IFBLK))
    with pytest.raises(KernelError, match=f"block device {bmajor}, 3 of 'drv' is open"):
        modules.unload(lab.p, "drv")
    lab.p.close(fd)
    modules.unload(lab.p, "drv")


def test_after_a_detach_the_node_is_enxio(lab: Lab, driver_fd: int) -> None:
    """For new opens and for who had it open; closing is ENXIO too, and the descriptor is gone."""
    lab.call("void drv_detach(void)")
    assert errno_of(lab.p.open, "/dev/drv0") == ENXIO
    assert errno_of(lab.p.read, driver_fd, 1) == ENXIO
    assert errno_of(lab.p.ioctl, driver_fd, 0x20007804) == ENXIO
    assert lab.p.poll([(driver_fd, POLLIN)], 0) == [(driver_fd, POLLERR)]
    lab.kernel.process("other").exit()
    assert errno_of(lab.p.close, driver_fd) == ENXIO
    assert errno_of(lab.p.close, driver_fd) == 9
    modules.unload(lab.p, "drv")
    assert lab.tables() == lab.boot_tables


def test_a_driver_that_comes_back_serves_the_old_descriptor(lab: Lab, driver_fd: int) -> None:
    """The switch is asked anew by every call, and the major is the same."""
    lab.call("void drv_detach(void)")
    assert lab.call("int drv_attach(void)") == 0
    assert lab.p.write(driver_fd, b"again") == 5
    lab.p.close(driver_fd)
    assert lab.value("drv_closes") == 1


def test_a_client_that_dies_after_the_detach_leaves_nothing(lab: Lab, driver_fd: int) -> None:
    """Its exit closes a device without a driver; the console says so."""
    other = lab.kernel.process("other")
    other.open("/dev/drv0")
    lab.p.close(driver_fd)
    lab.call("void drv_detach(void)")
    other.exit()
    assert lab.k.vfs.open_devices == {}
    assert "other" in lab.dmesg.splitlines()[-1]


def test_two_processes_share_a_device_and_have_their_own_offsets(lab: Lab, driver_fd: int) -> None:
    other = lab.kernel.process("other")
    driver_fd = other.open("/dev/drv0", O_RDWR)
    lab.p.write(driver_fd, b"from lab")
    assert other.read(driver_fd, 8) == b"from lab"
    assert lab.p.lseek(driver_fd, 0, 1) == 8
