"""The supervisor: it answers whatever the kernel process does, and it alone decides how that process ends."""

from __future__ import annotations

import os
import signal
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest

from lkmtools import modules
from lkmtools.client import Process
from lkmtools.errors import DaemonError, PanicError
from lkmtools.proto import Control, encode
from support.compiling import Compile
from support.daemons import PATIENCE, Daemon, Run
from support.deaths import BIG, ENDLESS, Frail, children, end, end_of, ended, left

SLOW = "supervisor.BUSY_LOOK = supervisor.CALM_LOOK = 0.1\n"  # looks often, but has patience


class Stuck:
    """A kernel process that is stopped, loops, or has just died."""

    def __init__(self, daemon: Frail, how: str, cc: Compile, pool: ThreadPoolExecutor) -> None:
        self.daemon, self.how, self.cc, self.pool = daemon, how, cc, pool
        self.states = {
            "stopped": {"stopped"},
            "loop": {"not responding"},
            "loop in C": {"not responding"},
            "emulator": {"busy"},
            "dead": {"booting", "running", "not responding"},
        }[how]

    def __call__(self) -> Any:
        """Bring it into that state; what the client that did it will meet."""
        daemon, how = self.daemon, self.how
        daemon.up()
        pid = daemon.kernel()
        p = daemon.connect("stuck")
        if how == "stopped":
            os.kill(pid, signal.SIGSTOP)
            met = self.pool.submit(end_of, lambda: forever(p))
        elif how == "dead":
            os.kill(pid, signal.SIGKILL)
            return self.pool.submit(end, p)
        elif how == "emulator":
            met = self.pool.submit(end_of, lambda: modules.load(p, self.cc(ENDLESS, name="endless")))
        else:
            met = self.pool.submit(end_of, lambda: daemon.order(p, how))
        daemon.until(lambda status: status["state"] in self.states)
        return met


def forever(p: Process) -> None:
    """Calls without end."""
    while True:
        p.getpid()


@pytest.fixture(params=["stopped", "loop", "loop in C", "emulator", "dead"])
def stuck(
    request: pytest.FixtureRequest, frail: Callable[..., Frail], cc: Compile, pool: ThreadPoolExecutor
) -> Stuck:
    """Each state in turn; no watchdog ends it."""
    daemon = frail("--hang", "3600", "--watchdog", "3600", more=SLOW)
    return Stuck(daemon, request.param, cc, pool)


def test_the_supervisor_answers_whatever_the_kernel_process_does(stuck: Stuck) -> None:
    """status, dmesg, reboot, and stop; who was in the kernel hears why it ended."""
    daemon = stuck.daemon
    met = stuck()
    status = daemon.status()
    assert status["state"] in stuck.states
    assert status["pid"] == daemon.pid
    assert "mainbus0" in daemon.control.ask("dmesg")["text"]
    boot = status["boot"]
    assert Run(0, "", "") == daemon.run("lkmctl", "reboot")
    daemon.up(boot + 1)
    assert met.result(PATIENCE).reason
    with daemon.connect() as p:
        assert p.getpid() == p.pid
    stuck()
    assert Run(0, "", "") == daemon.run("lkmctl", "stop")
    assert left(daemon) == []


def test_ps_says_what_a_kernel_that_does_not_answer_is_doing(daemon: Daemon) -> None:
    with daemon.connect() as p:
        pid = p.control("status")["kernel"]["pid"]
    os.kill(pid, signal.SIGSTOP)
    ran = daemon.run("lkmctl", "ps")
    assert (ran.status, ran.out) == (69, "")
    assert f"the kernel process (pid {pid}) has not answered for 5 seconds: it is stopped" in ran.err
    os.kill(pid, signal.SIGCONT)
    assert daemon.run("lkmctl", "ps").status == 0


@pytest.mark.parametrize("kind", ["loop", "loop in C"])
def test_a_kernel_process_that_computes_without_a_sign_of_life_is_ended(
    frail: Callable[..., Frail], kind: str
) -> None:
    """After --hang seconds of its own processor time; the panic says so."""
    daemon = frail("--hang", "0.5", more="")
    with daemon.connect() as p:
        panic = end_of(lambda: daemon.order(p, kind))
    assert panic.reason.startswith("the kernel process did not respond: it computed for ")
    assert "without a sign of life" in panic.report
    daemon.up(2)


