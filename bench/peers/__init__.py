"""lkmtools beside its peers: links, reads, boots, an empty module; and what it does with time and memory.

`python -m bench peers` prints the ratios; `python -m bench.peers` writes docs/benchmarks.md and its plots.
Peers that are Python packages are installed into an environment of their own; what is missing is skipped,
with the reason.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path

from bench.measure import Result
from bench.peers import boots, links, machine, modules, own, reads, venv
from bench.peers.samples import objects
from bench.peers.table import Section
from bench.plot import Points

TITLES = (
    "Machine and versions",
    "Linking",
    "Reading objects",
    "An empty module",
    "From start to init",
    "Execution of module code",
    "Memory",
    "Growth",
)
Plots = Mapping[str, Mapping[str, Points]]  # unit, what was measured, points


def run(directory: Path) -> Iterator[Result]:
    """A line for each peer and row."""
    for section in sections(directory, {}):
        yield from (result for row in section.rows for result in row.results())


def sections(directory: Path, plots: Plots) -> Iterator[Section]:
    """All of TITLES, in this order."""
    python, missing = venv.environment()
    package, found = objects(directory)
    yield machine.section(python, package)
    yield links.section(found, directory)
    with venv.worker(python) as peer:
        yield reads.section(found, peer, missing)
        yield modules.section(directory, peer, missing)
    yield boots.section(directory)
    yield own.execution(directory)
    yield own.memory()
    yield own.growth(plots)
