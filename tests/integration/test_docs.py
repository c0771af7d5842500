"""What the documents print is what happens: every block and command of them is executed."""

from __future__ import annotations

import re
from pathlib import Path

import docrun
import pytest

from lkmtools.cc import CompilerError, find_compiler

ROOT = Path(__file__).parents[2]
DOCUMENTS = ("docs/writing-a-module.md",)


@pytest.fixture(autouse=True)
def _compilers() -> None:
    """Documents compile for both machines."""
    try:
        for machine in ("amd64", "i386"):
            find_compiler(machine)
    except CompilerError as error:
        pytest.skip(str(error))


@pytest.mark.parametrize("name", DOCUMENTS)
def test_every_block_of_a_document_does_what_it_prints(name: str, tmp_path: Path) -> None:
    """In order, in one shell, in an empty directory."""
    steps = docrun.markdown(ROOT / name)
    assert docrun.mistakes(steps, docrun.run(steps, tmp_path), strict=True) == []


def test_the_workflow_of_the_tutorial_runs(tmp_path: Path) -> None:
    """Its commands but the installation, in a directory with the tutorial's files as they are at its end."""
    steps = [step for step in docrun.markdown(ROOT / "docs/writing-a-module.md") if step.name]
    (workflow,) = [step for step in steps if step.name.endswith(".yml")]
    install, *commands = re.findall(r"^ +- run: (.*)$", workflow.text, re.MULTILINE)
    assert install == "pip install 'lkmtools[zig]' pytest"
    mend = "sed -i 's,tally_bytes / tally_lines,tally_lines ? tally_bytes / tally_lines : 0,' tally.c"
    steps += [docrun.Step(0, "", command, []) for command in (mend, *commands)]
    assert docrun.mistakes(steps, docrun.run(steps, tmp_path), strict=False) == []
