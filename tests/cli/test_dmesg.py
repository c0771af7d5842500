"""lkmctl dmesg: boots and their ends are marked, one of them can be shown, and lines have their times."""

from __future__ import annotations

import errno
import json
import os
import re
import signal
import subprocess
import time
from collections.abc import Callable, Iterator

import pytest

from lkmtools.cli.lkmctl.dmesg import DmesgPiece
from support.compiling import Compile
from support.daemons import Daemon, Place, Run, installed
from support.deaths import Frail

BOOM = """
#include <sys/param.h>
#include <sys/systm.h>
#include <sys/exec.h>
#include <sys/conf.h>
#include <sys/lkm.h>
MOD_MISC("boom");
static int boom_load(struct lkm_table *t, int cmd) { printf("half a "); printf("line\\n"); panic("boom"); }
int boom_lkmentry(struct lkm_table *lkmtp, int cmd, int ver);
int boom_lkmentry(struct lkm_table *lkmtp, int cmd, int ver)
{ DISPATCH(lkmtp, cmd, ver, boom_load, lkm_nofunc, lkm_nofunc); }
"""
WHEN = r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d"


@pytest.fixture(scope="module")
def history(cc: Compile) -> Iterator[Daemon]:
    """A daemon whose first boot panicked, whose second was ended, and whose third runs."""
    daemon = Daemon()
    assert daemon.run("modload", str(cc(BOOM, name="boom"))).status == 70
    assert daemon.run("lkmctl", "tee", "/dev/console", stdin=b"second\n").status == 0
    assert daemon.run("lkmctl", "reboot") == Run(0, "", "")
    assert daemon.run("lkmctl", "tee", "/dev/console", stdin=b"third, unfinished").status == 0
    yield daemon
    daemon.remove()


def dmesg(daemon: Place, *options: str) -> list[str]:
    """Its lines, without the dates of the marks."""
    run = daemon.run("lkmctl", "dmesg", *options)
    assert (run.status, run.err) == (0, "")
    return [re.sub(f"^(---.*), {WHEN} ---$", r"\1", line) for line in run.out.splitlines()]


def on_a_terminal(daemon: Place, *options: str) -> list[str]:
    """The lines that it prints on a terminal."""
    ours, theirs = os.openpty()
    with subprocess.Popen(
        [installed("lkmctl"), "dmesg", *options], env=daemon.env, stdout=theirs, stderr=theirs
    ) as tool:
        os.close(theirs)
        out = b""
        try:
            while data := os.read(ours, 1 << 16):
                out += data
        except OSError as error:
            if error.errno != errno.EIO:  # nobody has it open any more
                raise
        os.close(ours)
        assert tool.wait() == 0
    return [re.sub(f"^(---.*), {WHEN} ---$", r"\1", line) for line in out.decode().splitlines()]


def marks(lines: list[str]) -> list[str]:
    """The lines for beginnings and ends of boots."""
    return [line for line in lines if line.startswith("--- ")]


def test_a_line_marks_each_boot_and_each_end(history: Daemon) -> None:
    """In a pipe there is everything."""
    lines = dmesg(history, "--no-source")
    assert marks(lines) == [
        "--- boot 1", "--- boot 1 panicked", "--- boot 2", "--- boot 2 ended", "--- boot 3",
    ]  # fmt: skip
    assert lines[0] == "--- boot 1"
    assert lines[lines.index("--- boot 2 ended") - 1] == "second"
    assert lines[-1] == "third, unfinished"
    at = lines.index("half a line")
    assert lines[at + 1] == "panic: boom"
    assert lines[lines.index("--- boot 1 panicked") - 1].startswith("    boom_lkmentry+0x")


@pytest.mark.parametrize(("number", "boot"), [("0", 3), ("-1", 2), ("-2", 1), ("1", 1), ("2", 2), ("3", 3)])
def test_one_boot(history: Daemon, number: str, boot: int) -> None:
    """By its distance from the last one, or by its number."""
    lines = dmesg(history, "-b", number)
    everything = dmesg(history, "-a")
    first = everything.index(f"--- boot {boot}")
    last = everything.index(f"--- boot {boot + 1}") if boot < 3 else len(everything)
    assert lines == everything[first:last]


@pytest.mark.parametrize(
    ("options", "status", "why"),
    [
        (["-b", "4"], 1, "boot 4 is not in the message buffer, which has boots 1 to 3\n"),
        (["-b", "-3"], 1, "boot -3 is not in the message buffer, which has boots 1 to 3\n"),
        (["-b", "one"], 2, "'one' is not a valid integer. (lkmctl dmesg --help explains)\n"),
        (
            ["-a", "-b", "1"],
            2,
            "-a and -b exclude each other: -a prints all boots, -b prints one "
            "(lkmctl dmesg --help explains)\n",
        ),
    ],
)
def test_a_boot_that_is_not_there(history: Daemon, options: list[str], status: int, why: str) -> None:
    run = history.run("lkmctl", "dmesg", *options)
    assert (run.status, run.out) == (status, "")
    assert run.err.endswith(why)


def test_times(history: Daemon) -> None:
    """Each line has the time when it began, in the order of printing; marks have theirs anyway."""
    began = time.time()
    lines = [line for line in dmesg(history, "-T") if not line.startswith("--- ")]
    form = re.compile(rf"\[({WHEN})\.(\d\d\d)\] (.*)")
    found = [form.fullmatch(line) for line in lines]
    assert [match[3] if match else None for match in found] == [
        line for line in dmesg(history) if not line.startswith("--- ")
    ]
    times = [
        time.mktime(time.strptime(match[1], "%Y-%m-%d %H:%M:%S")) + int(match[2]) / 1000
        for match in found if match
    ]  # fmt: skip
    assert times == sorted(times)
    assert began - 300 < times[0] < times[-1] < began


