"""What the kernel receives besides a module's image: LMINFO, and the symbol table of LMLOADSYMS.

LMINFO is our addition to lkm(4): segments with permissions, names for backtraces, imports, the object's
path and build-id (struct lmc_info in abi/lkm.py). LMLOADSYMS is the historic one: an ELF symbol table, then
its string table (NetBSD 4.0.1 sbin/modload/elf.c, loadsyms); ours holds the module's own globals only,
without the kernel's symbols that ld -R left there.
"""

from __future__ import annotations

import os
from collections.abc import Container
from typing import TYPE_CHECKING

from lkmtools.abi import lkm
from lkmtools.abi.dialects import DIALECT
from lkmtools.abi.elf import SHN_ABS, STB_LOCAL, STT_FILE, STT_GNU_IFUNC, STT_SECTION
from lkmtools.abi.ksyms import elf32_sym, elf64_sym
from lkmtools.elf import default_names
from lkmtools.tuples import NamedTuple

if TYPE_CHECKING:
    from lkmtools.abi.datamodel import DataModel
    from lkmtools.client import Buffer, Process
    from lkmtools.elf import Object
    from lkmtools.link import Image


class Strings:
    """A string table under construction: byte 0 is NUL, every name is in it once."""

    def __init__(self) -> None:
        self.data = bytearray(1)
        self._at: dict[str, int] = {"": 0}

    def add(self, name: str) -> int:
        """The offset of `name`."""
        at = self._at.get(name)
        if at is None:
            at = self._at[name] = len(self.data)
            self.data += os.fsencode(name) + b"\0"
        return at


class LoadSyms(NamedTuple):
    """The payload of LMLOADSYMS: `symtab` bytes of Elf_Sym, then `strtab`."""

    symtab: bytes
    strtab: bytes


def exported(obj: Object) -> list[str]:
    """The names of the global and weak symbols an object defines, in its order; see `ifuncs`.

    After them all the names that default versions have besides.
    """
    s = obj.symbols
    unnamed = (STT_SECTION, STT_FILE, STT_GNU_IFUNC)
    names = [s.names[i] for i in s.globals if s.names[i] and s.places[i] and s.kinds[i] not in unnamed]
    return [*dict.fromkeys([*names, *(alias for name in names for alias in default_names(name))])]


def ifuncs(obj: Object) -> list[str]:
    """The globals that are unusable for other modules: a use of one would call what chooses the function."""
    s = obj.symbols
    return [s.names[i] for i in s.globals if s.places[i] and s.kinds[i] == STT_GNU_IFUNC]


def symbol_table(names: list[str], image: Image | None, dm: DataModel) -> LoadSyms:
    """The ELF symbol table of the globals `names`, with the values of `image`.

    Without an image all values are 0: the sizes are then already right, which is what LMRESERV needs.
    """
    layout = (elf64_sym if dm.pointer == 8 else elf32_sym).layout(dm)
    strings, rows = Strings(), [bytes(layout.size)]
    found = {s.name: s for s in image.symbols if s.bind != STB_LOCAL} if image else {}
    found = {alias: s for s in found.values() for alias in default_names(s.name)} | found
    for name in names:
        symbol = found.get(name)
        value, size, info = (
            (symbol.value, symbol.size, symbol.bind << 4 | symbol.type) if symbol else (0, 0, 0)
        )
        rows.append(
            layout.pack(
                st_name=strings.add(name), st_info=info, st_shndx=SHN_ABS, st_value=value, st_size=size
            )
        )
    return LoadSyms(b"".join(rows), bytes(strings.data))


def info_buffers(
    p: Process, image: Image, path: str, assigned: Container[str] = (), dialect: str = DIALECT, crc: int = 0
) -> tuple[Buffer, ...]:
    """The argument of LMINFO for `image`, linked from the object at `path`, and the buffers it points to.

    `assigned` has the names of imports to which the user gave values; `dialect` and `crc` are the object's.
    """
    dm, strings = p.dm, Strings()
    segment, symbol, entry = (row.layout(dm) for row in (lkm.lmi_segment, lkm.lmi_symbol, lkm.lmi_import))
    segments = [segment.pack(offset=s.offset, size=s.size, prot=s.prot) for s in image.segments]
    inside = [
        s
        for s in image.symbols
        if s.name and s.type not in (STT_SECTION, STT_FILE) and 0 <= s.value - image.base < image.size
    ]
    symbols = [
        symbol.pack(
            offset=s.value - image.base, size=s.size, name=strings.add(s.name), type=s.bind << 4 | s.type
        )
        for s in inside
    ]
    imports = [
        entry.pack(value=i.value, name=strings.add(i.name), flags=lkm.LMI_ASSIGNED * (i.name in assigned))
        for i in image.imports
    ]
    path_at, dialect_at = strings.add(path), strings.add(dialect)
    parts = [p.buffer(b"".join(rows)) for rows in (segments, symbols, imports)]
    names = p.buffer(bytes(strings.data))
    buildid = image.buildid[:32]
    head = lkm.lmc_info.layout(dm).pack(
        version=lkm.LMINFO_VERSION,
        nsegments=len(segments), segments=parts[0].addr,
        nsymbols=len(symbols), symbols=parts[1].addr,
        nimports=len(imports), imports=parts[2].addr,
        strings=names.addr, strsize=len(names.data),
        path=path_at, buildid_len=len(buildid), buildid=buildid, dialect=dialect_at, checksum=crc,
    )  # fmt: skip
    return (p.buffer(head), *parts, names)
