"""Daemons whose kernel processes die in ways of a test's choice, and what a death must leave: nothing.

`Frail` is a daemon with a kernel that a client can order to do damage, `Tripwire` does something between two
frames of a client, `held` is what the supervisor has, `Witnesses` are clients that must hear of the end.
"""

from __future__ import annotations

import os
import random
import re
import select
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest

from lkmtools.client import Process
from lkmtools.client.supervisor import SupervisorConnection
from lkmtools.errors import DaemonError, PanicError
from support.daemons import PATIENCE, Place

# A module that panics as it is loaded, with a reason of 7,999 characters.
BIG = """
#include <sys/param.h>
#include <sys/systm.h>
#include <sys/lkm.h>
MOD_MISC("big");
static char text[8000];
static int big_load(struct lkm_table *t, int cmd)
{ memset(text, 'x', sizeof text - 1); panic("%s", text); return 0; }
int big_lkmentry(struct lkm_table *t, int cmd, int ver);
int big_lkmentry(struct lkm_table *t, int cmd, int ver)
{ DISPATCH(t, cmd, ver, big_load, lkm_nofunc, lkm_nofunc); }
"""
# One that is loaded for ever.
ENDLESS = """
#include <sys/param.h>
#include <sys/systm.h>
#include <sys/lkm.h>
MOD_MISC("endless");
static int endless_load(struct lkm_table *t, int cmd) { for (;;) ; return 0; }
int endless_lkmentry(struct lkm_table *t, int cmd, int ver);
int endless_lkmentry(struct lkm_table *t, int cmd, int ver)
{ DISPATCH(t, cmd, ver, endless_load, lkm_nofunc, lkm_nofunc); }
"""
ORDER = 9999  # the system call that orders damage: which, and at how many system calls from here
SPARED = ("busy",)  # processes whose calls are not counted
AT_BOOT = "damage"  # a file in the daemon's directory: the same for the next boot, in words

# A lkmd whose kernel obeys such orders.
SCRIPT = """
import ctypes, os, re, resource, sys
from lkmtools.daemon import backoff, supervisor, watch
from lkmtools.kernproc import main

def use_up_memory():
    used = int(open("/proc/self/statm").read().split()[0]) * resource.getpagesize()
    resource.setrlimit(resource.RLIMIT_AS, (used + (16 << 20),) * 2)
    kept = []
    while True:
        kept.append(bytearray(1 << 20))

def loop():
    while True:
        pass

def pause():
    while True:
        ctypes.CDLL(None).pause()

def recurse():
    recurse()

def throw(what):
    raise what

KINDS = {
    "loop": loop,
    "loop in C": lambda: re.match("(a|a)+b", "a" * 64),
    "pause": pause,
    "exit": lambda: os._exit(3),
    "quiet exit": lambda: os._exit(0),
    "SystemExit": lambda: throw(SystemExit),
    "KeyboardInterrupt": lambda: throw(KeyboardInterrupt),
    "exception": lambda: throw(RuntimeError("damage")),
    "MemoryError": lambda: throw(MemoryError()),
    "no memory": use_up_memory,
    "recursion": recurse,
    "null": lambda: ctypes.string_at(0),
    "abort": lambda: os.abort(),
    "descriptors": lambda: os.closerange(3, 4096),
}

class Damaged(main.Kernel):
    armed = None

    def boot(self):
        path = os.environ["FRAIL_AT_BOOT"]
        if os.path.exists(path):
            with open(path) as file:
                kind, count = file.read().split(":")
            os.unlink(path)
            self.armed = [kind, int(count)]
            self.count()
        super().boot()

    def submit(self, proc, request, reply):
        if request.number == ORDER:
            self.armed = [list(KINDS)[request.args[0]], request.args[1]]
        if self.armed and proc.comm not in SPARED:
            self.count()
        super().submit(proc, request, reply)

    def count(self):
        self.armed[1] -= 1
        if self.armed[1] < 0:
            KINDS[self.armed[0]]()

main.Kernel = Damaged
"""
LKMD = """
from lkmtools.cli import lkmd, lkmd_serve
lkmd.serve = lambda options: sys.exit(lkmd_serve.main([options]))  # in this process, which is prepared
lkmd.main(sys.argv[1:], prog_name="lkmd")
"""
# The watchdog of kernel processes looks often, and has little patience.
QUICK = "watch.HUNG = 0.5\nsupervisor.BUSY_LOOK = supervisor.CALM_LOOK = 0.1\n"
KINDS = re.findall(r'^    "([\w ]+)": ', SCRIPT, re.MULTILINE)
SIGNALS = ("SIGKILL", "SIGSEGV", "SIGABRT", "SIGBUS")


