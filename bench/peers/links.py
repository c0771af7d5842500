"""The same links by GNU ld, lld and mold, and how each grows with the number of relocations."""

from __future__ import annotations

import shutil
import sys
from collections.abc import Callable, Iterator, Sequence
from functools import partial
from pathlib import Path

from bench.measure import in_turn, once
from bench.objects import BASE, ld, linked
from bench.peers.samples import SIZES, generated, relocations
from bench.peers.table import OURS, Row, Section
from bench.plot import Points
from bench.samples import quietly

RUNS = 7
PROCESS = "lkmtools, a new process"
ABOUT = f"""Linking one object at {BASE:#x}, with an address for each symbol of the kernel. lkmtools does it
in a process that runs already, as `lkmd` and `lkmctl check` do; the linkers, and the second column, are
started each time. ld has a linker script with the addresses that lkmtools chose, and makes the same bytes;
lld and mold, which know fewer scripts, have `--image-base`."""
_LINKERS = {"GNU ld": "ld", "lld": "ld.lld", "mold": "mold"}


def section(objects: Sequence[Path], directory: Path) -> Section:
    """Each object, linked by all."""
    skipped = [
        f"{name}: there is no {tool} on this host" for name, tool in _LINKERS.items() if not _has(tool)
    ]
    rows = [
        Row(f"{path.name}, {relocations(path):,} relocations", in_turn(actions(path, directory), RUNS))
        for path in objects
    ]
    return Section("Linking", ABOUT, rows, skipped)


def growth(directory: Path) -> dict[str, Points]:
    """The times against the number of relocations, by linker."""
    series: dict[str, list[tuple[float, float]]] = {}
    for size in SIZES:
        for name, micros in in_turn(actions(generated(directory, size), directory), RUNS).items():
            series.setdefault(name, []).append((size, micros))
    return dict(series)


def actions(path: Path, directory: Path) -> dict[str, Callable[[], float]]:
    """What links an object and answers how long that took, for each linker of this host."""
    data = path.read_bytes()
    code = "import sys; from bench.objects import linked; linked(open(sys.argv[1], 'rb').read(), 'm.o')"
    found: dict[str, Callable[[], float]] = {
        OURS: partial(once, partial(linked, data, path.name)),
        PROCESS: partial(once, partial(quietly, [sys.executable, "-c", code, str(path)])),
    }
    script = ld(linked(data, path.name), path, directory)
    for name, tool in _LINKERS.items():
        if _has(tool):
            command = script if tool == "ld" else list(_without_script(tool, path, directory))
            found[name] = partial(once, partial(quietly, command))
    return found


def _without_script(tool: str, path: Path, directory: Path) -> Iterator[str]:
    """The command of a linker that chooses the sections' places itself; ld() has written the symbols."""
    yield from (tool, "-static", "--no-relax", f"@{directory / 'symbols'}", "--build-id=none")
    yield from ("-z", "norelro", "-z", "noexecstack", "-e", "0", f"--image-base={BASE:#x}")
    yield from ("-o", str(directory / "out"), str(path))


def _has(tool: str) -> bool:
    return shutil.which(tool) is not None
