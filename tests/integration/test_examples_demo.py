"""examples/demo.sh, what `make demo` runs, in a pipe and on a terminal."""

from __future__ import annotations

import os
import pty
import subprocess
import sys
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest

DEMO = Path(__file__).parents[2] / "examples" / "demo.sh"


def run(directory: str, terminal: bool) -> tuple[int, str]:
    """Run the demo with its temporary files in `directory`: exit status and output."""
    env = {name: value for name, value in os.environ.items() if not name.startswith("LKM_")}
    env.update(TMPDIR=directory, TERM="xterm", PATH=f"{Path(sys.executable).parent}:{os.environ['PATH']}")
    if not terminal:
        command, out = ["sh", str(DEMO)], subprocess.PIPE
        done = subprocess.run(command, env=env, text=True, check=False, stdout=out, stderr=subprocess.STDOUT)
        return done.returncode, done.stdout
    ours, theirs = pty.openpty()
    with subprocess.Popen(["sh", str(DEMO)], env=env, stdin=theirs, stdout=theirs, stderr=theirs) as demo:
        os.close(theirs)
        chunks = []
        while True:
            try:
                chunks.append(os.read(ours, 65536))
            except OSError:  # EIO: the other side is closed
                break
        os.close(ours)
    return demo.returncode, b"".join(chunks).decode().replace("\r\n", "\n")


@pytest.mark.parametrize("terminal", [False, True], ids=["pipe", "terminal"])
def test_the_tour_runs_to_its_end_and_leaves_nothing(terminal: bool) -> None:
    """Three modules do what they promise, one crashes its kernel, the next kernel is clean."""
    with TemporaryDirectory(prefix="lkm-") as directory:
        status, output = run(directory, terminal)
        assert os.listdir(directory) == []
    assert status == 0, output
    for line in ("Module loaded as ID 2", "101010", "hello, device", "newcall is system call 210"):
        assert line in output
    after = output.split("$ modload nullcall.o")[1]
    assert "NULL pointer" in after
    assert "(exit status 70)" in after
    assert after.rstrip().endswith("goodbye, kernel")
