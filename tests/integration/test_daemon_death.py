"""The daemon around a kernel process that ends, hangs or is stopped."""

from __future__ import annotations

import json
import os
import re
import signal

import pytest

from lkmtools.abi.errno import ENXIO
from lkmtools.abi.syscall import SYS_getpid
from lkmtools.daemon.address import control_path
from lkmtools.errors import DaemonError, PanicError
from lkmtools.evidence.record import loads
from lkmtools.proto import VERSION, Answer, Control, Hello, Result, Syscall
from support.daemons import Raw, wait_dead
from support.damaged_kernels import DIE, EXIT, HANG, PANIC
from support.supervised import NOBODY, Start

DEATHS = {
    "SIGSEGV": (signal.SIGSEGV, "the emulator failed: signal 11 (SIGSEGV)"),
    "SIGABRT": (signal.SIGABRT, "the emulator failed: signal 6 (SIGABRT)"),
    "SIGKILL": (signal.SIGKILL, "the kernel process was ended from outside: signal 9 (SIGKILL)"),
    "a real-time signal": (40, "the kernel process was ended from outside: signal 40"),
    "exit": (EXIT + 3, "the kernel process was ended from outside: exit status 3"),
}


def assert_recorded(panic: PanicError) -> None:
    """The record of a death in boot 1 in which no module's code ran."""
    record = loads(panic.record)
    assert record is not None
    assert (record.reason, record.machine, record.boot) == (panic.reason, "amd64", 1)
    assert (record.frames, record.modules, record.notes) == ((), (), ())


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
            assert_recorded(caught.value)
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
    assert_recorded(caught.value)
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
        "version": 1, "kind": "panic", "reason": "asked for", "report": "panic: asked for\n", "record": "",
    }  # fmt: skip
    assert running.ask("fate", boot=2)["kind"] == "alive"
    assert running.ask("fate", boot=7)["kind"] == "forgotten"
    with pytest.raises(DaemonError, match='fate: boot: "one" is not a whole number'):
        running.ask("fate", boot="one")
