"""What an object needs from other modules and provides for them, read from its file without loading it.

A client needs the module that has the globals it leaves undefined (loaded with -s); an EXEC module needs the
emulation it names, which a COMPAT module registers. With this, rc.lkm(8) can report which line has to move.
"""

from __future__ import annotations

import struct

from lkmtools.abi import elf as c
from lkmtools.abi import lkm
from lkmtools.abi.datamodel import ILP32_I386, LP64, DataModel, Struct, cstring
from lkmtools.abi.exec import execsw
from lkmtools.elf import Object
from lkmtools.modules.lminfo import exported
from lkmtools.tuples import NamedTuple

PRIVATE = "_module"  # the private struct of a module, as the MOD_ macros of <sys/lkm.h> name it


class Needs(NamedTuple):
    """Global symbols an object leaves undefined and has; emulations it wants and registers."""

    undefined: frozenset[str]
    defined: frozenset[str]
    wants: frozenset[str]
    registers: frozenset[str]


def needs(obj: Object) -> Needs:
    """What `obj` needs and has."""
    undefined = frozenset(s.name for s in obj.symbols if s.name and not s.shndx and s.bind == c.STB_GLOBAL)
    return Needs(undefined - obj.versions.keys(), frozenset(exported(obj)), *_emulations(obj))


class _Data:
    """Initialised data of an object: words, and pointers through their relocations."""

    def __init__(self, obj: Object) -> None:
        self._obj = obj
        self.dm: DataModel = LP64 if obj.bits == 64 else ILP32_I386
        self._relocs = {
            (table.target, entry.offset): (table.rela, entry) for table in obj.relocations for entry in table
        }

    def word(self, place: tuple[int, int], size: int) -> int:
        """The unsigned number of `size` bytes at (section, offset)."""
        section, offset = place
        data = self._obj.sections[section].data[offset : offset + size]
        return int.from_bytes(data, self.dm.byteorder)

    def is_null(self, place: tuple[int, int]) -> bool:
        """Is the pointer at a place NULL? One to elsewhere has a relocation."""
        return place not in self._relocs and not self.word(place, self.dm.pointer)

    def pointer(self, place: tuple[int, int]) -> tuple[int, int] | None:
        """Where the pointer at a place points to in this object; None elsewhere."""
        found = self._relocs.get(place)
        if found is None:
            return None
        rela, entry = found
        symbol = self._obj.symbols[entry.symbol]
        if not symbol.shndx or symbol.reserved:
            return None
        addend = entry.addend if rela else self.word(place, self.dm.pointer)
        return symbol.shndx, symbol.value + addend

    def string(self, place: tuple[int, int] | None) -> str | None:
        """The C string at a place."""
        if place is None:
            return None
        return cstring(bytes(self._obj.sections[place[0]].data[place[1] :]))


def _emulations(obj: Object) -> tuple[frozenset[str], frozenset[str]]:
    """The emulation an EXEC module wants, and the one a COMPAT module registers."""
    none: frozenset[str] = frozenset()
    private = next((s for s in obj.symbols if s.name == PRIVATE and s.shndx and not s.reserved), None)
    if private is None:
        return none, none
    data, place = _Data(obj), (private.shndx, private.value)
    kind = data.word(place, struct.calcsize("i"))
    if kind == lkm.LM_EXEC:
        name = _wanted(data, place)
        return frozenset([name] if name else []), none
    if kind == lkm.LM_COMPAT:
        at = _member(data, place, lkm.lkm_compat, "lkm_compat")
        name = data.string(data.pointer(at) if at else None)  # e_name is the first member of struct emul
        return none, frozenset([name] if name else [])
    return none, none


def _member(data: _Data, place: tuple[int, int], row: Struct, name: str) -> tuple[int, int] | None:
    """Where the pointer `name` of the struct at a place points to."""
    return data.pointer((place[0], place[1] + row.layout(data.dm).offsetof(name)))


def _wanted(data: _Data, place: tuple[int, int]) -> str | None:
    """The emulation that an EXEC module names; one whose es_emul is set needs no name."""
    row = _member(data, place, lkm.lkm_exec, "lkm_execsw")
    if row is None or not data.is_null((row[0], row[1] + execsw.layout(data.dm).offsetof("es_emul"))):
        return None
    return data.string(_member(data, place, lkm.lkm_exec, "lkm_emul"))
