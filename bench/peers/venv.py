"""An environment for peers written in Python, in the user's cache, and a process in it."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
import venv
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from bench.stock import cache

PACKAGES = {  # by name, what pip is asked for
    "lief": ("lief",),
    "pyelftools": ("pyelftools",),
    "cle": ("cle", "bitstring<4.3"),  # what CLE takes from it is not in 5.0
    "qiling": ("qiling",),
}
_WORKER = Path(__file__).with_name("worker.py")


def environment() -> tuple[Path, dict[str, str]]:
    """The interpreter of the environment, with everything installed that can be, and why the rest is not."""
    place = cache() / f"peers-{sys.version_info.major}.{sys.version_info.minor}"
    python = place / "bin/python"
    if not python.exists():
        venv.create(place, with_pip=True)
    missing = {}
    for package, wanted in PACKAGES.items():
        if version(python, package) is None:
            command: list[str | Path] = [python, "-m", "pip", "install", "--quiet", *wanted]
            done = subprocess.run(command, capture_output=True, text=True, check=False)
            if done.returncode:
                said = done.stderr.strip().splitlines()
                missing[package] = f"pip cannot install it ({said[-1] if said else 'it says nothing'})"
    return python, missing


def version(python: Path, package: str) -> str | None:
    """The version of a package that is installed."""
    code = f"import importlib.metadata as m; print(m.version({package!r}))"
    done = subprocess.run([python, "-c", code], capture_output=True, text=True, check=False)
    return done.stdout.strip() or None


class Worker:
    """A process in the environment: it does one thing at a time, and says how long it took."""

    def __init__(self, python: Path) -> None:
        self._command = [str(python), str(_WORKER)]
        self._process = self._start()

    def _start(self) -> subprocess.Popen[str]:
        pipe = subprocess.PIPE
        return subprocess.Popen(self._command, stdin=pipe, stdout=pipe, stderr=subprocess.DEVNULL, text=True)

    def ask(self, task: str, path: Path) -> Mapping[str, Any]:
        """`micros`, and what was counted; `error` where that failed. A process that ends has a successor."""
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.write(f"{task} {path}\n")
        self._process.stdin.flush()
        for line in self._process.stdout:
            if line.startswith("{"):  # a peer may print too
                answer: dict[str, Any] = json.loads(line)
                return answer
        self.close()
        status = self._process.returncode
        self._process = self._start()
        return {
            "error": "it takes too long" if status == -signal.SIGALRM else f"it ended with status {status}"
        }

    def micros(self, task: str, path: Path) -> float:
        """How long it takes; RuntimeError with the reason when it fails."""
        answer = self.ask(task, path)
        if "error" in answer:
            raise RuntimeError(answer["error"])
        return float(answer["micros"])

    def close(self) -> None:
        """End the process."""
        self._process.communicate()


@contextmanager
def worker(python: Path) -> Iterator[Worker]:
    """A worker, for as long as the block lasts."""
    made = Worker(python)
    try:
        yield made
    finally:
        made.close()
