"""The supervisor: status whatever the kernel process does, and how soon the next kernel serves.

Times of status are milliseconds against the 50 that it may take; a reboot is measured against a fork of a
process that has the kernel's imports, and the boot of a kernel in it.
"""

from __future__ import annotations

import contextlib
import os
import signal
import time
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path

from bench.exec import program
from bench.measure import Result, in_turn, once
from bench.samples import EXAMPLES, compiled, private_socket, processes, tool
from lkmtools import client, modules
from lkmtools.client.supervisor import SupervisorConnection
from lkmtools.errors import PanicError
from lkmtools.kern import Config, Console, Kernel

RUNS = 15
MOST = 50.0  # milliseconds
KEPT = 1.15  # how much longer the next load may take while a crash is written: a fork of the supervisor
SPIN = "int main(void) { for (;;) ; }\n"
FAULTY = """
#include <sys/param.h>
#include <sys/conf.h>
#include <sys/exec.h>
#include <sys/lkm.h>
MOD_MISC("faulty");
static int *volatile nowhere;
static int unload(struct lkm_table *lkmtp, int cmd) { *nowhere = 1; return 0; }
int faulty_lkmentry(struct lkm_table *lkmtp, int cmd, int ver)
{
	DISPATCH(lkmtp, cmd, ver, lkm_nofunc, unload, lkm_nofunc);
}
"""


def run(directory: Path) -> Iterator[Result]:
    """A line for each state of the kernel process, and one for a death."""
    spin = program(directory, SPIN, "spin", "amd64")
    with private_socket() as env:
        tool(env, "lkmd")
        path = env["LKM_SOCKET"]
        yield _status("status, the kernel is idle", path, lambda: None)
        yield _status("status, the kernel process is stopped", path, lambda: _signal(path, signal.SIGSTOP))
        _signal(path, signal.SIGCONT)
        yield _status("status, the kernel process has just died", path, lambda: _kill(path))
        with client.connect(path) as p, _running(p, spin.read_bytes()):
            yield _status("status, a program loops in the emulator", path, lambda: None)
        yield _death(path)
        yield _fault(path, directory)
    with private_socket() as keeping, private_socket() as other:
        tool(keeping, "lkmd")
        tool(other, "lkmd", "--crash-dir", "")
        yield _kept(keeping["LKM_SOCKET"], other["LKM_SOCKET"], directory)


def _signal(path: str, number: int) -> None:
    _, kernel = processes(path)
    os.kill(kernel, number)


def _kill(path: str) -> None:
    """Kill a kernel process that has served somebody: one that has not is not booted again for ever."""
    with client.connect(path) as p:
        p.getpid()
    _signal(path, signal.SIGKILL)


@contextlib.contextmanager
def _running(p: client.Process, image: bytes) -> Iterator[None]:
    """A program that runs in the kernel while the block lasts: a child of ours waits for it."""
    with open(os.devnull, "r+b") as null:
        child = os.fork()
        if child == 0:
            with contextlib.suppress(Exception):
                p.execute(image, [b"spin"], files=(null.fileno(),) * 3)
            os._exit(0)
        try:
            yield
        finally:
            os.kill(child, signal.SIGKILL)
            os.waitpid(child, 0)


def _status(name: str, path: str, before: Callable[[], None]) -> Result:
    """The longest of RUNS answers to a tool that is connected, in milliseconds."""
    took = []
    for _ in range(RUNS):
        before()
        with SupervisorConnection(path) as supervisor:
            took.append(once(lambda: supervisor.ask("status")) / 1000)
    return Result(f"{name} / {MOST:g} ms", max(took), MOST, 1, "ms")


def _death(path: str) -> Result:
    """From the death of a kernel process to the first answer of the next, against fork plus boot."""

    def die() -> None:
        with client.connect(path) as p:
            boot = p.boot
        _kill(path)
        while boot == p.boot:
            with client.connect(path) as p:
                p.getpid()

    return _against_boot("death to the next kernel's first answer", partial(once, die), None)


def _against_boot(name: str, ours: Callable[[], float], limit: float | None) -> Result:
    """Milliseconds of what measures itself, against a fork and a boot."""
    times = in_turn({"ours": ours, "boot": partial(once, _fork_and_boot)}, RUNS)
    return Result(f"{name} / fork and boot", times["ours"] / 1000, times["boot"] / 1000, limit, "ms")


def _fork_and_boot() -> None:
    child = os.fork()
    if child == 0:
        Kernel(Config(rate=1), Console()).boot()
        os._exit(0)
    os.waitpid(child, 0)


def _fault(path: str, directory: Path) -> Result:
    """From a fault in a module to the next load that a client gets done, against fork plus boot."""
    return _against_boot("a fault to the next load", _fault_and_load(path, directory), 1.5)


def _kept(path: str, other: str, directory: Path) -> Result:
    """The same where crashes are written to disk meanwhile, against a daemon that keeps none."""
    actions = {"ours": _fault_and_load(path, directory), "other": _fault_and_load(other, directory)}

    def ours() -> float:
        took = actions["ours"]()
        with SupervisorConnection(path) as supervisor:
            while not supervisor.ask("status")["last_panic"]["crash"]:
                time.sleep(0.01)  # what is still written would be in the way of the other
        return took

    times = in_turn({"ours": ours, "other": actions["other"]}, RUNS)
    name = "a fault to the next load, the crash is kept / is not"
    return Result(name, times["ours"] / 1000, times["other"] / 1000, KEPT, "ms")


def _fault_and_load(path: str, directory: Path) -> Callable[[], float]:
    """Microseconds from a fault in a module to the next load that a client gets done."""
    faulty = compiled(directory, FAULTY, "faulty")
    hello = compiled(directory, EXAMPLES / "hello" / "hello.c", "hello")

    def fault_and_load(p: client.Process) -> None:
        with contextlib.suppress(PanicError):
            modules.unload(p, "faulty")
        with client.connect(path) as q:
            modules.load(q, hello)

    def measured() -> float:
        with client.connect(path) as p:
            modules.load(p, faulty)
            return once(partial(fault_and_load, p))

    return measured
