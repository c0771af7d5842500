"""ELF in and out: relocatable objects as rows, the symbols of linked files, executables from segments.

The package's own reader is used on every path that costs start-up time; pyelftools, which only this package
may import, supplies names for messages.
"""

from lkmtools.elf.identify import identify, machine_name
from lkmtools.elf.interface import Interface, interface_of
from lkmtools.elf.object import (
    Group,
    Object,
    Section,
    read_object,
)
from lkmtools.elf.relocations import Relocation, RelocationTable
from lkmtools.elf.symbols import FileSymbol, default_names, list_symbols, read_symbols
from lkmtools.elf.symtab import ObjectSymbol, ObjectSymbols

__all__ = [
    "FileSymbol",
    "Group",
    "Interface",
    "Object",
    "ObjectSymbol",
    "ObjectSymbols",
    "Relocation",
    "RelocationTable",
    "Section",
    "default_names",
    "identify",
    "interface_of",
    "list_symbols",
    "machine_name",
    "read_object",
    "read_symbols",
]
