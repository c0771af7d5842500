"""`mem`: a lab with examples/memfs mounted on /mnt, and what must be left of it."""

from __future__ import annotations

from pathlib import Path

import pytest

from lkmtools import modules
from lkmtools.abi.errno import (
    ENODEV,
)
from support.errors import errno_of
from support.lab import Lab

EXAMPLES = Path(__file__).parents[2] / "examples"


@pytest.fixture
def mem(lab: Lab) -> Lab:
    """A lab with memfs loaded and mounted on /mnt."""
    lab.load(EXAMPLES / "memfs/memfs.c", name="memfs")
    lab.p.mount("memfs", "/mnt")
    return lab


def leave(lab: Lab, *places: str) -> None:
    """Unmount and unload; nothing of the file system may be left."""
    for place in places or ("/mnt",):
        lab.p.unmount(place)
    assert (lab.k.vfs.mounts, lab.k.vfs.vnodes) == ({}, set())
    assert "lost" not in lab.dmesg
    modules.unload(lab.p, "memfs")
    assert lab.tables() == lab.boot_tables
    assert errno_of(lambda: lab.p.mount("memfs", "/mnt")) == ENODEV
