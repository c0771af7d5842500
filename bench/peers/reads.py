"""The same reads by LIEF and pyelftools; CLE, which reads to load, against a link."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import partial
from pathlib import Path

from bench.measure import in_turn, once
from bench.objects import linked
from bench.peers.table import OURS, Row, Section
from bench.peers.venv import Worker
from lkmtools.link import load_object

RUNS = 3
ABOUT = """All symbols (name, value) and relocations (offset, type) of an object, from the file to Python
values, without the time of the import. CLE does not only read: it lays the object out and relocates it,
which is compared with a link."""
READERS, LOADER = ("lief", "pyelftools"), "cle"


def section(objects: Sequence[Path], worker: Worker, missing: Mapping[str, str]) -> Section:
    """Each object, read by all who can."""
    skipped = [f"{name}: {missing[name]}" for name in (*READERS, LOADER) if name in missing]
    rows: list[Row] = []
    for path in objects:
        rows += _rows(path, worker, [name for name in READERS if name not in missing], skipped)
        if LOADER not in missing:
            rows += _rows(path, worker, [LOADER], skipped)
    return Section("Reading objects", ABOUT, rows, skipped)


def _rows(path: Path, worker: Worker, peers: Sequence[str], skipped: list[str]) -> Iterator[Row]:
    """A row, of the peers that can read this object; none where nobody can."""
    loads = LOADER in peers
    counts = _count(path)
    actions: dict[str, Callable[[], float]] = {OURS: partial(once, partial(_load if loads else _count, path))}
    for peer in peers:
        answer = worker.ask(peer, path)
        if "error" in answer:
            skipped.append(f"{peer} of {path.name}: {answer['error']}")
            continue
        if not loads and (answer["symbols"], answer["relocations"]) != counts:
            skipped.append(f"{peer} of {path.name}: it finds {answer['relocations']}, not {counts[1]}")
            continue
        actions[peer] = partial(worker.micros, peer, path)
    what = "laid out and relocated" if loads else f"{counts[0]:,} symbols, {counts[1]:,} relocations"
    if len(actions) > 1:
        yield Row(f"{path.name}, {what}", in_turn(actions, RUNS))


def _count(path: Path) -> tuple[int, int]:
    """How many symbols and relocations lkmtools reads."""
    obj = load_object(path.read_bytes(), path.name)
    symbols = [(symbol.name, symbol.value) for symbol in obj.symbols]
    relocations = [(row.offset, row.type) for table in obj.relocations for row in table]
    return len(symbols), len(relocations)


def _load(path: Path) -> None:
    linked(path.read_bytes(), path.name)
