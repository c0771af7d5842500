"""Loading into a kernel that has many modules already, against one that has none."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from bench.measure import PROCESSOR, Result, pair
from bench.samples import EXAMPLES, compiled
from lkmtools import modules
from lkmtools.client import Process
from lkmtools.local import LocalKernel
from lkmtools.machine import PORTS

MODULES = 2000
RUNS = 61
BATCH = 5


def run(directory: Path) -> Iterator[Result]:
    """A line a machine: loading and unloading through the Python API. The 2,000 were loaded with -s."""
    for machine in PORTS:
        hello = compiled(directory, EXAMPLES / "hello" / "hello.c", "hello", machine)
        none, many = (LocalKernel(inside=True, machine=machine) for _ in range(2))
        with none, many:
            yield _measure(directory, hello, none.process(), many.process())


def _measure(directory: Path, hello: Path, empty: Process, full: Process) -> Result:
    for i in range(MODULES):
        modules.load(full, numbered(directory, full.machine, i), symbols=True)
    return pair(
        f"modload and modunload, {MODULES} modules / none, {full.machine}",
        lambda: _load(full, hello),
        lambda: _load(empty, hello),
        1.3,
        RUNS,
        BATCH,
        PROCESSOR,
    )


def _load(p: Process, obj: Path) -> None:
    for _ in range(BATCH):
        modules.unload(p, modules.load(p, obj).id)


def numbered(directory: Path, machine: str, number: int) -> Path:
    """A MISC module with names of its own: one object, compiled once and patched."""
    mark = "m00000"
    source = f"""
#include <sys/param.h>
#include <sys/systm.h>
#include <sys/conf.h>
#include <sys/exec.h>
#include <sys/lkm.h>
MOD_MISC("{mark}");
int {mark}_value;
int {mark}_lkmentry(struct lkm_table *, int, int);
int {mark}_lkmentry(struct lkm_table *lkmtp, int cmd, int ver)
{{ DISPATCH(lkmtp, cmd, ver, lkm_nofunc, lkm_nofunc, lkm_nofunc); }}
"""
    template = directory / machine / f"{mark}.o"
    if not template.exists():
        compiled(directory, source, mark, machine)
    made = directory / machine / f"m{number + 1:05d}.o"
    made.write_bytes(template.read_bytes().replace(mark.encode(), made.stem.encode()))
    return made
