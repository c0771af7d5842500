"""An object linked once more, at the address where its module is, for what its debug information says.

The sections of the debug information are linked with it, by the rows that link modules: pyelftools' own
relocation takes ten times as long.
"""

from __future__ import annotations

from io import BytesIO

from elftools.dwarf.dwarfinfo import DebugSectionDescriptor

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
