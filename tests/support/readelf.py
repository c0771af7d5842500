"""What tests read of an ELF file with pyelftools, which lkmtools does not use for them."""

from __future__ import annotations

from typing import Any

from elftools.dwarf.dwarfinfo import DWARFInfo
from elftools.elf.elffile import ELFFile
from elftools.elf.sections import Section, SymbolTableSection


def section(elf: ELFFile, name: str) -> Section:
    """The section of that name, which must be there."""
    found = elf.get_section_by_name(name)
    assert found is not None, f"no section {name}"
    return found


def symbol_table(elf: ELFFile) -> SymbolTableSection:
    """The file's .symtab."""
    found = section(elf, ".symtab")
    assert isinstance(found, SymbolTableSection)
    return found


def line_rows(dwarf: DWARFInfo, unit: Any) -> list[Any]:
    """The rows of a compilation unit's line table: each has address, file and line."""
    program = dwarf.line_program_for_CU(unit)
    assert program is not None
    return [entry.state for entry in program.get_entries() if entry.state]
