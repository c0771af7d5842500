"""The processes that write crashes: forked here, by the test instead of a supervisor."""

from __future__ import annotations

import os
import resource
from collections.abc import Callable, Iterator
from pathlib import Path
from types import SimpleNamespace

import pytest

from lkmtools.crash.directory import TEXT, CrashDirectory
from lkmtools.daemon import crashes as daemon_crashes
from lkmtools.daemon.crashes import WRITERS, Crashes
from lkmtools.daemon.fate import DeadKernel, Fate
from lkmtools.daemon.loop import Loop
from lkmtools.wire.poller import Poller


class Desk:
    """Crashes of a supervisor, and what it heard of them."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.saved: list[tuple[int, int]] = []
        self.lost: list[str] = []
        self.loop = Loop(Poller(), lambda handler, why: self.lost.append(why))
        self.crashes = Crashes(str(path), self.loop, lambda *row: self.saved.append(row), self.lost.append)

    def die(self, boot: int) -> None:
        """A kernel has panicked."""
        fate = Fate("panic", "why", f"panic: why\nboot {boot}\n")
        self.crashes.keep(DeadKernel(boot, "amd64", 0.0, fate, None))

    def until(self, true: Callable[[], bool]) -> None:
        """Let the loop turn."""
        while not true():
            self.loop.turn()


@pytest.fixture
def desk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Desk]:
    monkeypatch.setattr(daemon_crashes, "PAUSE", 0.0)
    made = Desk(tmp_path / "crashes")
    yield made
    made.crashes.shut_down()


@pytest.fixture
def many_descriptors() -> Iterator[None]:
    """More than select(2) can wait for."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (min(4096, hard), hard))
    taken = [os.open(os.devnull, os.O_RDONLY) for _ in range(1100)]
    yield
    for fd in taken:
        os.close(fd)
    resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))


@pytest.mark.usefixtures("many_descriptors")
def test_a_supervisor_with_many_descriptors_keeps_crashes(desk: Desk) -> None:
    desk.die(1)
    desk.until(lambda: not desk.crashes.busy)
    assert (desk.saved, desk.lost) == ([(1, 1)], [])
    directory = CrashDirectory(str(desk.path))
    assert directory.text(1, TEXT) == "panic: why\nboot 1\n"
    directory.close()


def test_those_that_wait_are_not_forgotten_when_a_writer_cannot_begin(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each is on disk, or said to be lost."""
    for boot in range(1, 3 * WRITERS + 1):
        desk.die(boot)
    pipes = iter([OSError(24, "Too many open files")] * (2 * WRITERS))

    def pipe() -> tuple[int, int]:
        for error in pipes:
            raise error
        return os.pipe()

    refusing = SimpleNamespace(**{name: getattr(os, name) for name in dir(os)})
    refusing.pipe = pipe
    monkeypatch.setattr(daemon_crashes, "os", refusing)
    desk.until(lambda: not desk.crashes.busy)
    assert sorted(boot for boot, _ in desk.saved) == [1, 2, 3]
    assert [line.partition(":")[0] for line in desk.lost] == [
        f"the crash of boot {boot} is not on disk" for boot in range(4, 10)
    ]
