"""The machine: a kernel call from module code, and loading through the Python API."""

from __future__ import annotations

import inspect
import re
import textwrap
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from types import ModuleType
from typing import Any

from bench.measure import PROCESSOR, Result, pair
from bench.samples import EXAMPLES, compiled
from lkmtools import modules
from lkmtools.evidence.calls import STACK, CallRing
from lkmtools.kern.kernel import Kernel
from lkmtools.local import LocalKernel
from lkmtools.machine import PORTS, Prototype, arguments, engine
from lkmtools.machine.arguments import _on_stack, other_arguments
from lkmtools.machine.thread import StubServer

CALLS = 20000
_STORES = re.compile(r"next\(places\)|ring\[\w+\] = |calls\.still\(")
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
    """Four lines a machine."""
    for machine in PORTS:
        yield _kernel_call(directory, machine)
    for machine in PORTS:
        yield _record(directory, machine)
    for machine in PORTS:
        yield _ring(directory, machine)
    for machine in PORTS:
        yield _load(directory, machine)


@contextmanager
def _loop(directory: Path, machine: str) -> Iterator[tuple[Kernel, Callable[[], object]]]:
    """A kernel, and what has module code in it make CALLS kernel calls."""
    obj = compiled(directory, LOOP, "loop", machine)
    proto = Prototype("int loop_run(int n)")
    with LocalKernel(inside=True, machine=machine) as lk:
        loaded = modules.load(lk.process(), obj)
        addr = next(symbol.value for symbol in loaded.image.symbols if symbol.name == "loop_run")
        yield lk.kernel, lambda: lk.kernel.engine.call(proto, addr, CALLS)


def _kernel_call(directory: Path, machine: str) -> Result:
    with _loop(directory, machine) as (k, calls):
        cpu = k.engine.cpu
        stub = k.symbol("printf") + len(k.port.stub) - 1  # what halts: there is no stack to read

        def bare() -> None:
            for _ in range(CALLS):
                cpu.run(stub)

        return pair(
            f"kernel call from module code / bare stop and resume, {machine}",
            calls,
            bare,
            1.5,
            RUNS,
            CALLS,
            PROCESSOR,
        )


def _record(directory: Path, machine: str) -> Result:
    """What it costs that the last kernel calls are known after a death: what the engine does at each."""
    with _loop(directory, machine) as (k, calls):
        last = CallRing()
        ring, places, stopped = last.ring, last.places, last.stopped
        stack = k.mem.buf[:STACK]  # has been read for the arguments

        def in_registers() -> None:
            for _ in range(CALLS):
                at, _, _ = next(places)
                ring[at] = stopped

        def on_stack() -> None:
            for _ in range(CALLS):
                at, behind, _ = next(places)
                ring[at] = stopped
                ring[behind] = stack

        nstack = Prototype("int seltrue(dev_t dev, int events, struct lwp *l)").bind(k.port).nstack
        return pair(
            f"record of a kernel call / kernel call, {machine}",
            on_stack if nstack else in_registers,
            calls,
            0.04,
            RUNS,
            CALLS,
            PROCESSOR,
        )


def _ring(directory: Path, machine: str) -> Result:
    """A kernel call, against one of an engine without whatever records it."""
    with _loop(directory, machine) as (k, calls):
        calls()  # which makes what serves it
        servers = k.engine._servers
        with_ring = dict(servers)
        without = {pc: _without_ring()(k.engine, pc) for pc in with_ring}

        def run(chosen: dict[int, StubServer]) -> None:
            servers.update(chosen)
            calls()

        name = f"kernel call with the ring / without, {machine}"
        return pair(name, partial(run, with_ring), partial(run, without), 1.04, 3 * RUNS, CALLS, PROCESSOR)


def _without_ring() -> Any:
    """Engine._server() without the lines that record a call."""
    taken = _without(arguments, "other_arguments", other_arguments, _on_stack)
    return _without(engine, "_server", engine.Engine._server, other_arguments=taken)


def _without(module: ModuleType, name: str, *functions: Any, **names: Any) -> Any:
    """Functions of a module, without the lines that store into the ring, as one of them."""
    names = {**vars(module), **names}
    for function in functions:
        lines = textwrap.dedent(inspect.getsource(function)).splitlines()
        text = "\n".join(line for line in lines if not _STORES.search(line))
        text = text.replace("results[place] = word", "word").replace("others(behind)", "others(None)")
        exec(text, names)
    return names[name]


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
