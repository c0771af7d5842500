"""The source of a panic in an object of 480 KB with debug information; what its checksum costs a load."""

from __future__ import annotations

import os
import resource
import shutil
import subprocess
import sys
from collections.abc import Iterator
from functools import partial
from pathlib import Path

from bench.measure import Result, once, pair
from bench.samples import EXAMPLES, private_socket, quietly, tool
from lkmtools.elf import read_object
from lkmtools.elf.checksum import checksum
from lkmtools.evidence.record import CrashRecord, RecordedAccess, RecordedFrame, RecordedModule
from lkmtools.link import prelink

AREA = 0xFFFF_FFFF_8020_0000
FRAMES = 8
RUNS = 9
MOST = 500_000  # microseconds
CODE = "import sys; from lkmtools.debug import source_of; print(*source_of(sys.stdin.read()), sep='\\n')"


def run(directory: Path) -> Iterator[Result]:
    """A record of eight frames in different files, and a read by an instruction."""
    path = directory / "linux.o"
    sources = sorted((EXAMPLES / "linux").glob("*.c"))
    tool(dict(os.environ), "lkmcc", "-r", "-o", path, *sources)
    data = path.read_bytes()
    obj = read_object(data, path.name)
    pre = prelink(obj, "amd64")
    text = next(section for section in obj.sections if section.name == ".text")
    offsets = [text.size * number // FRAMES + 64 for number in range(FRAMES)]
    start = AREA + pre.offsets[text.shndx]
    frames = tuple(RecordedFrame("f", start + offset) for offset in offsets)
    module = RecordedModule("linux", str(path), AREA, pre.size, checksum(obj))
    access = RecordedAccess("read", 8, 8, frames[0].pc, "488b4008")
    record = CrashRecord("why", "amd64", frames=frames, modules=(module,), access=access).dumps()
    report = partial(_report, record)
    if (resolver := shutil.which("addr2line")) is not None:
        command = [resolver, "-afi", "-j", ".text", "-e", str(path), *map(hex, offsets)]
        name = f"source of {FRAMES} frames, object of {len(data) >> 10} KB, new process / addr2line"
        yield pair(name, report, lambda: quietly(command), None, RUNS, clock=_children)
    times = sorted(once(report, _children) for _ in range(RUNS))
    yield Result("... / 0.5 s", times[RUNS // 2], MOST, 1)
    yield from _load(path)


def _children() -> float:
    """Seconds of the processor that programs have used which were started here."""
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def _report(record: str) -> None:
    env = {**os.environ, "PYTHONDONTWRITEBYTECODE": ""}
    command = [sys.executable, "-c", CODE]
    out = subprocess.run(command, env=env, input=record, capture_output=True, text=True, check=True)
    assert out.stdout.startswith("source:")


def _load(path: Path) -> Iterator[Result]:
    """What the checksum adds to a load."""
    obj = read_object(path.read_bytes(), path.name)
    with private_socket() as env:

        def load() -> None:
            tool(env, "modload", "-n", "-e", "exec_linux_elf_lkmentry", path)

        load()  # which starts the daemon
        yield pair(
            "checksum of that object / modload --dry-run of it", lambda: checksum(obj), load, 0.02, RUNS
        )
