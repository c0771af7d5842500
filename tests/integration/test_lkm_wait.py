"""lkmwait(): who waits for a module is woken by whatever lets go of it, and by nothing else."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from lkmtools import modules
from lkmtools.abi.errno import EAGAIN, EINVAL, ENOENT
from lkmtools.errors import KernelError
from lkmtools.modules.refs import wait_unused
from support.lab import Lab

EXAMPLES = Path(__file__).parents[2] / "examples"
PATIENCE = 600.0  # seconds, which nobody here waits
HOLDER = """
int one_hold(void *p), one_rele(void *p);
int one_hold(void *p) { return lkm_hold(p); }
int one_rele(void *p) { return lkm_rele(p); }
"""
SLEEPER = """
#include <sys/proc.h>
int probe_sleep(void), probe_wake(void);
int probe_sleep(void) { tsleep(&probe_sleep, PWAIT, "one", 0); return tsleep(&probe_wake, PWAIT, "two", 0); }
int probe_wake(void) { wakeup(&probe_sleep); wakeup(&probe_wake); return 0; }
"""


def wait(lab: Lab, module: str) -> Any:
    """A process that sleeps in lkmwait(); the kernel has nothing to do until somebody comes."""
    waiter = lab.kernel.process("waiter")
    waiting = lab.start(lambda: wait_unused(waiter, module, PATIENCE), waiter)
    assert not waiting.done
    assert (lab.k.timeout() or 0) > PATIENCE / 2
    return waiting


def test_closing_the_device_wakes(lab: Lab) -> None:
    lab.load(EXAMPLES / "chardev" / "echo.c", name="echo")
    fd = lab.p.open(lab.node("echo", "/dev/echo"))
    waiting = wait(lab, "echo")
    lab.p.getpid()
    lab.settle()
    assert not waiting.done
    lab.p.close(fd)
    assert waiting.result()
    modules.unload(lab.p, "echo")


def test_unmounting_wakes(lab: Lab) -> None:
    lab.load(EXAMPLES / "memfs" / "memfs.c", name="memfs")
    lab.p.mount("memfs", "/mnt")
    waiting = wait(lab, "memfs")
    lab.p.unmount("/mnt")
    assert waiting.result()


def test_dropping_the_last_reference_wakes(lab: Lab) -> None:
    lab.load("", name="target")
    lab.load(HOLDER, name="one")
    table = lab.k.modules.by_id[0].table
    for _ in range(2):
        lab.call("int one_hold(unsigned long p)", table)
    waiting = wait(lab, "target")
    lab.call("int one_rele(unsigned long p)", table)
    lab.settle()
    assert not waiting.done
    lab.call("int one_rele(unsigned long p)", table)
    assert waiting.result()


def test_the_end_of_a_call_wakes_and_another_sleep_of_it_does_not(lab: Lab) -> None:
    lab.load(SLEEPER)
    sleeping = lab.begin("int probe_sleep(void)")
    waiting = wait(lab, "probe")
    lab.call("int probe_wake(void)")
    lab.settle()
    assert not waiting.done
    lab.call("int probe_wake(void)")
    sleeping.result()
    assert waiting.result()


def test_two_who_wait_do_not_keep_each_other_awake(lab: Lab) -> None:
    """Both sleep until the last user is unloaded; then both know."""
    lab.load("int probe_get(void) { return 1; }", symbols=True)
    lab.load("int probe_get(void); int upper_get(void) { return probe_get(); }", name="upper")
    both = [wait(lab, "probe") for _ in range(2)]
    lab.settle()
    assert (len(lab.k.lkm.waiters), len(lab.k.sched.on_switch)) == (2, 1)
    modules.unload(lab.p, "upper")
    assert [waiting.result() for waiting in both] == [True, True]
    assert (len(lab.k.lkm.waiters), lab.k.sched.on_switch) == (0, [])


def test_who_waits_is_told_why_not(lab: Lab) -> None:
    """EAGAIN and the reason when the time is over; ENOENT and EINVAL as LMUNLOAD; nothing stays behind."""
    lab.load("int probe_get(void) { return 1; }", symbols=True)
    lab.load("int probe_get(void); int upper_get(void) { return probe_get(); }", name="upper")
    with pytest.raises(KernelError) as caught:
        wait_unused(lab.p, "probe", 0)
    assert (caught.value.errno, caught.value.reason) == (EAGAIN, "'probe' is in use by 'upper'")
    for module, errno in (("nobody", ENOENT), (99, EINVAL)):
        with pytest.raises(KernelError) as caught:
            wait_unused(lab.p, module, 1)
        assert caught.value.errno == errno
    assert not wait_unused(lab.p, "upper", 0)
    assert (len(lab.k.lkm.waiters), lab.k.sched.on_switch) == (0, [])


def test_who_waits_may_die(lab: Lab) -> None:
    lab.load("int probe_get(void) { return 1; }", symbols=True)
    lab.load("int probe_get(void); int upper_get(void) { return probe_get(); }", name="upper")
    waiting = wait(lab, "probe")
    waiting.transport.close()
    assert (len(lab.k.lkm.waiters), lab.k.sched.on_switch) == (0, [])
    modules.unload(lab.p, "upper")
    modules.unload(lab.p, "probe")
