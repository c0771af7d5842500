"""docs/benchmarks.md and its plots, from sections and curves."""

from __future__ import annotations

import sys
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime
from pathlib import Path

from bench import slopes_kernel
from bench.peers import Plots, links, sections
from bench.peers.table import Section
from bench.plot import Points, draw

_HEAD = """# Benchmarks

This file is written by `make bench-peers` ({date}). Every time in a table is a median, and those of a
row were taken in turn, in one run. In parentheses is the time of lkmtools over that of the column: below 1,
lkmtools takes less."""
PLOTTED = ("relocations", "modules", "symbols", "clients")


def files(directory: Path) -> dict[str, str]:
    """The text of every file, by its name in docs/."""
    plots = curves(directory)
    text = "\n".join(page(_told(sections(directory, plots)))) + "\n"
    return {"benchmarks.md": text} | pictures(plots)


def page(found: Iterable[Section]) -> Iterator[str]:
    """The lines of the document."""
    yield _HEAD.format(date=datetime.now(UTC).strftime("%Y-%m-%d"))
    for section in found:
        yield from section.lines()


def pictures(plots: Plots) -> dict[str, str]:
    """A plot for each unit, by the file's name."""
    return {f"bench-{unit}.svg": draw(f"Time against {unit}", unit, series) for unit, series in plots.items()}


def curves(directory: Path) -> Plots:
    """What is plotted: all linkers, and a kernel with many modules, symbols and clients."""
    plots: dict[str, dict[str, Points]] = {unit: {} for unit in PLOTTED}
    plots["relocations"] |= links.growth(directory)
    for found in slopes_kernel.curves(directory):
        if found.unit in PLOTTED[1:]:
            plots[found.unit][found.name] = list(zip(found.sizes, found.times, strict=True))
    return plots


def _told(found: Iterable[Section]) -> Iterator[Section]:
    """The same, and each to whoever waits."""
    for section in found:
        print("\n".join(section.lines()), file=sys.stderr, flush=True)
        yield section
