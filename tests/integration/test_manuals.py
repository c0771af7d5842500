"""The manual pages: well-formed, complete, and their examples do what they show."""

from __future__ import annotations

import ast
import importlib
import re
import shutil
import subprocess
from pathlib import Path

import click
import pytest

import lkmtools
from lkmtools.cc import CompilerError, find_compiler
from lkmtools.cli.lkmctl import COMMANDS
from support import docrun
from support.compiling import Compile

ROOT = Path(__file__).parents[2]
PAGES = sorted((ROOT / "man").glob("*.[0-9]"))
TOOLS = {
    "modload": "modload.8", "modunload": "modunload.8", "modstat": "modstat.8", "lkmd": "lkmd.8",
    "lkmcc": "lkmcc.1", "rclkm": "rc.lkm.8",
}  # fmt: skip
COMPILERS_OWN = {"-c", "-j", "-o", "-r", "-v"}  # lkmcc's options that it takes as a compiler does
MACROS = {"Fl", "Ar", "Oo", "Oc", "Op", "Ns", "Ic", "Cm", "Pq"}


def ids(path: Path) -> str:
    return path.name


@pytest.mark.parametrize("page", PAGES, ids=ids)
def test_mandoc_has_nothing_to_say(page: Path) -> None:
    """But that pages it refers to are not installed here."""
    mandoc = shutil.which("mandoc")
    if mandoc is None:
        pytest.skip("no mandoc here")
    done = subprocess.run([mandoc, "-Tlint", page], capture_output=True, text=True, check=False)
    assert [line for line in done.stdout.splitlines() if "referenced manual not found" not in line] == []


@pytest.fixture(scope="session")
def objects(cc: Compile) -> dict[str, Path]:
    """The sample modules, compiled: name -> object."""
    try:
        for machine in ("amd64", "i386"):
            find_compiler(machine)
    except CompilerError as error:
        pytest.skip(str(error))
    names = ("hello/hello", "newcall/newcall", "chardev/echo", "memfs/memfs", "stack/hook", "stack/guard")
    sources = [ROOT / "examples" / f"{name}.c" for name in (*names, "crash/forever")]
    return {source.stem: cc(source, name=source.stem) for source in sources}


@pytest.mark.parametrize("page", PAGES, ids=ids)
def test_the_examples_of_a_page_do_what_they_show(
    page: Path, objects: dict[str, Path], tmp_path: Path
) -> None:
    """In a directory with the sample modules, compiled, and the source of the first."""
    for name, path in objects.items():
        shutil.copyfile(path, tmp_path / f"{name}.o")
    shutil.copy(ROOT / "examples" / "hello" / "hello.c", tmp_path)
    steps = docrun.manual(page)
    if any("gcc" in step.text for step in steps) and shutil.which("gcc") is None:
        pytest.skip("no gcc here")
    if any(step.text.split(" && ")[-1].startswith("nm ") for step in steps) and shutil.which("nm") is None:
        pytest.skip("no nm here")
    assert steps != []
    assert "\n".join(docrun.mistakes(steps, docrun.run(steps, tmp_path), strict=False)) == ""


def flags(line: str) -> set[str]:
    """The options that a line of mdoc names: .It Fl f | -follow is -f and --follow."""
    found: set[str] = set()
    macro = ""
    for word in line.split():
        if word in MACROS:
            macro = word
        elif macro == "Fl" and word not in "|,":
            found.add(f"-{word}")
    return found


def documented(page: str) -> set[str]:
    """The options in the lists of a page."""
    lines = (ROOT / "man" / page).read_text().splitlines()
    return set().union(*(flags(line) for line in lines if line.startswith(".It Fl")))


def options(command: click.Command) -> set[str]:
    """The options of a click command, but hidden ones; "-h" goes without saying."""
    context = click.Context(command)
    shown = [option for option in command.get_params(context) if not getattr(option, "hidden", False)]
    given = [option for option in shown if isinstance(option, click.Option)]
    names = [name for option in given for name in (*option.opts, *option.secondary_opts)]
    return set(names) - {"-h"}


@pytest.mark.parametrize("tool", TOOLS)
def test_the_options_of_a_tool_are_those_of_its_page(tool: str) -> None:
    command = importlib.import_module(f"lkmtools.cli.{tool}").main
    extra = COMPILERS_OWN if tool == "lkmcc" else set()
    assert documented(TOOLS[tool]) - {"-h"} == options(command) | extra


def test_the_commands_of_lkmctl_and_their_options_are_those_of_its_page() -> None:
    """A command may have several entries; `exec` and its like are told by the first word."""
    found: dict[str, set[str]] = {}
    for line in (ROOT / "man" / "lkmctl.8").read_text().splitlines():
        if line.startswith(".It Ic "):
            found.setdefault(line.split()[2], set()).update(flags(line))
    main = importlib.import_module("lkmtools.cli.lkmctl").main
    context = click.Context(main)
    expected = {name: options(main.get_command(context, name)) - {"--help"} for name in COMMANDS}
    assert found == expected
    assert documented("lkmctl.8") - {"-h"} == options(main)


def test_every_variable_of_the_environment_is_in_a_page() -> None:
    """A string of the code that is the name of one: LKM_SOCKET."""
    named: set[str] = set()
    for path in Path(lkmtools.__file__).parent.rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.Constant) and isinstance(node.value, str):
                named |= set(re.findall(r"^(?:LKMD?|LISTEN)_[A-Z]+$", node.value))
    pages = "\n".join(page.read_text() for page in PAGES)
    assert [name for name in sorted(named) if f"Ev {name}" not in pages] == []
