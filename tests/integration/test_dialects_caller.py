"""Which modules pass a struct proc as their caller, as before NetBSD 4.0 and in OpenBSD."""

from __future__ import annotations

import pytest

from lkmtools.cc.dialects import FLAGS
from support.lab import Lab

PASSES_PROC = """
#include <sys/proc.h>
#include <sys/select.h>
register_t words[8], answer[2];
struct selinfo info;
int probe_call(void);
int probe_call(void) { sysent[20].sy_call((void *)curproc, words, answer); return (int)answer[0]; }
int probe_jump(void);
int probe_jump(void) { return sysent[20].sy_call((void *)curproc, words, answer); }
int probe_select(void);
int probe_select(void) { selrecord((void *)curproc, &info); return 0; }
"""


@pytest.mark.parametrize("api", ["1.4", "2.0", "openbsd"])
def test_an_older_module_passes_struct_proc(lab: Lab, api: str) -> None:
    """From the middle of a function, and by a jump at its end."""
    lab.load(PASSES_PROC, flags=FLAGS[api])
    assert lab.call("int probe_call(void)") == lab.p.pid
    assert lab.call("int probe_jump(void)") == 0
    assert lab.call("int probe_select(void)") == 0


@pytest.mark.parametrize("api", ["4.0", "5.2"])
@pytest.mark.parametrize("function", ["probe_call", "probe_jump", "probe_select"])
def test_struct_proc_of_a_newer_module_is_a_panic(lab: Lab, api: str, function: str) -> None:
    lab.load(PASSES_PROC, flags=FLAGS[api])
    panic = lab.panics(lambda: lab.call(f"int {function}(void)"))
    assert panic.reason == f"{lab.k.procs[lab.p.pid].addr:#x} is a struct proc, not a struct lwp"
