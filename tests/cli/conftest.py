"""Fixtures of the tools' tests: `lab` is a private daemon and C modules in its directory."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from support.compiling import Compile
from support.daemon_lab import DaemonLab
from support.daemons import Daemon
from support.deaths import Frail


@pytest.fixture
def lab(daemon: Daemon, cc: Compile) -> DaemonLab:
    """A private amd64 kernel and modules for it."""
    return DaemonLab(daemon, cc)


@pytest.fixture
def each_lab(start_daemon: Callable[..., Daemon], cc: Compile, machine: str) -> DaemonLab:
    """A private kernel of each machine in turn."""
    return DaemonLab(start_daemon("--machine", machine), cc, machine)


@pytest.fixture
def pool() -> Iterator[ThreadPoolExecutor]:
    """Threads for clients that wait."""
    with ThreadPoolExecutor(32) as made:
        yield made


@pytest.fixture
def frail(pool: ThreadPoolExecutor) -> Iterator[Callable[..., Frail]]:
    """frail(*options of lkmd, more=Python, conf=text) -> Frail; gone before threads are waited for."""
    made: list[Frail] = []

    def make(*options: str, **how: Any) -> Frail:
        made.append(Frail(*options, **how))
        return made[-1]

    yield make
    for daemon in made:
        daemon.remove()
