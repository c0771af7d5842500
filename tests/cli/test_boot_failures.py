"""What goes wrong at boot is seen: in the status, once by who started the kernel, in rc.lkm's status."""

from __future__ import annotations

import json
from collections.abc import Callable
from itertools import zip_longest
from pathlib import Path

import pytest

from lkmtools.daemon.autostart import is_served
from support.booting import Machine
from support.daemons import PATIENCE, Run


def failures(machine: Machine) -> list[tuple[str, str, str]]:
    """Place, object and reason of what went wrong at the last boot."""
    answer = json.loads(machine.run("lkmctl", "status", "--json").out)
    return [(row["place"], row["module"], row["reason"]) for row in answer["boot_failures"]]


def rows(machine: Machine) -> list[str]:
    """The same, as lkmctl status prints it for people."""
    lines = machine.run("lkmctl", "status").out.splitlines()
    return [line.removeprefix("at boot      ") for line in lines if line.startswith("at boot ")]


@pytest.fixture
def trouble(machine_room: Machine) -> list[str]:
    """An lkm.conf of which one line does what it should; what is said of the others."""
    script = Path(machine_room.dir) / "post"
    script.write_text("#!/bin/sh\nexit 3\n")
    script.chmod(0o755)
    machine_room.conf(
        "hello.o", "gone.o - - - - -", "guard.o - - - - -", "newcall.o - - post - -", "hook.o - - - - -"
    )
    file = machine_room.file
    return [
        f'{file}:1: options: is missing: a line has 6 fields, this one 1; write "-": not loaded',
        f"{file}:2: gone.o: couldn't find module gone.o in {machine_room.dir}",
        f"{file}:3: guard.o: can't prelink `{machine_room.dir}/guard.o'",
        f"{file}:4: newcall.o: postinstall program {machine_room.dir}/post ended with status 3",
    ]


def cut(found: list[str], expected: list[str]) -> list[str]:
    """The lines, no longer than what is expected of each: they begin so, and there are no others."""
    return [line[: len(text)] for line, text in zip_longest(found, expected, fillvalue="")]


def test_the_tool_that_starts_the_kernel_says_it_once(machine_room: Machine, trouble: list[str]) -> None:
    """Later ones do not; the status shows it until the next boot, and the log keeps it."""
    first = machine_room.run("modstat")
    assert first.status == 0
    assert cut(first.err.splitlines(), [f"modstat: at boot: {line}" for line in trouble]) == [
        f"modstat: at boot: {line}" for line in trouble
    ]
    assert machine_room.run("modstat") == Run(0, first.out, "")
    assert cut(rows(machine_room), trouble) == trouble
    assert cut([": ".join(filter(None, row)) for row in failures(machine_room)], trouble) == trouble
    logged = [line.partition("boot 1: ")[2] for line in machine_room.log().splitlines()]
    assert cut(logged, trouble) == trouble
    machine_room.conf("hello.o - - - - -")
    assert machine_room.run("lkmctl", "reboot") == Run(0, "", "")
    assert (rows(machine_room), failures(machine_room)) == ([], [])


def test_lkmd_and_reboot_say_it(machine_room: Machine, trouble: list[str]) -> None:
    """Both succeed: there is a kernel."""
    for name, *words in (("lkmd",), ("lkmctl", "reboot")):
        run = machine_room.run(name, *words)
        assert (run.status, run.out) == (0, "")
        assert cut(run.err.splitlines(), [f"{name}: at boot: {line}" for line in trouble]) == [
            f"{name}: at boot: {line}" for line in trouble
        ]


def test_in_the_foreground_the_console_shows_it(machine_room: Machine, trouble: list[str]) -> None:
    """As rc.lkm prints it, and nothing says it again."""
    with machine_room.popen("lkmd", "--foreground") as lkmd:
        while not is_served(machine_room.socket) or machine_room.status()["state"] == "booting":
            pass
        assert cut(rows(machine_room), trouble) == trouble
        machine_room.stop()
        err = lkmd.communicate(timeout=PATIENCE)[1].decode()
    for line in trouble:
        assert err.count(line) == 1


@pytest.mark.parametrize("variable", [True, False], ids=["LKM_CONF", "--lkm-conf"])
def test_an_lkm_conf_that_is_not_there(machine_room: Machine, variable: bool) -> None:
    """The variable, or the option, names a file that does not exist."""
    missing = f"{machine_room.dir}/none.conf"
    why = f"{missing}: No such file or directory"
    machine_room.env["LKM_CONF"] = missing if variable else ""
    run = machine_room.run("lkmd", *([] if variable else ["--lkm-conf", missing]))
    assert run == Run(0, "", f"lkmd: at boot: {why}\n")
    assert failures(machine_room) == [(missing, "", "No such file or directory")]
    assert rows(machine_room) == [why]
    if variable:
        assert machine_room.run("rc.lkm") == Run(1, "", f"rc.lkm: {why}\n")


