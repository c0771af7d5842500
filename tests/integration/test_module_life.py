"""A module made by a real compiler loads, runs, is listed, unloads; a bad one panics and nothing remains."""

from __future__ import annotations

import pytest

from lkmtools import modules
from lkmtools.abi.errno import EPERM
from lkmtools.errors import KernelError
from support.lab import Lab


def test_a_misc_module_loads_runs_and_unloads(lab: Lab) -> None:
    """What the module computes is what C says, and after unload every table is as at boot."""
    lab.load("int probe_add(int a, int b);\nint probe_add(int a, int b) { return a + b; }")
    assert lab.call("int probe_add(int a, int b)", 40, 2) == 42
    assert [m.name for m in modules.stat_all(lab.p)] == ["probe"]
    modules.unload(lab.p, "probe")
    assert modules.stat_all(lab.p) == []
    assert lab.tables() == lab.boot_tables


def test_loading_the_same_module_twice_is_allowed_for_misc_only(lab: Lab) -> None:
    """MISC modules are not checked for their name (lkm.md 4.6)."""
    lab.load("")
    lab.load("")
    assert [m.id for m in modules.stat_all(lab.p)] == [0, 1]


def test_a_call_through_null_panics_with_the_caller_named(lab: Lab) -> None:
    """The report has reason and backtrace, the next kernel is clean."""
    lab.load("int probe_go(void (*f)(void));\nint probe_go(void (*f)(void)) { f(); return 1; }")
    panic = lab.panics(lambda: lab.call("int probe_go(void *f)", 0))
    assert panic.reason.startswith("page fault: instruction fetch at 0x0 (NULL pointer)")
    assert "probe_go+0x" in panic.report


def test_a_wild_write_panics_at_the_exact_function(lab: Lab) -> None:
    """Writing to text of the module itself is refused by the page permissions."""
    lab.load("void probe_go(void);\nvoid probe_go(void) { *(volatile int *)probe_go = 1; }")
    panic = lab.panics(lambda: lab.call("void probe_go(void)"))
    assert "read-only memory of module probe" in panic.reason
    assert "probe_go+0x" in panic.reason


def test_stack_overflow_panics_on_the_guard_page(lab: Lab) -> None:
    """Endless recursion ends at the unmapped page below the stack."""
    lab.load(
        "int probe_go(int n);\n"
        "int probe_go(int n) { volatile char b[64]; b[0] = n; return probe_go(n + 1) + b[0]; }"
    )
    panic = lab.panics(lambda: lab.call("int probe_go(int n)", 1))
    assert "kernel stack overflow" in panic.reason


@pytest.mark.parametrize("level", [1, 2])
def test_no_module_loads_above_securelevel_zero(lab: Lab, level: int) -> None:
    """EPERM (1) from LMRESERV, and the reason names securelevel."""
    lab.k.mem.set_u32(lab.k.symbol("securelevel"), level)
    with pytest.raises(Exception, match="Operation not permitted") as caught:
        lab.load("")
    assert isinstance(caught.value.__cause__, KernelError)
    assert caught.value.__cause__.errno == EPERM
    assert "securelevel" in caught.value.__cause__.reason
