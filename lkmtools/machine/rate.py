"""The speed of the emulator on this host, which converts seconds of a limit into blocks of code.

Time that machine code takes is counted in the blocks of code it runs (brake.py), so that it does not depend
on what else the host does. It is measured with a loop of the smallest possible blocks: other code runs fewer
of them in a second, down to a tenth if it stores much.
"""

from __future__ import annotations

import time
from functools import cache

from lkmtools.abi.vmparam import PAGE_SIZE
from lkmtools.machine.brake import Brake
from lkmtools.machine.cpu import Cpu
from lkmtools.machine.memory import EXEC, READ, Memory
from lkmtools.machine.ports import PORTS
from lkmtools.machine.text import Text

_ROUNDS = 100_000  # of the loop: a third of a millisecond
_RUNS = 5  # of which the fastest counts


@cache
def measure_rate() -> int:
    """Blocks of machine code in a second of processor time. Measured once per process, in milliseconds."""
    row = next(iter(PORTS.values()))  # there is next to no difference
    text = Text(row, [])
    loop = text.end
    mem = Memory(row.kernbase, loop + PAGE_SIZE - row.kernbase, row.dm)
    cpu = Cpu(mem, Brake(), text)
    try:
        cpu.plant()
        mem.write(loop, row.loop_code(_ROUNDS))
        cpu.protect(loop, PAGE_SIZE, READ | EXEC)
        return max(_one_run(cpu, loop) for _ in range(_RUNS))
    finally:
        cpu.close()
        mem.close()


def _one_run(cpu: Cpu, loop: int) -> int:
    blocks, began = cpu.cell.blocks, time.thread_time_ns()
    cpu.run(loop)
    took = time.thread_time_ns() - began
    done: int = cpu.cell.blocks - blocks
    return done * 1_000_000_000 // max(took, 1)
