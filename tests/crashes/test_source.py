"""Each C file of this directory brings the kernel down: the report says why, and in which line of the source.

The first line of a file has the cause in quotes, as the reason has it, and the function. One that speaks of
what is left "at unload" is unloaded again. A line that may be shown ends with the comment `here`.
With LKM_TEST_LONG (`make test-long`) there are more levels of optimization.
"""

from __future__ import annotations

import os
import re
import subprocess
from pathlib import Path

import pytest

from lkmtools import modules
from lkmtools.cc import compile_flags, find_compiler
from lkmtools.debug import source_of
from lkmtools.errors import PanicError
from lkmtools.evidence.record import loads
from support.lab import Lab

HERE = Path(__file__).parent
FILES = sorted(HERE.glob("*.c"))
LEVELS = ("-O0", "-O1", "-O2", "-Os") if os.environ.get("LKM_TEST_LONG") else ("-O0", "-O2")


def compiled(path: Path, machine: str, directory: Path, *flags: str) -> Path:
    """The object that lkmcc makes of a file."""
    compiler, out = find_compiler(machine), directory / "crash.o"
    options = [*compile_flags(compiler.family, machine), "-DDIAGNOSTIC", *flags]
    subprocess.run([*compiler.argv, *options, "-c", str(path), "-o", str(out)], check=True)
    return out


def crashed(lab: Lab, obj: Path, unloads: bool) -> PanicError:
    """The panic of loading a module, or of what it leaves behind."""

    def load() -> None:
        lab.install(obj)
        if unloads:
            modules.unload(lab.p, "crash")
        lab.until(lambda: False)

    return lab.panics(load)


@pytest.mark.parametrize("level", LEVELS)
@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_cause_function_and_line(lab: Lab, tmp_path: Path, path: Path, level: str) -> None:
    """At each level of optimization, with what the compiler inlines there."""
    text = path.read_text()
    found = re.search(r': "(.+)" in (\w+)\(\)\. \*/$', text.splitlines()[0])
    assert found is not None
    cause, function = found.groups()
    here = [number for number, each in enumerate(text.splitlines(), 1) if each.endswith("/* here */")]
    panic = crashed(lab, compiled(path, lab.machine, tmp_path, level), "at unload" in text)
    assert cause.replace('\\"', '"') in panic.reason
    record = loads(panic.record)
    assert record is not None
    assert record.request == ("" if "callout" in path.stem else "ioctl(/dev/lkm, LMREADY)")
    source = source_of(panic.record)
    assert source[0] == "source:"
    first = re.fullmatch(
        rf"    {function}\(\) at \S*{path.name}:(\d+)( \(inlined\))? \[crash(, unloaded)?\]", source[1]
    )
    assert first is not None
    assert int(first[1]) in here
    assert any(each.startswith("->") and each.endswith("/* here */") for each in source)
