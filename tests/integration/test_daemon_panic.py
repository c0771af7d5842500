"""The daemon around a kernel that panics, by a fault of its own or of ours, and what its clients hear."""

from __future__ import annotations

import os
import re
import signal
from contextlib import ExitStack

import pytest

from lkmtools import client
from lkmtools.abi.fcntl import O_WRONLY
from lkmtools.errors import DaemonError, PanicError
from lkmtools.proto import VERSION, Hello, Panic
from support.daemons import Raw
from support.damaged_kernels import BUG, DIE, PANIC
from support.supervised import Start


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
