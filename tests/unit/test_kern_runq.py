"""The run queue: clients, then who has woken, then who has used up its slice. A second has 1,000 blocks."""

from __future__ import annotations

import time
from types import SimpleNamespace
from typing import Any, cast

import pytest

from lkmtools.kern import Kernel
from lkmtools.kern.proc.kern_runq import RunQueue

RATE = 1000
SLICE = 10  # blocks


class Hub:
    """A run queue and what it has run, in rounds. `act[name]` says what an lwp does when it runs."""

    def __init__(self) -> None:
        cell = SimpleNamespace(blocks=0)
        engine = SimpleNamespace(rate=RATE, work=lambda: 0, user_cpu=SimpleNamespace(cell=cell))
        self.cell = cell
        self.k: Any = SimpleNamespace(engine=engine, linger=0.0, calls=0, programs=0)
        self.queue = RunQueue(cast(Kernel, self.k))
        self.act: dict[str, Any] = {}
        self.ran: list[str] = []

    def client(self, name: str) -> Any:
        """An lwp of a client."""
        return SimpleNamespace(name=name, proc=SimpleNamespace(program=None), slice=0, asleep=0.0)

    def program(self, name: str, left: int = 0) -> Any:
        """One of a program that has `left` blocks of its slice."""
        program = SimpleNamespace(usage=SimpleNamespace(seconds=0.0))
        self.k.programs += 1
        lwp = self.client(name)
        lwp.proc, lwp.slice = SimpleNamespace(program=program), left
        lwp.greenlet = SimpleNamespace(switch=lambda: self.act.get(name, lambda lwp: None)(lwp))
        lwp.thread = SimpleNamespace(calls=0)
        return lwp

    def round(self) -> str:
        """Who runs in a round."""
        self.ran.clear()
        self.queue.round(self._run)
        return " ".join(self.ran)

    def _run(self, lwp: Any) -> None:
        self.ran.append(lwp.name)
        if lwp.proc.program is not None:
            self.queue.run(lwp, lwp.proc.program)
        else:
            self.act.get(lwp.name, lambda lwp: None)(lwp)

    def loops(self, *names: str, blocks: int) -> None:
        """Programs that run until a tick comes, which it does after so many blocks."""

        def loop(lwp: Any) -> None:
            self.cell.blocks += blocks

        for name in names:
            self.act[name] = loop

    def preempted_round(self, lwps: dict[str, Any]) -> str:
        """A round of loops, whose one program is preempted at its end."""
        ran = self.round()
        self.queue.preempted(lwps[ran])
        return ran


@pytest.fixture
def hub(monkeypatch: pytest.MonkeyPatch) -> Hub:
    """On a host whose clocks stand still."""
    monkeypatch.setattr(time, "monotonic", lambda: 100.0)
    monkeypatch.setattr(time, "thread_time", lambda: 0.0)
    return Hub()


def test_all_clients_run_before_one_that_has_its_slice_behind_it(hub: Hub) -> None:
    """A round is all clients and one slice, however many programs wait."""
    for i in range(256):
        hub.queue.ready(hub.program(f"loop{i}"))
    for name in ("a", "b"):
        hub.queue.ready(hub.client(name))
    assert hub.round() == "a b loop0"
    hub.queue.ready(hub.client("c"))
    assert hub.round() == "c loop1"


def test_programs_that_have_woken_run_before_the_others(hub: Hub) -> None:
    """As long as they have something left of their slice; a forked child has nothing yet."""
    for lwp in (hub.program("child"), hub.program("woken", 1), hub.program("spent", -3), hub.client("c")):
        hub.queue.ready(lwp)
    assert [hub.round() for _ in range(3)] == ["c woken", "child", "spent"]


def test_a_program_goes_on_after_a_tick_until_its_slice_is_used_up(hub: Hub) -> None:
    """Of ten blocks, with a tick every four."""
    lwps = {name: hub.program(name) for name in ("a", "b")}
    hub.loops(*lwps, blocks=4)
    for lwp in lwps.values():
        hub.queue.ready(lwp)
    assert [hub.preempted_round(lwps) for _ in range(9)] == [*"aaabbbaaa"]


def test_system_calls_and_processor_time_use_up_a_slice_too(
    hub: Hub, monkeypatch: pytest.MonkeyPatch
) -> None:
    """4 us a call, and half of the processor time at least: both are one slice here."""
    seconds = [0.0]
    monkeypatch.setattr(time, "thread_time", lambda: seconds[0])
    lwps = {name: hub.program(name) for name in ("calls", "slow")}

    def call(lwp: Any) -> None:
        hub.k.calls += 2500

    def crawl(lwp: Any) -> None:
        seconds[0] += 0.021

    hub.act |= {"calls": call, "slow": crawl}
    for lwp in lwps.values():
        hub.queue.ready(lwp)
    assert [hub.preempted_round(lwps) for _ in range(4)] == ["calls", "slow"] * 2
    assert lwps["slow"].proc.program.usage.seconds == pytest.approx(0.042)


