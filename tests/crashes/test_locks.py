"""Misuse of locks and sleeps, and loops that do not end: each C file of locks/ is wrong in one way.

support/wrong_modules.py says what a file promises. A cause that begins with "hang" is reported, and the
kernel goes on; the others are panics.
"""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from lkmtools import modules
from lkmtools.debug import source_of
from lkmtools.errors import DaemonError
from lkmtools.evidence.record import REPORT, CrashRecord, loads
from support.compiling import Compile
from support.lab import Lab
from support.wrong_modules import LOADING, check_source, compiled, promised

FILES = sorted((Path(__file__).parent / "locks").glob("*.c"))
HANGS = [path for path in FILES if "10 s" in path.read_text() or "hang: " in path.read_text()]
LOOPS = [path for path in FILES if "seconds " in path.read_text().splitlines()[0]]
PANICS = [path for path in FILES if path not in HANGS and path not in LOOPS]
LEVELS = ("-O0", "-O2")


def stem(path: Path) -> str:
    """The name of a test."""
    return path.stem


def load(lab: Lab, path: Path, directory: Path, *flags: str) -> None:
    """Load a file, compiled as lkmcc does it."""
    lab.install(compiled(path, lab.machine, directory, *flags))


@pytest.mark.parametrize("level", LEVELS)
@pytest.mark.parametrize("path", PANICS, ids=stem)
def test_misuse_panics(lab: Lab, tmp_path: Path, path: Path, level: str) -> None:
    """With the cause, the function, the line, and the request."""
    cause, _ = promised(path)

    def run() -> None:
        load(lab, path, tmp_path, level)
        lab.until(lambda: False)

    panic = lab.panics(run)
    assert cause in panic.reason
    check_source(path, panic.record)
    record = loads(panic.record)
    assert record is not None
    in_load = "callout_" not in path.stem and "softint" not in path.stem
    soft = "soft interrupt handler()" if "softint" in path.stem else "callout tick_tock()"
    assert record.request == (LOADING if in_load or path.stem == "callout_halted" else f"{soft} [crash]")


@pytest.mark.parametrize("level", LEVELS)
def test_the_source_of_the_other_lwp(lab: Lab, tmp_path: Path, level: str) -> None:
    """Of a deadlock: the line where it waits, too."""
    path = FILES[0].with_name("deadlock.c")
    panic = lab.panics(lambda: load(lab, path, tmp_path, level))
    source = source_of(panic.record)
    at = source.index("source of pid 3 (worker):")
    line = path.read_text().splitlines().index("\tmutex_enter(&from);") + 1
    assert re.fullmatch(rf"    worker\(\) at \S*deadlock.c:{line} \[crash\]", source[at + 1])


@pytest.mark.parametrize("level", LEVELS)
@pytest.mark.parametrize("path", HANGS, ids=stem)
def test_a_hang_is_reported(lab: Lab, tmp_path: Path, path: Path, level: str) -> None:
    """Once, with the same; and the kernel goes on."""
    cause, _ = promised(path)
    with pytest.raises(DaemonError, match="nothing in this kernel will wake it"):
        load(lab, path, tmp_path, level)
    ((text, raw),) = lab.reports
    assert text.startswith("report: hang: ")
    assert cause in text
    assert text in lab.dmesg
    record = loads(raw)
    assert record is not None
    assert (record.kind, record.request) == (REPORT, LOADING)
    check_source(path, raw)
    assert lab.kernel.process("other").getpid() > 0
    assert len(lab.reports) == 1


@pytest.fixture
def hasty(cc: Compile, machine: str) -> Lab:
    """A kernel with little patience."""
    return Lab(cc, machine, watchdog=0.1, entry_limit=0.2)


@pytest.mark.parametrize("level", LEVELS)
@pytest.mark.parametrize("path", LOOPS, ids=stem)
def test_a_loop_that_does_not_end(hasty: Lab, tmp_path: Path, path: Path, level: str) -> None:
    """The reason names the function that loops, and the record has where it was seen."""
    cause, function = promised(path)
    panic = hasty.panics(lambda: load(hasty, path, tmp_path, level, "-fno-inline"))
    assert cause in panic.reason
    record: CrashRecord | None = loads(panic.record)
    assert record is not None
    assert record.request == LOADING
    low, high = record.loop
    place = rf"{function}(\.constprop\.0)?\+0x\w+"
    assert re.match(rf"in the loop: {place}( \.\.\. {place})? \[crash\]$", record.notes[0])
    assert record.modules[0].area <= low <= high < record.modules[0].area + record.modules[0].size
    called = [note for note in record.notes if note.startswith("kernel functions called in the loop: ")]
    if path.stem == "loop_calls":
        assert sorted(called[0].partition(": ")[2].split(", ")) == ["mutex_owned", "splbio", "splx"]
    else:
        assert called == []
    hasty.close()


@pytest.mark.parametrize("level", LEVELS)
@pytest.mark.parametrize("path", FILES, ids=stem)
def test_the_corrected_twin_is_quiet(lab: Lab, tmp_path: Path, path: Path, level: str) -> None:
    """It loads, does its work and goes, and nobody sleeps for ever."""
    load(lab, path, tmp_path, level, "-DFIXED")
    modules.unload(lab.p, "crash")
    lab.settle()
    lab.k.sched.hangs.passed(100)
    assert lab.reports == []
    assert lab.k.bootno == 1
