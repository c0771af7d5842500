"""The daemon around a kernel that fails: panics, errors of ours, runaway code, a kernel that does not boot.

The kernels here are the real one with system calls that do the damage from inside
(support/damaged_kernels.py), each in a process of a real supervisor.
"""

from __future__ import annotations

import json
import os
import re
import resource
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest

from lkmtools import client
from lkmtools.abi.errno import ENXIO
from lkmtools.abi.fcntl import O_WRONLY
from lkmtools.abi.syscall import SYS_getpid
from lkmtools.daemon.address import control_path
from lkmtools.daemon.background import LISTENING, READY, Readiness, outcome
from lkmtools.daemon.supervisor import BOOT_TRIES
from lkmtools.errors import DaemonError, PanicError
from lkmtools.proto import VERSION, Answer, Control, Exec, Hello, Panic, Result, Signal, Syscall, encode
from support import damaged_kernels
from support.daemons import PATIENCE, Place, Raw, send_with_fds, wait_dead
from support.damaged_kernels import BUG, CALM, DIE, EXIT, HANG, PANIC, SPIN

NOBODY = "while no module and no program ran"


class Running:
    """A supervisor of damaged kernels at the socket of `place`, its log beside it."""

    def __init__(self, place: Place, kernel: str, **options: Any) -> None:
        self.place = place
        self.path = place.socket
        command = [sys.executable, "-P", damaged_kernels.__file__, self.path, kernel, json.dumps(options)]
        with open(f"{self.path}.log", "wb") as log:
            self.process = subprocess.Popen(
                command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=log, env=place.env
            )
        assert self.process.stdout is not None
        self.said = self.process.stdout.readline().decode()

    @property
    def pid(self) -> int:
        """The supervisor's."""
        return self.process.pid

    def connect(self, comm: str = "test") -> client.Process:
        return self.place.connect(comm)

    def ask(self, verb: str, **arguments: Any) -> dict[str, Any]:
        """A control request, answered whatever the kernel does."""
        with self.place.supervisor() as supervisor:
            return supervisor.ask(verb, **arguments)

    def reboot(self) -> dict[str, Any]:
        """Ask for another kernel, and wait for it."""
        with self.place.supervisor() as supervisor:
            answer = supervisor.ask("reboot")
            supervisor.wait_end()
        return answer

    def wait(self) -> int:
        """The supervisor's exit status, once it has ended."""
        with self.process:
            return self.process.wait(PATIENCE)


Start = Callable[..., Running]


@pytest.fixture
def start(place: Place) -> Iterator[Start]:
    """start(kernel class, ...) -> Running; stopped at the end, and no traceback is anywhere."""
    made: list[Running] = []

    def begin(kernel: str = "Damaged", **options: Any) -> Running:
        made.append(Running(place, kernel, **options))
        return made[-1]

    yield begin
    for running in made:
        if running.process.poll() is None:
            text = running.ask("dmesg")["text"]
            place.stop()
            assert running.wait() == 0
            assert "Traceback" not in text
        assert "Traceback" not in place.log()


# -- the boot -------------------------------------------------------------------------------------------


def test_a_boot_that_cannot_run_rc_lkm_goes_on(start: Start, place: Place) -> None:
    """The console and the status say so; securelevel rises, and users are served."""
    startup = {"conf": f"{place.dir}/lkm.conf", "securelevel": 1}
    running = start("Kernel", startup=startup, python=f"{place.dir}/python")
    with running.connect() as p:
        assert p.sysctl("kern.securelevel") == 1
    assert running.ask("dmesg")["text"].splitlines()[-2:] == [
        "init: cannot run rc.lkm: No such file or directory",
        "init: kern.securelevel: 0 -> 1",
    ]
    assert running.ask("status")["boot_failures"] == [
        {"place": "rc.lkm", "module": "", "reason": "cannot be run: No such file or directory"}
    ]


