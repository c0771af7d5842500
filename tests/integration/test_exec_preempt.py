"""Programs preempted thousands of times: each instruction is executed once, whoever shares its memory."""

from __future__ import annotations

import pytest

from lkmtools.machine import UserThread
from lkmtools.machine.emulator import PREEMPTED
from support.compiling import Compile
from support.preemption import SOURCE
from support.programs import Runner

BODY = """
    volatile u_int *shared = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_ANON | MAP_SHARED, -1, 0);
    u_int i, n = 32, wrong = 0;
    int st, child;
    for (child = 0; child < 3; child++)
        if (fork() == 0) {
            for (i = 0; i < 2; i++) {
                wrong |= child ? alone(n) : calling(n);
                __asm__ volatile ("incl %0" : "+m" (shared[0]));
            }
            for (i = 0; i < 1000; i++) __asm__ volatile ("incl %0" : "+m" (shared[1]));
            _exit(wrong & 255 ? wrong & 255 : wrong != 0);
        }
    while (wait(&st) > 0) wrong |= st;
    printf("%u %u %u\\n", wrong, shared[0], shared[1]);
"""
COUNT = "u_int count(u_int n);\nu_int count(u_int n) { getpid(); return n + 1; }\n"


def test_processes_that_count_in_one_memory_lose_and_repeat_nothing(
    cc: Compile, machine: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Three of them, stopped at every second block: in their own memory, in a shared one, in system calls."""
    runner = Runner(cc, machine)
    image = runner.build(f"{SOURCE}\n{COUNT}\nint main(void)\n{{{BODY}return 0;\n}}\n")
    engine, stops = runner.k.engine, []
    run = engine.user_cpu.run

    def shortly(user: UserThread) -> int:
        engine.brake.pull()
        stops.append(run(user))
        return stops[-1]

    monkeypatch.setattr(engine.user_cpu, "run", shortly)
    ran = runner.run(image)
    assert ran.out == "0 6 3000\n"
    assert stops.count(PREEMPTED) > 3000
    runner.close()
