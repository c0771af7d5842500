"""The memory of a supervisor and its kernel process, as PSS: a page that n processes map counts 1/n in each.

What else the figure depends on: pages of files (libpython, libunicorn, libc: some 4 of 25 MiB) count less
while other programs map them too, as this one does, and whatever else runs Python: seen were 20 MiB beside
a test run, and 25 would be alone. Without .pyc files an import compiles, which leaves 2 MiB behind. A kernel
that has run programs has a second CPU (2 MiB), one that has loaded modules their symbols; this one has only
booted.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from bench.measure import Result
from bench.samples import private_socket, tool
from lkmtools.client.supervisor import SupervisorConnection

LIMIT = 26  # MiB
_MIB = 1 << 20


def pss(pid: int) -> int:
    """The proportional set size of a process, in bytes."""
    for line in Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines():
        if line.startswith("Pss:"):
            return int(line.split()[1]) * 1024
    raise ValueError(f"process {pid} has no memory")


def run(_directory: Path) -> Iterator[Result]:
    """One line: the pair against what it may have."""
    with private_socket() as env:
        tool(env, "lkmd")
        with SupervisorConnection(env["LKM_SOCKET"]) as supervisor:
            status = supervisor.ask("status")
        used = (pss(status["pid"]) + pss(status["kernel"]["pid"])) / _MIB
    yield Result("PSS of a supervisor and its kernel / what it may be", used, LIMIT, 1, "MiB")
