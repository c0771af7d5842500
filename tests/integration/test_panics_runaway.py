"""Module code that does not come back is a panic, however it loops."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from lkmtools.kern.status import processes
from support.compiling import Compile
from support.lab import Lab
from support.panics import ALL, GO, crash, frames, stack


@pytest.fixture
def hasty(cc: Compile, machine: str) -> Iterator[Lab]:
    """A lab whose watchdog waits a tenth of a second, and three for a whole call."""
    made = Lab(cc, machine, watchdog=0.1, entry_limit=0.3)
    yield made
    made.close()


def test_a_loop_without_kernel_calls_ends_at_the_watchdog(hasty: Lab) -> None:
    """The reason says how long and where; the backtrace who called it; status answers all the time."""
    seen: list[Any] = []
    hasty.k.on_preempt = lambda: seen.append((hasty.k.port.name, processes(hasty.k)[-1]["state"]))
    panic = crash(hasty, 'for (;;) __asm__ volatile ("");')
    assert panic.reason.startswith("watchdog: 0.1 seconds without a kernel call in probe_deep+0x")
    assert frames(panic) == ALL
    assert set(seen) == {(hasty.machine, "run")}


def test_a_loop_of_kernel_calls_ends_at_the_limit_of_an_entry(hasty: Lab) -> None:
    """Each call feeds the watchdog; the whole entry has its own limit."""
    panic = crash(hasty, 'for (;;) strlcpy(text, "x", 4);', before="static char text[4];")
    assert panic.reason.startswith("watchdog: 0.3 seconds in one call in probe_deep+0x")
    assert [name for name in frames(panic) if name != "strlcpy"] == ALL


def test_a_loop_of_constant_kernel_functions_is_a_runaway_too(hasty: Lab) -> None:
    """nullop is machine code of two instructions: it never stops the CPU, so it does not count."""
    panic = crash(hasty, "for (;;) nullop(0);")
    assert "watchdog: 0.1 seconds without a kernel call" in panic.reason


def test_a_runaway_below_a_kernel_function_has_the_whole_chain(hasty: Lab) -> None:
    fd = stack(hasty, "for (;;) continue;")
    panic = hasty.panics(lambda: hasty.p.syscall(210, fd, 0))
    assert "in drv_ioctl+0x" in panic.reason
    assert frames(panic) == ["drv_ioctl", "sys_ioctl", "probe_call"]


def test_sleeping_is_not_running(hasty: Lab) -> None:
    """Longer asleep than both limits, then a little work: no panic."""
    hasty.load("""
int probe_go(int n);
int probe_go(int n)
{
	int i, x = 0;
	tsleep(&probe_go, 0, "long", hz / 2);
	for (i = 0; i < n; i++)
		x += i;
	return x;
}
""")
    assert hasty.call(GO, 5) == 10
