"""lkmctl stop and reboot: what the programs may still do, and what is left."""

from __future__ import annotations

import os
import signal
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from pathlib import Path

import pytest

from lkmtools import modules
from lkmtools.errors import DaemonError, PanicError
from support.compiling import Compile
from support.daemons import PATIENCE, Daemon, Run
from support.deaths import ENDLESS, Frail, children, ended, last_of, left

POLITE = """
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>
static volatile int got;
static void on(int s) { got = s; }
int main(int argc, char **argv)
{
    int fd = argc > 1 ? open(argv[1], O_WRONLY | O_CREAT | O_TRUNC, 0644) : 1;
    if (fd < 0) return 9;
    signal(SIGTERM, on);
    write(1, "ready\\n", 6);
    while (!got) pause();
    write(fd, "bye\\n", 4);
    return 5;
}
"""
DEAF = """
#include <signal.h>
#include <unistd.h>
int main(void)
{
    signal(SIGTERM, SIG_IGN);
    write(1, "ready\\n", 6);
    for (;;) pause();
}
"""


class Program:
    """`lkmctl exec` of a program, which has said that it is ready."""

    def __init__(self, daemon: Daemon, cc: Compile, source: str, *options: str, args: tuple[str, ...] = ()):
        program = Path(daemon.dir, "prog")
        program.write_bytes(cc.program(source).read_bytes())
        program.chmod(0o755)
        path = "/prog" if options else "./prog"
        self.tool = daemon.popen("lkmctl", "exec", *options, path, *args)
        assert self.tool.stdout is not None
        assert self.tool.stdout.readline() == b"ready\n", self.tool.communicate()

    def end(self) -> Run:
        """How the tool ended."""
        out, err = self.tool.communicate(timeout=PATIENCE)
        return Run(self.tool.returncode, out.decode(), err.decode())


@pytest.mark.parametrize("verb", ["stop", "reboot"])
def test_a_program_may_write_what_it_has_to_write(daemon: Daemon, cc: Compile, verb: str) -> None:
    """SIGTERM comes first: to its standard output, and to a file of the host."""
    first = Program(daemon, cc, POLITE)
    second = Program(daemon, cc, POLITE, "--root", daemon.dir, "--rw", args=("/out",))
    assert Run(0, "", "") == daemon.run("lkmctl", verb)
    assert first.end()[:2] == (5, "bye\n")
    assert second.end()[:2] == (5, "")
    assert Path(daemon.dir, "out").read_text() == "bye\n"


def test_a_program_that_ignores_sigterm_is_killed(daemon: Daemon, cc: Compile) -> None:
    """And one beside it that does not has all the time it needs."""
    deaf, polite = Program(daemon, cc, DEAF), Program(daemon, cc, POLITE)
    assert Run(0, "", "") == daemon.run("lkmctl", "stop")
    assert polite.end()[:2] == (5, "bye\n")
    ran = deaf.end()
    assert ran.out == ""
    assert ran.status == 128 + 9
    assert left(daemon) == []


@pytest.mark.parametrize("verb", ["stop", "reboot"])
def test_force_asks_nobody(daemon: Daemon, cc: Compile, verb: str) -> None:
    polite = Program(daemon, cc, POLITE, "--root", daemon.dir, "--rw", args=("/out",))
    assert Run(0, "", "") == daemon.run("lkmctl", verb, "--force")
    ran = polite.end()
    assert ran.status not in (0, 5)
    assert Path(daemon.dir, "out").read_text() == ""
    assert ("stopped" if verb == "stop" else "rebooted") in ran.err


# Loading it takes three tenths of a second, in which module code does not come back.
SLOW = """
#include <sys/param.h>
#include <sys/systm.h>
#include <sys/kernel.h>
#include <sys/callout.h>
#include <sys/lkm.h>
MOD_MISC("slow");
static struct callout ch;
static volatile int over;
static void done(void *arg) { over = 1; }
static int slow_load(struct lkm_table *t, int cmd)
{ callout_init(&ch, 0); callout_reset(&ch, 3 * hz / 10, done, NULL); while (!over) ; callout_destroy(&ch);
  return 0; }
int slow_lkmentry(struct lkm_table *t, int cmd, int ver);
int slow_lkmentry(struct lkm_table *t, int cmd, int ver)
{ DISPATCH(t, cmd, ver, slow_load, lkm_nofunc, lkm_nofunc); }
"""


@pytest.mark.parametrize("verb", ["stop", "reboot"])
def test_the_end_waits_for_module_code_that_returns(
    daemon: Daemon, cc: Compile, pool: ThreadPoolExecutor, verb: str
) -> None:
    """So the programs are asked to end, and may write what they have to write."""
    program = Program(daemon, cc, POLITE)
    with daemon.connect("load") as p:
        load = pool.submit(modules.load, p, cc(SLOW, name="slow"))
        while daemon.status()["state"] != "busy":
            assert not load.done()
        assert Run(0, "", "") == daemon.run("lkmctl", verb)
        end = program.end()
        assert (end.status, end.out) == (5, "bye\n")
        with suppress(PanicError, DaemonError):  # the end may come between LMREADY and the close of /dev/lkm
            assert load.result(PATIENCE).id == 0


@pytest.mark.parametrize("force", [False, True], ids=["", "force"])
@pytest.mark.parametrize("verb", ["stop", "reboot"])
def test_the_end_comes_while_a_module_runs_away(
    frail: Callable[..., Frail], cc: Compile, pool: ThreadPoolExecutor, verb: str, force: bool
) -> None:
    """It is no panic."""
    daemon = frail("--watchdog", "3600")
    p, q = daemon.connect("away"), daemon.connect("idle")
    away = pool.submit(last_of, lambda: modules.load(p, cc(ENDLESS, name="endless")))
    daemon.until(lambda status: status["state"] == "busy")
    waits = pool.submit(last_of, q.getpid)
    assert Run(0, "", "") == daemon.run("lkmctl", verb, *(["--force"] if force else []))
    why = {
        "stop": ("the daemon was stopped", "the daemon closed the connection (it was stopped, or it died)"),
        "reboot": ("the kernel was rebooted (lkmctl reboot)",),
    }[verb]
    for met in (away, waits):
        assert met.result(PATIENCE) in why[: 1 + force]
    if verb == "stop":
        assert left(daemon) == []
    else:
        daemon.up(2)
        assert daemon.status()["panics"] == 0


def test_stop_removes_everything(start_daemon: Callable[..., Daemon], machine: str) -> None:
    """Both sockets and the lock; by lkmctl, and by each signal."""
    for number in (None, signal.SIGTERM, signal.SIGINT):
        daemon = start_daemon("--machine", machine)
        assert sorted(left(daemon)) == ["s", "s.ctl", "s.lock"] or sorted(left(daemon)) == ["s", "s.ctl"]
        watches = [os.pidfd_open(pid) for pid in (daemon.pid, *map(int, children(daemon.pid)))]
        if number is None:
            assert Run(0, "", "") == daemon.run("lkmctl", "stop")
        else:
            os.kill(daemon.pid, number)
        for watch in watches:
            ended(watch)
        assert left(daemon) == []
