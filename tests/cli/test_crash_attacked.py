"""Keeping crashes harms nothing: a full disk, a killed supervisor, many deaths at once, two daemons."""

from __future__ import annotations

import json
import os
import resource
import shutil
import signal
import time
from collections.abc import Callable
from pathlib import Path

from support.daemons import PATIENCE, Place, Run
from support.deaths import Frail, children

# What writes the memory of a dead kernel never ends.
STUCK = """
import signal
from lkmtools.daemon import crash_writer
crash_writer.write_ram = lambda *args: signal.pause()
"""


def directory(place: Place) -> Path:
    """That of the daemon's crashes, once the first is being written."""
    base = Path(place.state) / "lkmtools" / "crash"
    until(lambda: base.is_dir() and any(base.iterdir()))
    (found,) = base.iterdir()
    return found


def numbers(place: Place) -> list[int]:
    run = place.run("lkmctl", "crash", "--list", "--json")
    return [row["number"] for row in json.loads(run.out)["crashes"]] if run.status == 0 else []


def die(daemon: Frail) -> None:
    """A kernel that has served somebody dies; wait for the next one."""
    boot = daemon.status()["boot"]
    with daemon.connect() as p:
        p.getpid()
        os.kill(daemon.kernel(), signal.SIGKILL)
    daemon.up(boot + 1)


def until(true: Callable[[], object]) -> None:
    end = time.monotonic() + PATIENCE
    while not true():
        assert time.monotonic() < end
        time.sleep(0.01)


def kept(daemon: Frail, number: int) -> None:
    """Wait until a crash is on disk."""
    daemon.until(lambda status: (status["last_panic"]["crash"] or 0) >= number)


def test_a_crash_that_cannot_be_written_is_lost_and_named(frail: Callable[..., Frail]) -> None:
    """A disk that is full, a file in the way: nothing of it stays, and later crashes are kept."""
    daemon = frail()
    die(daemon)
    kept(daemon, 1)
    resource.prlimit(daemon.pid, resource.RLIMIT_FSIZE, (4096, resource.RLIM_INFINITY))
    os.kill(daemon.kernel(), signal.SIGKILL)
    why = "lkmd: the crash of boot 2 is not on disk: File too large\n"
    daemon.until(lambda status: status["panics"] == 2)
    resource.prlimit(daemon.pid, resource.RLIMIT_FSIZE, (resource.RLIM_INFINITY,) * 2)
    until(lambda: why in daemon.run("lkmctl", "dmesg").out)
    assert why.removeprefix("lkmd: ") in daemon.log()
    daemon.up(3)
    there = directory(daemon)
    assert sorted(os.listdir(there)) == ["1", "lock", "next"]
    shutil.rmtree(there)
    there.write_text("in the way")
    die(daemon)
    until(lambda: f"the crash of boot 3 is not on disk: {there}: " in daemon.log())
    there.unlink()
    die(daemon)
    kept(daemon, 1)
    assert numbers(daemon) == [1]
    assert daemon.status()["pid"] == daemon.pid


def test_what_a_killed_supervisor_has_half_written_goes_at_the_next_start(
    frail: Callable[..., Frail],
) -> None:
    daemon = frail(more=STUCK)
    die(daemon)
    there = directory(daemon)
    until((there / ".new-1" / "kernel.sym").exists)
    writer = [int(pid) for pid in children(daemon.pid)]
    os.kill(daemon.pid, signal.SIGKILL)
    until(lambda: not any(os.path.exists(f"/proc/{pid}") for pid in (daemon.pid, *writer)))
    assert (there / ".new-1").exists()
    assert numbers(daemon) == []
    assert daemon.run("lkmd") == Run(0, "", "")
    assert sorted(os.listdir(there)) == ["lock", "next"]
    daemon.stop()


def test_stopping_waits_for_a_writer_but_not_for_ever(frail: Callable[..., Frail]) -> None:
    daemon = frail(more=f"{STUCK}\nsupervisor.PATIENCE = 0.5\n")
    die(daemon)
    until((directory(daemon) / ".new-1" / "kernel.sym").exists)
    began = time.monotonic()
    daemon.control.ask("stop")
    daemon.control.wait_end()
    assert time.monotonic() - began >= 0.5
    assert numbers(daemon) == []


def test_of_many_the_last_are_kept(frail: Callable[..., Frail]) -> None:
    """Thirty, as fast as kernels boot: numbers 15 to 30; those that died too fast have no core."""
    daemon = frail(more="from lkmtools.daemon import backoff\nbackoff.BURST = 100\n")
    for _ in range(30):
        die(daemon)
    kept(daemon, 30)
    assert numbers(daemon) == list(range(15, 31))
    there = directory(daemon)
    assert sorted(os.listdir(there)) == sorted([*map(str, range(15, 31)), "lock", "next"])
    for number in range(15, 31):
        summary = json.loads((there / str(number) / "crash.json").read_text())
        has_core = (there / str(number) / "core").exists()
        assert has_core or summary["core"] == "too many kernels ended at once"
    until(lambda: len(children(daemon.pid)) == 1)


def test_the_directory_may_go_while_crashes_are_written(frail: Callable[..., Frail]) -> None:
    daemon = frail()
    for _ in range(4):
        die(daemon)
        shutil.rmtree(os.path.join(daemon.state, "lkmtools"), ignore_errors=True)
    until(lambda: len(children(daemon.pid)) == 1)
    die(daemon)
    daemon.until(lambda status: status["last_panic"]["crash"] is not None)
    assert len(numbers(daemon)) >= 1
    assert "internal error" not in daemon.log()


def test_while_some_are_written_others_have_no_core(frail: Callable[..., Frail]) -> None:
    """Three are written at a time; the memory of a fourth is not kept."""
    daemon = frail(more=STUCK)
    for _ in range(4):
        die(daemon)
    writers = {pid for pid in children(daemon.pid) if int(pid) != daemon.kernel()}
    assert len(writers) == 3
    for pid in sorted(writers):
        os.kill(int(pid), signal.SIGKILL)
    daemon.until(lambda status: status["last_panic"]["crash"] is not None)
    assert len(numbers(daemon)) == 1
    assert "no core: too many kernels ended at once" in daemon.run("lkmctl", "crash").out
    assert daemon.log().count("is not on disk: the process that wrote it ended with signal 9 (SIGKILL)") == 3
