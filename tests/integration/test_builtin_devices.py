"""The kernel's own devices answer as mem(4), null(4) and cons(4) do."""

from __future__ import annotations

import pytest

from lkmtools.abi.errno import EACCES, EFAULT, EINVAL, EPERM
from lkmtools.abi.fcntl import O_RDONLY, O_RDWR, O_WRONLY, SEEK_CUR, SEEK_SET
from lkmtools.errors import KernelError
from support.lab import Lab


def test_dev_null_swallows_and_is_empty(lab: Lab) -> None:
    """Everything is written, nothing is read."""
    fd = lab.p.open("/dev/null", O_RDWR)
    assert lab.p.write(fd, b"gone") == 4
    assert lab.p.read(fd, 10) == b""


def test_dev_zero_gives_zeros_and_swallows(lab: Lab) -> None:
    """As many zero bytes as are asked for."""
    fd = lab.p.open("/dev/zero", O_RDWR)
    assert lab.p.write(fd, b"gone") == 4
    assert lab.p.read(fd, 5000) == bytes(5000)


def test_the_console_prints_into_the_message_buffer(lab: Lab) -> None:
    """What a program writes stands in dmesg; nobody types."""
    fd = lab.p.open("/dev/console", O_RDWR)
    assert lab.p.write(fd, b"typed here\n") == 11
    assert "typed here\n" in lab.dmesg
    assert lab.p.read(fd, 10) == b""


def test_kernel_memory_is_read_at_its_addresses(lab: Lab) -> None:
    """/dev/kmem at a symbol's address holds the variable; /dev/mem holds it at the physical one."""
    addr = lab.k.symbol("hz")
    expected = lab.k.mem.read(addr, 4)
    kmem = lab.p.open("/dev/kmem", O_RDONLY)
    assert lab.p.pread(kmem, 4, addr) == expected
    lab.p.lseek(kmem, addr if lab.machine == "i386" else addr - (1 << 64))
    assert lab.p.read(kmem, 4) == expected
    mem = lab.p.open("/dev/mem", O_RDONLY)
    assert lab.p.pread(mem, 4, addr - lab.k.mem.base) == expected


def test_memory_that_is_not_there_is_an_error_and_no_panic(lab: Lab) -> None:
    """EFAULT (14) for an unmapped kernel address, end of file behind the end of RAM."""
    kmem = lab.p.open("/dev/kmem", O_RDONLY)
    with pytest.raises(KernelError) as caught:
        lab.p.pread(kmem, 4, 0)
    assert caught.value.errno == EFAULT
    mem = lab.p.open("/dev/mem", O_RDONLY)
    assert lab.p.pread(mem, 4, lab.k.mem.size) == b""


def test_offsets_of_devices_are_any_off_t_and_wrap(lab: Lab) -> None:
    """Beyond the last comes the first, whether lseek or read goes there; a file has none before 0."""
    last = (1 << 63) - 1
    fd = lab.p.open("/dev/zero", O_RDONLY)
    assert lab.p.lseek(fd, last) == last
    assert lab.p.read(fd, 4) == bytes(4)
    assert lab.p.lseek(fd, 0, SEEK_CUR) == 3 - (1 << 63)
    assert lab.p.read(fd, 4) == bytes(4)
    assert lab.p.lseek(fd, last, SEEK_SET) + lab.p.lseek(fd, last, SEEK_CUR) == last - 2
    assert lab.p.read(fd, 4) == bytes(4)
    root = lab.p.open("/", O_RDONLY)
    lab.p.lseek(root, last)
    for offset, whence in ((-1, SEEK_SET), (last, SEEK_CUR)):
        with pytest.raises(KernelError) as caught:
            lab.p.lseek(root, offset, whence)
        assert caught.value.errno == EINVAL


@pytest.mark.parametrize("path", ["/dev/mem", "/dev/kmem"])
def test_memory_is_read_only_at_securelevel_one(lab: Lab, path: str) -> None:
    """EPERM (1) when opened for writing, but readable."""
    lab.k.mem.set_u32(lab.k.symbol("securelevel"), 1)
    with pytest.raises(KernelError) as caught:
        lab.p.open(path, O_WRONLY)
    assert caught.value.errno == EPERM
    assert lab.p.open(path, O_RDONLY) >= 0


def test_other_users_see_the_permissions_of_dev(lab: Lab) -> None:
    """uid 1000 reads /dev/ksyms and /dev/null, but not /dev/lkm (0640 root:kmem): EACCES (13)."""
    p = lab.kernel.process("nobody", uid=1000, gid=1000)
    assert p.open("/dev/ksyms", O_RDONLY) >= 0
    assert p.open("/dev/null", O_RDWR) >= 0
    with pytest.raises(KernelError) as caught:
        p.open("/dev/lkm", O_RDONLY)
    assert caught.value.errno == EACCES
