"""Module sources in the styles of NetBSD 2.0 to 5 compile with every compiler, and do what they say."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from lkmtools import modules
from lkmtools.abi.conf import makedev
from lkmtools.abi.errno import EBUSY, ENODEV, ENOSPC
from lkmtools.abi.fcntl import O_RDWR
from lkmtools.abi.lkm import LKM_BLOCK_MAJOR
from lkmtools.abi.poll import POLLIN
from lkmtools.abi.stat import S_IFCHR
from lkmtools.cc.dialects import FLAGS
from support.compiling import Compile
from support.errors import errno_of
from support.lab import Lab, loads

# Before NetBSD 5 the kernel had a caddr_t, and before NetBSD 4 its callers were a struct proc *.
OLD = {"proc_syscall": FLAGS["1.4"], "proc_chardev": FLAGS["2.0"], "lwp_chardev": FLAGS["4.0"]}
SOURCES = {path.stem: path for path in sorted((Path(__file__).parent / "era").glob("*.c"))}


@pytest.mark.parametrize("name", SOURCES)
def test_a_source_of_the_era_compiles(each_cc: Compile, machine: str, name: str) -> None:
    """The style of the time is no error, whatever the compiler thinks of it."""
    assert each_cc(SOURCES[name], machine, name, OLD.get(name, ())).exists()


@pytest.fixture
def era(lab: Lab) -> Iterator[Callable[[str], Lab]]:
    """Loads a source of the era by its name."""
    yield from loads(lab, lambda name: (SOURCES[name], name, OLD.get(name, ())))


def test_kr_definitions_and_implicit_int_run(era: Callable[[str], Lab]) -> None:
    lab = era("kr_misc")
    assert "kr_misc: loaded, counter 3, area 0x" in lab.dmesg


def test_a_system_call_gets_a_struct_proc_with_its_credentials(era: Callable[[str], Lab]) -> None:
    """The function of NetBSD 2.0 reads p->p_ucred->cr_uid where later ones are handed a struct lwp."""
    lab = era("proc_syscall")
    where = lab.p.buffer(4)
    assert lab.p.syscall(210, 21, where)[0] == 42
    assert int.from_bytes(where.data, "little") == 42
    assert lab.p.syscall(24)[0] == 0
    other = lab.kernel.process("other", uid=1000, gid=100)
    assert other.syscall(24)[0] == 1000


def test_an_entry_without_dispatch_wires_a_system_call_by_hand(era: Callable[[str], Lab]) -> None:
    lab = era("by_hand")
    assert lab.p.syscall(210)[0] == lab.p.pid


def test_a_device_of_netbsd_2_sleeps_for_its_callout(era: Callable[[str], Lab]) -> None:
    """struct proc arguments, callout_init with one argument, selnotify with two, ltsleep, lockmgr."""
    lab = era("proc_chardev")
    lab.node("proc_chardev", "/dev/ticker")
    fd = lab.p.open("/dev/ticker", O_RDWR)
    assert errno_of(lambda: lab.p.open("/dev/ticker")) == EBUSY
    lab.p.ioctl(fd, 0x80045402, (5).to_bytes(4, "little"))
    assert int(lab.p.read(fd, 32)) % 5 == 0
    assert errno_of(lambda: lab.p.write(fd, b"x")) == ENODEV
    assert errno_of(lambda: modules.unload(lab.p, "proc_chardev")) == EBUSY
    lab.p.close(fd)


def test_a_device_of_netbsd_4_has_both_majors_and_knows_its_caller(era: Callable[[str], Lab]) -> None:
    lab = era("lwp_chardev")
    offset = modules.stat(lab.p, "lwp_chardev").offset
    assert LKM_BLOCK_MAJOR(offset) >= 0
    lab.node("lwp_chardev", "/dev/rd0")
    fd = lab.p.open("/dev/rd0", O_RDWR)
    assert f"rd0: opened by lab[{lab.p.pid}]" in lab.dmesg
    lab.p.pwrite(fd, b"block", 512)
    assert lab.p.pread(fd, 7, 511) == b"\0block\0"
    assert lab.p.pread(fd, 1, 64 * 512) == b""
    assert errno_of(lambda: lab.p.pwrite(fd, b"x", 64 * 512)) == ENOSPC
    lab.p.close(fd)


def test_a_module_of_netbsd_5_attaches_a_device_by_hand(era: Callable[[str], Lab], lab: Lab) -> None:
    """mutex, condvar, kmem, devsw_attach from a MISC module; its major is where the table changed."""
    before = lab.tables()["cdevsw"]
    era("mutex_misc")
    size = lab.k.dm.pointer
    after = lab.tables()["cdevsw"]
    [major] = [i for i in range(len(after) // size) if after[i * size :][:size] != before[i * size :][:size]]
    lab.p.mknod("/dev/fifo", S_IFCHR | 0o666, makedev(major, 0))
    fd = lab.p.open("/dev/fifo", O_RDWR)
    assert lab.p.poll([(fd, POLLIN)], 0) == []
    lab.p.write(fd, b"first")
    lab.p.write(fd, b"second")
    assert lab.p.poll([(fd, POLLIN)], 0) == [(fd, POLLIN)]
    assert [lab.p.read(fd, 100), lab.p.read(fd, 3)] == [b"first", b"sec"]
    assert errno_of(lambda: modules.unload(lab.p, "mutex_misc")) == EBUSY
    lab.p.close(fd)


UIO = """
#include <sys/proc.h>
#include <sys/uio.h>
#include <uvm/uvm_extern.h>

int probe_uio(int form);

int
probe_uio(int form)
{
	char from[] = "within", to[sizeof(from)];
	struct iovec iov = { to, sizeof(to) };
	struct uio uio = { .uio_iov = &iov, .uio_iovcnt = 1, .uio_resid = sizeof(to), .uio_rw = UIO_READ };

	if (form == 0)
		uio.uio_vmspace = vmspace_kernel();
	else if (form == 1)
		UIO_SETUP_SYSSPACE(&uio);
	else
		uio.uio_vmspace = curproc->p_vmspace;
	if (VMSPACE_IS_KERNEL_P(uio.uio_vmspace) != (form < 2))
		return -2;
	return uiomove(from, sizeof(from), &uio) != 0 ? -1 : uio.uio_resid + strcmp(from, to);
}
"""


def test_a_copy_within_the_kernel_is_asked_for_by_its_address_space(lab: Lab) -> None:
    """vmspace_kernel() and UIO_SETUP_SYSSPACE: the copy succeeds; to user space it would be EFAULT."""
    lab.load(UIO)
    assert [lab.call("int probe_uio(int form)", form) for form in range(3)] == [0, 0, -1]


def test_loosely_typed_code_runs(era: Callable[[str], Lab]) -> None:
    lab = era("loose_types")
    assert "loose_types: 41" in lab.dmesg
