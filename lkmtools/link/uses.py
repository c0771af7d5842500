"""Where an object uses a symbol first: what a message about a missing one says.

Everything is found in one pass over the relocations and one over the symbols, however many are asked for.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable, Mapping, Set
from itertools import accumulate

from lkmtools.abi import elf as c
from lkmtools.elf import ObjectSymbols
from lkmtools.link.errors import Reference
from lkmtools.link.image import Prelink, Use


def references(pre: Prelink, names: Iterable[str]) -> tuple[Reference, ...]:
    """The first uses of some of the undefined symbols."""
    wanted = dict.fromkeys(names)
    if not wanted:
        return ()
    symbols = pre.object.symbols
    numbers = {symbols.names[i]: i for i in reversed(pre.used) if not symbols.places[i]}
    return first_references(pre, {name: numbers.get(name) for name in wanted})


def first_references(pre: Prelink, numbers: Mapping[str, int | None]) -> tuple[Reference, ...]:
    """The first use of each symbol, with the function (or variable) and the line of source code it is in.

    `numbers`: name -> the symbol's index; None for one that nothing uses.
    """
    from lkmtools.elf.lines import source_lines

    obj, symbols = pre.object, pre.object.symbols
    first = _first_uses(pre, {number for number in numbers.values() if number is not None})
    uses = {name: None if number is None else first[number] for name, number in numbers.items()}
    places = [use for use in uses.values() if use is not None]
    lines = source_lines(obj, places)
    around: dict[int, list[int]] = {use.section: [] for use in places}
    rows = zip(symbols.names, symbols.kinds, symbols.places, strict=True)
    for index, (name, kind, place) in enumerate(rows):
        if place in around and name and kind in (c.STT_NOTYPE, c.STT_OBJECT, c.STT_FUNC):
            around[place].append(index)
    inside = {section: _Functions(symbols, indices) for section, indices in around.items()}
    return tuple(
        Reference(
            name, obj.sections[use.section].name, use.offset,
            inside[use.section].at(use.offset), lines.get(use, ""),
        )
        if use is not None
        else Reference(name, "", 0, "")
        for name, use in uses.items()
    )  # fmt: skip


def _first_uses(pre: Prelink, wanted: Set[int]) -> dict[int, Use]:
    """Where each of some symbols that relocations need is needed first, by its index."""
    idle = pre.machine.idle_types
    found: dict[int, Use] = {}
    for table in reversed(pre.object.relocations):
        if table.target in pre.offsets and not wanted.isdisjoint(table.named):
            entries = zip(
                reversed(table.offsets), reversed(table.types), reversed(table.symbols), strict=True
            )
            first = {index: at for at, kind, index in entries if index in wanted and kind not in idle}
            found |= {index: Use(table.target, offset) for index, offset in first.items()}
    return found


class _Functions:
    """What of a section's symbols, whose indices are given, covers an offset."""

    def __init__(self, symbols: ObjectSymbols, indices: Iterable[int]) -> None:
        self._names = symbols.names
        rows = sorted(
            (symbols.values[i], symbols.kinds[i] == c.STT_FUNC, symbols.binds[i], i, symbols.sizes[i])
            for i in indices
        )
        self._rows = [(value, size, index) for value, _, _, index, size in rows]
        self._values = [row[0] for row in rows]
        self._reach = list(accumulate((value + size for value, size, _ in self._rows), max))
        self._sizeless: list[int] = []  # position of the last one without a size, so far; -1
        for at, (_, size, _) in enumerate(self._rows):
            before = self._sizeless[-1] if at else -1
            self._sizeless.append(before if size else at)

    def at(self, offset: int) -> str:
        """As "name+0x12", or "": the innermost one, or the nearest before that has no size (assembler)."""
        at = last = bisect_right(self._values, offset) - 1
        while at >= 0 and self._reach[at] > offset:
            value, size, _ = self._rows[at]
            if offset < value + size:
                return self._text(at, offset)
            at -= 1
        nearest = self._sizeless[last] if last >= 0 else -1
        return self._text(nearest, offset) if nearest >= 0 else ""

    def _text(self, at: int, offset: int) -> str:
        value, _, index = self._rows[at]
        return f"{self._names[index]}+{offset - value:#x}"
