"""Known functions that are not implemented: a module that names one links, and only a call panics."""

from __future__ import annotations

from lkmtools.abi.unwritten import names
from lkmtools.kern.rows import FUNCTIONS
from support.lab import Lab

SOURCE = """
void kthread_destroy(struct lwp *);
int probe_go(int really);
int probe_go(int really) { if (really) kthread_destroy(0); return 7; }
"""


def test_an_unwritten_function_panics_only_when_it_is_called(lab: Lab) -> None:
    """The module loads and runs; the call says what is missing and who wanted it."""
    lab.load(SOURCE)
    assert lab.call("int probe_go(int really)", 0) == 7
    panic = lab.panics(lambda: lab.call("int probe_go(int really)", 1))
    assert panic.reason == "kthread_destroy() is not implemented in this kernel"
    assert "probe_go+0x" in panic.report


def test_the_lock_of_terminals_is_a_mutex(lab: Lab) -> None:
    """tty_lock, which nothing of the kernel's own takes."""
    lab.load("""
#include <sys/tty.h>
int probe_lock(void);
int
probe_lock(void)
{
	int held;

	mutex_spin_enter(&tty_lock);
	held = mutex_owned(&tty_lock);
	mutex_spin_exit(&tty_lock);
	return held * 10 + mutex_owned(&tty_lock);
}
""")
    assert lab.call("int probe_lock(void)") == 10


def test_every_prototype_can_be_read() -> None:
    """Their types are not read before somebody calls: here all are."""
    assert [row.proto.text for row in FUNCTIONS if not row.written and not row.proto.ret.name] == []
    assert sum(len(row.proto.params) for row in FUNCTIONS if not row.written) > len(names())


def test_the_names_are_those_of_the_kernel_s_rows() -> None:
    assert {row.proto.name for row in FUNCTIONS if not row.written} == names()
    assert "kthread_destroy" in names()
