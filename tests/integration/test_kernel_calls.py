"""No module can make the kernel die of anything but a panic, whatever it calls and with what.

2,000 calls by two seeds, each with half of the functions that are implemented; 20,000 by twenty with
LKM_TEST_LONG (`make test-long`). None that is implemented is left out. A call that sleeps is done.
"""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest

from support.compiling import Compile
from support.kernel_calls import BY_NAME, checked, prototypes
from support.kernel_calls_module import PROBE
from support.kernel_tables import TableCaller

AS_SLOTS, IN_TABLES = 60, 30  # of each seed, on each machine
SEEDS = range(20 if "LKM_TEST_LONG" in os.environ else 2)


@pytest.fixture(params=SEEDS)
def seed(request: pytest.FixtureRequest) -> int:
    return int(request.param)


@pytest.fixture
def caller(seed: int, cc: Compile, machine: str, tmp_path: Path) -> Iterator[TableCaller]:
    made = TableCaller(machine, cc(PROBE, machine=machine, name="probe"), tmp_path, seed)
    yield made
    assert "Traceback" not in made.lk.console.text()
    made.close()


def half(seed: int) -> list[str]:
    """Every other implemented function: an even seed and an odd one have all."""
    return sorted(BY_NAME)[seed % 2 :: 2]


def shuffled(caller: TableCaller, seed: int, count: int) -> Iterator[str]:
    """So many names of the seed's functions: all of them, in any order, then all again."""
    names: list[str] = []
    for _ in range(count):
        if not names:
            names = half(seed)
            caller.random.shuffle(names)
        yield names.pop()


def test_any_function_with_any_arguments_returns_sleeps_or_panics(caller: TableCaller, seed: int) -> None:
    """Within its bound, and never with an error of Python's."""
    times: Counter[str] = Counter()
    outcomes: Counter[str] = Counter()
    for name in shuffled(caller, seed, len(half(seed))):
        made = checked(caller.call(name, caller.arguments(BY_NAME[name].proto)))
        times[name] += 1
        outcomes[made.outcome] += 1
    assert sorted(times) == half(seed)
    assert {"returned", "errno", "panic"} <= outcomes.keys()


def test_any_function_in_a_slot_of_any_prototype_gives_what_fits_into_it(
    caller: TableCaller, seed: int
) -> None:
    """Whatever the kernel passes, and wherever it calls through a pointer."""
    protos = prototypes()
    caller.random.shuffle(protos)
    for i, name in enumerate(shuffled(caller, seed, AS_SLOTS)):
        checked(caller.called_as(protos[i % len(protos)], name))


def test_any_function_in_a_slot_of_a_table_that_is_used_leaves_the_kernel_whole(
    caller: TableCaller, seed: int
) -> None:
    """Device switches, system calls, vnode operations and those of a file system, through system calls."""
    slots = sorted(caller.slots())
    caller.random.shuffle(slots)
    for i, name in enumerate(shuffled(caller, seed, IN_TABLES)):
        slot = slots[i % len(slots)]
        outcome = caller.put_into(slot, name)
        assert "internal error" not in outcome, f"{slot} = {name}: {outcome}"
