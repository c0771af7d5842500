"""Where an object uses a symbol first: what a message about a missing one says.

Everything is found in one pass over the relocations and one over the symbols, however many are asked for.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable, Mapping
from itertools import accumulate

from lkmtools.abi import elf as c
from lkmtools.elf import ObjectSymbol
from lkmtools.link.errors import Reference
from lkmtools.link.image import Prelink, Use


def references(pre: Prelink, names: Iterable[str]) -> tuple[Reference, ...]:
    """The first uses of some of the undefined symbols."""
    wanted = dict.fromkeys(names)
    if not wanted:
        return ()
    symbols = pre.object.symbols
    numbers = {symbols[i].name: i for i in reversed(pre.used) if not symbols[i].shndx}
    return first_references(pre, {name: numbers.get(name) for name in wanted})


def first_references(pre: Prelink, numbers: Mapping[str, int | None]) -> tuple[Reference, ...]:
    """The first use of each symbol, with the function (or variable) and the line of source code it is in.

    `numbers`: name -> the symbol's index; None for one that nothing uses.
    """
    from lkmtools.elf.lines import source_lines

    obj, first = pre.object, _first_uses(pre)
    uses = {name: None if number is None else first[number] for name, number in numbers.items()}
    places = [use for use in uses.values() if use is not None]
    lines = source_lines(obj, places)
    around: dict[int, list[ObjectSymbol]] = {use.section: [] for use in places}
    for s in obj.symbols:
        if s.name and not s.reserved and s.type in (c.STT_NOTYPE, c.STT_OBJECT, c.STT_FUNC):
            around.get(s.shndx, []).append(s)
    inside = {section: _Functions(rows) for section, rows in around.items()}
    return tuple(
        Reference(
            name, obj.sections[use.section].name, use.offset,
            inside[use.section].at(use.offset), lines.get(use, ""),
        )
        if use is not None
        else Reference(name, "", 0, "")
        for name, use in uses.items()
    )  # fmt: skip


def _first_uses(pre: Prelink) -> dict[int, Use]:
    """Where each symbol that relocations need is needed first, by its index."""
    idle = pre.machine.idle_types
    found: dict[int, Use] = {}
    for table in reversed(pre.object.relocations):
        if table.target in pre.offsets:
            entries = zip(
                reversed(table.offsets), reversed(table.types), reversed(table.symbols), strict=True
            )
            first = {index: offset for offset, kind, index in entries if kind not in idle}
            found |= {index: Use(table.target, offset) for index, offset in first.items()}
    return found


class _Functions:
    """What of a section's symbols covers an offset."""

    def __init__(self, rows: list[ObjectSymbol]) -> None:
        self._rows = sorted(rows, key=lambda s: (s.value, s.type == c.STT_FUNC, s.bind))
        self._values = [s.value for s in self._rows]
        self._reach = list(accumulate((s.value + s.size for s in self._rows), max))  # of it and all before
        self._sizeless: list[int] = []  # position of the last one without a size, so far; -1
        for at, s in enumerate(self._rows):
            before = self._sizeless[-1] if at else -1
            self._sizeless.append(before if s.size else at)

    def at(self, offset: int) -> str:
        """As "name+0x12", or "": the innermost one, or the nearest before that has no size (assembler)."""
        at = last = bisect_right(self._values, offset) - 1
        while at >= 0 and self._reach[at] > offset:
            row = self._rows[at]
            if offset < row.value + row.size:
                return f"{row.name}+{offset - row.value:#x}"
            at -= 1
        nearest = self._sizeless[last] if last >= 0 else -1
        if nearest < 0:
            return ""
        row = self._rows[nearest]
        return f"{row.name}+{offset - row.value:#x}"
