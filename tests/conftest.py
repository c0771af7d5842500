"""Fixtures for everybody: `cc` compiles C as lkmcc does, `lab` is a kernel, `daemon` a process of its own."""

from __future__ import annotations

import importlib.util
import os
import signal
import sys
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType

import hypothesis
import pytest

# No test depends on how busy its host is; and in CI, none on chance: there every run tries the same examples.
hypothesis.settings.register_profile("untimed", deadline=None, derandomize="CI" in os.environ)
hypothesis.settings.load_profile("untimed")

# A shell starts what it puts in the background with SIGINT ignored, and children inherit that.
signal.signal(signal.SIGINT, signal.default_int_handler)


def _helper(name: str) -> ModuleType:
    """A module of helpers beside this file, importable by its name from every test."""
    spec = importlib.util.spec_from_file_location(name, Path(__file__).parent / f"{name}.py")
    assert spec is not None
    assert spec.loader is not None
    module = sys.modules.setdefault(name, importlib.util.module_from_spec(spec))
    spec.loader.exec_module(module)
    return module


ccfix = _helper("ccfix")
_helper("docrun")
_helper("damagefix")
_helper("elfwriter")
_helper("ldcompare")
_helper("linuxfix")
_helper("lkmraw")
_helper("kcallfix")
_helper("ksymsfix")
_helper("emulfix")
_helper("machfix")
_helper("preemptfix")
progfix = _helper("progfix")


@pytest.fixture(scope="session")
def cc(tmp_path_factory: pytest.TempPathFactory) -> ccfix.Compile:
    """`cc(source, machine="amd64", name="hello", flags=())` compiles C text or a file.

    It gives the path of NAME.o. The compiler is the one lkmcc chooses; `cc.using("clang")` is another.
    Each source is compiled once.
    """
    base = tmp_path_factory.getbasetemp()
    if base.name.startswith("popen-"):  # a worker of pytest-xdist: share with the others
        base = base.parent
    return ccfix.Compile(base / "cc")


@pytest.fixture(params=ccfix.MACHINES)
def machine(request: pytest.FixtureRequest) -> str:
    """Each machine in turn."""
    return str(request.param)


@pytest.fixture(params=ccfix.FAMILIES)
def each_cc(request: pytest.FixtureRequest, cc: ccfix.Compile) -> ccfix.Compile:
    """`cc` with gcc, clang and zig in turn; skipped where one is missing."""
    if not all(ccfix.available(machine, request.param) for machine in ccfix.MACHINES):
        pytest.skip(f"{request.param} is not here or cannot compile for every machine")
    return cc.using(request.param)


_helper("damaged")
daemonfix = _helper("daemonfix")
place, daemon, start_daemon = daemonfix.place, daemonfix.daemon, daemonfix.start_daemon

bootfix = _helper("bootfix")
machine_room, add = bootfix.machine_room, bootfix.add

_helper("deathfix")

kernfix = _helper("kernfix")


@pytest.fixture
def lab(cc: ccfix.Compile, machine: str) -> Iterator[kernfix.Lab]:
    """A kernel in this process, for each machine in turn; see tests/kernfix.py."""
    made = kernfix.Lab(cc, machine)
    yield made
    made.close()


@pytest.fixture
def runner(cc: ccfix.Compile, machine: str) -> Iterator[progfix.Runner]:
    """Runs programs, for each machine in turn; at the end none is left, nor a page of one."""
    made = progfix.Runner(cc, machine)
    yield made
    assert made.k.bootno == 1  # none of them has made it panic
    made.close()


@pytest.fixture
def lab_runner(lab: kernfix.Lab) -> progfix.Runner:
    """Runs programs in the lab's kernel."""
    made: progfix.Runner = progfix.Runner(lab.cc, lab.machine, lab.kernel)
    return made
