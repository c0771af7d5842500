"""How long machine code has run: in blocks, whatever the host's clock says. Here a second has a thousand."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from itertools import count

import pytest

from lkmtools.machine import Thread
from lkmtools.machine.engine import KERNEL_CALL
from support.compiling import Compile
from support.engine import Bench, Stopped

RATE = 2000  # for a stop at every other block has each counted twice: where it stops, and when it goes on
SOURCE = """
int swap(void), copy(int n);
int loop(int n);
int loop(int n) { int i; for (i = 0; i < n; i++) __asm__ volatile (""); return i; }
int calls(int n);
int calls(int n) { int i; for (i = 0; i < n; i++) swap(); return i; }
int copies(int n);
int copies(int n) { copy(n); return loop(20); }
int both(int n);
int both(int n) { loop(n); swap(); return loop(n); }
"""
FUNCTIONS = {"int swap(void)": lambda bench: bench.swap(), "int copy(int n)": lambda bench, n: bench.copy(n)}


@pytest.fixture
def bench(cc: Compile, machine: str) -> Iterator[Bench]:
    """A second has a thousand blocks; limits are looked at every other block and after each kernel call."""
    made = Bench(cc, machine, FUNCTIONS)
    made.engine.rate = RATE
    made.engine.watchdog_limit, made.engine.entry_limit = 1.0, 5.0
    made.load(SOURCE)
    look(made, lambda: None)
    yield made
    made.close()


def look(bench: Bench, action: Callable[[], None], stop: bool = True) -> None:
    """Tick all the time, with `action` at each tick: after kernel calls, and with `stop` anywhere."""

    def on_tick(thread: Thread) -> None:
        action()
        bench.engine.watchdog.tick = True
        if stop:
            bench.engine.brake.pull()

    bench.engine.on_tick = on_tick
    on_tick(bench.engine.current)


def test_a_loop_of_fewer_blocks_than_the_limit_ends(bench: Bench) -> None:
    """Again and again: each call has the whole limit."""
    assert [bench.call("int loop(int n)", 700) for _ in range(5)] == [700] * 5


def test_a_loop_of_more_blocks_is_stopped(bench: Bench) -> None:
    with pytest.raises(Stopped, match="watchdog: 1 seconds without a kernel call"):
        bench.call("int loop(int n)", 1300)


def test_a_kernel_call_starts_the_watchdog_anew(bench: Bench) -> None:
    assert bench.call("int both(int n)", 800) == 800


def test_a_call_of_many_blocks_with_kernel_calls_in_between_meets_its_limit(bench: Bench) -> None:
    """Five seconds in one entry."""
    bench.swap = lambda: bench.call("int loop(int n)", 800)
    assert bench.call("int calls(int n)", 5) == 5
    with pytest.raises(Stopped, match="watchdog: 5 seconds in one call"):
        bench.call("int calls(int n)", 7)


def test_each_kernel_call_is_charged_a_fixed_number_of_blocks(bench: Bench) -> None:
    """A loop of them, which feeds the watchdog all the time, meets the limit of an entry."""
    look(bench, lambda: None, stop=False)
    bench.engine.rate = round(1000 / KERNEL_CALL)  # a kernel call is a thousand blocks
    bench.engine.entry_limit = 500 * KERNEL_CALL
    assert bench.call("int calls(int n)", 450) == 450
    with pytest.raises(Stopped, match="in one call"):
        bench.call("int calls(int n)", 550)


def test_a_kernel_call_is_charged_the_bytes_it_handles(bench: Bench) -> None:
    """A block for each: here half a second has a thousand."""
    text = bench.engine.text.start
    bench.copy = lambda n: len(bench.mem.checked.read(text, n)) and 0
    bench.engine.entry_limit = 0.5
    assert bench.call("int copies(int n)", 900) == 20
    with pytest.raises(Stopped, match=r"watchdog: 0\.5 seconds in one call"):
        bench.call("int copies(int n)", 1100)


def test_what_a_kernel_function_says_it_needed_is_charged(bench: Bench) -> None:
    """delay(9) does so."""
    bench.swap = lambda: bench.engine.charge(bench.engine.current, 1.2)
    assert bench.call("int calls(int n)", 4) == 4
    with pytest.raises(Stopped, match="watchdog: 5 seconds in one call"):
        bench.call("int calls(int n)", 5)


def test_what_others_did_meanwhile_is_not_charged(bench: Bench) -> None:
    """A thread that slept goes on with what it had left."""
    engine = bench.engine
    first, second = engine.current, Thread()

    def swap() -> int:
        before = engine.work()
        engine.current = second
        for _ in range(10):
            bench.call("int loop(int n)", 900)
        engine.current = first
        first.away += engine.work() - before
        return 0

    bench.swap = swap
    assert bench.call("int both(int n)", 800) == 800
    engine.drop(second)


def test_a_host_that_is_late_does_not_make_the_time_pass(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Hours of its clock between two ticks, and none of processor time."""
    clock = iter(range(0, 1 << 40, 3600))
    monkeypatch.setattr(time, "monotonic", lambda: next(clock))
    assert bench.call("int loop(int n)", 700) == 700


def test_blocks_that_take_much_longer_than_others_are_charged_for_that(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Half of the processor time at least: of 10 ms from tick to tick, that is 200 ticks a second."""
    ticks: list[int] = []
    look(bench, lambda: ticks.append(1))
    clock = count(1)
    monkeypatch.setattr(time, "thread_time", lambda: next(clock) / 100)
    with pytest.raises(Stopped, match="without a kernel call"):
        bench.call("int loop(int n)", 700)
    assert 190 <= len(ticks) <= 210


def test_processor_time_in_a_kernel_function_is_not_that_of_slow_code(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What it is charged is the call."""
    seconds = [1.0]
    monkeypatch.setattr(time, "thread_time", lambda: seconds[0])

    def swap() -> int:
        seconds[0] += 60
        return 0

    bench.swap = swap
    assert bench.call("int both(int n)", 100) == 100
