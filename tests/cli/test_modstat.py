"""modstat against a kernel: output, exit statuses, the reasons."""

from __future__ import annotations

import json
import os
import pty
import subprocess

import pytest

from lkmtools import modules
from lkmtools.abi import lkm
from lkmtools.client import Buffer
from lkmtools.errors import KernelError
from lkmtools.local import LocalKernel
from support.daemon_lab import DaemonLab
from support.daemons import Place, installed

HEADER = {
    "amd64": "Type    Id   Offset Loadaddr         Size Info             Rev Module Name\n",
    "i386": "Type    Id   Offset Loadaddr Size Info     Rev Module Name\n",
}


def test_modstat_of_an_empty_kernel_is_its_header(each_lab: DaemonLab) -> None:
    assert each_lab.run("modstat") == (0, HEADER[each_lab.machine], "")


def test_modstat_shows_each_type_with_its_offset(each_lab: DaemonLab) -> None:
    lab = each_lab
    assert lab.run("modload", lab.misc("m"), lab.syscall("s"), lab.device("d")).status == 0
    rows = json.loads(lab.run("modstat", "--json").out)["modules"]
    addresses = [row["loadaddr"][2:] + " 0002 " + row["info"][2:] for row in rows]
    digits = 16 if lab.machine == "amd64" else 8
    assert {len(row["loadaddr"]) - 2 for row in rows} == {digits}
    major = rows[2]["char_major"]
    kbytes = [f"{row['size']:04x}" for row in rows]
    addresses = [f"{r['loadaddr'][2:]} {size} {r['info'][2:]}" for r, size in zip(rows, kbytes, strict=True)]
    expected = HEADER[lab.machine] + (
        f"MISC      0       - {addresses[0]}   2 m\n"
        f"SYSCALL   1     210 {addresses[1]}   2 s\n"
        f"DEV       2  -1/{major:<3d} {addresses[2]}   2 d\n"
    )
    assert (0, expected, "") == lab.run("modstat")


def test_one_module_is_shown_by_name_or_by_id(lab: DaemonLab) -> None:
    lab.run("modload", lab.misc("a"), lab.misc("b"))
    by_name = lab.run("modstat", "-n", "b")
    assert by_name == lab.run("modstat", "-i", "1")
    assert [by_name.status, by_name.out.count("\n"), by_name.out[-3:-1]] == [0, 2, " b"]


def test_id_minus_one_stands_for_all(lab: DaemonLab) -> None:
    lab.run("modload", lab.misc("a"))
    assert lab.run("modstat") == lab.run("modstat", "-i", "-1")


def test_the_id_wins_over_the_name(lab: DaemonLab) -> None:
    lab.run("modload", lab.misc("a"), lab.misc("b"))
    assert lab.run("modstat", "-i", "0") == lab.run("modstat", "-i", "0", "-n", "b")


def test_a_module_that_is_not_there_gives_the_header_and_status_3(lab: DaemonLab) -> None:
    lab.run("modload", lab.misc("a"))
    for argv in (("-n", "nosuch"), ("-i", "7")):
        run = lab.run("modstat", *argv)
        assert (3, HEADER["amd64"]) == (run.status, run.out)
        assert run.err.startswith("modstat: ")
        assert "LMSTAT" not in run.err


def test_a_hole_in_the_ids_is_skipped(lab: DaemonLab) -> None:
    lab.run("modload", lab.misc("a"), lab.misc("b"), lab.misc("c"))
    lab.run("modunload", "b")
    assert lab.names() == ["a", "c"]


def test_bad_usage_prints_the_historic_text_and_exits_1(place: Place) -> None:
    usage = "Usage: modstat [-i <module id>] [-n <module name>]\n"
    assert (1, "", f"modstat: unknown option -- q\n{usage}") == place.run("modstat", "-q")
    assert place.run("modstat", "operand").status == 1
    assert place.run("modstat", "-i").err == f"modstat: option requires an argument -- i\n{usage}"
    assert place.run("modstat", "-i", "x").status == 1


def test_json_has_a_version_and_the_failure(lab: DaemonLab) -> None:
    lab.run("modload", lab.misc("a"))
    run = lab.run("modstat", "--json", "-n", "nosuch")
    document = json.loads(run.out)
    assert (run.status, document["version"], document["modules"]) == (3, 1, [])
    assert (document["error"]["status"], document["error"]["errno"]) == (3, "ENOENT")


