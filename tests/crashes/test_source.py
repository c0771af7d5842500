"""Each C file of this directory brings the kernel down: the report says why, and in which line of the source.

support/wrong_modules.py says what a file promises. One whose first line speaks of what is left "at unload" is
unloaded again; "syscall 210" in it is made then. The corrected twin differs by at most three lines.
With LKM_TEST_LONG (`make test-long`) there are more levels of optimization.
"""

from __future__ import annotations

import os
import re
from contextlib import suppress
from pathlib import Path

import pytest

from lkmtools import modules
from lkmtools.errors import KernelError
from lkmtools.evidence.record import loads
from support.lab import Lab
from support.wrong_modules import LOADING, check_source, compiled, corrected_lines, promised

HERE = Path(__file__).parent
FILES = sorted(HERE.glob("*.c"))
LEVELS = ("-O0", "-O1", "-O2", "-Os") if os.environ.get("LKM_TEST_LONG") else ("-O0", "-O2")
MOST = 3  # lines that a file has only with -DFIXED, or only without
REQUESTS = {"syscall 210": "system call 210("}  # what a file may ask for: the request in its record


def used(lab: Lab, obj: Path, text: str) -> None:
    """Load a module, and do what its first line says; then nothing until nobody has anything to do."""
    about = text.splitlines()[0]
    lab.install(obj)
    if "at unload" in about:
        modules.unload(lab.p, "crash")
    if "syscall 210" in about:
        with suppress(KernelError):
            lab.p.syscall(210)
    while lab.kernel.run():
        pass


def works(lab: Lab) -> None:
    """The kernel is as good as new: it loads another module, which runs."""
    lab.load("int probe_run(int a); int probe_run(int a) { return a + 1; }")
    assert lab.call("int probe_run(int a)", 41) == 42
    modules.unload(lab.p, "probe")


@pytest.mark.parametrize("level", LEVELS)
@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_cause_function_and_line(lab: Lab, tmp_path: Path, path: Path, level: str) -> None:
    """At each level of optimization, with what the compiler inlines there."""
    text = path.read_text()
    panic = lab.panics(lambda: used(lab, compiled(path, lab.machine, tmp_path, level), text))
    assert promised(path)[0] in panic.reason
    record = loads(panic.record)
    assert record is not None
    asked = next((each for each in REQUESTS if each in text.splitlines()[0]), "")
    assert record.request.startswith(REQUESTS.get(asked, "callout " if "callout" in path.stem else LOADING))
    check_source(path, panic.record)
    works(lab)


@pytest.mark.parametrize("level", LEVELS)
@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_the_corrected_twin_does_its_work(lab: Lab, tmp_path: Path, path: Path, level: str) -> None:
    """No panic and no report, and it is unloaded again."""
    used(lab, compiled(path, lab.machine, tmp_path, level, "-DFIXED"), path.read_text())
    for row in modules.stat_all(lab.p):
        modules.unload(lab.p, row.name)
    while lab.kernel.run():
        pass
    assert lab.k.bootno == 1
    assert not re.search("^(panic|report):", lab.dmesg, re.MULTILINE)
    assert lab.tables() == lab.boot_tables
    works(lab)


@pytest.mark.parametrize("path", sorted(HERE.rglob("*.c")), ids=lambda path: path.stem)
def test_a_twin_differs_by_few_lines(path: Path) -> None:
    """Those of locks/, too."""
    assert 0 < corrected_lines(path) <= MOST
