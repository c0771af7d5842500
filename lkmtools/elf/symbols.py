"""The symbols of a linked ELF file: those that `modload -A FILE` links against (ld's -R)."""

from __future__ import annotations

from lkmtools.abi import elf as c
from lkmtools.elf.file import ElfFile
from lkmtools.elf.identify import identify
from lkmtools.errors import ObjectError
from lkmtools.tuples import NamedTuple


def default_names(name: str) -> tuple[str, ...]:
    """The names that a definition of `name` satisfies besides it: f@@V, a default version, is f and f@V, too.

    As GNU as (.symver) and ld treat them; f@V, any other version, is nothing else.
    """
    base, default, version = name.partition("@@")
    return (base, f"{base}@{version}") if base and default else ()


class FileSymbol(NamedTuple):
    """A named symbol of a linked file, and the letter nm(1) gives its kind."""

    name: str
    value: int
    size: int
    letter: str


def list_symbols(data: bytes, name: str = "file") -> list[FileSymbol]:
    """Every named, defined symbol of .symtab, in its order; ObjectError for a damaged file or none there."""
    file = ElfFile(data, name)
    index = next((i for i, row in enumerate(file.sections) if row.type == c.SHT_SYMTAB), None)
    if index is None:
        raise ObjectError(f"{name}: {identify(data)}: has no symbol table")
    form, link = file.codec.symbol, file.sections[index].link
    i_name, i_info, _, i_shndx, i_value, i_size = file.codec.symbol_fields
    return [
        FileSymbol(
            file.string(link, row[i_name]), row[i_value], row[i_size],
            _letter(file, row[i_info] >> 4, row[i_info] & 15, row[i_shndx]),
        )
        for row in form.iter_unpack(file.table(index, form))
        if row[i_name] and row[i_shndx] != c.SHN_UNDEF
    ]  # fmt: skip


def _letter(file: ElfFile, bind: int, kind: int, shndx: int) -> str:
    """As nm(1): T, D, B, R or A for the section, small for a local symbol; W or V for a weak one."""
    if bind == c.STB_WEAK:
        return "V" if kind == c.STT_OBJECT else "W"
    if shndx == c.SHN_ABS or shndx >= len(file.sections):
        letter = "A"
    elif file.sections[shndx].flags & c.SHF_EXECINSTR:
        letter = "T"
    elif not file.sections[shndx].flags & c.SHF_WRITE:
        letter = "R"
    else:
        letter = "B" if file.sections[shndx].type == c.SHT_NOBITS else "D"
    return letter.lower() if bind == c.STB_LOCAL else letter


def read_symbols(data: bytes, name: str = "file") -> dict[str, int]:
    """The defined global and weak symbols of an executable or shared object, name -> address.

    From .symtab, or .dynsym where that is stripped. st_shndx is only tested for SHN_UNDEF and SHN_COMMON:
    a /dev/ksyms image numbers sections it does not have. A global definition wins over a weak one. Ifuncs are
    left out: their address is that of the resolver, which is not what the name means. A default version
    counts by all its names (`default_names`).
    ObjectError for a damaged file, one without symbols, or a relocatable object (no addresses yet).
    """
    file = ElfFile(data, name)
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
        if row[i_shndx] in (c.SHN_UNDEF, c.SHN_COMMON) or bind == c.STB_LOCAL:
            continue
        if kind in (c.STT_SECTION, c.STT_FILE, c.STT_TLS, c.STT_GNU_IFUNC):
            continue
        if row[i_name] and (symbol := file.string(link, row[i_name])):
            (weak if bind == c.STB_WEAK else strong)[symbol] = row[i_value]
    found = weak | strong
    return {alias: found[symbol] for symbol in found for alias in default_names(symbol)} | found
