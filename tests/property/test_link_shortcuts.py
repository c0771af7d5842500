"""A relocation applied by a shortcut stores what its row says, and is refused where the row refuses it."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lkmtools.errors import LinkError
from lkmtools.link import MACHINES, Image, link, load_object, prelink
from lkmtools.link import fields
from lkmtools.link.howto import Howto
from tests.support.elfwriter import AX, Rel, Sec, Sym, relocatable

ROWS = [
    pytest.param(machine, howto, id=howto.name)
    for machine in MACHINES.values()
    for howto in machine.rows
    if isinstance(howto, Howto)
]
BASES = {"amd64": [0xFFFFFFFF81000000, 0x400000, 0], "i386": [0xC0400000, 0x400000, 0]}
NEAR = st.integers(-0x20000, 0x20000)
