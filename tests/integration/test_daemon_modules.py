"""Modules that run away or panic, in a real daemon: it answers, its pid stays, nothing stays loaded."""

from __future__ import annotations

import json
import os
import re
import signal
from collections.abc import Callable, Iterator

import pytest

from support.compiling import Compile
from support.daemons import Daemon, wait_dead

SOURCE = """
#include <sys/param.h>
#include <sys/systm.h>
#include <sys/conf.h>
#include <sys/exec.h>
#include <sys/proc.h>
#include <sys/lkm.h>

static volatile int spinning = 1;
static int
bad_call(struct lwp *l, const void *v, register_t *retval)
{
    const long *args = v;

    if (args[0] == 1)
        while (spinning)
            continue;
    if (args[0] == 2)
        panic("asked by %s", "a test");
    uprintf("hello %ld\\n", args[0]);
    *retval = args[0] + 1;
    return 0;
}
static struct sysent bad_sysent = { 1, sizeof(long), 0, bad_call };
MOD_SYSCALL("bad", -1, &bad_sysent);

int
bad_lkmentry(struct lkm_table *lkmtp, int cmd, int ver)
{
    DISPATCH(lkmtp, cmd, ver, lkm_nofunc, lkm_nofunc, lkm_nofunc);
}
"""


@pytest.fixture
def bad(start_daemon: Callable[..., Daemon], cc: Compile, machine: str) -> Daemon:
    """A kernel of each machine with system call 210 loaded; its watchdog will not bite."""
    daemon = start_daemon("--machine", machine, "--watchdog", "600")
    made = daemon.run("modload", str(cc(SOURCE, machine, "bad")))
    assert (made.status, made.err) == (0, "")
    return daemon


def test_call_of_a_module_from_the_shell(bad: Daemon) -> None:
    """Its value on stdout, what it says to the terminal on stderr."""
    assert bad.run("lkmctl", "syscall", "210", "5") == (0, "6\n", "hello 5\n")


def test_panic_ends_the_tool_and_nothing_else(bad: Daemon) -> None:
    """Exit status 70, the report on stderr, the next kernel empty, the daemon's pid as before."""
    status, out, err = bad.run("lkmctl", "syscall", "210", "2")
    assert (status, out) == (70, "")
    assert err.startswith("panic: asked by a test\n")
    assert "bad_call" in err
    last = r"lkmctl: the kernel panicked: bad_call\(\) at <stdin>:\d+( \(inlined\))? \[bad\]"
    assert re.fullmatch(last, err.splitlines()[-1])
    answer = json.loads(bad.run("lkmctl", "status", "--json").out)
    assert (answer["pid"], answer["boot"], answer["kernel"]["lkm"]["modules"]) == (bad.pid, 2, [])
    assert answer["last_panic"]["reason"] == "asked by a test"


@pytest.fixture
def runaway(bad: Daemon) -> Iterator[Daemon]:
    """The module runs away in a tool; the tool is ended at last, and its status checked by the test."""
    with bad.popen("lkmctl", "syscall", "210", "1") as tool:
        state = ""
        while state != "busy":  # until the tool's request is served
            state = json.loads(bad.run("lkmctl", "status", "--json").out)["state"]
        yield bad
        tool.kill()


def test_status_ps_and_dmesg_answer_during_a_runaway(runaway: Daemon) -> None:
    """The process that runs away is listed beside the one that asks."""
    assert runaway.run("lkmctl", "dmesg").status == 0
    processes = json.loads(runaway.run("lkmctl", "ps", "--json").out)["processes"]
    assert [proc["comm"] for proc in processes].count("lkmctl") >= 2


def test_reboot_ends_a_runaway(runaway: Daemon) -> None:
    """The same daemon serves the next kernel."""
    assert runaway.run("lkmctl", "reboot") == (0, "", "")
    with runaway.connect() as p:
        assert (p.boot, p.daemon_pid, p.getpid()) == (2, runaway.pid, p.pid)


def test_stop_ends_a_runaway(runaway: Daemon) -> None:
    """lkmctl stop does not wait for the module."""
    assert runaway.run("lkmctl", "stop") == (0, "", "")


def test_sigterm_ends_a_runaway(runaway: Daemon) -> None:
    """A signal is seen between slices of module code."""
    watch = os.pidfd_open(runaway.pid)
    os.kill(runaway.pid, signal.SIGTERM)
    wait_dead(watch)
    os.close(watch)
    assert not os.path.lexists(runaway.socket)


def test_watchdog_panics_a_runaway(start_daemon: Callable[..., Daemon], cc: Compile) -> None:
    """--watchdog says after how long."""
    daemon = start_daemon("--watchdog", "0.1")
    daemon.run("modload", str(cc(SOURCE, "amd64", "bad")))
    status, _, err = daemon.run("lkmctl", "syscall", "210", "1")
    assert status == 70
    assert "watchdog: " in err
    assert "bad_call+" in err
