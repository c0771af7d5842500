"""The symbols of a linked ELF file: what `modload -A FILE` resolves against (ld's -R)."""

from __future__ import annotations

from lkmtools.abi import elf as c
from lkmtools.elf.file import File
from lkmtools.elf.identify import identify
from lkmtools.errors import ObjectError


def read_symbols(data: bytes, name: str = "file") -> dict[str, int]:
    """The defined global and weak symbols of an executable or shared object, name -> address.

    From .symtab, or .dynsym where that is stripped. st_shndx is only tested for SHN_UNDEF and SHN_COMMON:
    a /dev/ksyms image numbers sections it does not have. A global definition wins over a weak one.
    ObjectError for a damaged file, one without symbols, or a relocatable object (no addresses yet).
    """
    file = File(data, name)
    if file.header.type not in (c.ET_EXEC, c.ET_DYN):
        raise ObjectError(f"{name}: {identify(data)}: its symbols have no addresses")
    tables = {row.type: i for i, row in enumerate(file.sections) if row.type in (c.SHT_SYMTAB, c.SHT_DYNSYM)}
    index = tables.get(c.SHT_SYMTAB, tables.get(c.SHT_DYNSYM))
    if index is None:
        raise ObjectError(f"{name}: {identify(data)}: has no symbol table")
    form, link = file.codec.symbol, file.sections[index].link
    i_name, i_info, _, i_shndx, i_value, _ = file.codec.symbol_fields
    strong: dict[str, int] = {}
    weak: dict[str, int] = {}
    for row in form.iter_unpack(file.table(index, form)):
        bind, kind = row[i_info] >> 4, row[i_info] & 15
        if row[i_shndx] in (c.SHN_UNDEF, c.SHN_COMMON) or bind == c.STB_LOCAL or not row[i_name]:
            continue
        if kind in (c.STT_SECTION, c.STT_FILE, c.STT_TLS):
            continue
        (weak if bind == c.STB_WEAK else strong)[file.string(link, row[i_name])] = row[i_value]
    return weak | strong
