"""A tool beside 256 programs that loop, and beside one that forks without end, against an idle kernel.

At most twice its time there, plus a tick of the clock, which is taken off before they are compared.
"""

from __future__ import annotations

import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from bench.exec import program
from bench.measure import Result, pair
from bench.samples import BIN, private_socket, tool
from lkmtools.machine import PORTS
from lkmtools.machine.watchdog import TICK

RUNS = 15
PROGRAMS = {
    "256 looping programs": "int i; for (i = 1; i < 256; i++) if (fork() == 0) break; for (;;) ;",
    "a fork bomb": "for (;;) fork();",
}
SETTLE = 0.1  # seconds between two looks at how many there are


def run(directory: Path) -> Iterator[Result]:
    """A line for each crowd and machine."""
    for machine in PORTS:
        for title, body in PROGRAMS.items():
            source = f"#include <unistd.h>\nint main(void) {{ {body} }}\n"
            path = program(directory, source, title.replace(" ", "-"), machine)
            with private_socket() as idle, private_socket() as busy, crowd(busy, machine, path):
                both = pair(
                    f"modstat beside {title}, less a tick / idle, {machine}",
                    lambda: tool(busy, "modstat"),
                    lambda: tool(idle, "modstat"),
                    2,
                    RUNS,
                )
            yield both._replace(ours=both.ours - TICK * 1e6)


@contextmanager
def crowd(env: dict[str, str], machine: str, path: Path) -> Iterator[None]:
    """A kernel in which the program runs, and has made as many others as it will."""
    env["LKM_MACHINE"] = machine
    tool(env, "modstat")
    process = subprocess.Popen([BIN / "lkmctl", "exec", path], env=env, stderr=subprocess.DEVNULL)
    try:
        before, now = -1, 0
        while now < 256 or now != before:
            time.sleep(SETTLE)
            before, now = now, _programs(env)
        yield
    finally:
        process.kill()
        process.wait()


def _programs(env: dict[str, str]) -> int:
    ps = subprocess.run([BIN / "lkmctl", "ps"], env=env, check=True, capture_output=True, text=True)
    return len(ps.stdout.splitlines())
