"""rc.lkm: what a further module costs, against a modload process."""

from __future__ import annotations

import statistics
from collections.abc import Iterator
from pathlib import Path

from bench.many import numbered
from bench.measure import Result, once
from bench.samples import private_socket, tool

FURTHER = 40
RUNS = 9


def run(directory: Path) -> Iterator[Result]:
    """rc.lkm start with 41 modules, less rc.lkm start with one, by 40."""
    objects = [numbered(directory, "amd64", i) for i in range(FURTHER + 1)]
    one, all_ = directory / "one.conf", directory / "all.conf"
    one.write_text(f"{objects[0]} - - - - -\n")
    all_.write_text("".join(f"{path} - - - - -\n" for path in objects))
    with private_socket() as env:
        tool(env, "lkmctl", "ls", "/dev")

        def start(conf: Path) -> float:
            took = once(lambda: tool(env, "rc.lkm", "--conf", conf, "start"))
            tool(env, "rc.lkm", "--conf", conf, "stop")
            return took

        start(all_)
        further, process = [], []
        for _ in range(RUNS):
            further.append((start(all_) - start(one)) / FURTHER)
            process.append(once(lambda: tool(env, "modload", objects[0])))
            tool(env, "modunload", "-n", "m00001")
    yield Result(
        "each further module of rc.lkm / a modload process",
        statistics.median(further),
        statistics.median(process),
        0.2,
    )