class Frail(Place):
    """A daemon with a kernel that does damage on order. `more` is Python that the daemon runs beforehand."""

    def __init__(self, *options: str, more: str = QUICK, conf: str = "", popen: Any = None) -> None:
        super().__init__()
        os.mkdir(os.path.join(self.dir, "tmp"))
        self.conf = Path(self.dir, "lkm.conf")
        self.conf.write_text(conf)
        self.env |= {
            "TMPDIR": os.path.join(self.dir, "tmp"),
            "FRAIL_AT_BOOT": os.path.join(self.dir, AT_BOOT),
            "LKM_CONF": str(self.conf) if conf else "",
        }
        script = f"ORDER, SPARED = {ORDER}, {SPARED}\n{SCRIPT}\n{more}\n{LKMD}"
        self.command = [sys.executable, "-P", "-c", script, *options]
        made = subprocess.run(
            self.command, cwd=self.dir, env=self.env, capture_output=True, text=True, check=False
        )
        assert (made.returncode, made.stdout, made.stderr) == (0, "", ""), self.log()
        self.clients: list[Process] = []
        self.control = SupervisorConnection(self.socket)
        self.pid = self.status()["pid"]

    def connect(self, comm: str = "test", autostart: bool = False) -> Process:
        """A process of the kernel, which is ended with the daemon at the latest."""
        p = super().connect(comm, autostart)
        self.clients.append(p)
        return p

    def reconnect(self) -> None:
        """After a reboot, which ends the connection that asked for it."""
        self.control.close()
        self.control = SupervisorConnection(self.socket)
        self.status()  # it has taken the connection

    def status(self) -> dict[str, Any]:
        """What the supervisor says."""
        return self.control.ask("status")

    def kernel(self) -> int:
        """The pid of the kernel process."""
        return int(self.status()["kernel"]["pid"])

    def until(self, true: Callable[[dict[str, Any]], Any]) -> dict[str, Any]:
        """The status, as soon as `true` of it."""
        end = time.monotonic() + PATIENCE
        while not true(status := self.status()):
            assert time.monotonic() < end, status
        return status

    def up(self, boot: int = 0) -> None:
        """Wait until that boot, or a later one, is over."""
        self.until(lambda status: status["boot"] >= boot and status["state"] in ("running", "busy"))

    def order(self, p: Process, kind: str, calls: int = 0) -> None:
        """Order damage, at so many system calls from here."""
        p.syscall(ORDER, KINDS.index(kind), calls)

    def settled(self, before: dict[str, Any]) -> None:
        """Wait until the supervisor has what it had, no more and no less."""
        end = time.monotonic() + PATIENCE
        while (now := held(self)) != before:
            assert time.monotonic() < end, differences(before, now)
            self.status()

    def remove(self) -> None:
        """End the daemon by force, if it is there, and see that nothing of it is left; then the directory."""
        family, stopped = [], False
        with suppress(OSError):
            family = [os.pidfd_open(int(pid)) for pid in (self.pid, *children(self.pid))]
        with suppress(DaemonError):
            self.control.ask("stop", force=True)
            self.control.wait_end()
            stopped = True
        self.control.close()
        for p in self.clients:
            p.exit()
        for fd in family:
            ended(fd)
        rest = left(self)
        super().remove()  # with what a test has started there since
        assert not (stopped and rest), rest


def ended(pidfd: int) -> None:
    """Wait until a process has ended, and close its descriptor."""
    poller = select.poll()
    poller.register(pidfd, select.POLLIN)
    came = poller.poll(PATIENCE * 1000)
    os.close(pidfd)
    assert came, "the process does not end"


