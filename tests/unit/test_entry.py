"""The entry points of the tools: how a tool ends."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

PROGRAM = """
import atexit, sys
from lkmtools.cli import entry

class Loud:
    def __del__(self):
        print("taken apart", file=sys.__stderr__)

loud = Loud()
atexit.register(lambda: sys.stdout.write("handler\\n"))
sys.argv = ["modstat", *sys.argv[1:]]
entry.modstat()
"""


def _run(*words: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-c", PROGRAM, *words], capture_output=True, text=True, check=False
    )


def test_a_tool_ends_without_being_taken_apart() -> None:
    """What others registered with atexit still runs, and all that was written arrives."""
    done = _run("--version")
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.startswith("modstat (lkmtools) ")
    assert done.stdout.endswith("handler\n")


def test_the_exit_status_stays_what_the_tool_said() -> None:
    done = _run("--no-such-option")
    assert done.returncode == 1
    assert "taken apart" not in done.stderr
    assert "Usage:" in done.stderr


def test_output_that_cannot_be_written_is_still_an_error() -> None:
    with open("/dev/full", "w") as full:
        done = subprocess.run(
            [sys.executable, "-c", PROGRAM, "--version"],
            stdout=full,
            stderr=subprocess.PIPE,
            text=True,
            check=False,
        )
    assert done.returncode == 74
    assert "standard output: No space left on device" in done.stderr


def test_an_object_is_opened_once(tmp_path: Path) -> None:
    """Here one that is refused when it has been read."""
    path = tmp_path / "bad.o"
    path.write_bytes(b"not an object")
    program = """
import sys
seen = []
sys.addaudithook(lambda event, args: seen.append(args[0]) if event == "open" else None)
from lkmtools import client, modules
from lkmtools.local import LocalKernel
with LocalKernel() as kernel:
    p = kernel.process()
    try:
        modules.load(p, sys.argv[1])
    except modules.prepare.LoadError as error:
        print(error.status, seen.count(sys.argv[1]))
"""
    done = subprocess.run([sys.executable, "-c", program, path], capture_output=True, text=True, check=False)
    assert (done.stdout, done.stderr) == ("1 1\n", "")
