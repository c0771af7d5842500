"""256 clients, 64 of them busy: what all get done against one client, and the slowest against the mean.

Every busy client is a process of the host that makes system calls for a second; the others are connected.
"""

from __future__ import annotations

import os
import statistics
import struct
import time
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

from bench.measure import Result
from bench.samples import private_socket
from lkmtools import client

CLIENTS, BUSY = 256, 64
SECONDS = 1.0
RUNS = 7
_COUNT = struct.Struct("=Q")


def run(directory: Path) -> Iterator[Result]:
    """Two lines: medians of several runs, one client and the crowd in turn."""
    with private_socket() as env, ExitStack() as stack:
        path = env["LKM_SOCKET"]
        idle = [stack.enter_context(client.connect(path)) for _ in range(CLIENTS - BUSY)]
        alone, crowds = [], []
        for _ in range(RUNS):
            alone += busy(path, 1)
            crowds.append(busy(path, BUSY))
        assert all(p.getpid() for p in idle)
    one, all_of_them = statistics.median(alone), statistics.median(map(sum, crowds))
    yield Result(f"calls of one client / of {BUSY} among {CLIENTS}", one, all_of_them, 1, "a second")
    mean, least = statistics.median(map(statistics.mean, crowds)), statistics.median(map(min, crowds))
    yield Result(f"calls of the mean client / of the slowest of {BUSY}", mean, least, 2, "a second")


def busy(path: str, count: int) -> list[float]:
    """The calls a second of each of so many processes at once."""
    start, go = os.pipe()
    done, finish = os.pipe()
    ready, say = os.pipe()
    children = []
    for _ in range(count):
        pid = os.fork()
        if not pid:
            os.close(go)
            _work(path, say, start, finish)
        children.append(pid)
    os.close(start)
    os.close(finish)
    for _ in range(count):
        os.read(ready, 1)
    os.close(go)  # all at once
    found = b""
    while data := os.read(done, 1 << 16):
        found += data
    for pid in children:
        os.waitpid(pid, 0)
    for fd in (done, ready, say):
        os.close(fd)
    counts = [calls for (calls,) in _COUNT.iter_unpack(found)]
    assert len(counts) == count
    return [calls / SECONDS for calls in counts]


def _work(path: str, say: int, start: int, finish: int) -> None:
    """A child: connect, wait for the start, count calls, and end."""
    status = 1
    try:
        p = client.connect(path)
        os.write(say, b"r")
        os.read(start, 1)
        calls, end = 0, time.monotonic() + SECONDS
        while time.monotonic() < end:
            p.getpid()
            calls += 1
        os.write(finish, _COUNT.pack(calls))
        status = 0
    finally:
        os._exit(status)
