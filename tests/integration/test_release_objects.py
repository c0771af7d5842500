"""Objects that were compiled with NetBSD 5.2's own headers: they have its layouts, and no note of ours."""

from __future__ import annotations

from pathlib import Path

from lkmtools import modules
from lkmtools.abi.lkm import LM_SYSCALL
from support.lab import Lab

HERE = Path(__file__).parent


def test_a_module_with_netbsds_own_structs_loads_works_and_unloads(lab: Lab) -> None:
    """struct lkm_table begins with refcnt: so private and size are where the kernel looks for them."""
    loaded = lab.load(HERE / "release.c", name="release")
    assert f"release: id 0, {loaded.image.size} bytes, refcnt 0, entry 1" in lab.dmesg
    (stat,) = modules.stat_all(lab.p)
    assert (stat.name, stat.type) == ("release", LM_SYSCALL)
    assert lab.p.syscall(stat.offset, 41)[0] == 42
    modules.unload(lab.p, "release")
    assert lab.tables() == lab.boot_tables


def test_a_driver_with_netbsds_own_structs_finds_its_caller_and_moves_data(lab: Lab) -> None:
    """struct lwp and proc, uio, cdevsw, malloc types and a mutex of one word, with words around it."""
    lab.load(HERE / "release_dev.c", name="release_dev")
    fd = lab.p.open(lab.node("release_dev", "/dev/release"))
    text = f"{lab.p.pid} lab\n".encode()
    assert [lab.p.read(fd, 3), lab.p.read(fd, 100), lab.p.read(fd, 100)] == [text[:3], text[3:], b""]
    lab.p.close(fd)
    modules.unload(lab.p, "release_dev")
    assert lab.tables() == lab.boot_tables
