"""A crowd of programs: who waits for whom, counted in rounds of the scheduler and never in time."""

from __future__ import annotations

import os
from collections.abc import Iterator
from typing import Any

import pytest

from lkmtools.abi.signal import SIGKILL
from lkmtools.abi.syscall import SYS_getpid
from lkmtools.kern import Cred, Request, open_host_files
from lkmtools.kern.exec.kern_fork import Spawn
from lkmtools.kern.proc.kern_descrip import File
from lkmtools.kern.proc.kern_sig import signal_proc
from support.compiling import Compile
from support.lab import _Hook
from support.programs import Runner

CROWD = 256
ONE_BLOCK, FOREVER = 100, 10**15  # rates at which a slice is one block, and is never used up


class Crowd(Runner):
    """A kernel, programs that are started and not waited for, and who has run: (pid, ...) a round."""

    def __init__(self, cc: Compile, machine: str) -> None:
        super().__init__(cc, machine)
        self.ran: list[int] = []
        queue = self.k.sched.runq
        run = queue.run

        def note(lwp: Any, program: Any) -> None:
            self.ran.append(lwp.proc.pid)
            run(lwp, program)

        queue.run = note  # type: ignore[method-assign]

    def start(self, body: str) -> int:
        """Start a program whose main() is `body`: its pid."""
        k = self.k
        image = self.build(f"int main(void) {{ {body} }}\n")
        with open(os.devnull, "r+b") as null:
            files: list[File] = [*open_host_files([os.dup(null.fileno()) for _ in range(3)])]
        parent = k.attach(Cred(0, 0), "crowd", os.getpid())
        pid: int = k.spawn(parent, Cred(0, 0), Spawn("prog", image, [b"prog"], [], files), print).pid
        return pid

    def close(self) -> None:
        """End all programs, and the kernel."""
        for pid in self.programs():
            signal_proc(self.k, self.k.procs[pid], SIGKILL)
        while self.programs():
            self.k.step()
        super().close()

    def rate(self, rate: int) -> None:
        """Blocks a second from here on; nobody has anything left of a slice."""
        self.k.engine.rate = rate
        for pid in self.programs():
            self.k.procs[pid].lwp.slice = 0

    def programs(self) -> list[int]:
        """The pids of those that run."""
        return [p.pid for p in self.k.procs.values() if p.program is not None and not p.zombie]

    def round(self) -> tuple[int, ...]:
        """Who runs in a round; every run of a program ends at once."""
        self.ran.clear()
        self.k.engine.brake.pull()
        self.k.step()
        return tuple(self.ran)

    def crowd(self, body: str, many: int) -> list[int]:
        """Programs made by fork, that all do `body`."""
        self.start(f"int i; for (i = 1; i < {many}; i++) if (fork() == 0) break; {body}")
        while len(self.programs()) < many:
            self.k.step()
        return self.programs()


@pytest.fixture
def crowd(cc: Compile, machine: str) -> Iterator[Crowd]:
    made = Crowd(cc, machine)
    yield made
    made.close()


def test_a_client_waits_for_none_of_256_programs(crowd: Crowd) -> None:
    """Each of its calls is answered in the next round, before the one program that runs in it."""
    crowd.crowd("for (;;) ;", CROWD)
    k = crowd.k
    client = k.attach(Cred(0, 0), "modstat", os.getpid())
    before: list[int] = []
    for calls in range(1, 6):
        k.submit(client, Request(SYS_getpid, (), ()), lambda reply: before.append(len(crowd.ran)))
        assert len(crowd.round()) == 1
        assert before == [0] * calls


def test_programs_take_turns_when_their_slices_are_used_up(crowd: Crowd) -> None:
    """One slice a round, in order."""
    pids = crowd.crowd("for (;;) ;", 5)
    crowd.rate(ONE_BLOCK)
    turns = [crowd.round() for _ in range(10)]
    assert turns[:5] == turns[5:]
    assert sorted(pid for (pid,) in turns[:5]) == sorted(pids)


def test_a_tick_does_not_end_a_slice(crowd: Crowd) -> None:
    """The host's clock may tick as often as it likes: the same program goes on."""
    crowd.crowd("for (;;) ;", 5)
    crowd.rate(FOREVER)
    assert len({crowd.round() for _ in range(50)}) == 1


def test_a_tick_inside_a_system_call_ends_the_run_behind_it(crowd: Crowd) -> None:
    """The kernel is not preempted; its program is, before it goes on in user mode."""
    k = crowd.k
    pid = crowd.start(f"for (;;) syscall({_Hook.NUMBER});")
    runs: list[int] = []

    def tick() -> None:
        runs.append(len(crowd.ran))
        k.sched.preempt()

    with _Hook(k, tick):
        while len(runs) < 5:
            k.step()
        crowd.ran.clear()
        runs.clear()
        k.step()
        assert (runs, crowd.ran) == ([1], [pid, pid])  # to the tick, and to the end of the call


def test_pipes_and_loops_both_get_on(crowd: Crowd) -> None:
    """Two programs hand a byte to one another; the third computes, and has its turn again and again."""
    k = crowd.k
    loop = crowd.start("for (;;) ;")
    crowd.start(
        "int a[2], b[2]; char c = 0; pipe(a); pipe(b);"
        " if (fork()) for (;;) { write(a[1], &c, 1); read(b[0], &c, 1); }"
        " for (;;) { read(a[0], &c, 1); write(b[1], &c, 1); }"
    )
    rounds = []
    for _ in range(60):
        crowd.ran.clear()
        k.step()
        rounds.append(tuple(crowd.ran))
    calls = k.calls
    for _ in range(60):
        crowd.ran.clear()
        k.step()
        rounds.append(tuple(crowd.ran))
    assert sum(loop in ran for ran in rounds) > 20
    assert k.calls - calls > 1000
