"""No module can make the kernel die of anything but a panic, whatever it calls and with what.

2,000 calls by a seed; 20,000, and of every function at least 20, with LKM_TEST_LONG (`make test-long`). No
function is left out. A call that sleeps is done.
"""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from support.compiling import Compile
from support.kernel_calls import BY_NAME, PROBE, Caller, prototypes

CALLS, AS_SLOTS, IN_TABLES = 820, 120, 60  # 1,000 for each machine, and ten times that of other seeds
SEEDS = range(10 if "LKM_TEST_LONG" in os.environ else 1)


@pytest.fixture(params=SEEDS)
def caller(request: Any, cc: Compile, machine: str, tmp_path: Path) -> Iterator[Caller]:
    made = Caller(machine, cc(PROBE, machine=machine, name="probe"), tmp_path, request.param)
    yield made
    assert "Traceback" not in made.lk.console.text()
    made.close()


def shuffled(caller: Caller, count: int) -> Iterator[str]:
    """So many names of functions: all of them, in any order, then all again."""
    names: list[str] = []
    for _ in range(count):
        if not names:
            names = sorted(BY_NAME)
            caller.random.shuffle(names)
        yield names.pop()


def test_any_function_with_any_arguments_returns_sleeps_or_panics(caller: Caller) -> None:
    """Within its bound, and never with an error of Python's."""
    times: Counter[str] = Counter()
    outcomes: Counter[str] = Counter()
    for name in shuffled(caller, CALLS):
        made = caller.call(name, caller.arguments(BY_NAME[name].proto))
        times[name] += 1
        outcomes[made.outcome] += 1
        assert "internal error" not in made.reason, str(made)
        assert made.work <= made.bound, str(made)
    assert len(times) == len(BY_NAME)
    assert {"returned", "errno", "panic"} <= outcomes.keys()


def test_any_function_in_a_slot_of_any_prototype_gives_what_fits_into_it(caller: Caller) -> None:
    """Whatever the kernel passes, and wherever it calls through a pointer."""
    protos = prototypes()
    for i, name in enumerate(shuffled(caller, AS_SLOTS)):
        made = caller.called_as(protos[i % len(protos)], name)
        assert "internal error" not in made.reason, str(made)
        assert made.work <= made.bound, str(made)


def test_any_function_in_a_slot_of_a_table_that_is_used_leaves_the_kernel_whole(caller: Caller) -> None:
    """Device switches, system calls, vnode operations and those of a file system, through system calls."""
    slots = sorted(caller.slots())
    caller.random.shuffle(slots)
    for i, name in enumerate(shuffled(caller, IN_TABLES)):
        slot = slots[i % len(slots)]
        outcome = caller.put_into(slot, name)
        assert "internal error" not in outcome, f"{slot} = {name}: {outcome}"
