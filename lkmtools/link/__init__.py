"""The linker: a relocatable object and an address become the bytes of a module. Pure; knows no kernel.

obj = load_object(data, "hello.o")
pre = prelink(obj, machine="amd64", entry_names=("xxxinit", "hello_lkmentry"))
img = link(pre, base, resolve)          # resolve(name) -> value or None
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from lkmtools.abi.mman import PROT_EXEC, PROT_READ, PROT_WRITE
from lkmtools.elf import Object
from lkmtools.elf import read_object as load_object
from lkmtools.link.errors import Reference, UndefinedSymbols, WrongMachine
from lkmtools.link.image import (
    Image,
    Import,
    PlacedSection,
    Prelink,
    Segment,
    Symbol,
)
from lkmtools.link.layout import PROVIDED, needs_resolving, prelink
from lkmtools.link.machines import MACHINES
from lkmtools.link.relocate import link

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from lkmtools.elf.writer import OutSection


# Few loads fail, and few want a file: what serves them is read late.
def references(pre: Prelink, names: Iterable[str]) -> tuple[Reference, ...]:
    """The first uses of some of the undefined symbols; see lkmtools.link.uses."""
    from lkmtools.link import uses

    return uses.references(pre, names)


def write_output(img: Image, unloaded: Sequence[OutSection] = ()) -> bytes:
    """`img` as the bytes of an ET_EXEC file; see lkmtools.link.output."""
    from lkmtools.link import output

    return output.write_output(img, unloaded)


def debug_sections(pre: Prelink, img: Image, warn: Callable[[str], None]) -> list[OutSection]:
    """What a debugger needs besides, for write_output(); see lkmtools.link.debug."""
    from lkmtools.link import debug

    return debug.debug_sections(pre, img, warn)


__all__ = [
    "MACHINES",
    "PROT_EXEC",
    "PROT_READ",
    "PROT_WRITE",
    "PROVIDED",
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
    "debug_sections",
    "link",
    "load_object",
    "needs_resolving",
    "prelink",
    "references",
    "write_output",
]