def test_programs_that_wake_one_another_do_not_starve_those_that_compute(hub: Hub) -> None:
    """Each wakes the other and uses a block each time: after ten of them it has its place behind."""
    ping, pong, loop = hub.program("ping", SLICE), hub.program("pong", SLICE), hub.program("loop")

    def pass_to(other: Any) -> Any:
        def act(lwp: Any) -> None:
            hub.cell.blocks += 1
            hub.queue.ready(other)

        return act

    hub.act |= {"ping": pass_to(pong), "pong": pass_to(ping)}
    hub.loops("loop", blocks=SLICE)
    hub.queue.ready(ping)
    hub.queue.ready(loop)
    assert hub.round() == " ".join(["ping", "pong"] * SLICE)
    assert hub.round() == "loop"


def test_clients_that_wake_one_another_do_not_starve_programs(
    hub: Hub, monkeypatch: pytest.MonkeyPatch
) -> None:
    """In one tick of each two a program computes; one that has woken runs at once."""
    now = [0.0]
    monkeypatch.setattr(time, "monotonic", lambda: now[0])
    ping = hub.client("ping")

    def act(lwp: Any) -> None:
        now[0] += 0.004
        hub.queue.ready(ping)

    hub.act["ping"] = act
    hub.queue.ready(ping)
    hub.queue.ready(hub.program("loop"))
    hub.queue.ready(hub.program("woken", 1))
    assert [hub.round() for _ in range(2)] == ["ping ping woken ping ping", "ping loop"]


def test_yield_lets_every_other_run_first(hub: Hub) -> None:
    """Programs that compute as well."""
    lwp = hub.client("yields")
    hub.queue.ready(hub.program("loop"))
    hub.queue.yields(lwp)
    assert [hub.round() for _ in range(2)] == ["loop", "yields"]


def test_a_long_sleep_gives_a_program_a_whole_slice(hub: Hub) -> None:
    """A second of it; a shorter one gives nothing."""
    long, short = hub.program("long", -5), hub.program("short", -5)
    long.asleep, short.asleep = 99.0, 99.1
    hub.queue.wakes(short)
    hub.queue.wakes(long)
    assert [hub.round() for _ in range(2)] == ["long", "short"]
    assert hub.queue.timeout() is None


def lingering(hub: Hub, monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """A program is ready, and waits a moment for clients: the clock, which the test moves."""
    now = [100.0]
    monkeypatch.setattr(time, "monotonic", lambda: now[0])
    hub.k.linger = 0.004
    hub.queue.ready(hub.program("loop"))
    return now


def test_programs_let_a_client_that_got_its_answer_ask_again(
    hub: Hub, monkeypatch: pytest.MonkeyPatch
) -> None:
    """For a moment, which timeout() tells; but not for longer than a slice."""
    now = lingering(hub, monkeypatch)
    for moment in (0.0, 0.003, 0.006, 0.009):
        now[0] = 100 + moment
        hub.queue.answered()
        assert hub.round() == ""
        assert hub.queue.timeout() == pytest.approx(0.004)
    now[0] = 100.011
    hub.queue.answered()
    assert hub.round() == "loop"


def test_programs_go_on_when_the_client_asks_no_more(hub: Hub, monkeypatch: pytest.MonkeyPatch) -> None:
    now = lingering(hub, monkeypatch)
    hub.queue.answered()
    assert hub.round() == ""
    now[0] += 0.005
    assert (hub.queue.timeout(), hub.round()) == (0.0, "loop")


def test_nobody_waits_for_clients_where_the_owner_did_not_ask_for_it(hub: Hub) -> None:
    """A kernel in the caller's process."""
    hub.queue.ready(hub.program("loop"))
    hub.queue.answered()
    assert (hub.queue.timeout(), hub.round()) == (0.0, "loop")


def test_who_has_woken_runs_while_the_others_wait_for_a_client(
    hub: Hub, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It is the others' turn, but a client may ask again in a moment: nobody spins meanwhile."""
    now = lingering(hub, monkeypatch)
    hub.queue.ready(hub.program("woken", 1))
    hub.queue._late = True
    hub.queue.answered()
    assert hub.round() == "woken"
    assert hub.round() == ""
    now[0] += 0.005
    assert hub.round() == "loop"
