"""Link: a laid-out object at its address, all symbols known, every relocation applied.

Stands for modload's second link (ld -R kernel -Ttext address). `resolve` returns the kernel's values; names
that are defined nowhere are reported together.
"""

from __future__ import annotations

from collections.abc import Sequence
from io import BytesIO

from lkmtools.abi import elf as c
from lkmtools.elf.rows import Deferred, rows, uncollected
from lkmtools.elf.symtab import ABS
from lkmtools.errors import LinkError
from lkmtools.link.errors import UndefinedSymbols
from lkmtools.link.fields import Fields
from lkmtools.link.image import Image, Import, Prelink, Resolve, Symbol
from lkmtools.link.layout import (
    GOT_SYMBOL,
    PROVIDED,
    no_address,
)
from lkmtools.link.values import defined_values, symbol_values

_UNNAMED = (c.STT_SECTION, c.STT_FILE)
_KINDS = {c.STT_COMMON: c.STT_OBJECT}  # what a linked file has instead


@uncollected
def link(pre: Prelink, base: int, resolve: Resolve) -> Image:
    """The image of `pre` at address `base` (a page boundary); `resolve` gives kernel symbols' values or None.

    UndefinedSymbols names every symbol nobody defines; LinkError names place, symbol, value and range.
    """
    obj, machine = pre.object, pre.machine
    if base % machine.page or not 0 <= base <= (1 << machine.bits) - pre.size:
        raise LinkError(
            f"{obj.name}: cannot be linked at {base:#x}: for {pre.size:#x} bytes the address must be "
            f"a multiple of {machine.page:#x} and at most {(1 << machine.bits) - pre.size:#x}"
        )
    imports = _resolve_all(pre, resolve)
    defined = defined_values(pre, base)
    values = symbol_values(pre, base, defined, {item.name: item.value for item in imports})
    placed = tuple(s._replace(address=s.address + base) for s in pre.sections)
    return Image(
        obj.name, machine, base, pre.size, _contents(pre, base, values), pre.segments, placed,
        Deferred(lambda: _symbols(pre, base, defined)), imports, pre.entry, obj.buildid,
    )  # fmt: skip


def _contents(pre: Prelink, base: int, values: Sequence[int | None]) -> bytes:
    """The bytes of the image; a file in memory hands its bytes out without another copy of them."""
    obj, file = pre.object, BytesIO(bytes(pre.size))
    with file.getbuffer() as out:
        for section in pre.sections:
            if section.shndx:
                data = obj.sections[section.shndx].data
                out[section.address : section.address + len(data)] = data
        _fill_got(pre, values, out)
        fields = Fields(pre, base, values, out)
        for table in obj.relocations:
            if table.target in pre.offsets:
                fields.relocate(pre.offsets[table.target], table)
    return file.getvalue()


def _resolve_all(pre: Prelink, resolve: Resolve) -> tuple[Import, ...]:
    """Ask for every undefined name once, in order of first use."""
    obj, limit = pre.object, 1 << pre.machine.bits
    imports: list[Import] = []
    missing: list[str] = []
    for name in pre.undefined:
        value = resolve(name)
        if value is None:
            missing.append(name)
        elif not 0 <= value < limit:
            raise LinkError(f"{obj.name}: symbol `{name}': value {value:#x}, limit {limit:#x}")
        else:
            imports.append(Import(name, value))
    if missing and (needed := _needed(pre, missing)):
        from lkmtools.link.uses import first_references

        raise UndefinedSymbols(obj.name, first_references(pre, needed))
    return tuple(imports)


def _needed(pre: Prelink, missing: Sequence[str]) -> dict[str, int | None]:
    """Which of the missing symbols must be defined: the number of each at its first use that is not weak.

    None for one that nothing uses, but its visibility.
    """
    symbols = pre.object.symbols
    strong: dict[str, int] = {}
    for index in pre.used:
        if not symbols.places[index] and symbols.binds[index] != c.STB_WEAK:
            strong.setdefault(symbols.names[index], index)
    used = {symbols.names[index] for index in pre.used}
    return {
        name: strong.get(name)
        for name in missing
        if name not in PROVIDED and (name in strong or name not in used)
    }


def _fill_got(pre: Prelink, values: Sequence[int | None], out: memoryview) -> None:
    for index, slot in pre.slots.items():
        value = values[index]
        if value is None:
            raise LinkError(no_address(pre.object, index, ".got"))
        at = (pre.got or 0) + slot
        out[at : at + pre.machine.word] = value.to_bytes(pre.machine.word, pre.machine.byteorder)


@uncollected
def _symbols(pre: Prelink, base: int, defined: Sequence[int | None]) -> tuple[Symbol, ...]:
    """Every defined symbol that has an address, in the object's order; then the GOT's."""
    obj, symbols = pre.object, pre.object.symbols
    names = [section.name for section in obj.sections]
    out = []
    for number, (name, place) in enumerate(zip(symbols.names, symbols.places, strict=True)):
        index = obj.meant(number) if obj.versions else number
        value, kind = defined[index], symbols.kinds[index]
        if value is None or kind in _UNNAMED or not name or not place:
            continue
        home = symbols.places[index]
        section = names[home] if home >= 0 else "*ABS*" if home == ABS else "COMMON"
        out.append((name, value, symbols.sizes[index], _KINDS.get(kind, kind), symbols.binds[index], section))
    if pre.got is not None and not obj.defines(GOT_SYMBOL):
        out.append((GOT_SYMBOL, base + pre.got, 0, c.STT_OBJECT, c.STB_LOCAL, ".got"))
    return tuple(rows(Symbol, out))