@pytest.mark.parametrize(
    ("said", "expected"),
    [
        (LISTENING + READY, READY),
        (LISTENING + READY + b"at boot: one\nat boot: two", READY + b"at boot: one\nat boot: two"),
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


@pytest.mark.parametrize(
    ("kernel", "why"),
    [
        ("Unbootable", "no root file system"),
        ("Stillborn", f"the kernel process was ended from outside: signal 9 (SIGKILL) {NOBODY}"),
        ("Buggy", "internal error: ZeroDivisionError: our bug in Buggy.boot (damaged_kernels.py, line N)"),
    ],
)
def test_kernel_that_never_boots_halts_after_three_tries(
    start: Start, place: Place, kernel: str, why: str
) -> None:
    """Whoever started the daemon hears the reason, nothing is tried for ever, and no file is left."""
    running = start(kernel)
    assert running.wait() == 69
    said = re.sub(r"line \d+", "line N", running.said)
    assert said == (
        f"the kernel cannot boot: {BOOT_TRIES} boots in a row ended before a system call was answered: "
        f"{why}\n"
    )
    assert place.log().count("]: panic in boot ") == BOOT_TRIES
    assert os.listdir(place.dir) == ["s.log"]


def test_kernel_that_cannot_boot_again_is_halted_and_says_so(start: Start) -> None:
    """Control requests work; a client is answered with the panic at once; reboot tries again."""
    running = start("OnceOnly")
    with running.connect() as p, pytest.raises(PanicError):
        p.syscall(PANIC)
    with pytest.raises(
        PanicError,
        match=r"the kernel is halted: 3 boots in a row .*: the disk is gone; lkmctl reboot boots again",
    ):
        running.connect()
    status = running.ask("status")
    assert (status["state"], status["kernel"], status["boot"]) == ("halted", None, BOOT_TRIES)
    assert status["halted"].endswith("the disk is gone")
    assert "(LKMTOOLS) #1" in running.ask("dmesg")["text"]
    assert running.reboot()["boot"] == BOOT_TRIES + 1
    assert running.ask("status")["boot"] > BOOT_TRIES
    assert running.pid == running.ask("status")["pid"]


# -- panics ---------------------------------------------------------------------------------------------


def test_panic_answers_every_process_and_the_kernel_boots_again(start: Start) -> None:
    """Whoever asked, whoever waits and whoever is idle all get the panic; the daemon goes on."""
    running = start()
    with running.connect() as asking, running.connect() as idle:
        for process in (asking, idle):
            with pytest.raises(PanicError) as caught:
                process.syscall(PANIC)
            assert (caught.value.reason, caught.value.report) == ("asked for", "panic: asked for\n")
    with running.connect() as p:
        assert p.pid == p.getpid()
    status = running.ask("status")
    assert (status["boot"], status["panics"], status["last_panic"]["reason"]) == (2, 1, "asked for")
    assert (status["pid"], status["last_panic"]["boot"]) == (running.pid, 1)


def test_python_error_in_the_kernel_is_a_panic(start: Start) -> None:
    """It names the exception and its place, without a traceback, and the daemon lives."""
    running = start()
    with running.connect() as p, pytest.raises(PanicError) as caught:
        p.syscall(BUG)
    place = r"Damaged\.submit \(damaged_kernels\.py, line \d+\)"
    assert re.fullmatch(f"internal error: ZeroDivisionError: our bug in {place}", caught.value.reason)
    assert caught.value.report == f"panic: {caught.value.reason}\nThis is a bug of lkmtools.\n"
    with running.connect() as p:
        assert p.boot == 2


def test_message_buffer_survives_a_panic(start: Start) -> None:
    """dmesg shows both boots."""
    running = start()
    with running.connect() as p, pytest.raises(PanicError):
        p.syscall(PANIC)
    with running.connect():
        assert running.ask("dmesg")["text"].count("(LKMTOOLS)") == 2


def test_panic_halt_keeps_the_kernel_halted_until_reboot(start: Start) -> None:
    """lkmd --panic halt; lkmctl reboot boots again."""
    running = start(reboot_on_panic=False)
    with running.connect() as p, pytest.raises(PanicError):
        p.syscall(PANIC)
    with pytest.raises(PanicError, match="the kernel is halted: asked for"):
        running.connect()
    status = running.ask("status")
    assert (status["state"], status["halted"]) == ("halted", "asked for")
    assert running.reboot()["boot"] == 2
    with running.connect() as p:
        assert (2, p.pid) == (p.boot, p.getpid())
    assert running.ask("status")["halted"] is None


def test_a_death_halts_with_its_reason_too(start: Start) -> None:
    """Once it is known: --panic halt keeps the kernel for whoever looks."""
    running = start(reboot_on_panic=False)
    with running.connect() as p, pytest.raises(PanicError) as caught:
        p.syscall(DIE, signal.SIGSEGV)
    assert running.ask("status")["halted"] == caught.value.reason


def test_a_client_that_came_while_the_kernel_was_halted_is_nobody_s_after_the_reboot(start: Start) -> None:
    """It said nothing in time: its connection ends without a word, so that it comes again."""
    running = start(reboot_on_panic=False)
    with running.connect() as p, pytest.raises(PanicError):
        p.syscall(PANIC)
    silent, late = Raw(running.path), Raw(running.path)
    with silent.socket, late.socket:
        late.send(Hello(VERSION, os.getpid(), "late"))
        assert isinstance(late.receive(), Panic)
        assert late.receive() is None
        running.reboot()
        silent.send(Hello(VERSION, os.getpid(), "silent"))
        assert silent.receive() is None
    with running.connect() as p:
        assert p.pid == p.getpid()


def test_a_halted_kernel_leaves_no_descriptor(start: Start) -> None:
    """Not of its own, nor of those who were refused: a boot later there are as many as before."""
    running = start(reboot_on_panic=False)

    def descriptors() -> int:
        return len(os.listdir(f"/proc/{running.pid}/fd"))

    before = descriptors()
    for _ in range(2):
        with running.connect() as p, pytest.raises(PanicError):
            p.syscall(PANIC)
        for _ in range(5):
            with pytest.raises(PanicError):
                running.connect()
        running.reboot()
        running.connect().exit()
    while descriptors() != before:  # the last control connection is closed by and by
        running.ask("status")


def test_followers_of_the_message_buffer_get_what_is_printed(start: Start) -> None:
    """dmesg with follow: first the buffer, then every further text, over a reboot too."""
    running = start()
    with running.place.supervisor() as supervisor, running.connect() as p:
        texts = supervisor.stream("dmesg", follow=True)
        assert "(LKMTOOLS) #1" in next(texts)["text"]
        p.write(p.open("/dev/console", O_WRONLY), b"hello\n")
        assert next(texts)["text"] == "hello\n"
        with pytest.raises(PanicError):
            p.syscall(PANIC)
        text = ""
        while "(LKMTOOLS) #2" not in text:
            text += next(texts)["text"]


def test_who_finds_no_room_for_a_process_is_told_and_nobody_else(start: Start) -> None:
    """In a small kernel; as soon as one has gone the next can come."""
    running = start("Kernel", settings={"ram": 2 << 20})
    with ExitStack() as others:
        made: list[client.Process] = []
        with pytest.raises(DaemonError) as refused:  # noqa: PT012 that the last one fails is the point
            while True:
                made.append(others.enter_context(running.connect()))
        assert "no kernel memory for another process; there are " in str(refused.value)
        made.pop().exit()
        made.append(others.enter_context(running.connect()))
        assert made[0].getpid() == made[0].pid
        assert running.ask("status")["boot"] == 1


def test_a_kernel_with_too_little_memory_is_refused(start: Start) -> None:
    """At once: it would not boot the next time either."""
    running = start("Kernel", settings={"ram": 1 << 16})
    assert running.wait() == 69
    assert running.said.startswith("option ram is 65536: it must be a multiple of 4096 from ")
    assert "panicked" not in running.said


# -- deaths of the kernel process -----------------------------------------------------------------------

DEATHS = {
    "SIGSEGV": (signal.SIGSEGV, "the emulator failed: signal 11 (SIGSEGV)"),
    "SIGABRT": (signal.SIGABRT, "the emulator failed: signal 6 (SIGABRT)"),
    "SIGKILL": (signal.SIGKILL, "the kernel process was ended from outside: signal 9 (SIGKILL)"),
    "a real-time signal": (40, "the kernel process was ended from outside: signal 40"),
    "exit": (EXIT + 3, "the kernel process was ended from outside: exit status 3"),
}


@pytest.mark.parametrize(("how", "why"), DEATHS.values(), ids=DEATHS)
def test_death_of_the_kernel_process_is_a_panic(start: Start, how: int, why: str) -> None:
    """Every process hears what it died of; the supervisor is the same, and the next kernel serves."""
    running = start()
    with running.connect() as asking, running.connect() as idle:
        for process in (asking, idle):
            with pytest.raises(PanicError) as caught:
                process.syscall(DIE, how)
            assert caught.value.reason == f"{why} {NOBODY}"
            assert caught.value.report.startswith(f"panic: {caught.value.reason}\nmachine amd64, boot 1, ")
    with running.connect() as p:
        assert (2, p.pid) == (p.boot, p.getpid())
    status = running.ask("status")
    assert (status["pid"], status["panics"], status["boot"]) == (running.pid, 1, 2)
    assert status["last_panic"]["reason"] == caught.value.reason
    while f"panic: {caught.value.reason}\n" not in running.ask("dmesg")["text"]:
        pass  # the next kernel prints it
    assert f"panic in boot 1: {caught.value.reason}\n" in running.place.log()


def test_a_kernel_process_that_computes_for_ever_is_ended(start: Start) -> None:
    """After so much processor time without a sign of life; meanwhile status says so."""
    running = start(hang=0.2)
    with running.connect() as p, pytest.raises(PanicError) as caught:
        p.syscall(HANG)
    why = r"the kernel process did not respond: it computed for \d+ s of processor time without a sign of "
    assert re.match(why, caught.value.reason)
    with running.connect() as p:
        assert p.boot == 2


@pytest.mark.parametrize("verb", ["stop", "reboot"])
def test_a_kernel_process_that_hangs_can_be_ended(start: Start, verb: str) -> None:
    """Nobody waits for its answer longer than for a good one, and its clients hear why."""
    running = start()
    raw = Raw(running.path)
    with raw.socket:
        raw.greet("hang")
        raw.send(Syscall(HANG, (), ()))
        while running.ask("status")["state"] != "not responding":
            pass
        if verb == "stop":
            running.place.stop()
            assert running.wait() == 0
        else:
            assert running.reboot()["boot"] == 2
            assert running.ask("fate", boot=1)["kind"] == "rebooted"
        assert raw.receive() is None


def test_who_asks_a_kernel_to_share_is_told_of_its_end(start: Start) -> None:
    """What it cannot answer any more is an error."""
    running = start()
    raw, ctl = Raw(running.path), Raw(control_path(running.path))
    with raw.socket, ctl.socket:
        raw.greet("hang")
        raw.send(Syscall(HANG, (), ()))
        while running.ask("status")["state"] != "not responding":
            pass
        ctl.send(
            Hello(VERSION, os.getpid(), "share"), Control("share", '{"path": "/"}'), Control("status", "")
        )
        assert isinstance(ctl.receive(), Answer)  # to the second request: the first waits
        running.reboot()
        answer = ctl.receive()
    assert isinstance(answer, Answer)
    assert json.loads(answer.text) == {
        "version": 1, "errno": ENXIO, "reason": "the kernel has ended", "word": "",
    }  # fmt: skip


def test_a_stopped_kernel_process_is_no_dead_one(start: Start) -> None:
    """status says so; continued, it answers what was asked meanwhile."""
    running = start()
    kernel = running.ask("status")["kernel"]["pid"]
    raw = Raw(running.path)
    with raw.socket:
        raw.greet("patient")
        os.kill(kernel, signal.SIGSTOP)
        while running.ask("status")["state"] != "stopped":
            pass
        raw.send(Syscall(SYS_getpid, (), ()))
        os.kill(kernel, signal.SIGCONT)
        assert isinstance(raw.receive(), Result)
    status = running.ask("status")
    assert (status["kernel"]["pid"], status["boot"], status["panics"]) == (kernel, 1, 0)


@pytest.mark.parametrize("verb", ["stop", "reboot"])
def test_a_stopped_kernel_process_can_be_ended(start: Start, verb: str) -> None:
    """It is not asked first."""
    running = start()
    kernel = running.ask("status")["kernel"]["pid"]
    watch = os.pidfd_open(kernel)
    with running.connect():
        os.kill(kernel, signal.SIGSTOP)
        if verb == "stop":
            running.place.stop()
            assert running.wait() == 0
        else:
            running.reboot()
        wait_dead(watch)
        os.close(watch)


def test_the_kernel_process_dies_with_its_supervisor(start: Start) -> None:
    """However that ends."""
    running = start()
    watch = os.pidfd_open(running.ask("status")["kernel"]["pid"])
    os.kill(running.pid, signal.SIGKILL)
    assert running.wait() == -signal.SIGKILL
    wait_dead(watch)
    os.close(watch)


def test_what_became_of_a_boot_is_remembered(start: Start) -> None:
    """By its number: of a kernel that lives, of one that panicked, of one that was never there."""
    running = start()
    with running.connect() as p, pytest.raises(PanicError):
        p.syscall(PANIC)
    running.connect().exit()
    assert running.ask("fate", boot=1) == {
        "version": 1, "kind": "panic", "reason": "asked for", "report": "panic: asked for\n",
    }  # fmt: skip
    assert running.ask("fate", boot=2)["kind"] == "alive"
    assert running.ask("fate", boot=7)["kind"] == "forgotten"
    with pytest.raises(DaemonError, match='fate: boot: "one" is not a whole number'):
        running.ask("fate", boot="one")


# -- code that does not come back -----------------------------------------------------------------------


@pytest.fixture
def runaway(start: Start) -> Iterator[Running]:
    """A daemon whose kernel is inside code that does not come back."""
    running = start()
    raw = Raw(running.path)
    with raw.socket:
        raw.greet("runaway")
        raw.send(Syscall(SPIN, (), ()), Control("ps", "{}"))
        assert isinstance(raw.receive(), Answer)  # so the call is submitted, and the next round runs it
        yield running


def test_status_answers_while_a_module_runs_away(runaway: Running) -> None:
    """Whenever it is asked; a new connection is greeted and answered."""
    with runaway.connect() as p:
        p.control("ps")  # answered between slices
        states = [p.control("status")["state"] for _ in range(100)]
        comms = [proc["comm"] for proc in p.control("ps")["processes"]]
    assert set(states) == {"busy"}
    assert "runaway" in comms


def test_stop_ends_runaway_code(runaway: Running) -> None:
    """lkmctl stop does not wait for the watchdog."""
    runaway.ask("stop")
    assert runaway.wait() == 0
    assert os.listdir(runaway.place.dir) == ["s.log"]


@pytest.mark.parametrize("signum", [signal.SIGTERM, signal.SIGINT])
def test_signal_ends_runaway_code(runaway: Running, signum: int) -> None:
    """Neither does a signal."""
    os.kill(runaway.pid, signum)
    assert runaway.wait() == 0
    assert os.listdir(runaway.place.dir) == ["s.log"]


def test_reboot_ends_runaway_code(runaway: Running) -> None:
    """The processes of the old kernel are told; the new one serves."""
    with runaway.connect() as idle:
        assert runaway.reboot()["boot"] == 2
        with pytest.raises(PanicError, match="rebooted"):
            idle.getpid()
    with runaway.connect() as p:
        assert (2, p.pid) == (p.boot, p.getpid())
    assert runaway.ask("status")["panics"] == 0


def test_calls_and_deaths_during_runaway_code_wait_for_it(runaway: Running) -> None:
    """A call submitted meanwhile is answered by the kernel once it is back; a client may die meanwhile."""
    raw = Raw(runaway.path)
    with raw.socket:
        raw.greet("late")
        raw.send(Syscall(SYS_getpid, (), ()), Control("ps", "{}"))
        assert isinstance(raw.receive(), Answer)
        Raw(runaway.path).socket.close()
        dead = Raw(runaway.path)
        with dead.socket:
            dead.greet("dead")
        calm = Raw(runaway.path)
        with calm.socket:
            calm.greet(CALM)
            assert isinstance(raw.receive(), Result)
    with runaway.connect() as p:
        assert [row["comm"] for row in p.control("ps")["processes"] if row["comm"] == "dead"] == []
        while runaway.ask("status")["state"] != "running":
            p.getpid()


def test_signals_during_runaway_code_are_kept_once(runaway: Running) -> None:
    """However many a client sends, and whatever their numbers: there are no more than NSIG to keep."""

    def resident() -> int:
        with open(f"/proc/{runaway.ask('status')['kernel']['pid']}/statm", "rb") as file:
            return int(file.read().split()[1]) * resource.getpagesize()

    raw = Raw(runaway.path)
    with raw.socket:
        raw.greet("signals")
        before = resident()
        for number in (15, 0, 1 << 31):
            raw.socket.sendall(encode(Signal(number), 0) * 100_000)
        raw.send(Control("ps", "{}"))
        assert isinstance(raw.receive(), Answer)
        assert resident() - before < 8 << 20


def test_what_an_exec_brought_is_closed_when_the_kernel_goes_before_it(runaway: Running) -> None:
    """Nobody else has the other ends of the caller's pipes for ever."""
    reading, writing = os.pipe()
    late = Raw(runaway.path)
    with late.socket:
        late.greet("late")
        frame = encode(Exec(-1, "prog", (b"prog",), (), b""), 1)
        send_with_fds(late.socket, frame, [os.dup(writing), os.dup(writing), writing])
        late.send(Control("ps", "{}"))
        assert isinstance(late.receive(), Answer)
        runaway.reboot()
    os.set_blocking(reading, False)
    assert os.read(reading, 1) == b""
    os.close(reading)


def test_the_log_is_the_daemon_s_own(start: Start) -> None:
    """What it says stands there with the time and the supervisor's pid."""
    running = start()
    running.reboot()
    lines = Path(f"{running.path}.log").read_text().splitlines()
    said = rf"lkmd\[{running.pid}\]: reboot asked for by host pid {os.getpid()}"
    assert re.fullmatch(rf"\d{{4}}-\d\d-\d\d \d\d:\d\d:\d\d {said}", lines[-1])
