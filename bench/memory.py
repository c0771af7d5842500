"""The memory of a supervisor and its kernel process, as PSS: a page that n processes map counts 1/n in each.

What else the figure depends on: pages of files (libpython, libunicorn, libc: some 4 of 25 MiB) count less
while other programs map them too, as this one does, and whatever else runs Python: seen were 20 MiB beside
a test run, and 25 would be alone. Without .pyc files an import compiles, which leaves 2 MiB behind. A kernel
that has run programs has a second CPU (2 MiB), one that has loaded modules their symbols; a pair has only
booted, but for the lines that say otherwise.
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

from bench.many import numbered
from bench.measure import Result
from bench.samples import compiled, private_socket, processes, tool
from bench.supervisor import FAULTY
from lkmtools import client, modules
from lkmtools.errors import PanicError

LIMIT = 26  # MiB, of a pair
PAIRS, LIMIT_OF_PAIRS = 30, 768
LOADS, PANICS, GROWTH = 10, 5, 3
_MIB = 1 << 20


def pss(pid: int) -> float:
    """The proportional set size of a process, in MiB."""
    for line in Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines():
        if line.startswith("Pss:"):
            return int(line.split()[1]) * 1024 / _MIB
    raise ValueError(f"process {pid} has no memory")


def run(directory: Path) -> Iterator[Result]:
    """One pair by who started it, many pairs, and what the life of a pair adds; each against its limit."""
    for starter in ("lkmd", "modstat"):
        with private_socket() as env:
            tool(env, starter)
            used = sum(map(pss, processes(env["LKM_SOCKET"])))
        yield Result(f"PSS of a pair that {starter} started / what it may be", used, LIMIT, 1, "MiB")
    with private_socket() as env:
        tool(env, "lkmd")
        yield from _growth(env["LKM_SOCKET"], directory)
    yield _many()


def _growth(path: str, directory: Path) -> Iterator[Result]:
    """Each of the pair before and after panics and, in the last kernel, loads."""
    before = [*map(pss, processes(path))]
    faulty = compiled(directory, FAULTY, "faulty")
    for _ in range(PANICS):
        _panic(path, faulty)
    with client.connect(path) as p:
        for number in range(LOADS):
            modules.load(p, numbered(directory, "amd64", number), symbols=True)
    _settle(processes(path)[0])
    for process, was, now in zip(("supervisor", "kernel"), before, map(pss, processes(path)), strict=True):
        name = f"PSS that {PANICS} panics, {LOADS} loads add, {process} / may add"
        yield Result(name, now - was, GROWTH, 1, "MiB")


def _settle(supervisor: int) -> None:
    """Wait until the supervisor has but one child: those that write crash files share its pages meanwhile."""
    while len(Path(f"/proc/{supervisor}/task/{supervisor}/children").read_text().split()) > 1:
        time.sleep(0.1)


def _panic(path: str, faulty: Path) -> None:
    with client.connect(path) as p:
        modules.load(p, faulty)
        try:
            modules.unload(p, "faulty")
        except PanicError:
            return
    raise ValueError("the module that stores through a null pointer did not panic")


def _many() -> Result:
    """Kernels of their own for many users at once."""
    with ExitStack() as stack:
        paths = []
        for _ in range(PAIRS):
            env = stack.enter_context(private_socket())
            tool(env, "lkmd")
            paths.append(env["LKM_SOCKET"])
        used = sum(pss(pid) for path in paths for pid in processes(path))
    return Result(f"PSS of {PAIRS} pairs / what they may be", used, LIMIT_OF_PAIRS, 1, "MiB")
