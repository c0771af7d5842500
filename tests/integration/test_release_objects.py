"""Objects that were compiled with NetBSD 5.2's own headers: they have its layouts, and no note of ours."""

from __future__ import annotations

from pathlib import Path

from lkmtools import modules
from lkmtools.abi.lkm import LM_SYSCALL
from support.lab import Lab

RELEASE = Path(__file__).parent / "release.c"


def test_a_module_with_netbsds_own_structs_loads_works_and_unloads(lab: Lab) -> None:
    """struct lkm_table begins with refcnt: so private and size are where the kernel looks for them."""
    loaded = lab.load(RELEASE, name="release")
    assert f"release: id 0, {loaded.image.size} bytes, refcnt 0, entry 1" in lab.dmesg
    (stat,) = modules.stat_all(lab.p)
    assert (stat.name, stat.type) == ("release", LM_SYSCALL)
    assert lab.p.syscall(stat.offset, 41)[0] == 42
    modules.unload(lab.p, "release")
    assert lab.tables() == lab.boot_tables
