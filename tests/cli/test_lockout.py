"""A module in the place of ioctl(2) that refuses LMUNLOAD: modunload says so, and what helps."""

from __future__ import annotations

from pathlib import Path
from typing import Any

LOCKOUT = Path(__file__).parents[2] / "examples/countstat/lockout.c"
SAID = """\
modunload: LMUNLOAD: Operation not permitted
modunload: system call 54 (ioctl) is module 'lockout' now, which answered EPERM
modunload: ioctl(2) is module 'lockout' now; if that is what refuses, 'lkmctl reboot' is the way out
"""


def test_modunload_says_whose_ioctl_is_and_reboot_helps(daemon: Any, cc: Any) -> None:
    """Status 5; lkmctl status shows it too; afterwards no module is loaded and all works again."""
    obj = str(cc(LOCKOUT, name="lockout"))
    assert daemon.run("modload", obj).status == 0
    run = daemon.run("modunload", "lockout")
    assert (run.status, run.err) == (5, SAID)
    assert "replaced     system calls: ioctl by 'lockout'\n" in daemon.run("lkmctl", "status").out
    assert daemon.run("lkmctl", "reboot").status == 0
    assert len(daemon.run("modstat").out.splitlines()) == 1
