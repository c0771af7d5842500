"""The values of an object's symbols at an address: the S of the relocations' formulas.

An undefined symbol is the linker's own (_GLOBAL_OFFSET_TABLE_, _DYNAMIC as 0, __start_X and __stop_X, _edata
and its kin), or what the kernel has; a weak one that is defined nowhere is 0. A definition in the object is
never replaced by the kernel's. Hidden and protected symbols are like default ones: there is only one image.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from lkmtools.abi import elf as c
from lkmtools.elf import ObjectSymbols, default_names
from lkmtools.elf.symtab import ABS
from lkmtools.errors import LinkError
from lkmtools.link.image import PlacedSection, Prelink
from lkmtools.link.layout import (
    BOUNDS,
    GOT_SYMBOL,
    LINKERS,
    PROVIDED,
    bounded_section,
    image_bound,
    with_place,
)


def defined_values(pre: Prelink, base: int) -> list[int | None]:
    """The address of every symbol that the object defines; None where there is none.

    These are undefined and thread-local symbols, and those of sections that are not loaded.
    """
    mask, symbols = (1 << pre.machine.bits) - 1, pre.object.symbols
    starts = {shndx: base + offset for shndx, offset in pre.offsets.items()} | {ABS: 0}
    values = [
        starts[place] + value & mask if place in starts else None
        for place, value in zip(symbols.places, symbols.values, strict=True)
    ]
    for index, offset in pre.commons.items():
        values[index] = base + offset
    return _without(values, symbols, c.STT_TLS)


def _without(values: Sequence[int | None], symbols: ObjectSymbols, kind: int) -> list[int | None]:
    """The values, None for the symbols of one type."""
    if kind not in symbols.kinds:
        return list(values)
    return [None if k == kind else value for k, value in zip(symbols.kinds, values, strict=True)]


def symbol_values(
    pre: Prelink, base: int, defined: Sequence[int | None], imports: Mapping[str, int]
) -> list[int | None]:
    """S of every symbol; None where it has none (debug sections, discarded groups, TLS, ifuncs).

    The address of an ifunc is that of its resolver, which no use of it means.
    """
    obj, symbols = pre.object, pre.object.symbols
    values = _without(defined, symbols, c.STT_GNU_IFUNC)
    known = {symbols.names[index]: values[index] for index in _globals(pre)}
    if obj.versions:
        values = [values[obj.meant(index)] for index in range(len(values))]
    undefined = _Undefined(pre, base, imports, known)
    for index in [index for index, value in enumerate(values) if value is None]:
        number = obj.meant(index)
        if symbols.places[number] == c.SHN_UNDEF:
            values[index] = undefined.value(symbols.names[number])
        elif symbols.binds[number] != c.STB_LOCAL:  # its own definition fell away with a COMDAT group
            values[index] = known.get(symbols.names[number])
    return values


class _Undefined:
    """What uses of undefined symbols get."""

    def __init__(
        self, pre: Prelink, base: int, imports: Mapping[str, int], known: Mapping[str, int | None]
    ) -> None:
        self._pre, self._base, self._imports, self._known = pre, base, imports, known
        self._values: dict[str, int] = {}  # by name: many symbols may have one, and each section may count
        self._sections: dict[str, list[PlacedSection]] = {}
        for section in pre.sections:
            self._sections.setdefault(section.name, []).append(section)

    def value(self, name: str) -> int:
        """The value of the symbols of this name."""
        if name not in self._values:
            self._values[name] = self._find(name)
        return self._values[name]

    def _find(self, name: str) -> int:
        """The linker's own value, or that of the kernel or of another definition of the name, or 0."""
        value = self._linker_symbol(name)
        if value is None and name:
            value = self._imports.get(name, self._known.get(name))
        if value is None and name in PROVIDED:
            value = self._base + (image_bound(self._pre.sections, name) or 0)
        return 0 if value is None else value

    def _linker_symbol(self, name: str) -> int | None:
        """The value of a symbol the linker defines when the object does not."""
        pre, base = self._pre, self._base
        if name in LINKERS:
            if name == GOT_SYMBOL and pre.got is not None:
                return base + pre.got
            if name == "_DYNAMIC":
                return 0
            if name in BOUNDS and not pre.object.defines(name):
                return base + (image_bound(pre.sections, name) or 0)
            return None
        wanted = bounded_section(pre.object, name)
        if wanted is None:
            return None
        placed = self._sections.get(wanted)
        if placed is None:
            return base
        if len({s.flags & (c.SHF_WRITE | c.SHF_EXECINSTR) for s in placed}) > 1:
            raise LinkError(
                f"{pre.object.name}: {name}: sections {wanted} have different permissions, so no one start"
            )
        if name.startswith("__start_"):
            return base + placed[0].address
        return base + placed[-1].address + placed[-1].size


def _globals(pre: Prelink) -> list[int]:
    """The defined global symbols, weak ones first; two strong definitions of a name are an error.

    A default version is a strong definition of its other names; as in ld, it may itself be weak.
    """
    obj, symbols = pre.object, pre.object.symbols
    found = with_place(symbols, symbols.globals, pre.offsets, pre.commons)
    weak = [index for index in found if symbols.binds[index] == c.STB_WEAK]
    strong = [index for index in found if symbols.binds[index] != c.STB_WEAK]
    seen: set[str] = set()
    for name in map(symbols.names.__getitem__, strong):
        if name in seen:
            raise LinkError(f"{obj.name}: multiple definition of `{name}'")
        seen.add(name)
    for name in map(symbols.names.__getitem__, found) if obj.versions else ():
        for alias in default_names(name):
            if alias in seen:
                raise LinkError(f"{obj.name}: multiple definition of `{alias}', also by `{name}'")
            seen.add(alias)
    return [*weak, *strong]