def on_terminal(lab: DaemonLab, **env: str) -> str:
    """What modstat draws when its output is a terminal."""
    ours, theirs = pty.openpty()
    with os.fdopen(ours, "rb", buffering=0) as screen:
        argv = [installed("modstat")]
        environ = {**lab.daemon.env, "TERM": "xterm", **env}
        done = subprocess.run(argv, stdout=theirs, env=environ, check=False)
        text = screen.read(1 << 16).decode()
        os.close(theirs)
    assert done.returncode == 0
    return text


def test_a_terminal_gets_the_same_columns_as_a_table(lab: DaemonLab) -> None:
    lab.run("modload", lab.misc("hello"), lab.device("d"))
    drawn, plain = on_terminal(lab), lab.run("modstat").out
    words = [line.split() for line in drawn.splitlines()]
    assert [line.split() for line in plain.splitlines()] == words


def test_no_color_means_no_escape_sequences(lab: DaemonLab) -> None:
    lab.run("modload", lab.misc("hello"))
    assert "\x1b" not in on_terminal(lab, NO_COLOR="1")
    assert "\x1b" in on_terminal(lab, NO_COLOR="")


def test_a_narrow_terminal_keeps_every_digit(lab: DaemonLab) -> None:
    lab.run("modload", lab.misc("hello"))
    (row,) = json.loads(lab.run("modstat", "--json").out)["modules"]
    assert row["loadaddr"][2:] in on_terminal(lab, COLUMNS="40")


DEAF = """
#include <sys/param.h>
#include <sys/systm.h>
#include <sys/proc.h>
#include <sys/syscall.h>
#include <sys/lkm.h>
MOD_MISC("deaf");
static int nothing(struct lwp *l, const void *v, register_t *r) { return 0; }
static int deaf_load(struct lkm_table *t, int cmd)
{ sysent[SYS_ioctl].sy_call = (sy_call_t *)nothing; return 0; }
int deaf_lkmentry(struct lkm_table *t, int cmd, int ver);
int deaf_lkmentry(struct lkm_table *t, int cmd, int ver)
{ DISPATCH(t, cmd, ver, deaf_load, lkm_nofunc, lkm_nofunc); }
"""


@pytest.mark.parametrize("options", [(), ("-l",), ("--tree",), ("--json",), ("-i", "0"), ("-n", "deaf")])
def test_an_ioctl_that_answers_nothing_ends_the_walk(each_lab: DaemonLab, options: tuple[str, ...]) -> None:
    """A module has replaced it by a function that returns 0 for everything."""
    assert each_lab.run("modload", each_lab.compile("deaf", DEAF)).status == 0
    run = each_lab.run("modstat", *options)
    ioctl = "LMSTAT" if options[:1] in (("-i",), ("-n",)) else "LMSTATS"
    assert f"{ioctl} answered nothing: has a module replaced ioctl(2)?" in run.err + run.out


@pytest.mark.parametrize(
    ("step", "count", "why"),
    [
        (1, 1, "LMSTATS from ID 5 on returned ID 6; it must be above 5, and the limit is 5: "),
        (-1, 1, "LMSTATS from ID 0 on returned ID -1; it must be above 0, and the limit is 5: "),
        (0, 0, "LMSTATS answered nothing: "),
        (1, 65, "LMSTATS says that it stored 65 modules; there was room for 64: "),
    ],
)
def test_a_list_of_modules_that_cannot_be_ends(
    monkeypatch: pytest.MonkeyPatch, step: int, count: int, why: str
) -> None:
    """Whatever a module makes of ioctl(2): an LMSTATS that always has one more module, or that has none."""
    monkeypatch.setattr(modules, "MOST_IDS", 5)
    with LocalKernel(inside=True) as lk:
        p = lk.process()

        def ioctl(fd: int, command: int, buf: Buffer, rows: Buffer) -> int:
            layout, row = lkm.lmc_stats.layout(p.dm), lkm.lmc_stat.layout(p.dm)
            asked = layout.unpack(buf.data)
            rows.data[: row.size] = row.pack(id=asked.id, area=1)
            buf.data[:] = layout.pack(id=asked.id + step, nstats=count)
            return 0

        monkeypatch.setattr(p, "ioctl", ioctl)
        walked: list[int] = []
        with pytest.raises(KernelError) as caught:
            walked.extend(module.id for module in modules.walk(p, 3))
        assert walked == list(range(5 if (step, count) == (1, 1) else 0))
        assert caught.value.reason == f"{why}has a module replaced ioctl(2)?"
