"""Each C file of this directory brings the kernel down: the report says why, and in which line of the source.

The first line of a file has the cause in quotes, as the reason has it, and the function. One that speaks of
what is left "at unload" is unloaded again; "syscall 210" in it is made then. A line that may be shown ends
with the comment `here`. With -DFIXED a file is what its author meant, by at most three lines, and harmless.
With LKM_TEST_LONG (`make test-long`) there are more levels of optimization.
"""

from __future__ import annotations

import os
import re
import subprocess
from contextlib import suppress
from pathlib import Path

import pytest

from lkmtools import modules
from lkmtools.cc import compile_flags, find_compiler
from lkmtools.debug import source_of
from lkmtools.errors import KernelError
from lkmtools.evidence.record import loads
from support.lab import Lab

HERE = Path(__file__).parent
FILES = sorted(HERE.glob("*.c"))
LEVELS = ("-O0", "-O1", "-O2", "-Os") if os.environ.get("LKM_TEST_LONG") else ("-O0", "-O2")
MOST = 3  # lines that a file has only with -DFIXED, or only without
REQUESTS = {"syscall 210": "system call 210("}  # what a file may ask for: the request in its record
LOADING = "ioctl(/dev/lkm, LMREADY)"


def compiled(path: Path, machine: str, directory: Path, *flags: str) -> Path:
    """The object that lkmcc makes of a file."""
    compiler, out = find_compiler(machine), directory / "crash.o"
    options = [*compile_flags(compiler.family, machine), "-DDIAGNOSTIC", *flags]
    subprocess.run([*compiler.argv, *options, "-c", str(path), "-o", str(out)], check=True)
    return out


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
    found = re.search(r': "(.+)" in (\w+)\(\)\. \*/$', text.splitlines()[0])
    assert found is not None
    cause, function = found.groups()
    here = [number for number, each in enumerate(text.splitlines(), 1) if each.endswith("/* here */")]
    panic = lab.panics(lambda: used(lab, compiled(path, lab.machine, tmp_path, level), text))
    assert cause.replace('\\"', '"') in panic.reason
    record = loads(panic.record)
    assert record is not None
    asked = next((each for each in REQUESTS if each in text.splitlines()[0]), "")
    assert record.request.startswith(REQUESTS.get(asked, "callout " if "callout" in path.stem else LOADING))
    source = source_of(panic.record)
    assert source[0] == "source:"
    first = re.fullmatch(
        rf"    {function}\(\) at \S*{path.name}:(\d+)( \(inlined\))? \[crash(, unloaded)?\]", source[1]
    )
    assert first is not None
    assert int(first[1]) in here
    assert any(each.startswith("->") and each.endswith("/* here */") for each in source)
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


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_a_twin_differs_by_few_lines(path: Path) -> None:
    """Between #if and #endif, of the two the longer part."""
    parts = re.findall(r"#ifn?def FIXED\n(.*?)(?:#else\n(.*?))?#endif", path.read_text(), re.DOTALL)
    assert parts
    assert sum(max(part.count("\n") for part in pair) for pair in parts) <= MOST
