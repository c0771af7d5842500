"""The backtrace of a panic through the kernel and back, and without frame pointers."""

from __future__ import annotations

import re

import pytest

from support.lab import Lab
from support.panics import GO, crash, frames, stack

AGAIN = "(*sysent[SYS_ioctl].sy_call)(l, args, retval)"


def test_kernel_module_kernel_module_and_back(lab: Lab) -> None:
    """A call that asks a driver through sys_ioctl gets its answer, and its own frame is whole."""
    fd = stack(lab, "return *(u_long *)data == 7 ? 5 : 0;")
    for _ in range(50):
        assert lab.p.syscall(210, fd, 1)[0] == 1000
        assert lab.p.syscall(210, fd, 7)[0] == -5
    assert lab.p.syscall(210, 99, 7)[0] == -9


def test_a_fault_below_two_kernel_calls_has_the_whole_chain(lab: Lab) -> None:
    """Driver, sys_ioctl, system call: each with its module, in order."""
    fd = stack(lab, "return drv_fault(data) + 1;")
    panic = lab.panics(lambda: lab.p.syscall(210, fd, 0))
    assert panic.reason.startswith("page fault: read of 4 bytes at 0x4 (NULL pointer) in drv_fault+0x")
    assert frames(panic) == ["drv_fault", "drv_ioctl", "sys_ioctl", "probe_call"]
    assert re.search(r"drv_ioctl\+0x[0-9a-f]+ \[drv\]", panic.report)
    assert re.search(r"probe_call\+0x[0-9a-f]+ \[probe\]", panic.report)


def test_nested_calls_twenty_deep_come_back(lab: Lab) -> None:
    """The driver asks itself through sys_ioctl with one less each time."""
    fd = stack(lab, f"args[2]--; return *(u_long *)data == 0 ? 3 : {AGAIN};")
    assert lab.p.syscall(210, fd, 20)[0] == -3


def test_endless_nesting_is_a_stack_overflow(lab: Lab) -> None:
    """Through the kernel each time: the guest's stack ends before the emulator's does."""
    fd = stack(lab, f"return {AGAIN};")
    panic = lab.panics(lambda: lab.p.syscall(210, fd, 1))
    assert "(kernel stack overflow)" in panic.reason
    assert frames(panic)[-4:] == ["sys_ioctl", "drv_ioctl", "sys_ioctl", "probe_call"]


def test_a_callout_that_faults_has_no_process_in_its_chain(lab: Lab) -> None:
    """softclock calls the module: the frames are the callout's."""
    lab.load("""
#include <sys/callout.h>
static callout_t ch;
static void probe_tick(void *arg) { *(volatile int *)arg = 1; }
int probe_go(int n);
int probe_go(int n)
{
	callout_init(&ch, 0);
	callout_reset(&ch, 1, probe_tick, (void *)16);
	return tsleep(&ch, 0, "tick", 10 * hz);
}
""")
    panic = lab.panics(lambda: lab.call(GO, 0))
    assert panic.reason.startswith("page fault: write of 4 bytes at 0x10 (NULL pointer) in probe_tick+0x")
    assert frames(panic)[0] == "probe_tick"
    assert "probe_go" not in frames(panic)


def in_order(names: list[str], *wanted: str) -> bool:
    """Do `wanted` stand in `names` in this order, whatever is between them?"""
    rest = iter(names)
    return all(name in rest for name in wanted)


@pytest.mark.parametrize("level", ["-O2", "-O1"])
def test_without_frame_pointers_callers_are_found_and_marked(lab: Lab, level: str) -> None:
    """The faulting function is certain; the others are guesses, perhaps with stale ones between them."""
    body = "volatile int x[4] = { n }; return *(volatile int *)(long)(x[0] + 4);"
    names = frames(crash(lab, body, flags=("-fomit-frame-pointer", level)))
    assert names[0] == "probe_deep"
    assert in_order(names, "probe_middle?", "probe_go?")


def test_without_frame_pointers_in_a_kernel_function(lab: Lab) -> None:
    """The kernel function's return address is certain: only what is above it is guessed."""
    panic = crash(lab, "return strlen((char *)(8 + (long)n)) + 1;", flags=("-fomit-frame-pointer",))
    names = frames(panic)
    assert names[:2] == ["strlen", "probe_deep"]
    assert in_order(names, "probe_middle?", "probe_go?")
