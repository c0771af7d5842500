"""modload, modstat and modunload over modules that stand on each other."""

from __future__ import annotations

import json
import os
import pty
import signal
import subprocess
import threading

import pytest

from lkmtools.client import Process
from lkmtools.errors import DaemonError
from support.daemon_lab import DaemonLab
from support.daemons import Place, installed

LOWER = "int lower_get(void) { return 1; }"
UPPER = "int lower_get(void); int upper_get(void) { return lower_get(); }"
SLEEPER = """
static int chan;
static int sleeper_call(struct lwp *l, const void *v, register_t *retval)
{ return tsleep(&chan, PWAIT | PCATCH, "sleeper", 0); }
static int waker_call(struct lwp *l, const void *v, register_t *retval) { wakeup(&chan); return 0; }
"""


@pytest.fixture
def stack(lab: DaemonLab) -> DaemonLab:
    """lower (loaded with -s), upper and other linked against it, and a module of no part in it."""
    lower, upper, other, alone = (
        lab.misc("lower", more=LOWER),
        lab.misc("upper", more=UPPER),
        lab.misc("other", more=UPPER.replace("upper", "other")),
        lab.misc("alone"),
    )
    assert lab.run("modload", "-s", lower, upper, other, alone).status == 0
    return lab


def test_a_symbol_of_a_module_without_s_is_undefined_and_says_whose(lab: DaemonLab) -> None:
    lower, upper = lab.misc("lower", more=LOWER), lab.misc("upper", more=UPPER)
    run = lab.run("modload", lower, upper)
    assert (run.status, run.out) == (1, "Module loaded as ID 0\n")
    reason = run.err.splitlines()[1]
    assert reason.startswith("modload: undefined symbol `lower_get', first used at ")
    assert ", in upper_get+0x" in reason
    assert reason.endswith("; module 'lower' has it but was loaded without -s")


def test_a_dry_run_says_so_too(lab: DaemonLab) -> None:
    lab.run("modload", lab.misc("lower", more=LOWER))
    run = lab.run("modload", "--dry-run", lab.misc("upper", more=UPPER))
    assert (run.status, "module 'lower' has it but was loaded without -s" in run.err) == (1, True)


def test_unloading_what_others_stand_on_names_them(stack: DaemonLab) -> None:
    run = stack.run("modunload", "lower")
    assert run == (
        5,
        "",
        "modunload: LMUNLOAD: Device busy\nmodunload: 'lower' is in use by 'upper', 'other'\n",
    )
    assert stack.run("modunload", "upper", "other", "lower") == (0, "", "")


def test_the_long_form_adds_references_users_and_path(stack: DaemonLab) -> None:
    classic = stack.run("modstat").out.splitlines()
    long = stack.run("modstat", "-l").out.splitlines()
    left = max(map(len, classic))
    assert [line[:left].rstrip() for line in long] == classic
    assert [line[left:].split() for line in long] == [
        ["Refs", "Used", "by", "Path"],
        ["0", "upper,other", os.path.realpath(f"{stack.dir}/lower.o")],
        *(["0", "-", os.path.realpath(f"{stack.dir}/{name}.o")] for name in ("upper", "other", "alone")),
    ]


def test_the_tree_in_a_pipe_is_ascii(stack: DaemonLab) -> None:
    assert stack.run("modstat", "--tree") == (
        0,
        "lower (ID 0)\n|-- upper (ID 1)\n`-- other (ID 2)\nalone (ID 3)\n",
        "",
    )
    assert stack.run("modstat", "--tree", "-n", "upper").out == "upper (ID 1)\n"


def test_the_tree_on_a_terminal_is_drawn(stack: DaemonLab) -> None:
    master, slave = pty.openpty()
    with subprocess.Popen([installed("modstat"), "--tree"], stdout=slave, env=stack.daemon.env) as process:
        process.wait()
        drawn = os.read(master, 4096).decode()
    os.close(master)
    os.close(slave)
    assert drawn.splitlines() == ["lower (ID 0)", "├── upper (ID 1)", "└── other (ID 2)", "alone (ID 3)"]


