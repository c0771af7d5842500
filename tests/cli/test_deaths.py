"""The kernel process dies at moments of load, unload, use and boot that a seed chooses, in many ways.

Each time the supervisor is the same process, every client hears of it, the next load works, and nothing is
left: no descriptor, mapping, process or file.
"""

from __future__ import annotations

import os
import random
import signal
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

from lkmtools import modules
from lkmtools.abi.errno import ENOSYS
from lkmtools.client import Process
from lkmtools.errors import KernelError, PanicError
from support.compiling import Compile
from support.daemons import PATIENCE
from support.deaths import (
    AT_BOOT,
    KINDS,
    SIGNALS,
    Frail,
    Tripwire,
    Witnesses,
    checked,
    end,
    held,
    kill,
    moment,
)  # fmt: skip

EXAMPLES = Path(__file__).parents[2] / "examples"
ROUNDS = 25 if os.environ.get("LKM_TEST_LONG") else 3  # of each of four moments, on each of two machines
LOCK_BTS = '__asm__ volatile ("jmp 1f; 1: .byte 0xf0, 0x0f, 0xab, 0xda" ::: "edx", "ebx");'
MODULE = f"""
#include <sys/param.h>
#include <sys/systm.h>
#include <sys/lkm.h>
MOD_MISC("bts");
static int bts_load(struct lkm_table *t, int cmd) {{ {LOCK_BTS} return 0; }}
int bts_lkmentry(struct lkm_table *t, int cmd, int ver);
int bts_lkmentry(struct lkm_table *t, int cmd, int ver)
{{ DISPATCH(t, cmd, ver, bts_load, lkm_nofunc, lkm_nofunc); }}
"""
PROGRAM = f"int main(void) {{ {LOCK_BTS} return 0; }}"
EMULATOR = ("module", "program")  # what makes the emulator abort
WAYS = (*SIGNALS, *KINDS, *EMULATOR)
ACTIONS = ("load", "unload", "use", "boot")


class Rounds:
    """A daemon, what is done with it, and one death a round."""

    def __init__(self, daemon: Frail, cc: Compile, pool: ThreadPoolExecutor, machine: str) -> None:
        self.daemon = daemon
        self.cc, self.pool, self.machine = cc, pool, machine
        self.hello = cc(EXAMPLES / "hello" / "hello.c", machine, "hello")
        self.board = cc(EXAMPLES / "board" / "board.c", machine, "board")
        self.before: dict[str, Any] = {}
        self.frames = 0  # of the action, when nobody dies

    def load(self, p: Process) -> None:
        modules.load(p, self.hello)

    def unload(self, p: Process) -> None:
        modules.unload(p, "hello")

    def use(self, p: Process) -> None:
        """A device: it is written and read, and a page of its memory is the client's, too."""
        fd = p.open("/dev/board", 2)
        address = p.mmap(fd, 4096)
        p.write(fd, b"posted")
        assert bytes(p.memory(address, 6)) == b"posted"
        p.munmap(address, 4096)
        p.close(fd)

    def prepare(self, action: str) -> None:
        """What has to be there for the action."""
        with self.daemon.connect("prepare") as p:
            if action == "unload":
                self.load(p)
            elif action == "use":
                modules.load(p, self.board)
                majors = modules.stat(p, "board").majors
                assert majors is not None
                p.mknod("/dev/board", 0o20666, majors[1] << 8)

    def begin(self, action: str) -> None:
        """Count the frames of the action, and take note of what the supervisor has."""
        self.prepare(action)
        with self.daemon.connect(action) as p:
            wire = Tripwire(p, 0, lambda: None)
            getattr(self, action)(p)
        self.frames = wire.sent
        self.daemon.control.ask("reboot", force=True)
        self.daemon.control.wait_end()
        self.daemon.reconnect()
        self.before = held(self.daemon)

    def die(self, action: str, way: str, rng: random.Random) -> None:
        """One round."""
        daemon = self.daemon
        boot = daemon.status()["boot"]
        self.prepare(action)
        witnesses = Witnesses(daemon, self.pool)
        p = daemon.connect(action)
        if way in SIGNALS:
            act = kill(daemon, way)
            Tripwire(p, rng.randrange(1, self.frames + 1), lambda: (moment(rng), act()))
        elif way in KINDS:
            self.order(way, rng.randrange(self.frames))
        try:
            if way in EMULATOR:
                self.abort(p, way)
            getattr(self, action)(p)
            end(p)
        except PanicError as error:
            checked(error)
        witnesses.testify()
        self.aftermath(boot)

    def order(self, way: str, calls: int) -> None:
        """Damage in so many calls, perhaps at once; the connection that orders it is a witness as well."""
        p = self.daemon.connect("order")
        try:
            self.daemon.order(p, way, calls)
        except PanicError as error:
            checked(error)
        except KernelError as error:
            if error.errno != ENOSYS:  # the answer, when the damage comes later
                raise
        finally:
            p.exit()

    def abort(self, p: Process, way: str) -> None:
        if way == "module":
            modules.load(p, self.cc(MODULE, self.machine, "bts"))
        else:
            p.execute(self.cc.program(PROGRAM, self.machine).read_bytes(), [b"prog"])

    def aftermath(self, boot: int) -> None:
        """The next kernel works, and nothing is left of the one before."""
        daemon = self.daemon
        daemon.up(boot + 1)
        with daemon.connect("next") as p:
            assert p.daemon_pid == daemon.pid
            self.load(p)
            self.unload(p)
        assert daemon.status()["pid"] == daemon.pid
        daemon.settled(self.before)


