"""No square anywhere: each time against its size, and the slope between the largest sizes."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from bench import slopes_kernel, slopes_link
from bench.curve import Curve
from bench.measure import Result


def run(directory: Path) -> Iterator[Result]:
    """A line for each curve."""
    for curve in curves(directory):
        yield curve.result()


def curves(directory: Path) -> Iterator[Curve]:
    """All that is measured: of the linker, and of a kernel with many modules, symbols and clients."""
    yield from slopes_link.curves(directory)
    yield from slopes_kernel.curves(directory)