def test_one_that_hangs_in_the_host_is_ended(frail: Callable[..., Frail]) -> None:
    """After a minute; here of half a second."""
    daemon = frail()
    with daemon.connect() as p:
        panic = end_of(lambda: daemon.order(p, "pause"))
    assert panic.reason.startswith("the kernel process did not respond: it has hung in the host for ")
    daemon.up(2)


def test_a_module_that_computes_is_no_hang(frail: Callable[..., Frail], cc: Compile) -> None:
    """Its own watchdog ends it, though it takes longer than --hang."""
    daemon = frail("--hang", "0.3", "--watchdog", "1")
    with daemon.connect() as p:
        panic = end_of(lambda: modules.load(p, cc(ENDLESS, name="endless")))
    assert "did not respond" not in panic.reason
    assert "endless" in panic.reason
    daemon.up(2)


def limits(pid: int) -> tuple[str, str]:
    """RLIMIT_CORE: soft, hard."""
    for line in Path(f"/proc/{pid}/limits").read_text().splitlines():
        if line.startswith("Max core file size"):
            soft, hard = line.split()[4:6]
            return soft, hard
    raise AssertionError(pid)


def test_it_leaves_no_core_file_unless_asked_to(start_daemon: Callable[..., Daemon]) -> None:
    """One byte at most: not even through a pipe. With --cores what the supervisor may leave."""
    for options, cores in (((), False), (("--cores",), True)):
        daemon = start_daemon(*options)
        with daemon.connect() as p:
            pid = p.control("status")["kernel"]["pid"]
        soft, hard = limits(daemon.pid)
        assert limits(pid) == ((soft, hard) if cores else ("0" if hard == "0" else "1", hard))


def test_it_has_a_session_of_its_own_and_ignores_what_a_terminal_sends(daemon: Daemon) -> None:
    with daemon.connect() as p:
        pid = p.control("status")["kernel"]["pid"]
        assert os.getsid(pid) == pid
        for name in ("INT", "QUIT", "TERM", "HUP", "PIPE", "TSTP", "TTIN", "TTOU"):
            os.kill(pid, getattr(signal, f"SIG{name}"))
            assert p.getpid() == p.pid
        status = p.control("status")
        assert (status["state"], status["panics"], status["kernel"]["pid"]) == ("running", 0, pid)


@pytest.mark.parametrize("state", ["calm", "stopped", "in a module", "in Python"])
def test_it_dies_with_the_supervisor(
    frail: Callable[..., Frail], cc: Compile, pool: ThreadPoolExecutor, state: str
) -> None:
    """Whatever it does; its clients hear that the daemon is gone."""
    daemon = frail("--hang", "3600", "--watchdog", "3600", more=SLOW)
    pid = daemon.kernel()
    p = daemon.connect()
    if state == "stopped":
        os.kill(pid, signal.SIGSTOP)
    acts: dict[str, Callable[[], object]] = {
        "in a module": lambda: modules.load(p, cc(ENDLESS, name="endless")),
        "in Python": lambda: daemon.order(p, "loop"),
    }
    wanted = {"stopped": "stopped", "in a module": "busy", "in Python": "not responding"}
    met = pool.submit(acts.get(state, lambda: p.poll([], 86_400_000)))
    daemon.until(lambda status: status["state"] == wanted.get(state, "running"))
    family = [os.pidfd_open(int(child)) for child in children(daemon.pid)]
    assert len(family) == 1
    watch = os.pidfd_open(daemon.pid)
    os.kill(daemon.pid, signal.SIGKILL)
    for fd in (watch, *family):
        ended(fd)
    with pytest.raises(DaemonError):
        met.result(PATIENCE)
    daemon.control.close()
    assert daemon.run("lkmd").status == 0  # what it has left is no obstacle