@pytest.fixture
def rounds(cc: Compile, machine: str) -> Iterator[Callable[..., Rounds]]:
    """rounds(**how a Frail is made) -> Rounds."""
    with ThreadPoolExecutor(8) as pool:
        made = []

        def make(conf: str = "", **how: Any) -> Rounds:
            if conf:
                how["conf"] = f"{cc(EXAMPLES / conf / f'{conf}.c', machine, conf)} - - - - -\n"
            made.append(Frail("--machine", machine, "--hang", "0.5", **how))
            return Rounds(made[-1], cc, pool, machine)

        try:
            yield make
        finally:
            for daemon in made:
                daemon.remove()


def seeds(action: str, machine: str) -> Iterator[tuple[str, random.Random]]:
    """The ways of dying of this action's rounds, and the chance of each round."""
    first = (ACTIONS.index(action) * 2 + ["amd64", "i386"].index(machine)) * ROUNDS
    for number in range(first, first + ROUNDS):
        yield WAYS[number % len(WAYS)], random.Random(number)


@pytest.mark.parametrize("action", ACTIONS[:3])
def test_a_death_leaves_nothing_and_is_told_to_everybody(
    rounds: Callable[..., Rounds], action: str, machine: str
) -> None:
    all_of_them = rounds()
    all_of_them.begin(action)
    for way, rng in seeds(action, machine):
        all_of_them.die(action, way, rng)


def late(daemon: Frail) -> str:
    """A client that comes during a boot: what ended it, or nothing when it was served."""
    p = daemon.connect("late")
    try:
        p.getpid()
    except PanicError as error:
        return checked(error).reason
    finally:
        p.exit()
    return ""


def die_at_boot(daemon: Frail, way: str, rng: random.Random, pool: ThreadPoolExecutor) -> None:
    """The kernel dies, and the next one dies while it boots."""
    boot = daemon.status()["boot"]
    witnesses = Witnesses(daemon, pool)
    if way in KINDS:
        Path(daemon.dir, AT_BOOT).write_text(f"{way}:{rng.randrange(12)}")
    os.kill(daemon.kernel(), signal.SIGKILL)
    witnesses.testify()
    latecomers = [pool.submit(late, daemon) for _ in range(3)]
    if way in SIGNALS:
        status = daemon.until(lambda status: status["boot"] > boot and status["kernel"])
        for _ in range(rng.randrange(300)):
            status = daemon.status()
        moment(rng)
        if status["kernel"]:
            os.kill(status["kernel"]["pid"], getattr(signal, way))
    for latecomer in latecomers:
        latecomer.result(PATIENCE)
    daemon.up(boot + 2)


