"""--help, --version, what a misspelt option gets, and the bar on a terminal: the same for every tool."""

from __future__ import annotations

import os
import pty
import shutil
import subprocess
from importlib.metadata import entry_points
from pathlib import Path

import pytest

from support.daemon_lab import DaemonLab
from support.daemons import Place, installed

TOOLS = sorted(
    script.name for script in entry_points(group="console_scripts") if script.value.startswith("lkmtools.")
)


@pytest.mark.parametrize("tool", TOOLS)
def test_help_is_one_screen_with_an_example_first(place: Place, tool: str) -> None:
    """24 lines of 80 columns; a call of the tool stands before any explanation but the first sentence."""
    run = place.run(tool, "--help", env={"COLUMNS": "80"})
    lines = run.out.splitlines()
    assert (run.status, run.err) == (0, "")
    assert max(map(len, lines)) <= 80
    assert len(lines) <= 24, run.out
    assert any(line.startswith(f"  {tool} ") or line.startswith(f"      {tool} ") for line in lines[2:5])


@pytest.mark.parametrize("tool", TOOLS)
def test_version_tells_tool_protocol_and_kernel(place: Place, tool: str) -> None:
    run = place.run(tool, "--version")
    expected = f"{tool} (lkmtools) 0.1.0, protocol 4, kernel NetBSD 5.2 (LKM_VERSION 2)\n"
    assert (run.status, run.out, run.err) == (0, expected, "")


@pytest.mark.parametrize(
    ("command", "near"),
    [
        ("modload --jsn x.o", "--json"),
        ("modunload --sokcet x hello", "--socket"),
        ("modstat --tre", "--tree"),
        ("lkmd --machin i386", "--machine"),
        ("lkmcc --mahcine=i386 x.c", "--machine"),
        ("lkmcc --check-compilers", "--check-compiler"),
        ("lkmctl --sokcet x status", "--socket"),
        ("lkmctl exec --udi 3 prog", "--uid"),
        ("lkmctl ioctl --readonl /dev/x 1", "--readonly"),
        ("lkmctl staus", "status"),
    ],
)
def test_a_misspelt_option_or_command_is_answered_with_the_near_one(
    place: Place, command: str, near: str
) -> None:
    run = place.run(*command.split())
    assert run.status in (1, 2)
    assert "did you mean" in run.err.lower()
    assert near in run.err
    assert os.listdir(place.dir) == []


def on_a_terminal(place: Place, *argv: str) -> bytes:
    """What a tool writes to standard error when that is a terminal and standard output is not."""
    ours, theirs = pty.openpty()
    command = [installed(argv[0]), *argv[1:]]
    done = subprocess.run(
        command, env=place.env, cwd=place.dir, stdout=subprocess.PIPE, stderr=theirs, check=False
    )
    os.close(theirs)
    assert done.returncode == 0
    with open(ours, "rb", buffering=0) as terminal:
        os.set_blocking(ours, False)
        return terminal.read(65536) or b""


@pytest.mark.parametrize("tool", [["lkmctl", "check"], ["modload", "--json"]], ids=["check", "modload"])
def test_long_work_shows_a_bar_on_a_terminal_and_nothing_in_a_pipe(lab: DaemonLab, tool: list[str]) -> None:
    """Twelve modules of their own names."""
    objects = [lab.misc(f"many{number}") for number in range(12)]
    assert b"100%" in on_a_terminal(lab.daemon, *tool, *objects)
    lab.run("lkmctl", "reboot")
    assert lab.run(*tool, *objects).err == ""


def test_the_samples_are_where_lkmcc_says(place: Place) -> None:
    """One of them compiles there and then."""
    run = place.run("lkmcc", "--samples")
    shutil.copy(Path(run.out.strip()) / "hello" / "hello.c", place.dir)
    assert place.run("lkmcc", "hello.c").status == 0
    assert "hello.o" in os.listdir(place.dir)
