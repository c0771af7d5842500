"""The machine: a kernel call from module code, and loading through the Python API."""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path

from bench.measure import PROCESSOR, Result, pair
from bench.samples import EXAMPLES, compiled
from lkmtools import modules
from lkmtools.evidence.calls import CallRing
from lkmtools.local import LocalKernel
from lkmtools.machine import PORTS, Prototype

CALLS = 20000
RUNS = 9
LOOP = """
#include <sys/param.h>
#include <sys/systm.h>
#include <sys/conf.h>
#include <sys/exec.h>
#include <sys/lkm.h>
MOD_MISC("loop");
int loop_run(int n);
int loop_run(int n) { int i; for (i = 0; i < n; i++) seltrue(0, i, 0); return n; }
int loop_lkmentry(struct lkm_table *, int, int);
int loop_lkmentry(struct lkm_table *lkmtp, int cmd, int ver)
{ DISPATCH(lkmtp, cmd, ver, lkm_nofunc, lkm_nofunc, lkm_nofunc); }
"""
LOADS = 200


def run(directory: Path) -> Iterator[Result]:
    """Two lines a machine."""
    for machine in PORTS:
        yield _kernel_call(directory, machine)
    for machine in PORTS:
        yield _record(directory, machine)
    for machine in PORTS:
        yield _load(directory, machine)


def _kernel_call(directory: Path, machine: str) -> Result:
    obj = compiled(directory, LOOP, "loop", machine)
    proto = Prototype("int loop_run(int n)")
    with LocalKernel(inside=True, machine=machine) as lk:
        loaded = modules.load(lk.process(), obj)
        addr = next(symbol.value for symbol in loaded.image.symbols if symbol.name == "loop_run")
        k = lk.kernel
        cpu = k.engine.cpu
        stub = k.symbol("printf")

        def bare() -> None:
            for _ in range(CALLS):
                cpu.run(stub)

        return pair(
            f"kernel call from module code / bare stop and resume, {machine}",
            lambda: k.call(proto, addr, CALLS),
            bare,
            3,
            RUNS,
            CALLS,
            PROCESSOR,
        )


def _record(directory: Path, machine: str) -> Result:
    """What it costs that the last kernel calls are known after a death: what the engine does at each."""
    obj = compiled(directory, LOOP, "loop", machine)
    proto = Prototype("int loop_run(int n)")
    with LocalKernel(inside=True, machine=machine) as lk:
        loaded = modules.load(lk.process(), obj)
        addr = next(symbol.value for symbol in loaded.image.symbols if symbol.name == "loop_run")
        k = lk.kernel
        calls = CallRing()
        ring, places, stopped = calls.ring, calls.places, calls.stopped
        stack = Prototype("int seltrue(dev_t dev, int events, struct lwp *l)").bind(k.port).stack
        words = (0,) * (stack.size // k.dm.pointer)

        def record() -> None:
            for _ in range(CALLS):
                ring[place := next(places)] = stopped
                if words:
                    stack.pack_into(ring, place.stop, *words)

        return pair(
            f"record of a kernel call / kernel call, {machine}",
            record,
            lambda: k.call(proto, addr, CALLS),
            None,
            RUNS,
            CALLS,
            PROCESSOR,
        )


def _load(directory: Path, machine: str) -> Result:
    obj = compiled(directory, EXAMPLES / "hello" / "hello.c", "hello", machine)
    with LocalKernel(inside=True, machine=machine) as lk:
        p = lk.process()
        began = time.perf_counter()
        for _ in range(LOADS):
            modules.load(p, obj)
            modules.unload(p, "hello")
        took = time.perf_counter() - began
    return Result(f"load+unload through the Python API, {machine}", LOADS / took, 1, None, "per s")
