"""Tools that sleep in a module, in a real daemon: others go on; the sleeper is woken, or killed."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from lkmtools import modules
from lkmtools.abi.conf import makedev
from lkmtools.abi.stat import S_IFCHR
from support.compiling import Compile
from support.daemons import Daemon

PIPE = Path(__file__).parent / "pipe.c"
DEVICE = "/dev/pipe"


@pytest.fixture
def pipe(start_daemon: Callable[..., Daemon], cc: Compile, machine: str) -> Daemon:
    """A daemon with the driver of pipe.c and its device."""
    daemon = start_daemon("--machine", machine)
    assert daemon.run("modload", str(cc(PIPE, machine, "pipe"))).status == 0
    with daemon.connect() as p:
        major = modules.stat(p, "pipe").offset & 0xFFFF
        p.mknod(DEVICE, S_IFCHR | 0o666, makedev(major, 0))
    return daemon


def sleepers(daemon: Daemon) -> int:
    """How many processes sleep in pipe_read()."""
    processes = json.loads(daemon.run("lkmctl", "ps", "--json").out)["processes"]
    return [proc["wmesg"] for proc in processes].count("piperd")


def wait_for_sleepers(daemon: Daemon, count: int) -> None:
    """Ask until there are `count`; the test's own time limit ends it when there never are."""
    while sleepers(daemon) != count:
        continue


def test_a_sleeping_reader_holds_nobody_up_and_is_woken(pipe: Daemon) -> None:
    """Another tool's write wakes it, with what was written."""
    with pipe.popen("lkmctl", "cat", "-n", "5", DEVICE) as reader:
        wait_for_sleepers(pipe, 1)
        assert pipe.run("lkmctl", "tee", DEVICE, stdin=b"hello").status == 0
        assert reader.communicate()[0] == b"hello"
        assert reader.returncode == 0


def test_a_killed_reader_leaves_nothing_behind(pipe: Daemon) -> None:
    """SIGKILL while it sleeps: its process exits and the module can be unloaded."""
    with pipe.popen("lkmctl", "cat", "-n", "5", DEVICE) as reader:
        wait_for_sleepers(pipe, 1)
        assert pipe.run("modunload", "-n", "pipe").status != 0
        reader.kill()
    wait_for_sleepers(pipe, 0)
    assert pipe.run("modunload", "-n", "pipe").status == 0
