"""Kernel functions in slots of tables that are declared with another prototype: C passes what it passes."""

from __future__ import annotations

import pytest

from lkmtools.abi.conf import makedev
from lkmtools.abi.errno import ENODEV
from lkmtools.abi.stat import S_IFCHR
from lkmtools.kern.kernel import KSTACK
from support.errors import errno_of
from support.lab import Lab

COMMAND = 0x20006701  # an ioctl without an argument
DEVICE = """
#include <sys/exec.h>
#include <sys/exec_elf.h>
static struct cdevsw probe_cdevsw = { %s };
MOD_DEV("probe", "probe", NULL, -1, &probe_cdevsw, 200);
int probe_lkmentry(struct lkm_table *, int, int);
int probe_lkmentry(struct lkm_table *t, int cmd, int ver)
{ DISPATCH(t, cmd, ver, lkm_nofunc, lkm_nofunc, lkm_nofunc); }
"""
HEAD = """
#include <sys/param.h>
#include <sys/systm.h>
#include <sys/conf.h>
#include <sys/kernel.h>
#include <sys/lkm.h>
"""
SYSCALL = """
static struct sysent ent = { 3, 0, 0, (void *)%s };
MOD_SYSCALL("probe", 210, &ent);
int probe_lkmentry(struct lkm_table *, int, int);
int probe_lkmentry(struct lkm_table *t, int cmd, int ver)
{ DISPATCH(t, cmd, ver, lkm_nofunc, lkm_nofunc, lkm_nofunc); }
"""


def device(lab: Lab, slot: str, head: str = "") -> int:
    """A device that opens, and whose driver has this slot."""
    slots = f".d_open = (void *)nullopen, .d_close = (void *)nullclose, {slot}"
    lab.load(HEAD + head + DEVICE % slots, whole=True)
    lab.p.mknod("/dev/probe", S_IFCHR | 0o666, makedev(200, 0))
    return lab.p.open("/dev/probe", 2)


@pytest.mark.parametrize(
    ("slot", "use"),
    [
        (".d_ioctl = (void *)cdev_ioctl", lambda p, fd: p.ioctl(fd, COMMAND, 0)),
        (".d_poll = (void *)cdev_poll", lambda p, fd: p.poll([(fd, 1)], 0)),
        (".d_read = (void *)cdev_read", lambda p, fd: p.read(fd, 10)),
        (".d_write = (void *)cdev_write", lambda p, fd: p.write(fd, b"text")),
    ],
    ids=["ioctl", "poll", "read", "write"],
)
def test_a_dispatch_function_in_its_own_slot_is_a_stack_overflow_of_the_kernel(
    lab: Lab, slot: str, use: object
) -> None:
    """As it is when machine code does it; it was a RecursionError."""
    fd = device(lab, slot)
    panic = lab.panics(lambda: use(lab.p, fd))  # type: ignore[operator]
    assert panic.reason.startswith("page fault: write at 0x")
    assert panic.reason.endswith(f"(kernel stack overflow); the stack has {KSTACK} bytes")


def test_arguments_that_a_table_does_not_pass_are_no_error_of_the_kernel(lab: Lab) -> None:
    """d_poll passes three, cdev_open takes four: it was an IndexError. The driver's d_open answers 0."""
    fd = device(lab, ".d_poll = (void *)cdev_open")
    assert lab.p.poll([(fd, 1)], 0) == lab.p.poll([(fd, 1)], 0)


@pytest.mark.parametrize(
    ("function", "errno"), [("nullenodev", 0), ("enodev", ENODEV), ("netbsd_elf32_probe", None)]
)
def test_functions_of_any_number_of_arguments_can_be_d_ioctl(
    lab: Lab, function: str, errno: int | None
) -> None:
    """None, any and five: they were a TypeError. The second of the five is no pointer here, and followed."""
    fd = device(lab, f".d_ioctl = (void *){function}")
    if errno is None:
        panic = lab.panics(lambda: lab.p.ioctl(fd, COMMAND, 0))
        assert "internal error" not in panic.reason
        assert f" in {function}()" in panic.reason
    elif errno:
        assert errno_of(lambda: lab.p.ioctl(fd, COMMAND, 0)) == errno
    else:
        assert lab.p.ioctl(fd, COMMAND, 0) == 0


def test_a_function_of_four_in_a_slot_of_one_gets_the_same_junk_each_time(lab: Lab) -> None:
    """x86_set_sdbase() as d_open: the lwp, its third argument there, is the mode of the open."""
    head = "extern int x86_set_sdbase(void *, char, struct lwp *, int);"
    device(lab, ".d_poll = (void *)x86_set_sdbase", head)
    fd = lab.p.open("/dev/probe", 2)
    assert lab.p.poll([(fd, 1)], 0) == lab.p.poll([(fd, 1)], 0)


def test_the_result_of_a_pointer_function_in_a_slot_of_int_is_its_lower_half(lab: Lab) -> None:
    """strncat() returns its first argument, the lwp: an errno that nobody knows. It was a struct.error."""
    lab.load(HEAD + SYSCALL % "strncat", whole=True)
    low = lab.p._transport.proc.lwp.addr & 0xFFFFFFFF  # type: ignore[attr-defined]
    assert errno_of(lambda: lab.p.syscall(210, 0, 0, 0)) == low - (1 << 32 if low >> 31 else 0)


def test_a_function_with_a_variable_list_takes_it_from_what_is_passed(lab: Lab) -> None:
    """log() as a system call: its format is the second argument, the words of the call."""
    lab.load(HEAD + "#include <sys/syslog.h>\n" + SYSCALL % "log", whole=True)
    words = [int.from_bytes(text.ljust(lab.k.dm.pointer, b"\0"), "little") for text in (b"<%x>", b"\0")]
    assert lab.p.syscall(210, *words) == (0, 0)
    args = lab.p._transport.proc.lwp.args  # type: ignore[attr-defined]
    assert f"<{args + 64 & 0xFFFFFFFF:x}>" in lab.dmesg
