"""The daemon around a kernel that fails: panics, errors of ours, runaway code, a kernel that does not boot.

The kernels here are the real one with a system call that does the damage from inside.
"""

from __future__ import annotations

import gc
import os
import signal
import socket
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from typing import Any

import pytest
from daemonfix import Place, Raw, send_with_fds

from lkmtools import client
from lkmtools.abi.syscall import SYS_getpid
from lkmtools.client.connection import shake_hands
from lkmtools.daemon.background import LISTENING, READY, Readiness, outcome
from lkmtools.daemon.init import Startup
from lkmtools.daemon.listener import Listener
from lkmtools.daemon.server import BOOT_TRIES, Make, Server
from lkmtools.errors import DaemonError, PanicError
from lkmtools.kern import Config, Console, Kernel, Panic, Reply, Request
from lkmtools.kern.kern_proc import Proc
from lkmtools.proto import Answer, Control, Exec, Result, Syscall, encode

PANIC, BUG, SPIN = 1000, 1001, 1002  # no system calls of any kernel


class Damaged(Kernel):
    """The kernel, but these three numbers panic, raise, and never come back."""

    spinning = False

    def submit(self, proc: Proc, request: Request, reply: Callable[[Reply], None]) -> None:
        if request.number == PANIC:
            raise Panic("asked for", "panic: asked for\n")
        if request.number == BUG:
            raise ZeroDivisionError("our bug")
        self.spinning = self.spinning or request.number == SPIN
        super().submit(proc, request, reply)

    def step(self) -> None:
        while self.spinning:
            self.on_preempt()
        super().step()


class Unbootable(Kernel):
    """A kernel that panics in boot."""

    def boot(self) -> None:
        self.console.write("out of magic\n")
        raise Panic("no root file system", "")


class OnceOnly(Damaged):
    """A kernel that boots the first time and never again."""

    def boot(self) -> None:
        if self.bootno > 1:
            raise Panic("the disk is gone", "")
        super().boot()


class Running:
    """A Server in a thread."""

    def __init__(self, path: str, make: Make, ram: int = 128 << 20, **options: Any) -> None:
        self.path = path
        self.listener = Listener(path)
        self.server = Server(self.listener, Config(ram=ram), Console(), make=make, **options)
        self.server.boot()
        self.listener.listen()
        self.reading, self.wake = os.pipe()
        self.server.on_signal(self.reading)
        self.thread = threading.Thread(target=self.server.run)
        self.thread.start()

    def connect(self) -> client.Process:
        return client.connect(self.path, autostart=False)

    def signal(self, signum: int) -> None:
        """What set_wakeup_fd does when a signal comes."""
        os.write(self.wake, bytes([signum]))


@pytest.fixture
def start(place: Place) -> Iterator[Callable[..., Running]]:
    """start(kernel class, ...) -> Running; stopped at the end."""
    made: list[Running] = []

    def begin(make: Make, **options: Any) -> Running:
        made.append(Running(place.socket, make, **options))
        return made[-1]

    yield begin
    for running in made:
        if running.thread.is_alive():
            with running.connect() as p:
                p.control("stop")
            running.thread.join()
        if running.server.last is not None:  # kept open until the daemon's process would end
            running.server.last.socket.close()
        os.close(running.reading)
        os.close(running.wake)


