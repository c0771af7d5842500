"""Link: a laid-out object at its address, all symbols known, every relocation applied.

Stands for modload's second link (ld -R kernel -Ttext address). An undefined symbol is the linker's own
(_GLOBAL_OFFSET_TABLE_, _DYNAMIC as 0, __start_X and __stop_X, _edata and its kin), or what `resolve` says; a
weak one that nobody knows is 0; all others are reported together. A definition in the object is never
replaced by the kernel's. Hidden and protected symbols are like default ones: there is only one image.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable

from lkmtools.abi import elf as c
from lkmtools.elf import Object, ObjectSymbol, RelocationTable, default_names
from lkmtools.errors import LinkError
from lkmtools.link.errors import Reference, UndefinedSymbols
from lkmtools.link.howto import Howto, Operands, write_field
from lkmtools.link.image import Image, Import, PlacedSection, Prelink, Resolve, Symbol, Use
from lkmtools.link.layout import (
    BOUNDS,
    GOT_SYMBOL,
    PROVIDED,
    bounded_section,
    has_place,
    image_bound,
    needs_resolving,
    no_address,
    symbol_text,
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
    values = symbol_values(pre, base, {item.name: item.value for item in imports})
    out = bytearray(pre.size)
    for section in pre.sections:
        if section.shndx:
            data = obj.sections[section.shndx].data
            out[section.address : section.address + len(data)] = data
    _fill_got(pre, values, out)
    for table in obj.relocations:
        if table.target in pre.offsets:
            relocate(pre, base, pre.offsets[table.target], values, out, table)
    placed = tuple(s._replace(address=s.address + base) for s in pre.sections)
    return Image(
        obj.name, machine, base, pre.size, bytes(out), pre.segments, placed,
        _symbols(pre, base, placed), imports, pre.entry, obj.buildid,
    )  # fmt: skip


def _resolve_all(pre: Prelink, resolve: Resolve) -> tuple[Import, ...]:
    """Ask for every undefined name once, in order of first use."""
    obj, limit = pre.object, 1 << pre.machine.bits
    strong: dict[str, int] = {}  # name -> symbol index of its first use that is not weak
    used: set[str] = set()
    for index in pre.uses:
        symbol = obj.symbols[index]
        used.add(symbol.name)
        if symbol.bind != c.STB_WEAK and needs_resolving(obj, symbol):
            strong.setdefault(symbol.name, index)
    imports: list[Import] = []
    missing: dict[str, Use | None] = {}
    for name in pre.undefined:
        value = resolve(name)
        if value is not None:
            if not 0 <= value < limit:
                raise LinkError(f"{obj.name}: symbol `{name}': value {value:#x}, limit {limit:#x}")
            imports.append(Import(name, value))
        elif name in PROVIDED:
            continue
        elif name in strong:
            missing[name] = pre.uses[strong[name]]
        elif name not in used:
            missing[name] = None
    if missing:
        raise UndefinedSymbols(obj.name, _references(obj, missing))
    return tuple(imports)


def references(pre: Prelink, names: Iterable[str]) -> tuple[Reference, ...]:
    """The first uses of some of the undefined symbols."""
    obj = pre.object
    uses = {obj.symbols[i].name: use for i, use in reversed(pre.uses.items()) if not obj.symbols[i].shndx}
    return _references(obj, {name: uses.get(name) for name in names})


def _references(obj: Object, missing: dict[str, Use | None]) -> tuple[Reference, ...]:
    """The uses, each with the function (or variable) and the line of source code it is in."""
    from lkmtools.elf.lines import source_lines

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


def symbol_values(pre: Prelink, base: int, imports: dict[str, int]) -> list[int | None]:
    """S of every symbol; None where it has none (debug sections, discarded groups, TLS, ifuncs)."""
    obj = pre.object
    known = {s.name: _usable_value(pre, base, i, s) for i, s in _globals(pre)}
    values: list[int | None] = []
    for index, symbol in map(obj.meant, range(len(obj.symbols))):
        if symbol.shndx == c.SHN_UNDEF:
            value = _linker_symbol(pre, base, symbol.name)
            if value is None and symbol.name:
                value = imports.get(symbol.name, known.get(symbol.name))
            if value is None and symbol.name in PROVIDED:
                value = base + (image_bound(pre.sections, symbol.name) or 0)
            values.append(0 if value is None else value)
        else:
            value = _usable_value(pre, base, index, symbol)
            if value is None and symbol.bind != c.STB_LOCAL:
                value = known.get(symbol.name)  # its own definition fell away with a COMDAT group
            values.append(value)
    return values


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


def _usable_value(pre: Prelink, base: int, index: int, symbol: ObjectSymbol) -> int | None:
    """What a use of a defined symbol gets; None for an ifunc, whose address is that of its resolver."""
    return None if symbol.type == c.STT_GNU_IFUNC else _defined_value(pre, base, index, symbol)


def _defined_value(pre: Prelink, base: int, index: int, symbol: ObjectSymbol) -> int | None:
    """The address of a defined symbol; None when its section is not loaded or it has none."""
    if symbol.type == c.STT_TLS:
        return None
    mask = (1 << pre.machine.bits) - 1
    if symbol.reserved:
        if symbol.shndx == c.SHN_ABS:
            return symbol.value
        return base + pre.commons[index] if index in pre.commons else None
    offset = pre.offsets.get(symbol.shndx)
    return None if offset is None else (base + offset + symbol.value) & mask


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


def relocate(
    pre: Prelink, base: int, start: int, values: list[int | None], out: bytearray, table: RelocationTable
) -> None:
    """Apply one relocation section to the copy of its section at out[start]; out[0] is at address `base`."""
    obj, machine = pre.object, pre.machine
    section = obj.sections[table.target].name
    howtos = {kind: row for kind, row in machine.howtos.items() if isinstance(row, Howto)}
    order = machine.byteorder
    r = Operands()
    r.GOT = base + (pre.got or 0)
    for offset, kind, index, addend in table.entries:
        howto = howtos[kind]
        if not howto.size:
            continue
        at = start + offset
        value = values[index]
        if value is None:
            raise LinkError(no_address(obj, index, f"{section}+{offset:#x}"))
        r.S = value
        r.A = addend if table.rela else int.from_bytes(out[at : at + howto.size], order, signed=True)
        r.P = base + at
        if howto.got:
            r.G = pre.slots.get(index, 0)
            r.before = out[at - 1] if offset else 0
        r.Z = obj.symbols[index].size
        try:
            write_field(out, at, howto, howto.formula(r), machine)
        except LinkError as error:
            raise LinkError(
                f"{obj.name}: {section}+{offset:#x}: {howto.name} against "
                f"`{symbol_text(obj, index)}' at {value:#x}: {error}"
            ) from None


def _symbols(pre: Prelink, base: int, placed: tuple[PlacedSection, ...]) -> tuple[Symbol, ...]:
    """Every defined symbol that has an address, in the object's order; then the GOT's."""
    obj = pre.object
    out = []
    for number, named in enumerate(obj.symbols):
        if not named.name or not named.shndx or named.type in (c.STT_SECTION, c.STT_FILE):
            continue
        index, symbol = obj.meant(number)
        value = _defined_value(pre, base, index, symbol)
        if value is None:
            continue
        if symbol.reserved:
            section = "*ABS*" if symbol.shndx == c.SHN_ABS else "COMMON"
        else:
            section = obj.sections[symbol.shndx].name
        kind = c.STT_OBJECT if symbol.type == c.STT_COMMON else symbol.type
        out.append(Symbol(named.name, value, symbol.size, kind, symbol.bind, section))
    if pre.got is not None and not obj.defines(GOT_SYMBOL):
        out.append(Symbol(GOT_SYMBOL, base + pre.got, 0, c.STT_OBJECT, c.STB_LOCAL, ".got"))
    return tuple(out)
