"""The linker: a relocatable object and an address become the bytes of a module. Pure; knows no kernel.

obj = load_object(data, "hello.o")
pre = prelink(obj, machine="amd64", entry_names=("xxxinit", "hello_lkmentry"))
img = link(pre, base, resolve)          # resolve(name) -> value or None
"""

from lkmtools.elf import Object
from lkmtools.elf import read_object as load_object
from lkmtools.link.errors import Reference, UndefinedSymbols, WrongMachine
from lkmtools.link.image import (
    PROT_EXEC,
    PROT_READ,
    PROT_WRITE,
    Image,
    Import,
    PlacedSection,
    Prelink,
    Segment,
    Symbol,
)
from lkmtools.link.layout import needs_resolving, prelink
from lkmtools.link.machines import MACHINES
from lkmtools.link.relocate import link


def write_output(img: Image) -> bytes:
    """`img` as the bytes of an ET_EXEC file; see lkmtools.link.output (read late: few loads want it)."""
    from lkmtools.link import output

    return output.write_output(img)


__all__ = [
    "MACHINES",
    "PROT_EXEC",
    "PROT_READ",
    "PROT_WRITE",
    "Image",
    "Import",
    "Object",
    "PlacedSection",
    "Prelink",
    "Reference",
    "Segment",
    "Symbol",
    "UndefinedSymbols",
    "WrongMachine",
    "link",
    "load_object",
    "needs_resolving",
    "prelink",
    "write_output",
]
