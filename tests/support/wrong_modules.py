"""The C files of tests/crashes: what their first lines promise, their objects, and their corrected twins.

The first line of a file has the cause in quotes, as the reason has it, and the function. A line of the source
that may be shown ends with the comment `here`. With -DFIXED a file is what its author meant, and harmless.
"""

from __future__ import annotations

import re
import subprocess
from difflib import ndiff
from pathlib import Path

from lkmtools.cc import compile_flags, find_compiler
from lkmtools.debug import source_of

LOADING = "ioctl(/dev/lkm, LMREADY)"  # the request of a module that does harm when it is loaded
_HERE = "/* here */"


def promised(path: Path) -> tuple[str, str]:
    """The cause and the function of the first line."""
    found = re.search(r': "(.+)" in (\w+)\(\)\. \*/$', path.read_text().splitlines()[0])
    assert found is not None, path
    return found[1].replace('\\"', '"'), found[2]


def compiled(path: Path, machine: str, directory: Path, *flags: str) -> Path:
    """The object that lkmcc makes of a file."""
    compiler, out = find_compiler(machine), directory / "crash.o"
    options = [*compile_flags(compiler.family, machine), "-DDIAGNOSTIC", *flags]
    subprocess.run([*compiler.argv, *options, "-c", str(path), "-o", str(out)], check=True)
    return out


def check_source(path: Path, record: str) -> None:
    """The source begins with the function that was promised, at a line that is marked, and shows one."""
    text = path.read_text().splitlines()
    source, (_, function) = source_of(record), promised(path)
    assert source[0] == "source:"
    module = "crash, unloaded" if "at unload" in text[0] else "crash"
    where = rf"    {function}\(\) at \S*{path.name}:(\d+)( \(inlined\))? \[{module}\]"
    first = re.fullmatch(where, source[1])
    assert first is not None, source
    assert text[int(first[1]) - 1].endswith(_HERE)
    assert any(each.startswith("->") and each.endswith(_HERE) for each in source)


def corrected_lines(path: Path) -> int:
    """How many lines -DFIXED adds or takes away, whichever is more, as the preprocessor sees it."""
    compiler = find_compiler("amd64").argv
    text = re.sub(r"#include.*", "", path.read_text())

    def lines(*flags: str) -> list[str]:
        command = [*compiler, "-E", "-P", *flags, "-"]
        return subprocess.run(
            command, input=text, capture_output=True, text=True, check=True
        ).stdout.splitlines()

    changed = [each[0] for each in ndiff(lines(), lines("-DFIXED"))]
    return max(changed.count("+"), changed.count("-"))
