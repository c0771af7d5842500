"""Preemption: machine code that is stopped anywhere, thousands of times, executes each instruction once."""

from __future__ import annotations

import ctypes
import struct
import time
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from unicorn import UC_ARCH_ARM64, UC_ARCH_X86, UC_MODE_64, UC_MODE_ARM
from unicorn.arm64_const import UC_ARM64_REG_LR, UC_ARM64_REG_X0, UC_ARM64_REG_X1, UC_ARM64_REG_X3
from unicorn.unicorn import Uc
from unicorn.x86_const import UC_X86_REG_RCX, UC_X86_REG_RDI, UC_X86_REG_RSI, UC_X86_REG_RSP

from lkmtools.machine import brake, measure_rate, rate
from lkmtools.machine.brake import Cell
from support.compiling import Compile
from support.engine import Bench
from support.preemption import SOURCE, hammer

PREEMPTIONS = 500


@pytest.fixture
def make(cc: Compile, machine: str) -> Iterator[Callable[[], Bench]]:
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
def test_stops_from_another_thread_repeat_no_instruction(make: Callable[[], Bench], function: str) -> None:
    """A thread asks the CPU to stop without pause; what the code has counted in memory is right each time."""
    bench = make()
    ticks: list[int] = []
    bench.engine.on_tick = lambda thread: ticks.append(1)
    wrong = 0
    with hammer(bench.engine.brake):
        while len(ticks) < PREEMPTIONS and not wrong:
            wrong = bench.call(f"unsigned int {function}(unsigned int n)", 480)
    assert wrong == 0


ROWS = {"a known host": brake._HOST_CODE, "another": {}}


