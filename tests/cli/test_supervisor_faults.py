"""What goes wrong around a kernel: who is blamed, who hears of it, and that the daemon goes on."""

from __future__ import annotations

import errno
import os
import signal
import subprocess
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from lkmtools import modules
from lkmtools.client.memory import ProcessMemory
from lkmtools.daemon import rc
from lkmtools.daemon.autostart import is_served
from lkmtools.errors import PanicError
from lkmtools.modules.ksyms import kernel_image
from lkmtools.wire.poller import Poller
from support.compiling import Compile
from support.daemons import PATIENCE, Place, installed
from support.deaths import Frail, children, end_of, ended, left

# System call 210 sleeps; 211 is another one of the module; 212 wakes the sleeper, who has the emulator abort.
SLEEPER = """
#include <sys/param.h>
#include <sys/systm.h>
#include <sys/proc.h>
#include <sys/lkm.h>
MOD_MISC("sleeper");
static int woken;
static void lock_bts(void)
{ __asm__ volatile ("jmp 1f; 1: .byte 0xf0, 0x0f, 0xab, 0xda" ::: "edx", "ebx"); }
static int nap(struct lwp *l, const void *v, register_t *r)
{ tsleep(&woken, PWAIT, "nap", 0); lock_bts(); return 0; }
static int look(struct lwp *l, const void *v, register_t *r) { return 0; }
static int wake(struct lwp *l, const void *v, register_t *r) { wakeup(&woken); return 0; }
static int sleeper_load(struct lkm_table *t, int cmd)
{ sysent[210].sy_call = (sy_call_t *)nap; sysent[211].sy_call = (sy_call_t *)look;
  sysent[212].sy_call = (sy_call_t *)wake; return 0; }
int sleeper_lkmentry(struct lkm_table *t, int cmd, int ver);
int sleeper_lkmentry(struct lkm_table *t, int cmd, int ver)
{ DISPATCH(t, cmd, ver, sleeper_load, lkm_nofunc, lkm_nofunc); }
"""


def test_who_sleeps_in_a_module_is_not_to_blame_for_what_kills_an_idle_kernel(
    frail: Callable[..., Frail], cc: Compile, pool: ThreadPoolExecutor
) -> None:
    """Nor when somebody else has been in a module meanwhile; but when it runs again, it is."""
    daemon = frail()
    p, q = daemon.connect("sleeper"), daemon.connect("waker")
    modules.load(q, cc(SLEEPER, name="sleeper"))
    for number in (210, 211, 212):
        met = pool.submit(end_of, partial(p.syscall, 210))
        daemon.until(lambda status: [who["wmesg"] for who in status["kernel"]["waiting"]] == ["nap"])
        if number == 210:
            os.kill(daemon.kernel(), signal.SIGKILL)
        else:
            q.syscall(211)  # into the module, and back
            with suppress(PanicError):
                daemon.order(q, "abort") if number == 211 else q.syscall(212)
        reason = met.result(PATIENCE).reason
        if number == 212:
            assert "; last kernel call wakeup(" in reason
        else:
            assert "last kernel call" not in reason
        daemon.until(lambda status: status["state"] == "running")
        p, q = daemon.connect("sleeper"), daemon.connect("waker")
        modules.load(q, cc(SLEEPER, name="sleeper"))


def test_the_boots_of_another_daemon_are_not_taken_for_ones_own(frail: Callable[..., Frail]) -> None:
    """A client whose daemon was replaced is told that it is gone."""
    daemon = frail()
    for pid, kind in ((daemon.pid, "alive"), (daemon.pid + 1, "forgotten")):
        assert daemon.control.ask("fate", boot=1, daemon=pid)["kind"] == kind


def test_a_kernel_that_dies_while_a_client_maps_is_the_client_s_panic(
    frail: Callable[..., Frail], monkeypatch: pytest.MonkeyPatch
) -> None:
    """As reading the image of /dev/ksyms does: the answer to MAP finds nobody."""
    daemon = frail()
    p = daemon.connect()
    kernel = os.pidfd_open(daemon.kernel())

    def die(*args: Any) -> int:
        signal.pidfd_send_signal(kernel, signal.SIGKILL)
        ended(kernel)
        return 0x1000

    monkeypatch.setattr(ProcessMemory, "map", die)
    assert "signal 9 (SIGKILL)" in end_of(lambda: kernel_image(p)).reason


def test_a_signal_that_ends_the_daemon_is_not_lost_beside_one_that_does_not(
    frail: Callable[..., Frail],
) -> None:
    """SIGTERM and SIGHUP come together while it is stopped."""
    daemon = frail()
    watch = os.pidfd_open(daemon.pid)
    for number in (signal.SIGSTOP, signal.SIGTERM, signal.SIGHUP, signal.SIGCONT):
        os.kill(daemon.pid, number)
    ended(watch)
    assert left(daemon) == []


@pytest.mark.parametrize("ignored", [True, False], ids=["nohup", ""])
def test_sighup_in_the_foreground(place: Place, ignored: bool) -> None:
    """It ends the daemon, unless it was ignored when the daemon was started."""
    before = signal.signal(signal.SIGHUP, signal.SIG_IGN if ignored else signal.SIG_DFL)
    try:
        daemon = subprocess.Popen(
            [installed("lkmd"), "--foreground"],
            env=place.env,
            stderr=subprocess.DEVNULL,
            restore_signals=False,
        )
    finally:
        signal.signal(signal.SIGHUP, before)
    until = time.monotonic() + PATIENCE
    while not is_served(place.socket):
        assert time.monotonic() < until
    place.status()
    daemon.send_signal(signal.SIGHUP)
    if ignored:
        assert place.status()["pid"] == daemon.pid
        place.stop()
    assert daemon.wait(PATIENCE) == 0


DEAF_TO_THE_END = """
from lkmtools.daemon import child
def fail(self):
    raise MemoryError()
child.KernelProcess.hear_out = fail
"""


def test_what_fails_at_a_kernel_s_end_is_logged_and_the_next_one_boots(frail: Callable[..., Frail]) -> None:
    """The last messages of the dead process, for one."""
    daemon = frail(more=DEAF_TO_THE_END)
    for boot in (1, 2):
        os.kill(daemon.kernel(), signal.SIGKILL)
        daemon.up(boot + 1)
    assert daemon.log().count("the host has no memory left in fail") == 2


def test_rc_lkm_that_cannot_be_watched_is_not_left_running(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """There is no descriptor for that: it is ended, and the boot goes on without it."""
    before = set(children(os.getpid()))

    def fail(pid: int) -> int:
        raise OSError(errno.EMFILE, os.strerror(errno.EMFILE))

    monkeypatch.setattr(os, "pidfd_open", fail)
    poller = Poller()
    with pytest.raises(OSError, match="Too many open files"):
        rc.start(rc.Startup(conf=str(tmp_path / "lkm.conf")), [], str(tmp_path / "s"), poller)
    assert set(children(os.getpid())) == before
    poller.close()
