"""Names in messages: the one that a misspelt name was probably meant to be, and a few of many.

A typist's mistakes are a letter too many, one missing, another one, and two exchanged; how many lie
between two words is their optimal string alignment distance (Damerau 1964). difflib's ratio will not do: it
takes prinft for vprint.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator
from itertools import chain
from operator import add

_CANDIDATES = 8
_NAMED = 3  # names in one message
_LONGEST = 100  # characters: nobody types more
_UNDONE = 3  # pairs of letters that one mistake changes at most


class Names:
    """Names to be meant, found by the pairs of letters that they have in common with a misspelt one."""

    def __init__(self, names: Iterable[str]) -> None:
        self._by_pair: defaultdict[str, list[str]] = defaultdict(list)
        for name in dict.fromkeys(names):
            if len(name) <= _LONGEST:
                for pair in _pairs(name):
                    self._by_pair[pair].append(name)

    def near(self, name: str) -> str | None:
        """The nearest name, one mistake in four letters apart at most; None when none is that near."""
        if not 0 < len(name) <= _LONGEST:
            return None
        most, lengths = _mistakes(name), _lengths(name)
        least = max(1, len(name) + 1 - _UNDONE * most)
        shared = Counter(chain.from_iterable(self._by_pair.get(pair, ()) for pair in _pairs(name)))
        found = [other for other, count in shared.items() if count >= least and len(other) in lengths]
        found.sort(key=lambda other: (-shared[other], abs(len(other) - len(name))))
        distances = {other: _distance(name, other) for other in found[:_CANDIDATES]}
        best = min(distances, key=distances.__getitem__, default=None)
        return best if best is not None and distances[best] <= most else None


def near(name: str, names: Iterable[str]) -> str | None:
    """The nearest of `names`, as Names.near() finds it; most are too long or too short to be it."""
    lengths = _lengths(name)
    return Names(other for other in names if len(other) in lengths).near(name)


def some(names: Iterable[str]) -> str:
    """A few of the names, and how many more there are: "a, b, c and 40 more"."""
    rows = list(names)
    rest = len(rows) - _NAMED
    if rest > 1:
        return f"{', '.join(rows[:_NAMED])} and {rest} more"
    return " and ".join(filter(None, (", ".join(rows[:-1]), *rows[-1:])))


def instead(name: str, names: Iterable[str], what: str) -> str:
    """The end of a message about an unknown name: the nearest one, or `what` and some of all."""
    rows = list(names)
    guess = near(name, rows)
    return f"did you mean '{guess}'?" if guess else f"{what} {some(rows) or 'none'}"


def _mistakes(name: str) -> int:
    """How many mistakes the typist of a name has made at most."""
    return max(1, len(name) // 4)


def _lengths(name: str) -> range:
    """How long a name may be that was meant."""
    most = _mistakes(name)
    return range(len(name) - most, len(name) + most + 1)


def _pairs(name: str) -> Iterator[str]:
    """Each two letters that follow each other; the ends of a word count as letters."""
    text = f"\0{name}\0"
    return map(add, text, text[1:])


def _distance(one: str, other: str) -> int:
    """The optimal string alignment distance of two words."""
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
