"""A tool that waits for the kernel says for what: who has it, for what it sleeps, which code runs."""

from __future__ import annotations

import os
import re
import signal
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager

import pytest

from lkmtools import client, modules
from lkmtools.abi.fcntl import O_RDONLY
from lkmtools.errors import LkmtoolsError, PanicError
from support.compiling import Compile
from support.daemons import PATIENCE, Daemon, Place

# System call 210 sleeps until 211; 212 computes, 213 calls the kernel, both until they are ended.
CODE = """
#include <sys/param.h>
#include <sys/systm.h>
#include <sys/proc.h>
#include <sys/exec.h>
#include <sys/conf.h>
#include <sys/lkm.h>
MOD_MISC("busy");
static int woken;
static volatile int forever = 1;
static int nap(struct lwp *l, const void *v, register_t *r) { return tsleep(&woken, PWAIT|PCATCH, "nap", 0); }
static int wake(struct lwp *l, const void *v, register_t *r) { wakeup(&woken); return 0; }
static int spin(struct lwp *l, const void *v, register_t *r) { while (forever) ; return 0; }
static int pause_(struct lwp *l, const void *v, register_t *r) { while (forever) delay(10000); return 0; }
static int busy_load(struct lkm_table *t, int cmd)
{ sysent[210].sy_call = (sy_call_t *)nap; sysent[211].sy_call = (sy_call_t *)wake;
  sysent[212].sy_call = (sy_call_t *)spin; sysent[213].sy_call = (sy_call_t *)pause_; return 0; }
int busy_lkmentry(struct lkm_table *lkmtp, int cmd, int ver);
int busy_lkmentry(struct lkm_table *lkmtp, int cmd, int ver)
{ DISPATCH(lkmtp, cmd, ver, busy_load, lkm_nofunc, lkm_nofunc); }
"""
NAP, WAKE, SPIN, PAUSE = 210, 211, 212, 213
# One whose load sleeps until it is interrupted.
SLOW = """
#include <sys/param.h>
#include <sys/systm.h>
#include <sys/proc.h>
#include <sys/exec.h>
#include <sys/conf.h>
#include <sys/lkm.h>
MOD_MISC("slow");
static int slow_load(struct lkm_table *t, int cmd) { return tsleep(&slow_load, PWAIT|PCATCH, "slowld", 0); }
int slow_lkmentry(struct lkm_table *lkmtp, int cmd, int ver);
int slow_lkmentry(struct lkm_table *lkmtp, int cmd, int ver)
{ DISPATCH(lkmtp, cmd, ver, slow_load, lkm_nofunc, lkm_nofunc); }
"""


@pytest.fixture
def busy(pool: ThreadPoolExecutor, start_daemon: Callable[..., Daemon], cc: Compile) -> Iterator[Daemon]:
    """A daemon without a watchdog, with the module; its kernel is ended by force, threads after it."""
    daemon = start_daemon("--watchdog", "3600")
    with daemon.connect() as p:
        modules.load(p, cc(CODE, name="busy"))
    yield daemon
    with daemon.supervisor() as supervisor:
        supervisor.ask("reboot", force=True)
        supervisor.wait_end()


@contextmanager
def said_by(place: Place, *argv: str) -> Iterator[str]:
    """The first line that a tool prints on standard error; it is ended afterwards."""
    with place.popen(*argv) as tool:
        assert tool.stderr is not None
        try:
            yield tool.stderr.readline().decode()
        finally:
            tool.kill()


def ended(p: client.Process, number: int) -> str:
    """What ends a process that makes this system call."""
    try:
        p.syscall(number)
    except LkmtoolsError as error:
        return str(error)
    return ""


def until_busy(daemon: Daemon) -> None:
    """Wait until module code runs away."""
    while daemon.status()["state"] != "busy":
        pass


def test_a_request_that_sleeps_in_a_module(busy: Daemon) -> None:
    """The message, the kernel's function and what has called it; the tool ends when it is woken."""
    with busy.popen("lkmctl", "syscall", str(NAP)) as tool:
        assert tool.stderr is not None
        said = tool.stderr.readline().decode()
        with busy.connect() as p:
            p.syscall(WAKE)
        assert tool.wait(PATIENCE) == 0
    assert re.fullmatch(
        r'lkmctl: waiting for the kernel: the request sleeps for "nap" in tsleep\(\), '
        r"called from nap\+0x[0-9a-f]+ \[busy\]\n", said,
    )  # fmt: skip


def test_a_request_that_sleeps_in_the_kernel(busy: Daemon) -> None:
    """No module is called then: nobody opens the FIFO for writing."""
    assert busy.run("lkmctl", "syscall", "mkfifo", "/tmp/fifo", "0644").status == 0
    with said_by(busy, "lkmctl", "cat", "/tmp/fifo") as said:
        assert re.fullmatch(r'lkmctl: waiting for the kernel: the request sleeps for "\w+"\n', said)