def test_a_boot_that_cannot_run_rc_lkm_goes_on(
    start: Callable[..., Running], place: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The console says so; securelevel rises, and users are served."""
    monkeypatch.setattr(sys, "executable", f"{place.dir}/python")
    running = start(Kernel, startup=Startup(conf=f"{place.dir}/lkm.conf", securelevel=1))
    with running.connect() as p:
        assert p.sysctl("kern.securelevel") == 1
        assert p.control("dmesg")["text"].splitlines()[-2:] == [
            "init: cannot run rc.lkm: No such file or directory",
            "init: kern.securelevel: 0 -> 1",
        ]


@pytest.mark.parametrize(
    ("said", "expected"),
    [
        (LISTENING + READY, READY),
        (LISTENING + b"the kernel died", b"the kernel died"),
        (LISTENING, b""),
        (b"no room", b"no room"),
        (b"", b""),
    ],
)
def test_whoever_starts_the_daemon_hears_how_it_went(said: bytes, expected: bytes) -> None:
    """Nothing more than that it listens, or nothing at all, says a daemon that has died."""
    reading, writing = os.pipe()
    os.write(writing, said)
    os.close(writing)
    assert outcome(reading, 60) == expected


def test_nobody_waits_for_a_boot_for_ever() -> None:
    """Once the socket listens; then the daemon speaks to nobody."""
    reading, writing = os.pipe()
    daemon = Readiness(writing)
    daemon.listening()
    assert outcome(reading, 0) is None
    daemon.ready()


def test_panic_answers_every_process_and_the_kernel_boots_again(start: Callable[..., Running]) -> None:
    """Whoever asked, whoever waits and whoever is idle all get the panic; the daemon goes on."""
    running = start(Damaged)
    asking, idle = running.connect(), running.connect()
    with asking, idle:
        for process in (asking, idle):
            with pytest.raises(PanicError) as caught:
                process.syscall(PANIC)
            assert (caught.value.reason, caught.value.report) == ("asked for", "panic: asked for\n")
    with running.connect() as p:
        status = p.control("status")
        assert p.pid == p.getpid()
    assert (status["boot"], status["panics"], status["last_panic"]["reason"]) == (2, 1, "asked for")
    assert os.getpid() == status["pid"]


def test_python_error_in_the_kernel_is_a_panic(start: Callable[..., Running]) -> None:
    """The report has the traceback, and the daemon lives."""
    running = start(Damaged)
    with (
        running.connect() as p,
        pytest.raises(PanicError, match="internal error: ZeroDivisionError") as caught,
    ):
        p.syscall(BUG)
    assert "raise ZeroDivisionError" in caught.value.report
    with running.connect() as p:
        assert p.boot == 2


def test_message_buffer_survives_a_panic(start: Callable[..., Running]) -> None:
    """dmesg shows both boots."""
    running = start(Damaged)
    with running.connect() as p, pytest.raises(PanicError):
        p.syscall(PANIC)
    with running.connect() as p:
        assert p.control("dmesg")["text"].count("(LKMTOOLS)") == 2


@pytest.fixture
def runaway(start: Callable[..., Running]) -> Iterator[Running]:
    """A daemon whose kernel is inside code that does not come back."""
    running = start(Damaged)
    raw = Raw(running.path)
    with raw.socket:
        raw.greet("runaway")
        raw.send(Syscall(SPIN, (), ()), Control("status", "{}"))
        assert isinstance(raw.receive(), Answer)  # so the call is submitted, and the next round runs it
        yield running


def test_status_answers_while_a_module_runs_away(runaway: Running) -> None:
    """A new connection is greeted and answered."""
    with runaway.connect() as p:
        states = [p.control("status")["state"] for _ in range(3)]
        comms = [proc["comm"] for proc in p.control("ps")["processes"]]
    assert states == ["busy"] * 3
    assert "runaway" in comms


def test_stop_ends_runaway_code(runaway: Running) -> None:
    """lkmctl stop does not wait for the watchdog."""
    with runaway.connect() as p:
        p.control("stop")
        runaway.thread.join()
    assert not os.path.lexists(runaway.path)


@pytest.mark.parametrize("signum", [signal.SIGTERM, signal.SIGINT])
def test_signal_ends_runaway_code(runaway: Running, signum: int) -> None:
    """Neither does a signal."""
    runaway.signal(signum)
    runaway.thread.join()
    assert not os.path.lexists(runaway.path)


def test_reboot_ends_runaway_code(runaway: Running) -> None:
    """The processes of the old kernel are told; the new one serves."""
    with runaway.connect() as p, runaway.connect() as idle:
        assert p.control("reboot")["boot"] == 2
        p.wait_end()
        with pytest.raises(PanicError, match="rebooted"):
            idle.getpid()
    with runaway.connect() as p:
        assert (2, p.pid) == (p.boot, p.getpid())


def test_calls_and_deaths_during_runaway_code_wait_for_it(runaway: Running) -> None:
    """A call submitted meanwhile is answered by the kernel once it is back; a client may die meanwhile."""
    raw = Raw(runaway.path)
    with raw.socket:
        raw.greet("late")
        raw.send(Syscall(SYS_getpid, (), ()), Control("status", "{}"))
        assert isinstance(raw.receive(), Answer)
        Raw(runaway.path).socket.close()
        assert isinstance(runaway.server.kernel, Damaged)
        runaway.server.kernel.spinning = False
        assert isinstance(raw.receive(), Result)


def test_what_an_exec_brought_is_closed_when_the_kernel_goes_before_it(runaway: Running) -> None:
    """Nobody else has the other ends of the caller's pipes for ever."""
    reading, writing = os.pipe()
    late = Raw(runaway.path)
    with late.socket, runaway.connect() as p:
        late.greet("late")
        frame = encode(Exec(-1, "prog", (b"prog",), (), b""), 1)
        send_with_fds(late.socket, frame, [os.dup(writing), os.dup(writing), writing])
        late.send(Control("status", "{}"))
        assert isinstance(late.receive(), Answer)
        p.control("reboot")
        p.wait_end()
    os.set_blocking(reading, False)
    assert os.read(reading, 1) == b""
    os.close(reading)


def test_kernel_that_never_boots_halts_after_three_tries(place: Place) -> None:
    """The reason is kept, and nothing is tried for ever."""
    listener = Listener(place.socket)
    server = Server(listener, Config(), Console(), make=Unbootable)
    server.boot()
    listener.close(locked=True)
    assert (server.bootno, server.panics, server.kernel) == (BOOT_TRIES, BOOT_TRIES, None)
    assert server.halted == ("it panicked 3 times in a row before it served anybody: no root file system")


def test_kernel_that_cannot_boot_again_is_halted_and_says_so(start: Callable[..., Running]) -> None:
    """Control requests work; a system call is answered with the panic; reboot tries again."""
    running = start(OnceOnly)
    with running.connect() as p, pytest.raises(PanicError):
        p.syscall(PANIC)
    with running.connect() as p:
        status = p.control("status")
        assert (status["state"], status["kernel"]) == ("halted", None)
        assert "the disk is gone" in status["halted"]
        assert "(LKMTOOLS) #1" in p.control("dmesg")["text"]
        with pytest.raises(PanicError, match=r"the kernel is halted: .* the disk is gone"):
            p.getpid()


def test_panic_halt_keeps_the_kernel_halted_until_reboot(start: Callable[..., Running]) -> None:
    """lkmd --panic halt; lkmctl reboot boots again."""
    running = start(Damaged, reboot_on_panic=False)
    with running.connect() as p, pytest.raises(PanicError):
        p.syscall(PANIC)
    with running.connect() as p:
        assert (p.control("status")["state"], p.control("status")["halted"]) == ("halted", "asked for")
        assert p.control("reboot")["boot"] == 2
        p.wait_end()
    with running.connect() as p:
        assert (2, p.pid) == (p.boot, p.getpid())


def test_a_client_of_a_halted_kernel_outlives_its_reboot(start: Callable[..., Running]) -> None:
    """Its socket may have the number of a descriptor that the dead kernel had: it stays the client's."""
    gc.collect()  # nothing an earlier test forgot is closed later, below the numbers taken here
    lower = [os.open(os.devnull, os.O_RDONLY) for _ in range(8)]
    running = start(Damaged, reboot_on_panic=False)
    kernel = running.server.kernel
    assert kernel is not None
    number = kernel.host.fileno()
    with running.connect() as p:
        with pytest.raises(PanicError):
            p.syscall(PANIC)
        p.wait_end()
    for fd in lower:
        os.close(fd)
    with ExitStack() as stack:
        asking = stack.enter_context(running.connect())
        sock = stack.enter_context(socket.socket(socket.AF_UNIX))
        while (fd := os.open(os.devnull, os.O_RDONLY)) < number:
            stack.callback(os.close, fd)
        os.close(fd)
        assert fd == number
        sock.connect(running.path)
        idle = stack.enter_context(shake_hands(sock, running.path, "idle"))
        assert number in running.server.connections
        assert asking.control("reboot")["boot"] == 2
        asking.wait_end()
        assert idle.control("status")["boot"] == 2


def test_followers_of_the_message_buffer_get_what_is_printed(start: Callable[..., Running]) -> None:
    """dmesg with follow: first the buffer, then every further text, over a reboot too."""
    running = start(Damaged)
    with running.connect() as follower:
        texts = follower.stream("dmesg", follow=True)
        assert "(LKMTOOLS) #1" in next(texts)["text"]
        running.server.console.write("hello\n")
        with running.connect() as p:
            p.getpid()
        assert next(texts)["text"] == "hello\n"


def test_who_finds_no_room_for_a_process_is_told_and_nobody_else(start: Callable[..., Running]) -> None:
    """In a small kernel; as soon as one has gone the next can come."""
    running = start(Kernel, ram=2 << 20)
    with ExitStack() as others:
        made: list[client.Process] = []
        with pytest.raises(DaemonError) as refused:  # noqa: PT012 that the last one fails is the point
            while True:
                made.append(others.enter_context(running.connect()))
        assert "no kernel memory for another process; there are " in str(refused.value)
        made.pop().exit()
        made.append(others.enter_context(running.connect()))
        assert made[0].getpid() == made[0].pid
        assert made[-1].control("status")["boot"] == 1