def test_json_has_references_and_users(stack: DaemonLab) -> None:
    rows = json.loads(stack.run("modstat", "--json").out)["modules"]
    assert [[user["name"] for user in row["users"]] for row in rows] == [["upper", "other"], [], [], []]
    assert [row["uses"] for row in rows] == [
        [],
        [{"id": 0, "name": "lower"}],
        [{"id": 0, "name": "lower"}],
        [],
    ]
    assert [(row["references"], row["calls"]) for row in rows] == [([], [])] * 4


def test_forms_of_modstat_exclude_each_other(place: Place) -> None:
    run = place.run("modstat", "-l", "--tree")
    assert (run.status, run.err.splitlines()[0]) == (1, "modstat: -l, --tree and --json exclude each other")


def waiter(lab: DaemonLab, *argv: str) -> subprocess.Popen[bytes]:
    """modunload -w, once it sleeps in the kernel."""
    process: subprocess.Popen[bytes] = lab.daemon.popen("modunload", *argv)
    with lab.daemon.connect() as p:
        while not any(row["wmesg"] == "lkmwait" for row in p.control("ps")["processes"]):
            assert process.poll() is None, process.communicate()
    return process


def test_w_waits_for_users_to_be_unloaded_by_others(stack: DaemonLab) -> None:
    """/dev/lkm is free meanwhile; it goes as soon as the last user has gone."""
    with waiter(stack, "-w", "60", "lower") as process:
        assert stack.run("modunload", "upper") == (0, "", "")
        assert stack.run("modunload", "other") == (0, "", "")
        assert process.communicate(timeout=60) == (b"", b"")
        assert process.returncode == 0
    assert stack.names() == ["alone"]


def test_w_tells_the_reason_when_the_time_is_over(stack: DaemonLab) -> None:
    run = stack.run("modunload", "-w", "0.05", "lower")
    assert (run.status, run.err) == (
        5,
        "modunload: LMUNLOAD: Device busy\nmodunload: 'lower' is in use by 'upper', 'other'\n",
    )
    assert stack.run("modunload", "-w", "0", "lower").status == 5


def test_w_asks_a_module_that_refuses_by_itself_again(lab: DaemonLab) -> None:
    """One that counts its users itself gives in at the third time; another never does."""
    lab.run("modload", lab.misc("a", more="static int asked;", unload="return ++asked < 3 ? EBUSY : 0;"))
    assert lab.run("modunload", "-w", "600", "a") == (0, "", "")
    lab.run("modload", lab.misc("b", unload="return EBUSY;"))
    run = lab.run("modunload", "-w", "0.3", "b")
    assert (run.status, "LKM 'b' refused" in run.err) == (5, True)


def test_w_says_so_when_somebody_else_unloads_the_module(stack: DaemonLab) -> None:
    with waiter(stack, "-w", "60", "lower") as process:
        stack.run("modunload", "upper", "other", "lower")
        assert process.communicate(timeout=60)[1].startswith(b"modunload: no such module\n")
        assert process.returncode == 3
    assert stack.names() == ["alone"]


def test_w_waits_for_a_call_in_progress_to_end(lab: DaemonLab) -> None:
    """It is woken when the sleeping system call returns."""
    source = SLEEPER + "".join(
        f"static struct sysent {f}_sysent = {{ 0, 0, 0, {f}_call }};\n" for f in ("sleeper", "waker")
    )
    entry = "int {0}_lkmentry(struct lkm_table *lkmtp, int cmd, int ver)\n"
    body = "{{ DISPATCH(lkmtp, cmd, ver, {1}, {2}, lkm_nofunc); }}"
    lab.run(
        "modload",
        lab.compile(
            "sleeper",
            source
            + """static int on_load(struct lkm_table *t, int cmd) { sysent[219] = waker_sysent; return 0; }
            MOD_SYSCALL("sleeper", 218, &sleeper_sysent);\n"""
            + entry.format("sleeper")
            + body.format("", "on_load", "lkm_nofunc"),
        ),
    )
    with lab.daemon.connect("napper") as napper, lab.daemon.connect() as p:
        napping = threading.Thread(target=lambda: napper.syscall(218))
        napping.start()
        while not any(row["wmesg"] == "sleeper" for row in p.control("ps")["processes"]):
            pass
        run = lab.run("modunload", "sleeper")
        assert run.err.splitlines()[1].startswith(
            f"modunload: pid {napper.pid} (napper) sleeps in sleeper_call+0x"
        )
        with waiter(lab, "-w", "60", "sleeper") as process:
            p.syscall(219)
            napping.join(60)
            assert process.communicate(timeout=60) == (b"", b"")
            assert process.returncode == 0
    assert lab.names() == []