# -- what a client hears ---------------------------------------------------------------------------------


def crowd_out(p: Process) -> None:
    """Ask more than is ever read, so that nothing more can be sent to this client."""
    question = encode(Control("ps", "{}"), 77)
    sock = p._transport._socket
    sock.setblocking(False)
    with suppress(BlockingIOError):
        while True:
            sock.send(question * 100)
    sock.setblocking(True)


def test_a_client_whose_last_frame_was_cut_short_asks_for_the_rest(
    frail: Callable[..., Frail], cc: Compile
) -> None:
    """It has read nothing for a while: the panic does not wait for it, and it hears of it all the same."""
    daemon = frail()
    p, q = daemon.connect("slow"), daemon.connect("quick")
    crowd_out(q)
    panic = end_of(lambda: modules.load(p, cc(BIG, name="big")))
    assert "x" * 500 in panic.reason
    daemon.up(2)
    with pytest.raises(PanicError) as info:
        q.getpid()
    assert (info.value.reason, info.value.report) == (panic.reason, panic.report)


def test_twenty_clients_hear_the_same(frail: Callable[..., Frail], pool: ThreadPoolExecutor) -> None:
    """And all of them can go on at once."""
    daemon = frail()
    for boot in range(1, 6):
        clients = [daemon.connect(f"client{i}") for i in range(20)]
        pid = daemon.kernel()
        ends = [pool.submit(end, p) for p in clients]
        os.kill(pid, signal.SIGKILL)
        again = [pool.submit(daemon.connect) for _ in range(10)]
        errors = [end.result(PATIENCE) for end in ends]
        assert len({(error.reason, error.report) for error in errors}) == 1
        for client in again:
            with client.result(PATIENCE) as p:
                assert p.getpid() == p.pid
                assert p.boot == boot + 1


def test_a_client_that_comes_during_a_boot_waits_for_its_end(
    frail: Callable[..., Frail], pool: ThreadPoolExecutor
) -> None:
    """Here a boot that is stopped before it begins."""
    daemon = frail(more=QUICK_STOP)
    Path(daemon.dir, "stop-at-boot").touch()
    os.kill(daemon.kernel(), signal.SIGKILL)
    status = daemon.until(lambda status: status["boot"] == 2 and status["state"] == "stopped")
    waiting = [pool.submit(daemon.connect) for _ in range(5)]
    with pytest.raises(TimeoutError):
        waiting[0].result(0.1)
    os.kill(status["kernel"]["pid"], signal.SIGCONT)
    for client in waiting:
        with client.result(PATIENCE) as p:
            assert (p.getpid(), p.boot) == (p.pid, 2)
    assert daemon.status()["panics"] == 1


QUICK_STOP = """
import signal
def boot(self, before=main.Kernel.boot):
    if os.path.exists(path := os.environ["FRAIL_AT_BOOT"].replace("damage", "stop-at-boot")):
        os.unlink(path)
        os.kill(os.getpid(), signal.SIGSTOP)
    before(self)
main.Kernel.boot = boot
"""
ALWAYS = """
def boot(self, before=main.Kernel.boot):
    if os.path.exists(os.environ["FRAIL_AT_BOOT"] + "-always"):
        KINDS[open(os.environ["FRAIL_AT_BOOT"] + "-always").read()]()
    before(self)
main.Kernel.boot = boot
"""


@pytest.mark.parametrize("kind", ["abort", "exit", "exception", "quiet exit"])
def test_three_fruitless_boots_are_enough(frail: Callable[..., Frail], kind: str) -> None:
    """Then the kernel is halted; clients hear why at once, and a reboot tries again."""
    daemon = frail(more=ALWAYS)
    always = Path(daemon.dir, "damage-always")
    always.write_text(kind)
    with daemon.connect() as p:
        p.getpid()
    os.kill(daemon.kernel(), signal.SIGKILL)
    status = daemon.until(lambda status: status["state"] == "halted")
    assert status["boot"] == 4
    assert "3 boots in a row ended before a system call was answered: " in status["halted"]
    with pytest.raises(PanicError, match="the kernel is halted: "):
        daemon.connect()
    assert daemon.run("lkmctl", "status").status == 0
    assert daemon.control.ask("dmesg")["text"]
    again = daemon.run("lkmctl", "reboot")
    assert (again.status, again.out) == (70, "")
    assert again.err.startswith("lkmctl: the kernel is halted: 3 boots in a row ended before ")
    always.unlink()
    daemon.reconnect()
    assert Run(0, "", "") == daemon.run("lkmctl", "reboot")
    with daemon.connect() as p:
        assert p.getpid() == p.pid
    assert daemon.status()["boot"] == 8


