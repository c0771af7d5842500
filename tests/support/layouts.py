"""Layouts of structs: NetBSD 5.2's, from tests/conformance/netbsd-5.2.txt, and those in an object's DWARF."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

from elftools.elf.elffile import ELFFile

_FACTS = Path(__file__).parents[1] / "conformance" / "netbsd-5.2.txt"
_QUALIFIERS = ("DW_TAG_typedef", "DW_TAG_const_type", "DW_TAG_volatile_type")
_AGGREGATES = ("DW_TAG_structure_type", "DW_TAG_union_type")


class Record(NamedTuple):
    """A struct: its bytes, and (offset, bytes) of each member; that of an inner struct is "outer.inner"."""

    size: int
    members: dict[str, tuple[int, int]]


class Layouts(NamedTuple):
    """Structs, and sizes of other types, on one machine."""

    structs: dict[str, Record]
    types: dict[str, int]


def netbsd(machine: str) -> Layouts:
    """NetBSD 5.2's, on "amd64" or "i386"."""
    column = ("amd64", "i386").index(machine)
    structs: dict[str, Record] = {}
    types: dict[str, int] = {}
    members: dict[str, tuple[int, int]] | None = None
    for line in _FACTS.read_text().splitlines():
        words = line.split()
        if not words or words[0] == "#":
            continue
        if words[0] == "struct":
            structs[words[1]] = Record(int(words[2].split("/")[column]), members := {})
        elif words == ["types"]:
            members = None
        elif members is None:
            types[words[0]] = int(words[1].split("/")[column])
        elif (place := words[1 + column]) != "-":
            offset, size = place.split("+")
            members[words[0]] = (int(offset), int(size))
    return Layouts(structs, types)


def of_object(path: Path) -> Layouts:
    """Those of an object compiled with -g; an unnamed struct is called like its typedef without "_t"."""
    found = Layouts({}, {})
    with path.open("rb") as file:
        dwarf = ELFFile(file).get_dwarf_info(relocate_dwarf_sections=True)
        for unit in dwarf.iter_CUs():
            for die in unit.get_top_DIE().iter_children():
                if "DW_AT_name" not in die.attributes:
                    continue
                name = die.attributes["DW_AT_name"].value.decode()
                if die.tag == "DW_TAG_typedef":
                    found.types[name] = _size(die)
                    name = name.removesuffix("_t")
                kind = _bare(die)
                if kind.tag == "DW_TAG_structure_type" and "DW_AT_byte_size" in kind.attributes:
                    found.structs.setdefault(name, Record(_size(kind), dict(_members(kind))))
    return found


def _bare(die: Any) -> Any:
    """The type behind typedefs and qualifiers; the last of these where that is void."""
    while die.tag in _QUALIFIERS and "DW_AT_type" in die.attributes:
        die = die.get_DIE_from_attribute("DW_AT_type")
    return die


def _size(die: Any) -> int:
    """Bytes of a type; an array without a bound has none."""
    die = _bare(die)
    if die.tag != "DW_TAG_array_type":
        return die.attributes["DW_AT_byte_size"].value if "DW_AT_byte_size" in die.attributes else 0
    count = 1
    for dimension in die.iter_children():
        if "DW_AT_upper_bound" in dimension.attributes:
            count *= dimension.attributes["DW_AT_upper_bound"].value + 1
        elif "DW_AT_count" in dimension.attributes:
            count *= dimension.attributes["DW_AT_count"].value
        else:
            count = 0
    return count * _size(die.get_DIE_from_attribute("DW_AT_type"))


def _members(die: Any, base: int = 0, prefix: str = "") -> Iterator[tuple[str, tuple[int, int]]]:
    """Each member of a struct or union and, behind it, those of a member that is one itself."""
    for child in die.iter_children():
        if child.tag != "DW_TAG_member":
            continue
        place = child.attributes.get("DW_AT_data_member_location")
        offset = base + (place.value if place else 0)
        kind = child.get_DIE_from_attribute("DW_AT_type")
        inner = prefix
        if "DW_AT_name" in child.attributes:
            name = prefix + child.attributes["DW_AT_name"].value.decode()
            yield name, (offset, _size(kind))
            inner = f"{name}."
        if _bare(kind).tag in _AGGREGATES:
            yield from _members(_bare(kind), offset, inner)
