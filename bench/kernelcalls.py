"""The ten longest calls of kernel functions, of some that tests/property/test_kernel_calls.py makes.

Microseconds of the processor, with the arguments in hex: for information, without a limit. The panic in which
a call ends is in them.
"""

from __future__ import annotations

import heapq
import importlib.util
import sys
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType
from typing import Any

from bench.measure import Result
from bench.samples import compiled
from lkmtools.machine import PORTS

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
    kcallfix: Any = _kcallfix()
    shared = directory / f"shared-{machine}"
    shared.mkdir()
    obj = compiled(directory, kcallfix.PROBE, "probe", machine)
    caller = kcallfix.Caller(machine, obj, shared, SEED)
    names = sorted(kcallfix.BY_NAME)
    try:
        for _ in range(CALLS):
            name = caller.random.choice(names)
            proto = kcallfix.BY_NAME[name].proto
            call = caller.call(name, caller.arguments(proto))
            words = call.args[: max(proto.bind(caller.k.port).words, 1)]
            yield call.micros, f"{name}({', '.join(f'{word:#x}' for word in words)}), {machine}"
    finally:
        caller.close()


def _kcallfix() -> ModuleType:
    """The helper of the tests that makes the calls."""
    path = Path(__file__).parent.parent / "tests" / "kcallfix.py"
    spec = importlib.util.spec_from_file_location("kcallfix", path)
    assert spec is not None
    assert spec.loader is not None
    module = sys.modules.setdefault("kcallfix", importlib.util.module_from_spec(spec))
    if not hasattr(module, "Caller"):
        spec.loader.exec_module(module)
    return module