def test_an_interrupted_wait_changes_nothing(stack: DaemonLab) -> None:
    """By ^C, or killed."""
    with waiter(stack, "-w", "60", "lower") as process:
        process.send_signal(signal.SIGINT)
        assert process.communicate(timeout=60) == (b"", b"\n")
        assert process.returncode == 130
    with waiter(stack, "-w", "60", "lower") as process:
        process.kill()
    assert stack.names() == ["lower", "upper", "other", "alone"]


def test_a_wait_ends_with_a_reboot(stack: DaemonLab) -> None:
    """Nothing panicked, and the tool does not say so."""
    with waiter(stack, "-w", "60", "lower") as process:
        assert stack.run("lkmctl", "reboot") == (0, "", "")
        assert process.communicate(timeout=60) == (
            b"", b"modunload: the kernel was rebooted (lkmctl reboot)\n",
        )  # fmt: skip
        assert process.returncode == 70
    assert stack.names() == []


def test_a_wait_ends_with_the_daemon(stack: DaemonLab) -> None:
    with waiter(stack, "-w", "60", "lower") as process:
        stack.daemon.stop()
        assert process.communicate(timeout=60) == (b"", b"modunload: the daemon was stopped\n")
        assert process.returncode == 69


def test_references_and_calls_are_shown_in_each_form(lab: DaemonLab) -> None:
    """One module holds another twice, and a process sleeps in it."""
    lower = lab.compile(
        "lower",
        SLEEPER
        + """static struct sysent sleeper_sysent = { 0, 0, 0, sleeper_call };
        MOD_SYSCALL("lower", 218, &sleeper_sysent);
        int lower_get(void) { return 1; }
        int lower_lkmentry(struct lkm_table *lkmtp, int cmd, int ver)
        { DISPATCH(lkmtp, cmd, ver, lkm_nofunc, lkm_nofunc, lkm_nofunc); }
        int (*keep)(struct lwp *, const void *, register_t *) = waker_call;""",
    )
    upper = lab.misc(
        "upper",
        "return lkm_hold_addr(lower_get) + lkm_hold_addr(lower_get);",
        more="int lower_get(void);",
    )
    assert lab.run("modload", "-s", lower, upper).status == 0
    with lab.daemon.connect("napper") as napper, lab.daemon.connect() as p:
        napping = threading.Thread(target=lambda: nap(napper))
        napping.start()
        while not any(row["wmesg"] == "sleeper" for row in p.control("ps")["processes"]):
            pass
        row = json.loads(lab.run("modstat", "--json").out)["modules"][0]
        assert row["references"] == [{"id": 1, "name": "upper", "count": 2}]
        assert row["calls"] == [{"pid": napper.pid, "comm": "napper"}]
        line = lab.run("modstat", "-l").out.splitlines()[1]
        assert line.split()[-3:-1] == ["2", "upper"]
        assert lab.run("modstat", "--tree").out.splitlines() == [
            f"lower (ID 0), held by upper (2), called by napper (pid {napper.pid})",
            "`-- upper (ID 1)",
        ]
        lab.daemon.stop()
        napping.join(60)


def nap(p: Process) -> None:
    """Sleep in system call 218 until the daemon ends."""
    with pytest.raises(DaemonError, match="the daemon was stopped"):
        p.syscall(218)


def test_w_takes_seconds_only(place: Place) -> None:
    for text in ("x", "-1", "1s", ""):
        run = place.run("modunload", "-w", text, "lower")
        assert (run.status, run.err) == (1, f"modunload: -w: '{text}' is not a number of seconds\n")