def test_rc_lkm_that_starts_the_kernel_counts_what_its_boot_has_not_done(
    machine_room: Machine, trouble: list[str]
) -> None:
    """What is loaded is passed over, but its postinstall program failed; the rest is tried again."""
    machine_room.conf("newcall.o - - post - -")
    why = f"{machine_room.file}:1: newcall.o: postinstall program {machine_room.dir}/post ended with status 3"
    run = machine_room.run("rc.lkm")
    assert run == Run(1, "newcall.o: Module is already loaded as ID 0\n", f"rc.lkm: at boot: {why}\n")
    assert machine_room.run("rc.lkm") == Run(0, run.out, "")
    machine_room.stop()
    machine_room.conf("hello.o", "gone.o - - - - -", "hook.o - - - - -")
    run = machine_room.run("rc.lkm")
    assert (run.status, run.out) == (1, "hook.o: Module is already loaded as ID 0\n")
    assert [line.split(":")[1:3] for line in run.err.splitlines()] == [
        [f" {machine_room.file}", "1"], *[[f" {machine_room.file}", "2"]] * 3,
    ]  # fmt: skip


def test_a_module_that_is_left_out_and_rc_lkm_that_is_killed(
    machine_room: Machine, add: Callable[[str, str], None]
) -> None:
    """Those are failures, too."""
    add("bomb", 'panic("boom"); return 0;')
    script = Path(machine_room.dir) / "post"
    script.write_text("#!/bin/sh\nkill -9 $PPID\n")
    script.chmod(0o755)
    machine_room.conf("bomb.o - - - - -", "hello.o - - post - -", "hook.o - - - - -")
    why = "SKIPPED: the kernel panicked because of it at two boots; lkmctl reboot tries again"
    said = [f"{machine_room.file}:1: bomb.o: {why}", "rc.lkm: was ended by signal 9"]
    assert machine_room.run("modstat").err.splitlines() == [f"modstat: at boot: {line}" for line in said]
    assert rows(machine_room) == said


def test_many_failures_are_cut_short_for_people(machine_room: Machine) -> None:
    machine_room.conf(*[f"gone{i}.o - - - - -" for i in range(20)])
    lines = machine_room.run("modstat").err.splitlines()
    assert (len(lines), lines[-1]) == (9, "modstat: at boot: 12 more failures; see lkmctl status")
    assert rows(machine_room)[8:] == ["12 more; see lkmctl status --json"]
    assert [module for _, module, _ in failures(machine_room)] == [f"gone{i}.o" for i in range(20)]


def test_a_kernel_that_halts_at_boot_is_no_secret(
    machine_room: Machine, add: Callable[[str, str], None]
) -> None:
    """lkmd says it, and so does a reboot that ends in the same way."""
    add("bomb", 'panic("boom"); return 0;')
    machine_room.conf("bomb.o - - - - -")
    why = "the kernel is halted: boom; lkmctl reboot boots again\n"
    assert machine_room.run("lkmd", "--panic", "halt") == Run(0, "", f"lkmd: {why}")
    run = machine_room.run("lkmctl", "reboot")
    assert (run.status, run.err) == (70, f"lkmctl: {why}")


def test_a_kernel_without_modules_says_what_it_could_not_load(machine_room: Machine) -> None:
    machine_room.conf("hello.o - - - - -", "hook.o - - - - -")
    file = machine_room.file
    reason = "this kernel was booted without options LKM (lkmd --without LKM)"
    assert machine_room.run("lkmd", "--without", "lkm").err.splitlines() == [
        f"lkmd: at boot: {file}:1: hello.o: /dev/lkm: Device not configured: {reason}",
        f"lkmd: at boot: {file}:2: hook.o: not loaded",
    ]


def test_a_python_program_has_it_as_an_attribute(
    machine_room: Machine, monkeypatch: pytest.MonkeyPatch
) -> None:
    """And nothing is printed for it; who finds a daemon has nothing to hear."""
    machine_room.conf("gone.o - - - - -")
    for name in ("LKM_CONF", "LKM_PATH", "LKMD_CONF"):
        monkeypatch.setenv(name, machine_room.env[name])
    with machine_room.connect(autostart=True) as p, machine_room.connect() as q:
        assert [line.startswith(f"at boot: {machine_room.file}:1: gone.o: ") for line in p.at_start] == [True]
        assert q.at_start == ()