@pytest.mark.parametrize(
    ("call", "where"), [(SPIN, r"spin\+0x"), (PAUSE, r"delay\(\), called from pause_\+0x")]
)
def test_module_code_that_runs_for_somebody_else(
    busy: Daemon, pool: ThreadPoolExecutor, call: int, where: str
) -> None:
    """Kernel mode is not preempted: everybody waits for it."""
    p = busy.connect("hog")
    pool.submit(ended, p, call)
    until_busy(busy)
    form = rf"the kernel runs ({where}|spin\+0x|pause_\+0x)[0-9a-f]+ \[busy\] for hog \(pid {os.getpid()}\)"
    with said_by(busy, "lkmctl", "sysctl", "hw.machine") as said:
        assert re.fullmatch(f"lkmctl: waiting for the kernel: {form}\n", said)
    with said_by(busy, "modstat") as said:
        assert re.fullmatch(f"modstat: waiting for the kernel: {form}\n", said)


def test_module_code_that_runs_for_the_tool_itself(busy: Daemon) -> None:
    with said_by(busy, "lkmctl", "syscall", str(SPIN)) as said:
        form = r"lkmctl: waiting for the kernel: the request runs spin\+0x[0-9a-f]+ \[busy\]\n"
        assert re.fullmatch(form, said)


def test_who_has_the_device_and_sleeps(daemon: Daemon, cc: Compile) -> None:
    """In the load of its module."""
    with daemon.popen("modload", str(cc(SLOW, name="slow"))) as holder:
        while not any(row["wmesg"] == "slowld" for row in daemon.status()["kernel"]["waiting"]):
            pass
        with said_by(daemon, "modstat") as said:
            holder.kill()
    assert re.fullmatch(
        rf"modstat: waiting for the kernel: /dev/lkm is open in modload \(pid {holder.pid}\), which "
        r'sleeps for "slowld" in tsleep\(\), called from slow_\w+\+0x[0-9a-f]+ \[slow\]\n', said,
    )  # fmt: skip


def test_who_has_the_device_and_runs(busy: Daemon, pool: ThreadPoolExecutor) -> None:
    with busy.connect("waiter") as waiter, busy.connect("holder") as holder:
        holder.open("/dev/lkm", O_RDONLY)
        why = pool.submit(why_of, waiter, lambda: waiter.open("/dev/lkm", O_RDONLY))
        while not any(row["wmesg"] == "lkmopn" for row in busy.status()["kernel"]["waiting"]):
            pass
        pool.submit(ended, holder, SPIN)
        found = why.result(PATIENCE)
        assert found[0].startswith(f"/dev/lkm is open in holder (pid {os.getpid()})")
        until_busy(busy)
        assert re.fullmatch(
            rf"/dev/lkm is open in holder \(pid {os.getpid()}\), which runs spin\+0x[0-9a-f]+ \[busy\]",
            waiter.waits_for(),
        )
        with busy.supervisor() as supervisor:
            supervisor.ask("reboot", force=True)
            supervisor.wait_end()


def why_of(p: client.Process, request: Callable[[], object]) -> list[str]:
    """What is said once while a request waits."""
    found: list[str] = []

    def wait() -> None:
        found.append(p.waits_for())
        raise PanicError("enough")

    p.on_wait = wait
    with pytest.raises(PanicError, match="enough"):
        request()
    return found


def test_a_kernel_process_that_is_stopped(daemon: Daemon) -> None:
    """Also for a tool that it has not greeted yet."""
    pid = daemon.kernel_pid
    with daemon.connect() as p:
        os.kill(pid, signal.SIGSTOP)
        why = f"its process (pid {pid} of the host) is stopped by a signal"
        assert why_of(p, p.getpid) == [why]
        with said_by(daemon, "modstat") as said:
            assert said == f"modstat: waiting for the kernel: {why}\n"
        os.kill(pid, signal.SIGCONT)


def test_nothing_is_said_of_another_boot_and_of_who_does_not_wait(daemon: Daemon) -> None:
    with daemon.connect() as p, daemon.supervisor() as supervisor:
        assert p.waits_for() == ""
        assert supervisor.ask("waits", pid=p.pid, boot=7)["text"] == ""
        assert supervisor.ask("waits") == {"version": 1, "text": ""}


def test_without_a_daemon_nothing_is_said(daemon: Daemon) -> None:
    """And nothing is an error."""
    with daemon.connect() as p:
        daemon.stop()
        assert p.waits_for() == ""
