"""A module in the place of ioctl(2) that refuses LMUNLOAD: modunload says so, and what helps."""

from __future__ import annotations

from pathlib import Path

from support.compiling import Compile
from support.daemon_lab import DaemonLab
from support.daemons import Daemon

LOCKOUT = Path(__file__).parents[2] / "examples/countstat/lockout.c"
SAID = """\
modunload: LMUNLOAD: Operation not permitted
modunload: system call 54 (ioctl) has been replaced by module 'lockout', which returned EPERM
modunload: ioctl(2) has been replaced by module 'lockout'; if that module refuses, use 'lkmctl reboot'
"""


def test_modunload_says_whose_ioctl_is_and_reboot_helps(daemon: Daemon, cc: Compile) -> None:
    """Status 5; lkmctl status shows it too; afterwards no module is loaded and all works again."""
    obj = str(cc(LOCKOUT, name="lockout"))
    assert daemon.run("modload", obj).status == 0
    run = daemon.run("modunload", "lockout")
    assert (run.status, run.err) == (5, SAID)
    assert "replaced     system calls: ioctl by 'lockout'\n" in daemon.run("lkmctl", "status").out
    assert daemon.run("lkmctl", "reboot").status == 0
    assert len(daemon.run("modstat").out.splitlines()) == 1


HAND = """
#include <sys/param.h>
#include <sys/systm.h>
#include <sys/proc.h>
#include <sys/lkm.h>
MOD_MISC("hand");
static int seven(struct lwp *l, const void *v, register_t *r) { *r = 7; return 0; }
static int hand_load(struct lkm_table *t, int cmd) { sysent[219].sy_call = (sy_call_t *)seven; return 0; }
int hand_lkmentry(struct lkm_table *t, int cmd, int ver);
int hand_lkmentry(struct lkm_table *t, int cmd, int ver)
{ DISPATCH(t, cmd, ver, hand_load, lkm_nofunc, lkm_nofunc); }
"""


def test_a_system_call_that_leads_into_an_unloaded_module_is_named(each_lab: DaemonLab) -> None:
    """At the unload, and in the status as long as it does; the next module in its place is named instead."""
    lab = each_lab
    hand = lab.compile("hand", HAND)
    assert lab.run("modload", hand).status == 0
    assert "replaced     system calls: 219 by 'hand'\n" in lab.run("lkmctl", "status").out
    assert lab.run("modunload", "hand").status == 0
    said = lab.run("lkmctl", "dmesg").out.splitlines()
    assert "LKM 'hand': system call 219 still leads into it" in said
    assert "replaced     system calls: 219 by 'hand (unloaded)'\n" in lab.run("lkmctl", "status").out
    assert lab.run("modload", lab.misc("other")).status == 0
    assert "replaced     system calls: 219 by 'other'\n" in lab.run("lkmctl", "status").out
