"""The ten longest calls of kernel functions, of some that tests/integration/test_kernel_calls.py makes.

Microseconds of the processor, with the arguments in hex: for information, without a limit. The panic in which
a call ends is in them.
"""

from __future__ import annotations

import heapq
import sys
from collections.abc import Iterator
from importlib import import_module
from pathlib import Path
from typing import Any

from bench.measure import Result
from bench.samples import compiled
from lkmtools.machine import PORTS

TESTS = Path(__file__).parents[1] / "tests"
CALLS = 1000  # on each machine
SEED = 1
LONGEST = 10


def run(directory: Path) -> Iterator[Result]:
    """Ten lines."""
    made = [call for machine in PORTS for call in _calls(directory, machine)]
    for micros, name in heapq.nlargest(LONGEST, made):
        yield Result(name, micros, 1, None)


def _calls(directory: Path, machine: str) -> Iterator[tuple[float, str]]:
    """(microseconds, call) of each."""
    sys.path.insert(0, str(TESTS))
    kernel_calls: Any = import_module("support.kernel_calls")
    shared = directory / f"shared-{machine}"
    shared.mkdir()
    obj = compiled(directory, import_module("support.kernel_calls_module").PROBE, "probe", machine)
    caller = kernel_calls.Caller(machine, obj, shared, SEED)
    names = sorted(kernel_calls.BY_NAME)
    try:
        for _ in range(CALLS):
            name = caller.random.choice(names)
            proto = kernel_calls.BY_NAME[name].proto
            call = caller.call(name, caller.arguments(proto))
            words = call.args[: max(proto.bind(caller.k.port).words, 1)]
            yield call.micros, f"{name}({', '.join(f'{word:#x}' for word in words)}), {machine}"
    finally:
        caller.close()
