"""The lines of a loop that did not end, from the addresses at which the clock has found it."""

from __future__ import annotations

from lkmtools.debug.info import DebugInfo, SourcePlace


def loop_place(info: DebugInfo, low: int, high: int) -> tuple[SourcePlace, SourcePlace] | None:
    """The first and the last line of the loop in which all code from `low` to `high` is."""
    depth = _common(info.places(low), info.places(high))
    origins = info.origins(low)
    if not depth or origins is None:
        return None
    first, end = origins.loop_around(low, high) or (low, high + 1)
    found = [
        place
        for pc in sorted({low, high, *(pc for pc in info.starts(low) if first <= pc < end)})
        if (place := _at_depth(info.places(pc), depth)) is not None and place.line
    ]
    outer = _at_depth(info.places(low), depth)
    same = [place for place in found if outer is not None and place[:2] == outer[:2]]
    if not same:
        return None
    return min(same, key=lambda place: place.line), max(same, key=lambda place: place.line)


def _common(one: list[SourcePlace], other: list[SourcePlace]) -> int:
    """How many functions, from the outermost, two addresses have in common."""
    depth = 0
    for mine, theirs in zip(reversed(one), reversed(other), strict=False):
        if (mine.function, mine.file, mine.inlined) != (theirs.function, theirs.file, theirs.inlined):
            break
        depth += 1
    return depth


def _at_depth(places: list[SourcePlace], depth: int) -> SourcePlace | None:
    return places[-depth] if len(places) >= depth else None
