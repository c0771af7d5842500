"""Known functions that are not written: a module that names one links, and only a call panics."""

from __future__ import annotations

from typing import Any

SOURCE = """
void sysctl_teardown(void *);
int probe_go(int really);
int probe_go(int really) { if (really) sysctl_teardown(0); return 7; }
"""


def test_an_unwritten_function_panics_only_when_it_is_called(lab: Any) -> None:
    """The module loads and runs; the call says what is missing and who wanted it."""
    lab.load(SOURCE)
    assert lab.call("int probe_go(int really)", 0) == 7
    panic = lab.panics(lambda: lab.call("int probe_go(int really)", 1))
    assert panic.reason == "sysctl_teardown() is not written in this kernel"
    assert "probe_go+0x" in panic.report
