"""The same reads by LIEF and pyelftools; CLE, which reads to load, against a link."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import partial
from pathlib import Path

from bench.measure import in_turn, once
from bench.objects import linked
from bench.peers.samples import relocations
from bench.peers.table import OURS, Row, Section
from bench.peers.venv import Worker
from lkmtools.link import load_object

RUNS = 3
ABOUT = """All symbols (name, value) and relocations (offset, type) of an object, from the file to Python
values, without the time of the import. CLE does not only read: it lays the object out and relocates it,
which is compared with a link."""
MOST = 100_000  # relocations: of more, the peers take minutes
READERS, LOADER = ("lief", "pyelftools"), "cle"


def section(objects: Sequence[Path], worker: Worker, missing: Mapping[str, str]) -> Section:
    """Each object, read by all who can."""
    skipped = [f"{name}: {missing[name]}" for name in (*READERS, LOADER) if name in missing]
    rows: list[Row] = []
    for path in objects:
        if (size := relocations(path)) > MOST:
            skipped.append(f"{path.name}: the peers take minutes for {size:,} relocations")
            continue
        failed: list[str] = []
        rows += _read(path, worker, [name for name in READERS if name not in missing], failed)
        if LOADER not in missing:
            loaders = {LOADER: partial(worker.micros, LOADER, path)}
            rows += _row(f"{path.name}, laid out and relocated", partial(_load, path), loaders, failed)
        skipped += [f"{path.name}, {reason}" for reason in failed]
    return Section("Reading objects", ABOUT, rows, skipped)


def _read(path: Path, worker: Worker, peers: Sequence[str], failed: list[str]) -> Iterator[Row]:
    """A row of the peers that find in this object what lkmtools finds."""
    wanted = _count(path)
    actions = {}
    for peer in peers:
        answer = worker.ask(peer, path)
        if "error" in answer:
            failed.append(f"{peer}: {answer['error']}")
            continue
        found = answer["symbols"], answer["relocations"]
        if found != wanted:
            failed.append(f"{peer}: it finds {_text(*found)}, not {_text(*wanted)}")
        else:
            actions[peer] = partial(worker.micros, peer, path)
    yield from _row(f"{path.name}, {_text(*wanted)}", partial(_count, path), actions, failed)


def _row(
    subject: str,
    ours: Callable[[], object],
    peers: Mapping[str, Callable[[], float]],
    failed: list[str],
) -> Iterator[Row]:
    """A row of the peers that succeed each time; none where none does."""
    medians = in_turn({OURS: partial(once, ours), **peers}, RUNS, failed)
    if len(medians) > 1:
        yield Row(subject, medians)


def _text(symbols: int, entries: int) -> str:
    return f"{symbols:,} symbols, {entries:,} relocations"


def _count(path: Path) -> tuple[int, int]:
    """How many symbols and relocations lkmtools reads."""
    obj = load_object(path.read_bytes(), path.name)
    symbols = [(symbol.name, symbol.value) for symbol in obj.symbols]
    entries = [(row.offset, row.type) for table in obj.relocations for row in table]
    return len(symbols), len(entries)


def _load(path: Path) -> None:
    linked(path.read_bytes(), path.name)
