"""The daemon while code of its kernel does not come back."""

from __future__ import annotations

import os
import re
import resource
import signal
from collections.abc import Iterator
from pathlib import Path

import pytest

from lkmtools.abi.syscall import SYS_getpid
from lkmtools.errors import PanicError
from lkmtools.proto import Answer, Control, Exec, Result, Signal, Syscall, encode
from support.daemons import Raw, send_with_fds
from support.damaged_kernels import CALM, SPIN
from support.supervised import Start, Supervised


@pytest.fixture
def runaway(start: Start) -> Iterator[Supervised]:
    """A daemon whose kernel is inside code that does not come back."""
    running = start()
    raw = Raw(running.path)
    with raw.socket:
        raw.greet("runaway")
        raw.send(Syscall(SPIN, (), ()), Control("ps", "{}"))
        assert isinstance(raw.receive(), Answer)  # so the call is submitted, and the next round runs it
        yield running


def test_status_answers_while_a_module_runs_away(runaway: Supervised) -> None:
    """Whenever it is asked; a new connection is greeted and answered."""
    with runaway.connect() as p:
        p.control("ps")  # answered between slices
        states = [p.control("status")["state"] for _ in range(100)]
        comms = [proc["comm"] for proc in p.control("ps")["processes"]]
    assert set(states) == {"busy"}
    assert "runaway" in comms


def test_stop_ends_runaway_code(runaway: Supervised) -> None:
    """lkmctl stop does not wait for the watchdog."""
    runaway.ask("stop")
    assert runaway.wait() == 0
    assert os.listdir(runaway.place.dir) == ["s.log"]


@pytest.mark.parametrize("signum", [signal.SIGTERM, signal.SIGINT])
def test_signal_ends_runaway_code(runaway: Supervised, signum: int) -> None:
    """Neither does a signal."""
    os.kill(runaway.pid, signum)
    assert runaway.wait() == 0
    assert os.listdir(runaway.place.dir) == ["s.log"]


def test_reboot_ends_runaway_code(runaway: Supervised) -> None:
    """The processes of the old kernel are told; the new one serves."""
    with runaway.connect() as idle:
        assert runaway.reboot()["boot"] == 2
        with pytest.raises(PanicError, match="rebooted"):
            idle.getpid()
    with runaway.connect() as p:
        assert (2, p.pid) == (p.boot, p.getpid())
    assert runaway.ask("status")["panics"] == 0


def test_calls_and_deaths_during_runaway_code_wait_for_it(runaway: Supervised) -> None:
    """A call submitted meanwhile is answered by the kernel once it is back; a client may die meanwhile."""
    raw = Raw(runaway.path)
    with raw.socket:
        raw.greet("late")
        raw.send(Syscall(SYS_getpid, (), ()), Control("ps", "{}"))
        assert isinstance(raw.receive(), Answer)
        Raw(runaway.path).socket.close()
        dead = Raw(runaway.path)
        with dead.socket:
            dead.greet("dead")
        calm = Raw(runaway.path)
        with calm.socket:
            calm.greet(CALM)
            assert isinstance(raw.receive(), Result)
    with runaway.connect() as p:
        assert [row["comm"] for row in p.control("ps")["processes"] if row["comm"] == "dead"] == []
        while runaway.ask("status")["state"] != "running":
            p.getpid()


def test_signals_during_runaway_code_are_kept_once(runaway: Supervised) -> None:
    """However many a client sends, and whatever their numbers: there are no more than NSIG to keep."""

    def resident() -> int:
        with open(f"/proc/{runaway.ask('status')['kernel']['pid']}/statm", "rb") as file:
            return int(file.read().split()[1]) * resource.getpagesize()

    raw = Raw(runaway.path)
    with raw.socket:
        raw.greet("signals")
        before = resident()
        for number in (15, 0, 1 << 31):
            raw.socket.sendall(encode(Signal(number), 0) * 100_000)
        raw.send(Control("ps", "{}"))
        assert isinstance(raw.receive(), Answer)
        assert resident() - before < 8 << 20


def test_what_an_exec_brought_is_closed_when_the_kernel_goes_before_it(runaway: Supervised) -> None:
    """Nobody else has the other ends of the caller's pipes for ever."""
    reading, writing = os.pipe()
    late = Raw(runaway.path)
    with late.socket:
        late.greet("late")
        frame = encode(Exec(-1, "prog", (b"prog",), (), b""), 1)
        send_with_fds(late.socket, frame, [os.dup(writing), os.dup(writing), writing])
        late.send(Control("ps", "{}"))
        assert isinstance(late.receive(), Answer)
        runaway.reboot()
    os.set_blocking(reading, False)
    assert os.read(reading, 1) == b""
    os.close(reading)


def test_the_log_is_the_daemon_s_own(start: Start) -> None:
    """What it says stands there with the time and the supervisor's pid."""
    running = start()
    running.reboot()
    lines = Path(f"{running.path}.log").read_text().splitlines()
    said = rf"lkmd\[{running.pid}\]: reboot asked for by host pid {os.getpid()}"
    assert re.fullmatch(rf"\d{{4}}-\d\d-\d\d \d\d:\d\d:\d\d {said}", lines[-1])