def children(pid: int) -> list[str]:
    """The children of a process."""
    return Path(f"/proc/{pid}/task/{pid}/children").read_text().split()


def held(daemon: Frail) -> dict[str, Any]:
    """What the supervisor has: descriptors by kind, shared mappings by size, children, files."""
    fds = []
    for fd in os.listdir(f"/proc/{daemon.pid}/fd"):
        try:
            fds.append(re.sub(r"\d+", "N", os.readlink(f"/proc/{daemon.pid}/fd/{fd}")))
        except FileNotFoundError:
            fds.append("a descriptor that comes and goes")
    maps = []
    for line in Path(f"/proc/{daemon.pid}/maps").read_text().splitlines():
        span, mode, *_ = line.split()
        first, last = (int(word, 16) for word in span.split("-"))
        if mode[3] == "s":
            maps.append(last - first)
    files = sorted(name for name in os.listdir(daemon.dir) if not name.startswith("s.log"))
    return {
        "descriptors": sorted(fds),
        "mappings": sorted(maps),
        "children": len(children(daemon.pid)),
        "files": files,
        "temporary": os.listdir(os.path.join(daemon.dir, "tmp")),
    }


def differences(before: dict[str, Any], now: dict[str, Any]) -> str:
    """What has changed."""
    return "\n".join(f"{name}: {before[name]} -> {now[name]}" for name in before if before[name] != now[name])


class Tripwire:
    """A client's socket that does something when so many frames have been sent; `sent` counts them."""

    def __init__(self, p: Process, after: int, act: Callable[[], object]) -> None:
        transport = p._transport
        self._sock = transport._socket
        self._after, self._act = after, act
        self.sent = 0
        transport._socket = self  # type: ignore[assignment]

    def sendall(self, data: bytes) -> None:
        self._sock.sendall(data)
        self.sent += 1
        if self.sent == self._after:
            self._act()

    def __getattr__(self, name: str) -> Any:
        return getattr(self._sock, name)


def moment(rng: random.Random) -> None:
    """Let between none and a few hundred microseconds pass."""
    until = time.perf_counter_ns() + rng.choice([0, rng.randrange(100), rng.randrange(800)]) * 1000
    while time.perf_counter_ns() < until:
        pass


def end(p: Process) -> PanicError:
    """What ends this client, which makes calls until then."""
    try:
        while True:
            p.getpid()
    except PanicError as error:
        return checked(error)


def checked(error: PanicError) -> PanicError:
    """The error of a client whose kernel has died: it has a reason and a report."""
    assert error.reason
    assert error.report, error.reason
    return error


def end_of(action: Callable[[], object]) -> PanicError:
    """The PanicError that ends something."""
    with pytest.raises(PanicError) as info:
        action()
    return info.value


def last_of(action: Callable[[], object]) -> str:
    """How something ends: a panic, or a daemon that is gone."""
    with pytest.raises((PanicError, DaemonError)) as info:
        action()
    return str(info.value)


def left(place: Place) -> list[str]:
    """Files of a daemon that are there, besides its log."""
    return [name for name in os.listdir(place.dir) if name in ("s", "s.ctl", "s.lock")]


class Witnesses:
    """Clients of a kernel: one idle, one asleep, one that makes calls all the time."""

    def __init__(self, daemon: Frail, pool: ThreadPoolExecutor) -> None:
        self.idle, asleep, busy = (daemon.connect(name) for name in ("idle", "asleep", "busy"))
        self._others: list[Future[PanicError]] = [
            pool.submit(sleeper, asleep),
            pool.submit(end, busy),
        ]

    def testify(self) -> list[PanicError]:
        """All have heard of the end."""
        return [end(self.idle), *(other.result(PATIENCE) for other in self._others)]


def sleeper(p: Process) -> PanicError:
    """A client that sleeps for a day, unless its kernel ends."""
    try:
        p.poll([], 86_400_000)
    except PanicError as error:
        return checked(error)
    raise AssertionError("a day has passed")


def kill(daemon: Frail, name: str) -> Callable[[], None]:
    """Kills the kernel process that is there now."""
    pid = daemon.kernel()
    return lambda: os.kill(pid, getattr(signal, name))
