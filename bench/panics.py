"""A panic: how long its report and its record take, and how large the record is.

A record has the stacks of all lwps that are in module code; each of those here sleeps below eighty functions.
"""

from __future__ import annotations

import statistics
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from importlib import import_module
from pathlib import Path
from typing import Any

from bench.measure import PROCESSOR, Result
from bench.samples import compiled
from lkmtools.errors import PanicError
from lkmtools.kern.base import panic
from lkmtools.machine import PORTS

TESTS = Path(__file__).parents[1] / "tests"
RUNS = 5
LWPS = 64
MOST = 5.0  # milliseconds
MOST_RECORD = 1024.0  # KiB
DEEP = """
#include <sys/param.h>
#include <sys/systm.h>
#include <sys/proc.h>
#include <sys/conf.h>
#include <sys/exec.h>
#include <sys/lkm.h>
MOD_MISC("deep");
static int idle;
int deep_fault(void);
int deep_fault(void) { return *(volatile int *)0; }
int deep_sleep(int n);
int deep_sleep(int n)
{
	volatile char x[256];
	int i;
	for (i = 0; i < 256; i++)
		x[i] = n * 7 + i * i * 13 + (i * n >> 3);
	return (n > 0 ? deep_sleep(n - 1) : tsleep(&idle, 0, "idle", 0)) + x[n & 255];
}
int deep_lkmentry(struct lkm_table *, int, int);
int deep_lkmentry(struct lkm_table *lkmtp, int cmd, int ver)
{ DISPATCH(lkmtp, cmd, ver, lkm_nofunc, lkm_nofunc, lkm_nofunc); }
"""


def run(directory: Path) -> Iterator[Result]:
    """Two lines a machine, and two for many lwps."""
    for machine in PORTS:
        yield from _panic(directory, machine, 0)
    yield from _panic(directory, "amd64", LWPS)


def _panic(directory: Path, machine: str, lwps: int) -> Iterator[Result]:
    """Processor time that the kernel takes to make the report and the record, and bytes of the record."""
    sys.path.insert(0, str(TESTS))
    support: Any = import_module("support.lab")
    obj = compiled(directory, DEEP, "deep", machine)
    took: list[tuple[float, float]] = []
    for _ in range(RUNS):
        lab = support.Lab(None, machine)
        try:
            lab.install(obj)
            for _ in range(lwps):
                lab.begin("int deep_sleep(int n)", 80)
            with _timed(took), suppress(PanicError):
                lab.call("int deep_fault(void)")
        finally:
            lab.close()
    what = f"{machine}, {lwps + 1} lwp{'s' * bool(lwps)}"
    times = [each for each, _ in took]
    size = took[-1][1]
    limit = None if lwps else 1.0
    yield Result(
        f"report and record of a fault / {MOST:g} ms, {what}", statistics.median(times), MOST, limit, "ms"
    )
    yield Result(f"record of a fault / {MOST_RECORD:g} KiB, {what}", size, MOST_RECORD, 1.0, "KiB")


@contextmanager
def _timed(took: list[tuple[float, float]]) -> Iterator[None]:
    """Take down the milliseconds, and the KiB of the record, of each panic."""
    made = panic.panicked

    def panicked(*args: Any) -> panic.KernelPanic:
        began = PROCESSOR()
        found = made(*args)
        took.append(((PROCESSOR() - began) * 1e3, len(found.record) / 1024))
        return found

    panic.panicked = panicked  # type: ignore[assignment]
    try:
        yield
    finally:
        panic.panicked = made
