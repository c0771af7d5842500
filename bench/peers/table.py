"""Tables of medians: lkmtools in the first column, and each peer with the ratio of the two."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import NamedTuple

from bench.measure import Result
from bench.plot import duration

OURS = "lkmtools"


class Row(NamedTuple):
    """What was done, and the median time of everyone who did it, in microseconds."""

    subject: str
    medians: Mapping[str, float]

    def results(self) -> Iterator[Result]:
        """A line for each peer, as the other benchmarks print them."""
        for peer, micros in self.medians.items():
            if peer != OURS:
                yield Result(f"{self.subject}: {OURS} / {peer}", self.medians[OURS], micros, None)


class Section(NamedTuple):
    """A section of the document: what it measures, rows, what was skipped and why, other lines."""

    title: str
    about: str
    rows: Sequence[Row] = ()
    skipped: Sequence[str] = ()
    more: Sequence[str] = ()

    def lines(self) -> Iterator[str]:
        """The Markdown."""
        yield from ("", f"## {self.title}", "", self.about)
        if self.rows:
            yield ""
            yield from _times(self.rows)
        for reason in self.skipped:
            yield from ("", f"Skipped: {reason}.")
        yield from self.more


def _times(rows: Sequence[Row]) -> Iterator[str]:
    names = list(dict.fromkeys(name for row in rows for name in row.medians))
    yield from markdown(
        ("", *names), [(row.subject, *(_cell(row.medians, name) for name in names)) for row in rows]
    )


def _cell(medians: Mapping[str, float], name: str) -> str:
    if name not in medians:
        return "-"
    if name == OURS:
        return duration(medians[name])
    ratio = medians[OURS] / medians[name]
    return f"{duration(medians[name])} ({ratio:{'.0f' if ratio > 99 else '.2g'}})"


def markdown(head: Sequence[str], rows: Sequence[Sequence[str]]) -> Iterator[str]:
    """A table: the first column is text, the others are figures."""
    for cells in (head, ("---", *("---:" for _ in head[1:])), *rows):
        yield f"| {' | '.join(cells)} |"
