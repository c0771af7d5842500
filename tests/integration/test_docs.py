"""What the documents print is what happens: every block and command of them is executed."""

from __future__ import annotations

import re
import runpy
import shutil
from pathlib import Path
from xml.etree import ElementTree

import pytest

from lkmtools.cc import CompilerError, find_compiler
from support import docrun

ROOT = Path(__file__).parents[2]
DOCUMENTS = ("README.md", "docs/writing-a-module.md", "docs/finding-bugs.md")


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
    assert "\n".join(docrun.mistakes(steps, docrun.run(steps, tmp_path), strict=True)) == ""


def test_the_workflow_of_the_tutorial_runs(tmp_path: Path) -> None:
    """Its commands but the installation, in a directory with the tutorial's files as they are at its end."""
    steps = [step for step in docrun.markdown(ROOT / "docs/writing-a-module.md") if step.name]
    (workflow,) = [step for step in steps if step.name.endswith(".yml")]
    install, *commands = re.findall(r"^ +- run: (.*)$", workflow.text, re.MULTILINE)
    assert install == "pip install './lkmtools[zig]' pytest"  # a checkout: no index has it
    mend = "sed -i 's,tally_bytes / tally_lines,tally_lines ? tally_bytes / tally_lines : 0,' tally.c"
    steps += [docrun.Step(0, "", command, []) for command in (mend, *commands)]
    assert "\n".join(docrun.mistakes(steps, docrun.run(steps, tmp_path), strict=False)) == ""


def test_the_recorded_session_is_recorded_again() -> None:
    """docs/session.py still tells the story that docs/session.svg shows: load, crash, mend, load."""
    record = runpy.run_path(str(ROOT / "docs" / "session.py"))["record"]
    story = (
        "$ lkmcc greet.c && modload greet.o",
        "panic: page fault: read of 1 byte at 0x0 (NULL pointer) in strlen()",
        "kernel       amd64, boot 2, running",
        "Module loaded as ID 0",
        "13 letters: hello, kernel",
    )
    for image in (record(), (ROOT / "docs" / "session.svg").read_text()):
        told = "".join(ElementTree.fromstring(image).itertext()).replace("\xa0", " ")
        at = [told.find(part) for part in story]
        assert at == sorted(at)
        assert at[0] > 0


def test_the_links_of_the_documents_lead_somewhere() -> None:
    """Every relative link of README, docs/ and the packages' READMEs."""
    pages = [ROOT / "README.md", ROOT / "CONTRIBUTING.md", *(ROOT / "docs").glob("*.md")]
    pages += (ROOT / "lkmtools").rglob("README.md")
    links = [
        (page, link) for page in pages for link in re.findall(r"\]\(([^)#:]+)(?:#[^)]*)?\)", page.read_text())
    ]
    assert [(page.name, link) for page, link in links if not (page.parent / link).exists()] == []


def test_the_recipes_of_adding_work(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """docs/adding.md, on a copy of the tree, which goes before the installed package."""
    left_out = shutil.ignore_patterns(".*", "__pycache__", "build", "dist")
    shutil.copytree(ROOT, tmp_path / "tree", ignore=left_out)
    monkeypatch.setenv("PYTHONPATH", str(tmp_path / "tree"))
    steps = docrun.markdown(ROOT / "docs" / "adding.md")
    done = docrun.run(steps, tmp_path / "tree")
    assert "\n".join(docrun.mistakes(steps, done, strict=True)) == ""


def test_a_block_is_inserted_beside_one_line_and_nowhere_else(tmp_path: Path) -> None:
    """Where the line is missing, or there are two, nothing is inserted, and the document is wrong."""
    (tmp_path / "doc.md").write_text(
        "```c x.c after int b[2]\nint c;\n```\n```c x.c before int a;\nint z;\n```\n"
    )
    steps = docrun.markdown(tmp_path / "doc.md")
    (tmp_path / "x.c").write_text("int a;\nint b[2];\n")
    assert docrun.mistakes(steps, docrun.run(steps, tmp_path), strict=True) == []
    assert (tmp_path / "x.c").read_text() == "int z;\nint a;\nint b[2];\nint c;\n"
    (tmp_path / "x.c").write_text("int a;\nint a;\n")
    assert len(docrun.mistakes(steps, docrun.run(steps, tmp_path), strict=True)) == 2
    assert (tmp_path / "x.c").read_text() == "int a;\nint a;\n"


@pytest.mark.parametrize("name", ["house", "modload"])
def test_a_picture_is_what_its_script_draws(name: str) -> None:
    """From the imports, and from calls that are in the code."""
    drawn = runpy.run_path(str(ROOT / "docs" / f"{name}.py"))["draw"]()
    assert drawn == (ROOT / "docs" / f"{name}.svg").read_text()


def test_the_picture_of_a_modload_has_no_call_that_is_not_in_the_code() -> None:
    script = runpy.run_path(str(ROOT / "docs" / "modload.py"))
    wrong = script["Arrow"]("cli", "modules", "", "cli/modload.py:load_all", "no_such_function")
    with pytest.raises(ValueError, match=r"load_all\(\) does not call no_such_function\(\)"):
        script["check"](wrong)


def test_the_answers_to_where_is_exist() -> None:
    """Each of the twelve questions of CONTRIBUTING.md names files, and its subject stands in one of them."""
    rows = re.findall(r"^\| (.*\?) \| (.*) \|$", (ROOT / "CONTRIBUTING.md").read_text(), re.MULTILINE)
    assert len(rows) == 12
    missing = [
        (question, name)
        for question, answer in rows
        for name in re.findall(r"lkmtools/[\w/.]+\.py", answer)
        if not (ROOT / name).is_file()
    ]
    assert missing == []
