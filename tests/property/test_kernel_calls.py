"""A few kernel functions called with any arguments; tests/integration/test_kernel_calls.py calls them all."""

from __future__ import annotations

from contextlib import closing
from pathlib import Path

from support.compiling import Compile
from support.kernel_calls import BY_NAME, Caller, checked
from support.kernel_calls_module import PROBE

CALLS = 60
SEED = 2000  # one that the other file does not have


def test_some_functions_with_any_arguments_return_sleep_or_panic(
    cc: Compile, machine: str, tmp_path: Path
) -> None:
    """Within their bounds, and never with an error of Python's."""
    with closing(Caller(machine, cc(PROBE, machine=machine, name="probe"), tmp_path, SEED)) as caller:
        names = caller.random.sample(sorted(BY_NAME), CALLS)
        made = [checked(caller.call(name, caller.arguments(BY_NAME[name].proto))) for name in names]
        assert {"returned", "errno", "panic"} <= {call.outcome for call in made}
        assert "Traceback" not in caller.lk.console.text()
