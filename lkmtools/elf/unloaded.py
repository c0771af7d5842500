"""Sections of an object that are not loaded, such as debugging information, for the file of modload -o.

read_object() leaves them compressed, and their relocations unread: a load has no use for them. Damage is an
ObjectError for that section only.
"""

from __future__ import annotations

import struct
import zlib
from collections.abc import Container

from lkmtools.abi import elf as c
from lkmtools.elf.object import Object, Section, symbol_table
from lkmtools.elf.relocations import RelocationTable, relocation_table
from lkmtools.errors import ObjectError

_OLD_NAME, _OLD_MAGIC = ".zdebug_", b"ZLIB"  # GNU as before SHF_COMPRESSED: then the size, big-endian
_OLD_HEADER = struct.Struct(">4sQ")


def unpacked(obj: Object, section: Section, limit: int) -> Section:
    """`section` with the contents, name, size and alignment that it had before compression.

    ObjectError when these are more than `limit` bytes, are damaged or compressed in another way than zlib's.
    """
    data, old = section.data, section.name.startswith(_OLD_NAME) and section.data[:4] == _OLD_MAGIC
    where, size, align = obj.file.place(section.shndx), section.size, section.align
    header = obj.file.codec.compression if section.flags & c.SHF_COMPRESSED else _OLD_HEADER if old else None
    if header and len(data) < header.size:
        raise ObjectError(f"{where}: {len(data)} bytes, the header of what is compressed needs {header.size}")
    if header and old:
        _, size = header.unpack_from(data)
    elif header:
        kind, size, align = header.unpack_from(data)
        if kind != c.ELFCOMPRESS_ZLIB:
            how = "zstd" if kind == c.ELFCOMPRESS_ZSTD else f"method {kind}"
            raise ObjectError(
                f"{where}: compressed with {how}, not zlib; compile with -gz=zlib or without -gz"
            )
        if align & (align - 1):
            raise ObjectError(f"{where}: alignment {align} before compression is not a power of two")
    if size > limit:
        raise ObjectError(f"{where}: {size:#x} bytes, limit {limit:#x}")
    if header:
        data = memoryview(_inflated(data[header.size :], size, where))
    name = "." + section.name[2:] if old else section.name
    return section._replace(name=name, size=size, align=align or 1, data=data)


def _inflated(data: memoryview, size: int, where: str) -> bytes:
    """The `size` bytes that zlib data stands for; never more than one byte beyond are made."""
    try:
        out = zlib.decompressobj().decompress(data, size + 1)
    except zlib.error as error:
        raise ObjectError(f"{where}: {error}") from None
    if len(out) != size:
        found = f"{len(out):#x}" if len(out) < size else "more"
        raise ObjectError(f"{where}: {size:#x} bytes before compression, {found} after it")
    return out


def relocations(obj: Object, targets: Container[int]) -> tuple[list[RelocationTable], dict[int, ObjectError]]:
    """The relocation sections of the sections `targets`; for each target with a damaged one the error."""
    symtab, left = symbol_table(obj.file), len(obj.file.data)
    tables: list[RelocationTable] = []
    errors: dict[int, ObjectError] = {}
    for index, row in enumerate(obj.file.sections):
        if row.type not in (c.SHT_REL, c.SHT_RELA) or row.info not in targets or not row.size:
            continue
        try:
            tables.append(relocation_table(obj.file, index, symtab, len(obj.symbols), left))
        except ObjectError as error:
            errors.setdefault(row.info, error)
        left -= row.size
    return tables, errors