@pytest.mark.parametrize("rows", ROWS.values(), ids=ROWS)
def test_a_stop_at_every_other_block_repeats_no_instruction(
    make: Callable[[], Bench], rows: dict[str, bytes], monkeypatch: pytest.MonkeyPatch
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


@pytest.mark.parametrize("rows", ROWS.values(), ids=ROWS)
def test_every_block_is_counted_and_stops_and_kernel_calls_lose_none(
    make: Callable[[], Bench], rows: dict[str, bytes], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Twice the rounds are twice the blocks, to the block; a stop begins a block anew, once. On any host."""
    monkeypatch.setattr(brake, "_HOST_CODE", rows)
    bench = make()
    monkeypatch.undo()
    cell = bench.engine.cpu.cell
    stops: list[int] = []  # those of the clock: on a busy host a run may last until it ticks
    bench.engine.on_tick = lambda thread: stops.append(1)

    def blocks(rounds: int) -> int:
        before: int = cell.blocks - len(stops)
        assert bench.call("unsigned int alone(unsigned int n)", rounds) == 0
        now: int = cell.blocks - len(stops)
        return now - before

    blocks(16)  # translated
    assert blocks(64) - blocks(32) == 2 * (blocks(48) - blocks(32)) >= 32 * 16


LIKE_A_HALT = r"""
unsigned int spin(unsigned int n);
unsigned int
spin(unsigned int n)
{
	unsigned int value;

	__asm volatile("movl $0xf4000000, %0\n1: decl %1\njnz 1b" : "=&r" (value), "+r" (n) : : "cc");
	return value;
}
"""


def test_a_stop_behind_a_byte_that_looks_like_a_halt_is_a_stop(cc: Compile, machine: str) -> None:
    """The loop begins behind the last byte of a constant, which is that of hlt."""
    bench = Bench(cc, machine, {})
    bench.load(LIKE_A_HALT)
    ticks: list[int] = []

    def on_tick(thread: Any) -> None:
        ticks.append(1)
        bench.engine.brake.pull()

    bench.engine.on_tick = on_tick
    bench.engine.brake.pull()
    assert bench.call("unsigned int spin(unsigned int n)", 100) == 0xF4000000
    assert len(ticks) > 50
    bench.close()


def test_the_blocks_of_two_engines_are_counted_apart(make: Callable[[], Bench]) -> None:
    """A program's are not the kernel's; a stop is for whichever runs."""
    bench = make()
    brake, cell = bench.engine.brake, bench.engine.cpu.cell
    other = brake.cell()
    brake.pull()
    assert brake.pulled
    assert bench.call("unsigned int alone(unsigned int n)", 16) == 0
    assert (cell.blocks > 100, other.blocks, cell.request, other.request) == (True, 0, 0, 2)
    assert not brake.pulled


class Hook:
    """The hook's instructions of a kind of host, run by the emulator: 5 is the engine, 0x2000 its cell."""

    code, cell, stop, back = 0x1000, 0x2000, 0x3000, 0x4000

    def __init__(self, host: str) -> None:
        self.arm = host == "aarch64"
        self.uc = Uc(UC_ARCH_ARM64, UC_MODE_ARM) if self.arm else Uc(UC_ARCH_X86, UC_MODE_64)
        self.uc.mem_map(0, 0x5000)
        self.uc.mem_write(self.code, brake._HOST_CODE[host])
        # stop() adds 0x2000 to its argument and returns.
        self.uc.mem_write(self.stop, bytes.fromhex("000840b1 c0035fd6" if self.arm else "4881c700200000 c3"))

    def begin(self, request: int, blocks: int) -> None:
        """What the cell says."""
        self.uc.mem_write(self.cell, bytes(Cell(request, 0, 0, self.stop, blocks)))

    def block(self, at: int = 0) -> tuple[bool, int, int]:
        """The block at `at` begins, and the cell has it.

        Was stop() called with the engine, and the cell's request and blocks after it.
        """
        uc = self.uc
        if self.arm:
            first = UC_ARM64_REG_X0
            registers = (
                (first, 5),
                (UC_ARM64_REG_X1, at),
                (UC_ARM64_REG_X3, self.cell),
                (UC_ARM64_REG_LR, self.back),
            )
        else:
            first = UC_X86_REG_RDI
            uc.mem_write(self.cell + 0x800, struct.pack("<Q", self.back))
            registers = (
                (first, 5),
                (UC_X86_REG_RSI, at),
                (UC_X86_REG_RCX, self.cell),
                (UC_X86_REG_RSP, self.cell + 0x800),
            )
        for register, value in registers:
            uc.reg_write(register, value)
        uc.emu_start(self.code, self.back)
        cell = Cell.from_buffer_copy(uc.mem_read(self.cell, ctypes.sizeof(Cell)))
        assert cell.last == at & 0xFFFFFFFF
        assert cell.asked == 0
        return uc.reg_read(first) == 5 + 0x2000, cell.request, cell.blocks


@pytest.mark.parametrize("host", sorted(brake._HOST_CODE))
def test_the_hook_of_each_host_stops_at_the_second_block_and_counts_each(host: str) -> None:
    """One request, four blocks: the second ends the run, and the others only count."""
    hook = Hook(host)
    hook.begin(2, 7)
    blocks = [hook.block(at) for at in (0x1000, 0xFFFFFFFF80001234, 0, 0xC0000000)]
    assert blocks == [(False, 1, 8), (True, 0, 9), (False, 0, 10), (False, 0, 11)]


@pytest.mark.parametrize("host", sorted(brake._HOST_CODE))
def test_the_hook_of_each_host_carries_into_the_upper_half_of_its_count(host: str) -> None:
    """The count has 64 bits: a day of blocks does not wrap it."""
    hook = Hook(host)
    hook.begin(0, 0xFFFFFFFF)
    assert hook.block() == (False, 0, 0x100000000)


def test_the_rate_is_how_many_blocks_run_in_a_second_of_processor_time(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """The best of the runs of a loop, a block a round and one behind it: here in 3, 2, 1, 4 and 5 ms."""
    monkeypatch.setattr(rate, "_ROUNDS", 999)
    took = iter((0, 3, 0, 2, 0, 1, 0, 4, 0, 5))
    monkeypatch.setattr(time, "thread_time_ns", lambda: next(took) * 1_000_000)
    assert measure_rate.__wrapped__() == 1_000_000


def test_the_rate_is_measured_once() -> None:
    assert measure_rate() is measure_rate() > 0
