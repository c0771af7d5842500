"""Preemption: machine code that is stopped anywhere, thousands of times, executes each instruction once."""

from __future__ import annotations

import struct
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from machfix import Bench
from preemptfix import SOURCE, hammer
from unicorn import UC_ARCH_ARM64, UC_MODE_ARM, Uc
from unicorn.arm64_const import UC_ARM64_REG_LR, UC_ARM64_REG_X0, UC_ARM64_REG_X3

from lkmtools.machine import brake

PREEMPTIONS = 500


@pytest.fixture
def make(cc: Any, machine: str) -> Iterator[Callable[[], Any]]:
    """Makes the bench with SOURCE loaded; a test may choose its host before."""
    made: list[Bench] = []

    def build() -> Bench:
        bench = Bench(cc, machine, {"unsigned int count(unsigned int n)": lambda bench, n: n + 1})
        bench.load(SOURCE)
        made.append(bench)
        return bench

    yield build
    for bench in made:
        bench.close()


@pytest.mark.parametrize("function", ["alone", "calling"])
def test_stops_from_another_thread_repeat_no_instruction(make: Callable[[], Any], function: str) -> None:
    """A thread asks the CPU to stop without pause; what the code has counted in memory is right each time."""
    bench = make()
    ticks: list[int] = []
    bench.engine.on_tick = lambda thread: ticks.append(1)
    wrong = 0
    with hammer(bench.engine.brake):
        while len(ticks) < PREEMPTIONS and not wrong:
            wrong = bench.call(f"unsigned int {function}(unsigned int n)", 480)
    assert wrong == 0


@pytest.mark.parametrize("rows", [brake._HOST_CODE, {}], ids=["a known host", "another"])
def test_a_stop_at_every_other_block_repeats_no_instruction(
    make: Callable[[], Any], rows: dict[str, bytes], monkeypatch: pytest.MonkeyPatch
) -> None:
    """A request is kept until code runs, and lets one block pass: so the code gets on. On any host."""
    monkeypatch.setattr(brake, "_HOST_CODE", rows)
    bench = make()
    monkeypatch.undo()
    ticks: list[int] = []

    def on_tick(thread: Any) -> None:
        ticks.append(1)
        bench.engine.brake.pull()

    bench.engine.on_tick = on_tick
    bench.engine.brake.pull()
    assert bench.call("unsigned int calling(unsigned int n)", 160) == 0
    assert len(ticks) > 160 * 8  # each round has sixteen blocks of `rep movsb` alone


def test_the_hook_for_aarch64_hosts_stops_at_the_second_block() -> None:
    """Its instructions, run by the emulator: one request, three blocks; nothing without a request."""
    code, cell, stop, back = 0x1000, 0x2000, 0x3000, 0x4000
    uc = Uc(UC_ARCH_ARM64, UC_MODE_ARM)
    uc.mem_map(0, 0x5000)
    uc.mem_write(code, brake._HOST_CODE["aarch64"])
    uc.mem_write(stop, bytes.fromhex("000840b1 c0035fd6"))  # adds x0, x0, #2, lsl 12; ret
    uc.mem_write(cell, struct.pack("<QQ", 2, stop))
    answers = []
    for _ in range(3):
        for register, value in ((UC_ARM64_REG_X0, 5), (UC_ARM64_REG_X3, cell), (UC_ARM64_REG_LR, back)):
            uc.reg_write(register, value)
        uc.emu_start(code, back)
        answers.append((uc.reg_read(UC_ARM64_REG_X0), uc.mem_read(cell, 1)[0]))
    assert answers == [(5, 1), (5 + 0x2000, 0), (5, 0)]
