"""Fixtures for everybody: `cc` compiles C as lkmcc does, `lab` is a kernel, `runner` runs programs in one."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from support.compiling import FAMILIES, MACHINES, Compile, available
from support.lab import Lab
from support.programs import Runner


@pytest.fixture(scope="session")
def cc(tmp_path_factory: pytest.TempPathFactory) -> Compile:
    """`cc(source, machine="amd64", name="hello", flags=())` compiles C text or a file.

    It gives the path of NAME.o. The compiler is the one lkmcc chooses; `cc.using("clang")` is another.
    Each source is compiled once.
    """
    base = tmp_path_factory.getbasetemp()
    if base.name.startswith("popen-"):  # a worker of pytest-xdist: share with the others
        base = base.parent
    return Compile(base / "cc")


@pytest.fixture(params=MACHINES)
def machine(request: pytest.FixtureRequest) -> str:
    """Each machine in turn."""
    return str(request.param)


@pytest.fixture(params=FAMILIES)
def each_cc(request: pytest.FixtureRequest, cc: Compile) -> Compile:
    """`cc` with gcc, clang and zig in turn; skipped where one is missing."""
    if not all(available(machine, request.param) for machine in MACHINES):
        pytest.skip(f"{request.param} is not here or cannot compile for every machine")
    return cc.using(request.param)


@pytest.fixture
def lab(cc: Compile, machine: str) -> Iterator[Lab]:
    """A kernel in this process, for each machine in turn; see tests/support/lab.py."""
    made = Lab(cc, machine)
    yield made
    made.close()


@pytest.fixture
def runner(cc: Compile, machine: str) -> Iterator[Runner]:
    """Runs programs, for each machine in turn; at the end none is left, nor a page of one."""
    made = Runner(cc, machine)
    yield made
    assert made.k.bootno == 1  # none of them has made it panic
    made.close()


@pytest.fixture(scope="module", params=MACHINES)
def one_runner(cc: Compile, request: pytest.FixtureRequest) -> Iterator[Runner]:
    """One kernel of each machine for all programs of a file; nothing of them is left at the end."""
    made = Runner(cc, request.param)
    yield made
    made.close()


@pytest.fixture
def lab_runner(lab: Lab) -> Runner:
    """Runs programs in the lab's kernel."""
    return Runner(lab.cc, lab.machine, lab.kernel)
