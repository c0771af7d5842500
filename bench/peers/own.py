"""The sections without a peer: how fast module code is, what the memory consists of, how times grow."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path

from bench.execution import LIMIT, speeds
from bench.peers.table import OURS, Row, Section, markdown
from bench.plot import Points
from bench.samples import private_socket, processes, tool
from bench.smaps import Part, parts

EXECUTION = f"""The same C in a module, as the same machine code in bare Unicorn without a hook, and
compiled for the host's processor. What a module runs without calling the kernel is meant to take at most
{LIMIT:g} of bare Unicorn. The rest is the emulator's: a loop is translated once and stays in translated
code; a return, or a call of what a pointer says, leaves it each time."""
MEMORY = """A supervisor and its kernel, which has just booted: KiB of resident memory by what is mapped.
PSS counts a page that n processes map as 1/n; private pages are those of this process alone."""
GROWTH = "Both axes are logarithmic: what takes time in proportion to the size rises by 45 degrees."


def execution(directory: Path) -> Section:
    """A row for each kind of code."""
    rows = [
        Row(speed.kind, {OURS: speed.inside, "bare Unicorn": speed.bare, "native": speed.native})
        for speed in speeds(directory)
    ]
    return Section("Execution of module code", EXECUTION, rows)


def memory() -> Section:
    """A table for both processes."""
    with private_socket() as env:
        tool(env, "lkmd")
        names = zip(("supervisor", "kernel"), processes(env["LKM_SOCKET"]), strict=True)
        texts = {name: Path(f"/proc/{pid}/smaps").read_text() for name, pid in names}
    return Section("Memory", MEMORY, more=list(_memory({name: parts(text) for name, text in texts.items()})))


def _memory(processes: Mapping[str, Mapping[str, Part]]) -> Iterator[str]:
    """One table: what, and for each process PSS, private and shared."""
    kinds = list(dict.fromkeys(kind for found in processes.values() for kind in found))
    head = ["", *(f"{name}: {field}" for name in processes for field in ("PSS", "private", "shared"))]
    rows = [
        [kind, *(f"{kib:,}" for found in processes.values() for kib in found.get(kind, Part()))]
        for kind in kinds
    ]
    totals = [
        f"{sum(column):,}" for found in processes.values() for column in zip(*found.values(), strict=True)
    ]
    yield ""
    yield from markdown(head, [*rows, ["all", *totals]])


def growth(plots: Mapping[str, Mapping[str, Points]]) -> Section:
    """A picture for each unit that something was measured against."""
    more = [line for unit in plots for line in ("", f"![Time against {unit}](bench-{unit}.svg)")]
    return Section("Growth", GROWTH, more=more)
