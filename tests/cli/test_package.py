"""What the installed package brings besides its Python: headers, samples, manuals, completions."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from importlib.metadata import entry_points
from pathlib import Path

import pytest

from support.daemons import Place, installed_files, is_editable

ROOT = Path(__file__).parents[2]
PREFIX = Path(sys.executable).parent.parent
TOOLS = sorted(
    script.name for script in entry_points(group="console_scripts") if script.value.startswith("lkmtools.")
)


@pytest.fixture(scope="module")
def installed() -> set[str]:
    """The names of the files of the installed package."""
    return set(installed_files())


def test_every_manual_is_where_man_looks(installed: set[str]) -> None:
    """man(1) looks in share/man beside each bin of PATH."""
    pages = {f"share/man/man{page.suffix[1:]}/{page.name}" for page in (ROOT / "man").iterdir()}
    assert pages - installed == set()


def test_the_documents_are_there_and_lead_to_one_another(installed: set[str]) -> None:
    """README.md names files below docs/, which lie beside it."""
    documents = {f"share/doc/lkmtools/docs/{page.name}" for page in (ROOT / "docs").iterdir()}
    assert documents | {f"share/doc/lkmtools/{name}" for name in ("README.md", "CHANGELOG.md")} <= installed


def test_man_finds_them(place: Place, installed: set[str]) -> None:
    """With the tools on PATH and nothing else said."""
    man = shutil.which("man")
    if man is None:
        pytest.skip("no man here")
    env = {"PATH": f"{PREFIX / 'bin'}:{os.environ['PATH']}", "HOME": place.dir}
    done = subprocess.run([man, "-w", "modload"], env=env, capture_output=True, text=True, check=False)
    assert done.stdout == f"{PREFIX}/share/man/man8/modload.8\n"


def test_every_tool_has_its_completions(installed: set[str]) -> None:
    """Where bash-completion, zsh and fish look below a prefix."""
    wanted = set()
    for tool in TOOLS:
        wanted |= {
            f"share/bash-completion/completions/{tool}",
            f"share/zsh/site-functions/_{tool}",
            f"share/fish/vendor_completions.d/{tool}.fish",
        }
    assert wanted - installed == set()


@pytest.mark.parametrize("tool", TOOLS)
def test_the_completion_file_for_bash_completes(place: Place, installed: set[str], tool: str) -> None:
    """It is sourced as bash-completion does, and asked for the tool's long options."""
    bash = shutil.which("bash")
    if bash is None:
        pytest.skip("no bash here")
    script = f"""
        source "{PREFIX}/share/bash-completion/completions/{tool}"
        spec=$(complete -p {tool}) && function=${{spec#*-F }} && function=${{function%% *}}
        COMP_WORDS=({tool} --vers) COMP_CWORD=1
        "$function" {tool} && echo "${{COMPREPLY[@]}}"
    """
    env = {**place.env, "PATH": f"{PREFIX / 'bin'}:{os.environ['PATH']}"}
    done = subprocess.run([bash, "-c", script], env=env, capture_output=True, text=True, check=False)
    assert (done.stdout, done.stderr) == ("--version\n", "")


def test_an_installed_wheel_has_headers_runtime_and_samples(installed: set[str]) -> None:
    """Every file of the sources that is not Python."""
    if is_editable(installed):
        pytest.skip("the installation is editable: it has the checkout's own")
    package = ROOT / "lkmtools"
    data = {path for path in package.rglob("*") if path.is_file() and path.suffix not in (".py", ".pyc")}
    wanted = {str(path.relative_to(ROOT)) for path in data}
    samples = {path for path in (ROOT / "examples").rglob("*") if path.suffix in (".c", ".h", ".sh")}
    wanted |= {f"lkmtools/{path.relative_to(ROOT)}" for path in samples}
    assert wanted - installed == set()
