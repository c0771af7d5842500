"""The daemon around a kernel that does not boot, or not again."""

from __future__ import annotations

import os
import re

import pytest

from lkmtools.daemon.supervisor import BOOT_TRIES
from lkmtools.errors import PanicError
from support.daemons import Place
from support.damaged_kernels import PANIC
from support.supervised import NOBODY, Start


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
