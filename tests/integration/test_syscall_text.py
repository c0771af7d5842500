"""What a report says was asked for: the system call in which a module brought the kernel down."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from lkmtools import modules
from lkmtools.abi.fcntl import O_RDONLY, O_RDWR
from lkmtools.abi.ioccom import IOC_IN, IOC_INOUT, IOC_OUT, IOC_VOID
from lkmtools.abi.vmparam import PAGE_SIZE
from lkmtools.client import Process
from lkmtools.evidence.record import CrashRecord, loads
from lkmtools.machine.memory import READ, WRITE
from support.lab import Lab, transport
from support.programs import Runner

BOOM = """
#include <sys/param.h>
#include <sys/systm.h>
#include <sys/conf.h>
#include <sys/device.h>
#include <sys/fcntl.h>
#include <sys/exec.h>
#include <sys/lkm.h>
static int boom_open(dev_t dev, int flag, int mode, struct lwp *l)
{ if (flag & FWRITE) panic("open"); return 0; }
static int boom_close(dev_t dev, int flag, int mode, struct lwp *l) { return 0; }
static int boom_read(dev_t dev, struct uio *uio, int flag) { panic("read"); }
static int boom_ioctl(dev_t dev, u_long cmd, void *data, int flag, struct lwp *l) { panic("ioctl"); }
static const struct cdevsw boom_cdevsw = {
	boom_open, boom_close, boom_read, nowrite, boom_ioctl, nostop, notty, nopoll, nommap, nokqfilter, 0
};
MOD_DEV("boom", "boom", NULL, -1, &boom_cdevsw, -1);
int boom_lkmentry(struct lkm_table *, int, int);
int boom_lkmentry(struct lkm_table *t, int cmd, int ver)
{ DISPATCH(t, cmd, ver, lkm_nofunc, lkm_nofunc, lkm_nofunc) }
"""


@pytest.fixture(name="boom")
def _boom(lab: Lab) -> Lab:
    """A lab with /dev/boom."""
    lab.load(BOOM, name="boom", whole=True)
    lab.node("boom", "/dev/boom")
    return lab


def record(lab: Lab, action: Callable[[], object]) -> CrashRecord:
    """That of the panic to which an action leads."""
    found = loads(lab.panics(action).record)
    assert found is not None
    return found


def command(p: Process, way: int, letter: str, number: int, size: int) -> Callable[[int], int]:
    """ioctl() with a command made of these parts, by <sys/ioccom.h>."""
    code = way | size << 16 | ord(letter) << 8 | number
    buffers = (p.buffer(bytes(size)),) if size else ()
    return lambda fd: p.ioctl(fd, code, *buffers)


@pytest.mark.parametrize(
    ("way", "letter", "number", "size", "text"),
    [
        (IOC_VOID, "b", 1, 0, "_IO('b', 1)"),
        (IOC_OUT, "b", 2, 8, "_IOR('b', 2, 8 bytes)"),
        (IOC_IN, "x", 255, 4, "_IOW('x', 255, 4 bytes)"),
        (IOC_INOUT, "K", 3, 16, "_IOWR('K', 3, 16 bytes)"),
        (IOC_VOID, "\x01", 1, 0, "0x20000101"),
    ],
)
def test_a_command_is_shown_by_its_parts(
    boom: Lab, way: int, letter: str, number: int, size: int, text: str
) -> None:
    """Of a command that lkm(4) and ksyms(4) have not."""
    fd = boom.p.open("/dev/boom", O_RDONLY)
    call = command(boom.p, way, letter, number, size)
    assert record(boom, lambda: call(fd)).request == f"ioctl(/dev/boom, {text})"


def test_descriptors_paths_and_numbers(boom: Lab) -> None:
    """And the process; the text of the report has both."""
    found = record(boom, lambda: boom.p.open("/dev/boom", O_RDWR))
    assert (found.process, found.request) == ("pid 2 (lab)", "open(/dev/boom, 2, 0)")
    assert "boot 1, pid 2 (lab) in open(/dev/boom, 2, 0)\n" in boom.dmesg


def test_a_program_has_a_request_too(boom: Lab, lab_runner: Runner) -> None:
    source = """
#include <fcntl.h>
#include <unistd.h>
int main(void) { char c[16]; return read(open("/dev/boom", O_RDONLY), c, sizeof(c)); }
"""
    found = record(boom, lambda: lab_runner.run(source))
    assert found.process == "pid 4 (prog)"
    assert found.request.startswith("read(/dev/boom, 0x")
    assert found.request.endswith(", 16)")


def test_a_callout_was_asked_for_itself(lab: Lab) -> None:
    """The process that ran last has nothing to do with it."""
    lab.load(
        """
        #include <sys/callout.h>
        callout_t ch;
        static void tock(void *arg) { panic("tock"); }
        int probe_start(void) { callout_init(&ch, 0); callout_reset(&ch, 1, tock, NULL); return 0; }
        """
    )
    assert lab.call("int probe_start(void)") == 0
    found = record(lab, lambda: lab.until(lambda: False))
    assert (found.process, found.request) == ("pid 0 (swapper)", "callout tock() [probe]")


CLOSING = BOOM.replace("struct lwp *l) { return 0; }", 'struct lwp *l) { panic("close"); }', 1)


def test_a_file_that_is_being_closed_has_its_path(lab: Lab) -> None:
    """Its descriptor is free already."""
    lab.load(CLOSING, name="boom", whole=True)
    lab.node("boom", "/dev/boom")
    fd = lab.p.open("/dev/boom", O_RDONLY)
    assert record(lab, lambda: lab.p.close(fd)).request == "close(/dev/boom)"


def test_a_process_that_ends_closes_its_files(lab: Lab) -> None:
    """The call that it was in before has nothing to do with it."""
    lab.load(CLOSING, name="boom", whole=True)
    lab.node("boom", "/dev/boom")
    other = lab.kernel.process("other")
    other.open("/dev/boom", O_RDONLY)

    def end() -> None:
        transport(other).close()
        lab.until(lambda: False)

    assert record(lab, end).request == "exit(), closing /dev/boom"


LEFT = """
#include <sys/param.h>
#include <sys/systm.h>
#include <sys/proc.h>
#include <sys/syscall.h>
#include <sys/syscallargs.h>
static int mine(struct lwp *l, const void *v, register_t *retval) { return 0; }
int probe_set(int n);
int probe_set(int n) { sysent[n].sy_call = mine; return 0; }
"""


def test_a_system_call_of_an_unloaded_module_whose_memory_has_another_use(lab: Lab) -> None:
    """What is there now is no reason to be silent about the module."""
    lab.load(LEFT)
    area = lab.k.modules.by_id[0].area
    assert lab.call("int probe_set(int n)", 210) == 0
    modules.unload(lab.p, "probe")
    assert lab.k.kmap.alloc(PAGE_SIZE, READ | WRITE) == area
    panic = lab.panics(lambda: lab.p.syscall(210))
    assert "(memory that is not executable), called from the kernel; " in panic.reason
    assert "; module probe, which was unloaded, was there: mine+0x0 [probe, unloaded]; sysent[210] (" in (
        panic.reason
    )
    assert panic.reason.endswith("still points into it")
