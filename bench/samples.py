"""What the benchmarks load, and the daemons they load it into."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from lkmtools.client.supervisor import SupervisorConnection

EXAMPLES = Path(__file__).parent.parent / "examples"
BIN = Path(sys.executable).parent


def compiled(directory: Path, source: Path | str, name: str, machine: str = "amd64") -> Path:
    """An example, or C text, compiled by lkmcc."""
    if isinstance(source, str):
        path = directory / f"{name}.c"
        path.write_text(source)
        source = path
    out = directory / machine / f"{name}.o"
    out.parent.mkdir(exist_ok=True)
    subprocess.run(
        [BIN / "lkmcc", "--machine", machine, "-o", out, source], check=True, stdout=subprocess.DEVNULL
    )
    return out


@contextmanager
def private_socket() -> Iterator[dict[str, str]]:
    """An environment with a daemon of its own, which is stopped at the end if a tool started it."""
    with tempfile.TemporaryDirectory(prefix="lkmb") as directory:
        env = {**os.environ, "LKM_SOCKET": f"{directory}/s", "PYTHONDONTWRITEBYTECODE": ""}
        env.update(LKM_CONF="", LKMD_CONF="", XDG_STATE_HOME=f"{directory}/state")
        try:
            yield env
        finally:
            subprocess.run([BIN / "lkmctl", "stop"], env=env, capture_output=True, check=False)


def tool(env: dict[str, str], name: str, *args: object) -> None:
    """Run an installed tool; it must succeed."""
    subprocess.run([BIN / name, *map(str, args)], env=env, check=True, stdout=subprocess.DEVNULL)


def quietly(command: list[str]) -> None:
    """Run a program whose output nobody needs; it must succeed."""
    subprocess.run(command, check=True, capture_output=True)


def processes(path: str) -> tuple[int, int]:
    """The processes of the daemon at a socket: supervisor and kernel."""
    with SupervisorConnection(path) as supervisor:
        status = supervisor.ask("status")
    return status["pid"], status["kernel"]["pid"]


def python(code: str) -> None:
    """Run a line of Python in a fresh interpreter."""
    subprocess.run([sys.executable, "-c", code], check=True)