@pytest.mark.parametrize("kind", ["no memory", "MemoryError"])
def test_boots_without_memory_are_tried_again_and_again(frail: Callable[..., Frail], kind: str) -> None:
    """They are no panics; clients hear why there is no kernel, and it boots once there is memory."""
    daemon = frail(more=f"{ALWAYS}\nsupervisor.NO_ROOM = 0.05")
    always = Path(daemon.dir, "damage-always")
    always.write_text(kind)
    os.kill(daemon.kernel(), signal.SIGKILL)
    status = daemon.until(lambda status: status["boot"] > 5 and status["state"] == "held back")
    assert "the host cannot provide what a kernel process needs: " in status["held"]
    assert (status["panics"], status["last_panic"]["boot"]) == (1, 1)
    always.unlink()
    daemon.up()
    with daemon.connect() as p:
        assert p.getpid() == p.pid
    assert daemon.log().count("the host cannot provide what a kernel process needs: ") == 1


ANSWERS_AND_DIES = """
from lkmtools.kernproc import connection
before = connection.Connection.send
def send(self, frame, serial):
    before(self, frame, serial)
    if isinstance(frame, connection.proto.Result):
        os._exit(3)
connection.Connection.send = send
"""


def test_a_kernel_that_dies_as_soon_as_it_has_answered_has_served(frail: Callable[..., Frail]) -> None:
    """It is not one of the three that were good for nothing."""
    daemon = frail(more=ANSWERS_AND_DIES)
    for boot in (1, 2, 3, 4):
        with daemon.connect() as p:
            assert p.getpid() == p.pid
        daemon.up(boot + 1)


def test_a_kernel_that_dies_again_and_again_is_held_back(frail: Callable[..., Frail]) -> None:
    """Clients hear why, and a reboot does not wait."""
    daemon = frail(more="backoff.BURST, backoff.RATE = 3, 0.001")
    for boot in (1, 2, 3):
        daemon.up(boot)
        with daemon.connect() as p:
            p.getpid()
        os.kill(daemon.kernel(), signal.SIGKILL)
    status = daemon.until(lambda status: status["state"] == "held back")
    assert "; the next boot is in " in status["held"]
    assert status["kernel"] is None
    why = "the kernel is held back: it has ended too often; the limit is 3, and 0.001 more a second; the next"
    with pytest.raises(PanicError, match=why):
        daemon.connect()
    assert daemon.run("lkmctl", "ps").status != 0
    assert daemon.run("lkmctl", "status").status == 0
    assert Run(0, "", "") == daemon.run("lkmctl", "reboot")
    daemon.up(4)
    with daemon.connect() as p:
        assert p.getpid() == p.pid


def test_the_time_it_is_held_back_ends(frail: Callable[..., Frail]) -> None:
    daemon = frail(more="backoff.BURST, backoff.RATE = 1, 0.3")
    os.kill(daemon.kernel(), signal.SIGKILL)
    daemon.until(lambda status: status["state"] == "held back")
    daemon.up(2)
    with daemon.connect() as p:
        assert p.getpid() == p.pid


def test_one_that_is_held_back_can_be_stopped(frail: Callable[..., Frail]) -> None:
    daemon = frail(more="backoff.BURST, backoff.RATE = 1, 0.001")
    os.kill(daemon.kernel(), signal.SIGKILL)
    daemon.until(lambda status: status["state"] == "held back")
    assert Run(0, "", "") == daemon.run("lkmctl", "stop")
    assert left(daemon) == []
