"""Programs may include any header, the kernel's as well: each stands alone there, and can be read twice."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from lkmtools.cc import INCLUDE
from lkmtools.cc.flags import RUNTIME, program_flags
from support.compiling import compiler

TEXT = "#include <{0}>\n#include <stdio.h>\n#include <{0}>\n"


def headers() -> list[str]:
    """Of the library and of the kernel."""
    trees = (Path(RUNTIME, "include"), Path(INCLUDE))
    return sorted({str(path.relative_to(tree)) for tree in trees for path in tree.rglob("*.h")})


@pytest.mark.parametrize("machine", ["amd64", "i386"])
def test_every_header_stands_alone_in_a_program(machine: str, tmp_path: Path) -> None:
    """Without a warning."""
    cc = compiler(machine)
    for name in headers():
        (tmp_path / f"{name.replace('/', '_')}.c").write_text(TEXT.format(name))
    flags = [
        flag for flag in program_flags(cc.family, machine) if flag not in ("-nostdlib", "-static", "-no-pie")
    ]
    flags = [flag for flag in flags if not flag.startswith("-Wl,")]
    sources = sorted(map(str, tmp_path.glob("*.c")))
    command = [*cc.argv, *flags, "-Werror", "-fsyntax-only", *sources]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")