def test_json(history: Daemon) -> None:
    """The lines as text, as ever, and as entries with boot and time."""
    answer = json.loads(history.run("lkmctl", "dmesg", "--json").out)
    assert (answer["version"], set(answer)) == (1, {"version", "lines", "entries"})
    entries = [DmesgPiece(**entry) for entry in answer["entries"]]
    assert [entry.text for entry in entries if entry.kind == "text"] == answer["lines"]
    assert answer["lines"] == [line for line in dmesg(history, "--no-source") if not line.startswith("--- ")]
    assert [(entry.kind, entry.boot) for entry in entries if entry.kind != "text"] == [
        ("boot", 1), ("panicked", 1), ("boot", 2), ("ended", 2), ("boot", 3),
    ]  # fmt: skip
    assert {entry.boot for entry in json_entries(history, "-b", "2")} == {2}
    assert next(entry for entry in entries if entry.text == "half a line").boot == 1


def json_entries(daemon: Daemon, *options: str) -> list[DmesgPiece]:
    """The entries of a document."""
    answer = json.loads(daemon.run("lkmctl", "dmesg", "--json", *options).out)
    return [DmesgPiece(**entry) for entry in answer["entries"]]


def test_a_terminal_shows_this_boot(history: Daemon) -> None:
    """The one before was ended: no panic is to be shown. All of it is, when that is asked for."""
    assert on_a_terminal(history) == dmesg(history, "-b", "0")
    for source in ("--source", "--no-source"):
        assert on_a_terminal(history, "-a", source) == dmesg(history, source)
    assert on_a_terminal(history, "-b", "1") == dmesg(history, "-b", "1")


def test_the_source_follows_the_report(history: Daemon) -> None:
    """Before the line that marks the end of the boot; it can be left out."""
    lines = dmesg(history)
    first, last = lines.index("source:"), lines.index("--- boot 1 panicked")
    assert lines == dmesg(history, "--source")
    assert lines[:first] + lines[last:] == dmesg(history, "--no-source")
    assert re.fullmatch(r"    boom_load\(\) at <stdin>:\d+( \(inlined\))? \[boom\]", lines[first + 1])
    stamped = dmesg(history, "-T")
    assert [re.sub(rf"^\[{WHEN}\.\d\d\d\] ", "", line) for line in stamped] == lines


def test_a_terminal_shows_the_panic_that_ended_the_last_boot(daemon: Daemon, cc: Compile) -> None:
    """Its report, the line that marks that end, and this boot."""
    daemon.run("modload", str(cc(BOOM, name="boom")))
    before, now = dmesg(daemon, "-b", "1"), dmesg(daemon, "-b", "2")
    assert on_a_terminal(daemon) == before[before.index("panic: boom") :] + now
    stamped = on_a_terminal(daemon, "-T")
    assert re.fullmatch(rf"\[{WHEN}\.\d\d\d\] panic: boom", stamped[0])


def test_a_terminal_shows_the_report_of_a_death_first(frail: Callable[..., Frail]) -> None:
    """It was printed when the next kernel had booted, because the dead one could not."""
    daemon = frail()
    os.kill(daemon.kernel(), signal.SIGKILL)
    daemon.up(2)
    daemon.until(lambda status: status["last_panic"])
    report = daemon.status()["last_panic"]["report"].splitlines()
    ours = on_a_terminal(daemon)
    everything = dmesg(daemon)
    assert ours[: len(report) + 2] == [*report, "--- boot 1 died", "--- boot 2"]
    assert [line for line in ours if line in report] == report
    assert marks(everything) == ["--- boot 1", "--- boot 1 died", "--- boot 2"]
    assert "".join(f"{line}\n" for line in report) in "".join(f"{line}\n" for line in everything)


def test_following_marks_what_happens_meanwhile(daemon: Daemon) -> None:
    """A reboot, in the middle of a line; in JSON a line is an object once it is whole."""
    with daemon.popen("lkmctl", "dmesg", "-f", "-b", "0") as tool, daemon.popen(
        "lkmctl", "dmesg", "-f", "--json"
    ) as program:  # fmt: skip
        assert tool.stdout is not None
        assert program.stdout is not None
        while not tool.stdout.readline().startswith(b"ksyms at "):
            pass
        while json.loads(program.stdout.readline())["text"] != "ksyms at mainbus0 major 85: ksyms":
            pass
        daemon.run("lkmctl", "tee", "/dev/console", stdin=b"unfinished")
        daemon.run("lkmctl", "reboot")
        found = [tool.stdout.readline().decode() for _ in range(4)]
        assert found[0] == "unfinished\n"
        assert re.fullmatch(rf"--- boot 1 ended, {WHEN} ---\n", found[1])
        assert re.fullmatch(rf"--- boot 2, {WHEN} ---\n", found[2])
        assert found[3].startswith("lkmtools: a simulated kernel")
        entries = [json.loads(program.stdout.readline()) for _ in range(4)]
        assert [(e["version"], e["kind"], e["boot"], e["text"][:10]) for e in entries] == [
            (1, "text", 1, "unfinished"), (1, "ended", 1, ""), (1, "boot", 2, ""),
            (1, "text", 2, "lkmtools: "),
        ]  # fmt: skip
        tool.kill()
        program.kill()


def test_older_tools_get_the_text(history: Daemon) -> None:
    """As one string, without marks."""
    with history.supervisor() as supervisor:
        text = supervisor.ask("dmesg")["text"]
    assert text.splitlines() == [
        line for line in dmesg(history, "--no-source") if not line.startswith("--- ")
    ]
