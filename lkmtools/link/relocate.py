"""Link: a laid-out object at its address, all symbols known, every relocation applied.

Stands for modload's second link (ld -R kernel -Ttext address). An undefined symbol is the linker's own
(_GLOBAL_OFFSET_TABLE_, _DYNAMIC as 0, __start_X and __stop_X, _edata and its kin), or what `resolve` says; a
weak one that nobody knows is 0; all others are reported together. A definition in the object is never
replaced by the kernel's. Hidden and protected symbols are like default ones: there is only one image.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable, Mapping, Sequence

from lkmtools.abi import elf as c
from lkmtools.elf import ObjectSymbol, default_names
from lkmtools.errors import LinkError
from lkmtools.link.errors import Reference, UndefinedSymbols
from lkmtools.link.fields import Fields
from lkmtools.link.image import Image, Import, Prelink, Resolve, Symbol
from lkmtools.link.layout import (
    BOUNDS,
    GOT_SYMBOL,
    PROVIDED,
    bounded_section,
    first_uses,
    has_place,
    image_bound,
    needs_resolving,
    no_address,
)


def link(pre: Prelink, base: int, resolve: Resolve) -> Image:
    """The image of `pre` at address `base` (a page boundary); `resolve` gives kernel symbols' values or None.

    UndefinedSymbols names every symbol nobody defines; LinkError names place, symbol, value and range.
    """
    obj, machine = pre.object, pre.machine
    if base % machine.page or not 0 <= base <= (1 << machine.bits) - pre.size:
        raise LinkError(
            f"{obj.name}: cannot stand at {base:#x}: {pre.size:#x} bytes need a multiple of "
            f"{machine.page:#x} below {(1 << machine.bits) - pre.size:#x}"
        )
    imports = _resolve_all(pre, resolve)
    defined = defined_values(pre, base)
    values = symbol_values(pre, base, defined, {item.name: item.value for item in imports})
    out = bytearray(pre.size)
    for section in pre.sections:
        if section.shndx:
            data = obj.sections[section.shndx].data
            out[section.address : section.address + len(data)] = data
    _fill_got(pre, values, out)
    fields = Fields(pre, base, values, out)
    for table in obj.relocations:
        if table.target in pre.offsets:
            fields.relocate(pre.offsets[table.target], table)
    placed = tuple(s._replace(address=s.address + base) for s in pre.sections)
    return Image(
        obj.name, machine, base, pre.size, bytes(out), pre.segments, placed,
        _symbols(pre, base, defined), imports, pre.entry, obj.buildid,
    )  # fmt: skip


def _resolve_all(pre: Prelink, resolve: Resolve) -> tuple[Import, ...]:
    """Ask for every undefined name once, in order of first use."""
    obj, limit = pre.object, 1 << pre.machine.bits
    strong: dict[str, int] = {}  # name -> symbol index of its first use that is not weak
    used: set[str] = set()
    for index in pre.used:
        symbol = obj.symbols[index]
        used.add(symbol.name)
        if symbol.bind != c.STB_WEAK and needs_resolving(obj, symbol):
            strong.setdefault(symbol.name, index)
    imports: list[Import] = []
    missing: dict[str, int | None] = {}
    for name in pre.undefined:
        value = resolve(name)
        if value is not None:
            if not 0 <= value < limit:
                raise LinkError(f"{obj.name}: symbol `{name}': value {value:#x}, limit {limit:#x}")
            imports.append(Import(name, value))
        elif name in PROVIDED:
            continue
        elif name in strong:
            missing[name] = strong[name]
        elif name not in used:
            missing[name] = None
    if missing:
        raise UndefinedSymbols(obj.name, _references(pre, missing))
    return tuple(imports)


def references(pre: Prelink, names: Iterable[str]) -> tuple[Reference, ...]:
    """The first uses of some of the undefined symbols."""
    symbols = pre.object.symbols
    numbers = {symbols[i].name: i for i in reversed(pre.used) if not symbols[i].shndx}
    return _references(pre, {name: numbers.get(name) for name in names})


def _references(pre: Prelink, numbers: dict[str, int | None]) -> tuple[Reference, ...]:
    """The first use of each symbol, with the function (or variable) and the line of source code it is in."""
    from lkmtools.elf.lines import source_lines

    obj, first = pre.object, first_uses(pre)
    missing = {name: None if number is None else first[number] for name, number in numbers.items()}
    uses = [use for use in missing.values() if use is not None]
    lines = source_lines(obj, uses)
    inside: dict[int, list[ObjectSymbol]] = {use.section: [] for use in uses}
    for s in obj.symbols:
        if s.name and not s.reserved and s.type in (c.STT_NOTYPE, c.STT_OBJECT, c.STT_FUNC):
            inside.get(s.shndx, []).append(s)
    for rows in inside.values():
        rows.sort(key=lambda s: (s.value, s.type == c.STT_FUNC, s.bind))
    return tuple(
        Reference(
            name, obj.sections[use.section].name, use.offset,
            _function(inside[use.section], use.offset), lines.get(use, ""),
        )
        if use is not None
        else Reference(name, "", 0, "")
        for name, use in missing.items()
    )  # fmt: skip


def _function(rows: list[ObjectSymbol], offset: int) -> str:
    """What of a section's symbols, in the order of their values, covers an offset: "name+0x12", or "".

    The innermost one; else the nearest one before the place that has no size (assembler).
    """
    before = rows[: bisect_right(rows, offset, key=lambda s: s.value)]
    best = next((s for s in reversed(before) if offset < s.value + s.size), None)
    best = best or next((s for s in reversed(before) if not s.size), None)
    return f"{best.name}+{offset - best.value:#x}" if best else ""


def defined_values(pre: Prelink, base: int) -> list[int | None]:
    """The address of every symbol that the object defines; None where there is none.

    These are undefined and thread-local symbols, and those of sections that are not loaded.
    """
    mask = (1 << pre.machine.bits) - 1
    starts = {shndx: base + offset for shndx, offset in pre.offsets.items()}
    values: list[int | None] = []
    for index, (_, value, _, kind, _, _, shndx, reserved) in enumerate(pre.object.symbols):
        if kind == c.STT_TLS:
            values.append(None)
        elif not reserved:
            values.append(starts[shndx] + value & mask if shndx in starts else None)
        elif shndx == c.SHN_ABS:
            values.append(value)
        else:
            values.append(base + pre.commons[index] if index in pre.commons else None)
    return values


def symbol_values(
    pre: Prelink, base: int, defined: Sequence[int | None], imports: Mapping[str, int]
) -> list[int | None]:
    """S of every symbol; None where it has none (debug sections, discarded groups, TLS, ifuncs).

    The address of an ifunc is that of its resolver, which no use of it means.
    """
    obj = pre.object
    ifunc = c.STT_GNU_IFUNC
    values = [None if s.type == ifunc else value for s, value in zip(obj.symbols, defined, strict=True)]
    known = {symbol.name: values[index] for index, symbol in _globals(pre)}
    if obj.versions:
        values = [values[obj.meant(index)[0]] for index in range(len(values))]
    for index, value in enumerate(values):
        if value is None:
            _, symbol = obj.meant(index)
            if symbol.shndx == c.SHN_UNDEF:
                values[index] = _undefined_value(pre, base, symbol.name, imports, known)
            elif symbol.bind != c.STB_LOCAL:
                values[index] = known.get(symbol.name)  # its own definition fell away with a COMDAT group
    return values


def _undefined_value(
    pre: Prelink, base: int, name: str, imports: Mapping[str, int], known: Mapping[str, int | None]
) -> int:
    """What a use of an undefined symbol gets: 0 for a weak one that nobody defines."""
    value = _linker_symbol(pre, base, name)
    if value is None and name:
        value = imports.get(name, known.get(name))
    if value is None and name in PROVIDED:
        value = base + (image_bound(pre.sections, name) or 0)
    return 0 if value is None else value


def _globals(pre: Prelink) -> list[tuple[int, ObjectSymbol]]:
    """The defined global symbols, weak ones first; two strong definitions of a name are an error.

    A default version is a strong definition of its other names; as in ld, it may itself be weak.
    """
    seen: set[str] = set()
    found = []
    for index, symbol in enumerate(pre.object.symbols):
        if symbol.bind == c.STB_LOCAL or not symbol.shndx:
            continue
        if not has_place(symbol, index, pre.offsets, pre.commons):
            continue
        if symbol.bind != c.STB_WEAK and symbol.name in seen:
            raise LinkError(f"{pre.object.name}: multiple definition of `{symbol.name}'")
        if symbol.bind != c.STB_WEAK:
            seen.add(symbol.name)
        found.append((index, symbol))
    for name in [symbol.name for _, symbol in found] if pre.object.versions else ():
        for alias in default_names(name):
            if alias in seen:
                raise LinkError(f"{pre.object.name}: multiple definition of `{alias}', also by `{name}'")
            seen.add(alias)
    found.sort(key=lambda item: item[1].bind != c.STB_WEAK)
    return found


def _linker_symbol(pre: Prelink, base: int, name: str) -> int | None:
    """The value of a symbol the linker defines when the object does not."""
    if name == GOT_SYMBOL and pre.got is not None:
        return base + pre.got
    if name == "_DYNAMIC":
        return 0
    if name in BOUNDS and not pre.object.defines(name):
        return base + (image_bound(pre.sections, name) or 0)
    wanted = bounded_section(pre.object, name)
    if wanted is None:
        return None
    placed = [s for s in pre.sections if s.name == wanted]
    if not placed:
        return base
    if len({s.flags & (c.SHF_WRITE | c.SHF_EXECINSTR) for s in placed}) > 1:
        raise LinkError(
            f"{pre.object.name}: {name}: sections {wanted} have different permissions, so no one start"
        )
    if name.startswith("__start_"):
        return base + placed[0].address
    return base + placed[-1].address + placed[-1].size


def _fill_got(pre: Prelink, values: list[int | None], out: bytearray) -> None:
    for index, slot in pre.slots.items():
        value = values[index]
        if value is None:
            raise LinkError(no_address(pre.object, index, ".got"))
        at = (pre.got or 0) + slot
        out[at : at + pre.machine.word] = value.to_bytes(pre.machine.word, pre.machine.byteorder)


def _symbols(pre: Prelink, base: int, defined: Sequence[int | None]) -> tuple[Symbol, ...]:
    """Every defined symbol that has an address, in the object's order; then the GOT's."""
    obj = pre.object
    names = [section.name for section in obj.sections]
    out = []
    for number, named in enumerate(obj.symbols):
        if not named.name or not named.shndx or named.type in (c.STT_SECTION, c.STT_FILE):
            continue
        index, symbol = obj.meant(number) if obj.versions else (number, named)
        value = defined[index]
        if value is None:
            continue
        _, _, size, kind, bind, _, shndx, reserved = symbol
        section = names[shndx] if not reserved else "*ABS*" if shndx == c.SHN_ABS else "COMMON"
        kind = c.STT_OBJECT if kind == c.STT_COMMON else kind
        out.append(Symbol(named.name, value, size, kind, bind, section))
    if pre.got is not None and not obj.defines(GOT_SYMBOL):
        out.append(Symbol(GOT_SYMBOL, base + pre.got, 0, c.STT_OBJECT, c.STB_LOCAL, ".got"))
    return tuple(out)
