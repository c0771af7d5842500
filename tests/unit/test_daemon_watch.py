"""Is a process alive? Real processes of the host, their signs of life written by the test.

Where time must have passed the clock is the test's; where a process must have computed it does.
"""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from types import SimpleNamespace

import pytest

from lkmtools.daemon import watch
from lkmtools.daemon.watch import HUNG, LONGEST, SLOW, ProcStat, Watch, look_at
from lkmtools.evidence import Evidence, vitals

LIMIT = 10.0


class Subject:
    """A watched process of which the test says what the host would; `now` is the time."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.now = 500.0
        self.host = ProcStat("S", 3.0)
        monkeypatch.setattr(watch, "time", SimpleNamespace(monotonic=lambda: self.now))
        monkeypatch.setattr(watch, "look_at", lambda pid: self.host)
        self.evidence = Evidence(4096)
        self.watch = Watch(1, self.evidence, LIMIT)
        self.watch.look()

    def later(self, seconds: float, state: str, computed: float = 0.0) -> Watch:
        """Look again for so many seconds, in this state and at last with so much more processor time."""
        while seconds > LONGEST:
            seconds -= LONGEST
            self.now += LONGEST
            self.host = ProcStat(state, self.host.seconds)
            self.watch.look()
        self.now += seconds
        self.host = ProcStat(state, self.host.seconds + computed)
        self.watch.look()
        return self.watch


@pytest.fixture
def subject(monkeypatch: pytest.MonkeyPatch) -> Subject:
    return Subject(monkeypatch)


def test_a_process_that_computes_without_a_sign_is_ended_at_the_limit(subject: Subject) -> None:
    """It does not respond long before; the time of the host does not matter."""
    assert subject.later(1000, "R", SLOW / 2).responding
    assert not subject.later(0, "R", SLOW / 2).responding
    assert subject.later(0, "R", LIMIT - SLOW - 0.1).why == ""
    why = f"it computed for {LIMIT:.0f} s of processor time without a sign of life"
    assert subject.later(0, "R", 0.1).why == why


SIGNS = {"turns": vitals.TURNS, "ticks": vitals.TICKS, "kernel calls": None}


@pytest.mark.parametrize("sign", SIGNS.values(), ids=SIGNS)
@pytest.mark.parametrize("state", ["R", "S"])
def test_any_sign_of_life_begins_anew(subject: Subject, sign: int | None, state: str) -> None:
    """The time before it does not count."""
    for _ in range(3):
        assert subject.later(HUNG - 1, state, LIMIT - 1).why == ""
        assert not subject.watch.responding
        if sign is None:
            calls = subject.evidence.calls
            calls.stopped[0] += 1
            calls.ring[next(calls.places)[0]] = calls.stopped
        else:
            subject.evidence.vitals[sign] += 1
        assert subject.later(0, state).responding


@pytest.mark.parametrize("state", ["S", "D"])
def test_a_process_that_hangs_in_the_host_is_ended(subject: Subject, state: str) -> None:
    """After as much of the host's time."""
    assert subject.later(SLOW / 2, state).responding
    assert not subject.later(SLOW / 2, state).responding
    assert subject.later(HUNG - SLOW - 1, state).why == ""
    assert subject.later(1, state).why == f"it has hung in the host for {HUNG:.0f} s"


def test_time_in_which_nobody_looked_is_not_counted(subject: Subject) -> None:
    """It was the supervisor who was stopped: that harms nobody."""
    subject.now += 10 * HUNG
    assert subject.later(LONGEST, "S").why == ""


@pytest.mark.parametrize("state", ["T", "t", "R", "Z"])
def test_a_process_that_is_stopped_or_waits_for_a_processor_does_not_hang(
    subject: Subject, state: str
) -> None:
    """However long; "stopped" it is in two of these."""
    found = subject.later(100 * HUNG, state)
    assert (found.why, found.responding, found.stopped) == ("", True, state in "Tt")
    assert not subject.later(0, "S").stopped


def test_a_process_in_its_poller_is_calm(subject: Subject) -> None:
    """It may stay there for ever; before and afterwards it counts."""
    subject.evidence.vitals[vitals.POLLING] = 1
    found = subject.later(100 * HUNG, "S", 2 * LIMIT)
    assert (found.calm, found.responding, found.why) == (True, True, "")
    subject.evidence.vitals[vitals.POLLING] = 0
    assert not found.calm
    assert subject.later(HUNG, "S").why != ""


@pytest.fixture
def spinning() -> Iterator[subprocess.Popen[bytes]]:
    """A real process that computes."""
    with subprocess.Popen([sys.executable, "-c", "while True: pass"]) as made:
        yield made
        made.kill()


def test_what_the_host_says_of_a_real_process(spinning: subprocess.Popen[bytes]) -> None:
    """Its processor time grows; stopped it is "T", waiting "S", dead and not buried "Z"."""
    first = look_at(spinning.pid).seconds
    while look_at(spinning.pid).seconds <= first:
        pass
    os.kill(spinning.pid, signal.SIGSTOP)
    os.waitid(os.P_PID, spinning.pid, os.WSTOPPED | os.WNOWAIT)
    assert look_at(spinning.pid).stopped
    os.kill(spinning.pid, signal.SIGKILL)
    os.waitid(os.P_PID, spinning.pid, os.WEXITED | os.WNOWAIT)
    host = look_at(spinning.pid)
    assert (host.state, host.stopped) == ("Z", False)


def test_a_real_process_that_computes_is_found_out(spinning: subprocess.Popen[bytes]) -> None:
    """By its processor time alone."""
    found = Watch(spinning.pid, Evidence(4096), 0.05)
    while not found.why:
        found.look()
    assert found.why.startswith("it computed for ")


def test_a_name_with_brackets_does_not_confuse() -> None:
    """A process may be called anything: its name stands in brackets before its state."""
    code = "import sys; open('/proc/self/comm', 'w').write('a) Z 9 ('); print(); sys.stdin.read()"
    with subprocess.Popen(
        [sys.executable, "-c", code], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    ) as child:
        assert child.stdout is not None
        child.stdout.readline()
        assert look_at(child.pid).state in "RS"
        child.communicate()
