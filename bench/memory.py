"""The memory of a supervisor and its kernel process, as PSS: a page that n processes map counts 1/n in each.

What else the figure depends on: pages of files (libpython, libunicorn, libc: some 4 of 24 MiB) count less
while other programs map them too, as this one does, and whatever else runs Python: seen were 20 MiB beside
a test run, and 24 alone. Without .pyc files an import compiles, which leaves 2 MiB behind. A kernel that has
run programs has a second CPU, one that has loaded modules their symbols; this one has only booted.
"""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

from bench.measure import Result

LIMIT = 29  # MiB
_MIB = 1 << 20
_PAIR = """
import os, signal
import lkmtools.daemon.server
from lkmtools.daemon import thrift
from lkmtools.kern import Config, Console, Kernel, prepare
prepare(Config())
thrift.before_fork()
reading, writing = os.pipe()
child = os.fork()
if not child:
    thrift.after_fork()
    kernel = Kernel(Config(), Console())
    kernel.boot()
    thrift.settled()
    os.write(writing, b"up")
    signal.pause()
os.read(reading, 2)
thrift.settled()
print(child, flush=True)
input()
os.kill(child, signal.SIGKILL)
"""


def pss(pid: int) -> int:
    """The proportional set size of a process, in bytes."""
    for line in Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines():
        if line.startswith("Pss:"):
            return int(line.split()[1]) * 1024
    raise ValueError(f"process {pid} has no memory")


def run(_directory: Path) -> Iterator[Result]:
    """One line: the pair against what it may have."""
    with subprocess.Popen(
        [sys.executable, "-c", _PAIR], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as parent:
        assert parent.stdout is not None
        child = int(parent.stdout.readline())
        used = (pss(parent.pid) + pss(child)) / _MIB
        parent.communicate("\n")
    yield Result("PSS of a supervisor and its kernel / what it may be", used, LIMIT, 1, "MiB")
