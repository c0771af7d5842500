"""A boot without memory: what it was wanted for, the limit and the way out are said, and nobody panics."""

from __future__ import annotations

import os
import re
import resource
import signal
import subprocess
from contextlib import suppress
from typing import Any

import pytest

from lkmtools.errors import DaemonError, PanicError
from support.daemons import Daemon, Place, Run, installed, limited

MIB = 1 << 20


def test_a_boot_without_memory_says_what_for_and_the_way_out(place: Place) -> None:
    """Under any limit it boots, or ends with a line; and it is nobody's panic."""
    form = re.compile(
        r"lkmd: the kernel cannot boot: the host cannot provide what a kernel process needs: (.*): "
        r"Cannot allocate memory; the limit is \d+ KiB of address space \(ulimit -v\); "
        r"give lkmd more, or the kernel less with lkmd --ram"
    )
    wants, most = [], 128 * MIB
    while (run := lkmd(place, most)).status:
        found = form.fullmatch(run.err.strip())
        assert found, run.err
        assert not {"s", "s.ctl"} & set(os.listdir(place.dir))
        assert "panic" not in place.log()
        wants.append(found[1])
        most += 32 * MIB
    assert run == Run(0, "", "")
    assert wants[0] == "128 MiB of RAM and its records"
    assert "an emulator needs 32 MiB" in wants


def lkmd(place: Place, most: int) -> Run:
    """Start a daemon that may have so many bytes of address space."""
    done = subprocess.run(
        [installed("lkmd")], env=place.env, cwd=place.dir, capture_output=True, text=True, check=False,
        preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_AS, (most, most)),
    )  # fmt: skip
    return Run(done.returncode, done.stdout, done.stderr)


def test_a_later_boot_without_memory_is_held_back_and_tried_again(daemon: Daemon) -> None:
    """Who comes meanwhile hears why; what is said is said once in the log."""
    with limited(daemon.pid, -150):  # the dead kernel's 240 are given back
        os.kill(daemon.kernel_pid, signal.SIGKILL)
        status: dict[str, Any] = {}
        while status.get("state") != "held back":
            with suppress(DaemonError):  # until the dead kernel's memory is free, there is none for us either
                status = daemon.status()
        with pytest.raises(PanicError) as caught:
            daemon.connect()
        what = "the host cannot provide what a kernel process needs: 128 MiB of RAM and its records"
        why = f"{what}: Cannot allocate memory"
        assert caught.value.reason.startswith(f"the kernel is held back: {why}; the limit is ")
        assert status["held"].startswith(f"{why}; the limit is ")
    assert daemon.run("lkmctl", "reboot") == Run(0, "", "")
    with daemon.connect() as p:
        assert p.getpid() == p.pid
    assert daemon.log().count(why) == 1