def test_a_death_at_boot_is_a_death_like_any_other(rounds: Callable[..., Rounds], machine: str) -> None:
    """It is told to whoever had come already; the next boot is in order, and so is the next load."""
    made = rounds(conf="board")
    daemon = made.daemon
    made.before = held(daemon)
    for chosen, rng in seeds("boot", machine):
        way = chosen if chosen not in EMULATOR else "null"
        boot = daemon.status()["boot"]
        die_at_boot(daemon, way, rng, made.pool)
        made.aftermath(boot + 1)
        daemon.control.ask("reboot", force=True)  # so that no module is suspected for ever
        daemon.control.wait_end()
        daemon.reconnect()
        names = [module["name"] for module in daemon.status()["kernel"]["lkm"]["modules"]]
        assert names == ["board"]
        made.before = held(daemon)


STOPPED = 3.0  # seconds


@pytest.mark.parametrize("action", ACTIONS[:3])
def test_a_kernel_process_that_is_stopped_for_a_while_goes_on(
    rounds: Callable[..., Rounds], action: str, machine: str
) -> None:
    """Status says so meanwhile, every request is answered afterwards, and nothing has panicked."""
    made = rounds()
    daemon = made.daemon
    made.begin(action)
    made.prepare(action)
    boot, pid = daemon.status()["boot"], daemon.kernel()
    p, q = daemon.connect(action), daemon.connect("other")
    Tripwire(p, random.Random(action).randrange(1, made.frames + 1), lambda: os.kill(pid, signal.SIGSTOP))
    acting = made.pool.submit(getattr(made, action), p)
    daemon.until(lambda status: status["state"] == "stopped")
    asking = made.pool.submit(q.getpid)
    going_on = threading.Timer(STOPPED, os.kill, (pid, signal.SIGCONT))
    going_on.start()
    while going_on.is_alive():
        assert daemon.status()["state"] in ("stopped", "running", "busy")
    assert asking.result(PATIENCE) == q.pid
    acting.result(PATIENCE)
    assert (p.getpid(), q.getpid()) == (p.pid, q.pid)
    status = daemon.until(lambda status: status["state"] == "running")
    assert (status["boot"], status["panics"], status["kernel"]["pid"]) == (boot, 0, pid)


def test_a_supervisor_that_is_stopped_for_a_while_goes_on(
    rounds: Callable[..., Rounds], machine: str
) -> None:
    """Clients are served meanwhile, and control requests afterwards."""
    made = rounds()
    daemon = made.daemon
    pid = daemon.kernel()
    os.kill(daemon.pid, signal.SIGSTOP)
    asking = made.pool.submit(daemon.status)
    going_on = threading.Timer(STOPPED, os.kill, (daemon.pid, signal.SIGCONT))
    going_on.start()
    while going_on.is_alive():
        with daemon.connect("meanwhile") as p:
            made.load(p)
            made.unload(p)
    status = asking.result(PATIENCE)
    assert (status["state"], status["boot"], status["panics"]) == ("running", 1, 0)
    assert daemon.kernel() == pid


def test_a_death_while_the_supervisor_is_stopped_is_told_afterwards(
    rounds: Callable[..., Rounds], machine: str
) -> None:
    made = rounds()
    daemon = made.daemon
    witnesses = Witnesses(daemon, made.pool)
    pid = daemon.kernel()
    os.kill(daemon.pid, signal.SIGSTOP)
    os.kill(pid, signal.SIGKILL)
    threading.Timer(STOPPED, os.kill, (daemon.pid, signal.SIGCONT)).start()
    assert {error.reason.partition(":")[0] for error in witnesses.testify()} == {
        "the kernel process was ended from outside"
    }
    daemon.up(2)
