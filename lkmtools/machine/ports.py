"""All machines."""

from lkmtools.errors import LkmtoolsError
from lkmtools.machine.amd64 import AMD64
from lkmtools.machine.i386 import I386
from lkmtools.machine.port import Port

PORTS: dict[str, Port] = {row.name: row for row in (AMD64, I386)}


def port(name: str) -> Port:
    """The machine called `name`; LkmtoolsError lists the known ones."""
    try:
        return PORTS[name]
    except KeyError:
        raise LkmtoolsError(f"unknown machine '{name}'; the machines are {', '.join(PORTS)}") from None
