"""What a kernel that is shut down gives back to the host: at once, whenever the garbage collector comes."""

from __future__ import annotations

import gc
import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from lkmtools.abi.fcntl import O_RDONLY
from lkmtools.errors import LkmtoolsError
from lkmtools.local import LocalKernel
from support.compiling import Compile

PROGRAM = """
#include <unistd.h>
int main(void) { char c; return read(0, &c, 1); }
"""


@pytest.fixture
def uncollected() -> Iterator[None]:
    """No garbage collection meanwhile."""
    gc.collect()
    gc.disable()
    yield
    gc.enable()


def held() -> tuple[int, int]:
    """How many descriptors and threads this process has."""
    return len(os.listdir("/proc/self/fd")), len(os.listdir("/proc/self/task"))


@pytest.mark.usefixtures("uncollected")
def test_a_kernel_keeps_no_descriptor_and_no_thread(cc: Compile, machine: str, tmp_path: Path) -> None:
    """With /dev/ksyms open, a directory of the host mounted, after a program and after a reboot."""
    program = cc.program(PROGRAM, machine).read_bytes()
    null = os.open(os.devnull, os.O_RDONLY)
    before = held()
    with LocalKernel(inside=True, machine=machine) as lk:
        p = lk.process()
        p.open("/dev/ksyms", O_RDONLY)
        p.mount("hostfs", "/mnt", lk.share(str(tmp_path)))
        lk.execute(program, stdio=(null, null, null))
        lk.reboot()
        lk.process().open("/dev/ksyms", O_RDONLY)
    assert held() == before
    os.close(null)


@pytest.mark.usefixtures("uncollected")
def test_a_kernel_that_cannot_boot_keeps_none_either(machine: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """All that a kernel holds is there by the time its root file system is made."""
    before = held()
    monkeypatch.setattr("lkmtools.kern.vfs.vfs_mountroot.first_tree", None)
    with pytest.raises(TypeError):
        LocalKernel(inside=True, machine=machine)
    assert held() == before


@pytest.mark.parametrize("ram", [0, -4096, 1 << 20, (4 << 20) + 1, 1 << 31])
def test_memory_that_no_kernel_can_have_is_refused(ram: int) -> None:
    """With the limits; and nothing is left of the attempt."""
    with pytest.raises(
        LkmtoolsError, match=rf"^option ram is {ram}: it must be a multiple of 4096 from 2097152"
    ):
        LocalKernel(inside=True, ram=ram)
