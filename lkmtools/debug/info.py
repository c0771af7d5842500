"""The source place of an address in a module, from the DWARF of its object (versions 2 to 5).

Only the units are read that hold the addresses asked for.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from typing import TypeVar

from elftools.dwarf.compileunit import CompileUnit
from elftools.dwarf.die import DIE
from elftools.dwarf.dwarfinfo import DwarfConfig, DWARFInfo
from elftools.dwarf.ranges import BaseAddressEntry

from lkmtools.debug.linked import Debugged, linked
from lkmtools.debug.origin import FunctionCode, Origins
from lkmtools.debug.types import type_of
from lkmtools.debug.variables import Variables
from lkmtools.errors import LkmtoolsError
from lkmtools.link import Image
from lkmtools.tuples import NamedTuple

_T = TypeVar("_T")
_SECTIONS = (
    *("info", "aranges", "abbrev", "frame", None, "str", "loc", "ranges", "line", "pubtypes", "pubnames"),
    *("addr", "str_offsets", "line_str", "loclists", "rnglists", "sup", None, "types"),
)  # in the order of DWARFInfo's parameters; None: .eh_frame and .gnu_debugaltlink, which are not read
_MOST_REFERENCES = 8  # from a DIE to the one that has its name
_INLINED, _SUBPROGRAM = "DW_TAG_inlined_subroutine", "DW_TAG_subprogram"
_BLOCK = "DW_TAG_lexical_block"


class SourcePlace(NamedTuple):
    """Where an address is: `line` is 0 and `file` "" when the debug information does not say.

    `inlined`: the code of `function` is in the middle of the place that follows, which calls it at its line.
    `data`: it is a variable, and that its name.
    """

    function: str
    file: str
    line: int
    inlined: bool = False
    data: bool = False


class DebugInfoError(LkmtoolsError):
    """The debug information of an object cannot be read."""


class DebugInfo:
    """The debug information of an object whose module is at an address."""

    def __init__(self, dwarf: DWARFInfo, name: str, image: Image) -> None:
        self.bits = image.machine.bits
        self._dwarf = dwarf
        self._name = name
        self._image = image
        self._units: list[tuple[CompileUnit, list[range]]] | None = None
        self._lines: dict[int, _Lines] = {}
        self._chains: dict[int, list[DIE]] = {}
        self._functions: dict[int, Origins] = {}
        self._variables = Variables(dwarf, self.bits, self._chain_at, self._covers)

    @classmethod
    def of(cls, data: bytes, name: str, base: int) -> DebugInfo | None:
        """That of the object file `data`, linked at `base`; None when it has none, DebugInfoError."""
        obj = linked(data, name, base)
        return None if obj is None else cls.of_linked(obj)

    @classmethod
    def of_linked(cls, obj: Debugged) -> DebugInfo | None:
        """That of an object that was linked for it; None when it has none, DebugInfoError."""
        if not obj.has_info:
            return None
        if ".debug_info" not in obj.sections:
            raise DebugInfoError(obj.why or f"{obj.name}: .debug_info is empty")
        config = DwarfConfig(
            little_endian=obj.little_endian,
            machine_arch="x64" if obj.machine == "amd64" else "x86",
            default_address_size=obj.word,
        )
        sections = [obj.section(f".debug_{each}" if each else "") for each in _SECTIONS]
        return cls(DWARFInfo(config, *sections), obj.name, obj.image)

    def places(self, addr: int) -> list[SourcePlace]:
        """The functions whose code is at `addr`, the innermost first; [] when none is known.

        DebugInfoError for debug information that does not hold together.
        """
        try:
            return list(self._places(addr))
        except Exception as error:  # pyelftools lets out whatever damaged bytes lead to
            raise DebugInfoError(f"{self._name}: the debug information is damaged: {error!r}") from None

    def data_places(self, addr: int) -> list[SourcePlace]:
        """The variable at `addr`, after the function to which the pointer in it leads; [] for none."""
        return self.known(lambda: list(self._data_places(addr))) or []

    def _data_places(self, addr: int) -> Iterator[SourcePlace]:
        pointer = int.from_bytes(self.code(addr, self.bits // 8), "little")
        chain = self._chain_at(pointer) if pointer else []
        if chain and any(pointer == each.start for each in self._ranges(chain[0])):
            yield from self._places(pointer)
        for unit, _ in self._all_units():
            found = self._variables.in_unit(unit.get_top_DIE(), addr)
            if found is not None:
                lines, line = self._lines_of(unit), _value(found.die, "DW_AT_decl_line")
                file = lines.file(_value(found.die, "DW_AT_decl_file"))
                yield SourcePlace(found.name, file, line, data=True)
                return

    def origins(self, addr: int) -> Origins | None:
        """The function at `addr`, for questions about its registers. They are asked by known()."""
        unit, chain = self._unit_at(addr), self._chain_at(addr)
        if unit is None or not chain:
            return None
        ranges = [each for each in self._ranges(chain[0]) if each]
        first = ranges[0].start if ranges else addr
        if first not in self._functions:
            parts = [(each.start, self.code(each.start, len(each))) for each in ranges]
            lines = self._lines_of(unit).starts()
            function = FunctionCode(parts, self.bits)
            self._functions[first] = Origins(function, self.bits, self._variables, lines, self._result)
        return self._functions[first]

    def starts(self, addr: int) -> frozenset[int]:
        """The addresses at which lines begin, in the unit of `addr`."""
        unit = self._unit_at(addr)
        return self._lines_of(unit).starts() if unit is not None else frozenset()

    def split_name(self) -> str:
        """The file with the debug information of an object of -gsplit-dwarf; "" for others."""
        for unit, _ in self.known(self._all_units) or ():
            for attribute in ("DW_AT_dwo_name", "DW_AT_GNU_dwo_name"):
                if name := _text(unit.get_top_DIE(), attribute):
                    return name
        return ""

    def known(self, ask: Callable[[], _T]) -> _T | None:
        """The answer to a question about types and variables; None where damaged bytes lead to none."""
        try:
            return ask()
        except Exception:
            return None

    def code(self, addr: int, size: int) -> bytes:
        """Bytes of the module as it was linked."""
        at = addr - self._image.base
        return self._image.data[at : at + size] if at >= 0 else b""

    def _result(self, addr: int) -> tuple[str, DIE] | None:
        """The function that begins at `addr` and the type of its value."""
        chain = self._chain_at(addr)
        kind = type_of(chain[0]) if chain and any(addr == e.start for e in self._ranges(chain[0])) else None
        return None if kind is None else (_name(chain[0]), kind)

    def _chain_at(self, addr: int) -> list[DIE]:
        """_chain() of the unit at `addr`."""
        if addr not in self._chains:
            unit = self._unit_at(addr)
            self._chains[addr] = self._chain(unit, addr) if unit is not None else []
        return self._chains[addr]

    def _unit_at(self, addr: int) -> CompileUnit | None:
        return next((unit for unit, ranges in self._all_units() if any(addr in e for e in ranges)), None)

    def _places(self, addr: int) -> Iterator[SourcePlace]:
        unit, chain = self._unit_at(addr), self._chain_at(addr)
        if unit is None:
            return
        lines = self._lines_of(unit)
        file, line = lines.at(addr)
        for die in reversed(chain):
            inlined = die.tag == _INLINED
            yield SourcePlace(_name(die), file, line, inlined)
            if inlined:
                file = lines.file(_value(die, "DW_AT_call_file"))
                line = _value(die, "DW_AT_call_line")
        if not chain and line:
            yield SourcePlace("", file, line)

    def _lines_of(self, unit: CompileUnit) -> _Lines:
        if unit.cu_offset not in self._lines:
            self._lines[unit.cu_offset] = _Lines(self._dwarf, unit)
        return self._lines[unit.cu_offset]

    def _all_units(self) -> list[tuple[CompileUnit, list[range]]]:
        if self._units is None:
            self._units = [(unit, self._ranges(unit.get_top_DIE())) for unit in self._dwarf.iter_CUs()]
        return self._units

    def _chain(self, unit: CompileUnit, addr: int) -> list[DIE]:
        """The function at `addr` and what is inlined there, the outermost first."""
        for die in unit.get_top_DIE().iter_children():
            if die.tag == _SUBPROGRAM and self._covers(die, addr):
                return self._deepest(die, addr, [die])
        return []

    def _deepest(self, die: DIE, addr: int, chain: list[DIE]) -> list[DIE]:
        """The longest chain from `chain`, which leads to `die`, on to a function that covers `addr`.

        Those between need not cover it: an empty range at the beginning of a list looks like its end.
        """
        longest = chain
        for child in die.iter_children() if die.has_children else ():
            inlined = child.tag == _INLINED
            if not inlined and child.tag != _BLOCK:
                continue
            longer = [*chain, child] if inlined else chain
            found = self._deepest(child, addr, longer)
            if found is longer and inlined and not self._covers(child, addr):
                continue
            longest = max(longest, found, key=len)
        return longest

    def _covers(self, die: DIE, addr: int) -> bool:
        return any(addr in each for each in self._ranges(die))

    def _ranges(self, die: DIE) -> list[range]:
        """The addresses of a unit or a function."""
        if "DW_AT_ranges" in die.attributes:
            return list(self._range_list(die))
        if "DW_AT_low_pc" not in die.attributes or "DW_AT_high_pc" not in die.attributes:
            return []
        low, high = die.attributes["DW_AT_low_pc"], die.attributes["DW_AT_high_pc"]
        end = high.value if high.form == "DW_FORM_addr" else low.value + high.value
        return [range(low.value, end)]

    def _range_list(self, die: DIE) -> Iterator[range]:
        top = die.cu.get_top_DIE()
        base = _value(top, "DW_AT_low_pc")
        lists = self._dwarf.range_lists()
        if lists is None:
            return
        offset = die.attributes["DW_AT_ranges"].value
        for entry in lists.get_range_list_at_offset(offset, die.cu):  # type: ignore[arg-type]
            if isinstance(entry, BaseAddressEntry):
                base = entry.base_address
            else:
                start = 0 if getattr(entry, "is_absolute", False) else base
                yield range(start + entry.begin_offset, start + entry.end_offset)


class _Lines:
    """The line table of a unit: rows by address, and its files."""

    def __init__(self, dwarf: DWARFInfo, unit: CompileUnit) -> None:
        program = dwarf.line_program_for_CU(unit)
        self._header = program.header if program is not None else None
        self._directory = _text(unit.get_top_DIE(), "DW_AT_comp_dir")
        self._rows: list[tuple[range, int, int]] = []
        before, line = None, 0  # code of no line, 0, belongs to the line before it
        for entry in program.get_entries() if program is not None else ():
            state = entry.state
            if state is None:
                continue
            if before is not None and state.address > before.address:
                self._rows.append((range(before.address, state.address), before.file, line))
            before = None if state.end_sequence else state
            line = 0 if state.end_sequence else state.line or line

    def at(self, addr: int) -> tuple[str, int]:
        """File and line of an address; "" and 0 when no row covers it."""
        for covered, file, line in self._rows:
            if addr in covered:
                return self.file(file), line
        return "", 0

    def starts(self) -> frozenset[int]:
        """The addresses at which lines begin."""
        return frozenset(covered.start for covered, _, _ in self._rows)

    def file(self, number: int) -> str:
        """The path of a file by its number; relative names are below the directory of the compilation."""
        if self._header is None:
            return ""
        first = 0 if self._header.version >= 5 else 1
        files, directories = self._header.file_entry, self._header.include_directory
        if not first <= number < first + len(files):
            return ""
        entry = files[number - first]
        index = entry.dir_index - first
        directory = directories[index] if 0 <= index < len(directories) else b""
        path, name = (part.decode(errors="backslashreplace") for part in (directory, entry.name))
        if name.startswith("<"):  # <stdin>
            return str(name)
        return os.path.normpath(os.path.join(self._directory, path, name))


def _name(die: DIE) -> str:
    """The name of a function: its own, or that of the DIE from which it came."""
    for _ in range(_MOST_REFERENCES):
        if name := _text(die, "DW_AT_name"):
            return name
        for reference in ("DW_AT_abstract_origin", "DW_AT_specification"):
            if reference in die.attributes:
                die = die.get_DIE_from_attribute(reference)
                break
        else:
            break
    return ""


def _text(die: DIE, attribute: str) -> str:
    value = die.attributes[attribute].value if attribute in die.attributes else b""
    return value.decode(errors="backslashreplace") if isinstance(value, bytes) else ""


def _value(die: DIE, attribute: str) -> int:
    return int(die.attributes[attribute].value) if attribute in die.attributes else 0
