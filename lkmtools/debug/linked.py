"""An object linked once more, at the address where its module is, for what its debug information says.

The sections of the debug information are linked with it, by the rows that link modules: pyelftools' own
relocation takes ten times as long.
"""

from __future__ import annotations

from bisect import bisect_right
from io import BytesIO

from elftools.dwarf.dwarfinfo import DebugSectionDescriptor

from lkmtools.abi.elf import STT_FUNC
from lkmtools.link import MACHINES, Image, debug_sections, link, load_object, prelink
from lkmtools.tuples import NamedTuple


class Debugged(NamedTuple):
    """An object at an address: its image, and its sections that are not loaded, by name.

    `why` says which of them cannot be had. `has_info`: the object has .debug_info.
    """

    name: str
    machine: str
    little_endian: bool
    word: int  # bytes of an address
    image: Image
    sections: dict[str, bytes]
    why: str
    has_info: bool

    def section(self, name: str) -> DebugSectionDescriptor | None:
        """A section that is not loaded, as pyelftools takes it."""
        data = self.sections.get(name)
        return None if data is None else DebugSectionDescriptor(BytesIO(data), name, 0, len(data), 0)


def linked(data: bytes, name: str, base: int) -> Debugged | None:
    """The object file `data` at `base`; None when it is for no machine of ours. LkmtoolsError."""
    obj = load_object(data, name)
    machine = next((each for each, row in MACHINES.items() if row.e_machine == obj.machine), "")
    if not machine:
        return None
    pre = prelink(obj, machine)
    why: list[str] = []
    image = link(pre, base, lambda _: base)  # what others define is not asked for
    found = {section.name: section.data for section in debug_sections(pre, image, why.append)}
    little = obj.byteorder == "little"
    has_info = any(section.name == ".debug_info" for section in obj.sections)
    return Debugged(name, machine, little, obj.bits // 8, image, found, "; ".join(why), has_info)


class Functions:
    """The functions of an image, by address."""

    def __init__(self, image: Image) -> None:
        rows = sorted((each.value, each.name) for each in image.symbols if each.type == STT_FUNC)
        self._starts = [start for start, _ in rows]
        self._names = [name for _, name in rows]

    def at(self, addr: int) -> tuple[str, int] | None:
        """Name and first address of the function that holds `addr`, or is the last one before it."""
        found = bisect_right(self._starts, addr) - 1
        return (self._names[found], self._starts[found]) if found >= 0 else None
