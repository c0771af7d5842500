"""`board`: the driver of examples/board, whose pages programs map."""

from __future__ import annotations

from pathlib import Path

import pytest

from lkmtools import modules
from lkmtools.abi.lkm import LKM_CHAR_MAJOR
from lkmtools.abi.stat import S_IFCHR
from lkmtools.client import Process
from support.lab import Lab

BOARD = Path(__file__).parents[2] / "examples/board"


def nodes(p: Process, ident: int, units: int) -> None:
    """/dev/d0 and so on for the units of a driver."""
    major = LKM_CHAR_MAJOR(modules.stat(p, ident).offset)
    for unit in range(units):
        p.mknod(f"/dev/d{unit}", S_IFCHR | 0o666, major << 8 | unit)


@pytest.fixture
def board(lab: Lab) -> Lab:
    """The boards as /dev/d0 to /dev/d4, of which the last does not exist."""
    nodes(lab.p, lab.load(BOARD / "board.c", name="board").id, 5)
    return lab
