"""lkmctl sysctl: variables of the kernel and of modules, by name."""

from __future__ import annotations

from pathlib import Path

import pytest

from support.compiling import Compile
from support.daemons import Daemon, Run
from support.lab import HEAD

PROBE = Path(__file__).parents[1] / "integration" / "sysctl_probe.c"
ENTRY = """
MOD_MISC("probe");
static int load(struct lkm_table *t, int cmd) { return probe_setup(); }
static int unload(struct lkm_table *t, int cmd) { sysctl_teardown(&log); return 0; }
int probe_lkmentry(struct lkm_table *, int, int);
int probe_lkmentry(struct lkm_table *lkmtp, int cmd, int ver)
{ DISPATCH(lkmtp, cmd, ver, load, unload, lkm_nofunc); }
"""


@pytest.fixture(name="probe")
def _probe(daemon: Daemon, cc: Compile) -> Daemon:
    """A daemon with a module that has nodes."""
    obj = cc(HEAD + PROBE.read_text() + ENTRY, name="probe")
    assert daemon.run("modload", str(obj)).status == 0
    return daemon


def test_the_nodes_of_a_module_come_and_go_with_it(probe: Daemon) -> None:
    """Shown one by one, all of a node, and among all; set; unknown when the module is gone."""
    assert Run(0, "debug.probe.number = 7\n", "") == probe.run("lkmctl", "sysctl", "debug.probe.number")
    below = probe.run("lkmctl", "sysctl", "debug")
    assert below.out.splitlines()[:3] == [
        "debug.probe.fixed = 7",
        "debug.probe.number = 7",
        "debug.probe.word = one",
    ]
    assert below.out in probe.run("lkmctl", "sysctl").out
    assert Run(0, "debug.probe.number: 7 -> 8\n", "") == probe.run("lkmctl", "sysctl", "debug.probe.number=8")
    assert Run(0, "debug.probe.word: one -> two\n", "") == probe.run(
        "lkmctl", "sysctl", "debug.probe.word=two"
    )
    assert Run(0, "debug.probe.doubled: 8 -> 3\n", "") == probe.run(
        "lkmctl", "sysctl", "debug.probe.doubled=3"
    )
    assert Run(0, "debug.probe.number = 6\n", "") == probe.run("lkmctl", "sysctl", "debug.probe.number")
    assert probe.run("modunload", "probe").status == 0
    gone = probe.run("lkmctl", "sysctl", "debug.probe.number")
    assert (gone.status, gone.out) == (2, "")
    assert "no kernel variable is called 'debug.probe.number'" in gone.err


@pytest.mark.parametrize(
    ("operand", "status", "text"),
    [
        ("debug.probe.nunber", 2, "did you mean 'debug.probe.number'?"),
        ("debug.probe.number=x", 2, "'x' is not a number, as debug.probe.number must be"),
        ("debug.probe.flag=2", 2, "debug.probe.flag=2 is out of range; the limits are 0 and 1"),
        ("debug.probe.fixed=1", 1, "sysctl node debug.probe.fixed cannot be written"),
        ("debug.probe=1", 1, "sysctl node debug.probe has nodes below it, and no value"),
        ("debug.probe.word=much too long", 1, "debug.probe.word can have 7 bytes, not 13"),
    ],
)
def test_what_cannot_be_shown_or_set_says_why(probe: Daemon, operand: str, status: int, text: str) -> None:
    """With the name, the value and the limit."""
    result = probe.run("lkmctl", "sysctl", operand)
    assert (result.status, result.out) == (status, "")
    assert text in result.err
