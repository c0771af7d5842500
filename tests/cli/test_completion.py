"""Completion for bash, zsh and fish: the lines of the manual pages and what they complete."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from support.daemon_lab import DaemonLab
from support.daemons import Place

MAN = Path(__file__).parents[2] / "man"


def completed(lab: DaemonLab | Place, line: str) -> list[str]:
    """What the shell is told for the last word of a command line."""
    tool = line.split(maxsplit=1)[0]
    env = {
        f"_{tool.upper()}_COMPLETE": "bash_complete",
        "COMP_WORDS": line,
        "COMP_CWORD": str(len(line.split()) - 1),
    }
    return [row.partition(",")[2] for row in lab.run(tool, env=env).out.splitlines() if row]


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
@pytest.mark.parametrize("tool", ["modload", "modunload", "modstat"])
def test_each_tool_has_a_completion_script_for_each_shell(place: Place, tool: str, shell: str) -> None:
    run = place.run(tool, env={f"_{tool.upper()}_COMPLETE": f"{shell}_source"})
    assert (run.status, run.err) == (0, "")
    assert f"{shell}_complete" in run.out


def test_module_names_are_completed_also_while_the_device_is_held(lab: DaemonLab) -> None:
    lab.run("modload", lab.misc("hello"), lab.misc("help"), lab.misc("other"))
    with lab.daemon.connect("holder") as p:
        p.open("/dev/lkm")
        assert completed(lab, "modunload hel") == ["hello", "help"]
        assert completed(lab, "modstat -n o") == ["other"]


def test_completion_starts_no_kernel(place: Place) -> None:
    assert completed(place, "modstat -n o") == []
    assert os.listdir(place.dir) == []


def test_options_are_completed(place: Place) -> None:
    assert completed(place, "modload --d") == ["--dry-run"]


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_the_line_in_the_manual_works(place: Place, shell: str) -> None:
    found = shutil.which(shell)
    if not found:
        pytest.skip(f"no {shell} here")
    page = (MAN / "modload.8").read_text()
    (line,) = re.findall(rf"^(.*{shell}_source.*?) +# ", page, re.MULTILINE)
    setup = "autoload -U compinit; compinit -D; " if shell == "zsh" else ""
    env = {**place.env, "PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}"}
    argv = [found, "-c", f"{setup}{line}"]
    done = subprocess.run(argv, env=env, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")
