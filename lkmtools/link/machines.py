"""The linker's machines, by the name of their port."""

from __future__ import annotations

from lkmtools.link.amd64 import AMD64
from lkmtools.link.howto import Machine
from lkmtools.link.i386 import I386

MACHINES: dict[str, Machine] = {machine.name: machine for machine in (AMD64, I386)}
