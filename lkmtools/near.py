"""Did you mean: the name that a misspelt one was probably meant to be."""

from __future__ import annotations

from collections.abc import Iterable

_CANDIDATES = 8
_LONGEST = 100  # characters: nobody types more


def near(name: str, names: Iterable[str]) -> str | None:
    """The nearest of `names`, a letter in four of `name` apart at most; None when none is that near.

    difflib chooses a few, quickly, but takes prinft for vprint; so these are ordered by what a typist does:
    a letter too many, missing, another, or two exchanged.
    """
    if len(name) > _LONGEST:
        return None
    from difflib import get_close_matches  # late: only mistakes need it

    found = get_close_matches(name, names, _CANDIDATES, 0.7)
    best = min(found, key=lambda other: _distance(name, other), default=None)
    return best if best is not None and _distance(name, best) <= max(1, len(name) // 4) else None


def _distance(one: str, other: str) -> int:
    """The optimal string alignment distance (Damerau 1964): how many such mistakes lie between two words."""
    before, last = [0] * (len(other) + 1), list(range(len(other) + 1))
    for i, letter in enumerate(one, 1):
        row = [i]
        for j, wanted in enumerate(other, 1):
            cost = min(last[j] + 1, row[-1] + 1, last[j - 1] + (letter != wanted))
            if i > 1 and j > 1 and (letter, one[i - 2]) == (other[j - 2], wanted):
                cost = min(cost, before[j - 2] + 1)
            row.append(cost)
        before, last = last, row
    return last[-1]
