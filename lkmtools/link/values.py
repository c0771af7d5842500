"""The values of an object's symbols at an address: the S of the relocations' formulas.

An undefined symbol is the linker's own (_GLOBAL_OFFSET_TABLE_, _DYNAMIC as 0, __start_X and __stop_X, _edata
and its kin), or what the kernel has; a weak one that is defined nowhere is 0. A definition in the object is
never replaced by the kernel's. Hidden and protected symbols are like default ones: there is only one image.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from lkmtools.abi import elf as c
from lkmtools.elf import ObjectSymbol, default_names
from lkmtools.errors import LinkError
from lkmtools.link.image import PlacedSection, Prelink
from lkmtools.link.layout import BOUNDS, GOT_SYMBOL, PROVIDED, bounded_section, has_place, image_bound


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
    undefined = _Undefined(pre, base, imports, known)
    for index, value in enumerate(values):
        if value is None:
            _, symbol = obj.meant(index)
            if symbol.shndx == c.SHN_UNDEF:
                values[index] = undefined.value(symbol.name)
            elif symbol.bind != c.STB_LOCAL:
                values[index] = known.get(symbol.name)  # its own definition fell away with a COMDAT group
    return values


class _Undefined:
    """What uses of undefined symbols get."""

    def __init__(
        self, pre: Prelink, base: int, imports: Mapping[str, int], known: Mapping[str, int | None]
    ) -> None:
        self._pre, self._base, self._imports, self._known = pre, base, imports, known
        self._sections: dict[str, list[PlacedSection]] = {}
        for section in pre.sections:
            self._sections.setdefault(section.name, []).append(section)

    def value(self, name: str) -> int:
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
        if name == GOT_SYMBOL and pre.got is not None:
            return base + pre.got
        if name == "_DYNAMIC":
            return 0
        if name in BOUNDS and not pre.object.defines(name):
            return base + (image_bound(pre.sections, name) or 0)
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
