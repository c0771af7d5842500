"""A tool that finds no daemon: when it starts one, and what that one imports."""

from __future__ import annotations

import os
import shutil
import subprocess
from concurrent.futures import ThreadPoolExecutor

import pytest

from support.compiling import Compile
from support.daemons import Place, installed

MODULE = """
#include <sys/param.h>
#include <sys/conf.h>
#include <sys/exec.h>
#include <sys/lkm.h>
MOD_MISC("NAME");
int NAME_lkmentry(struct lkm_table *lkmtp, int cmd, int ver)
{
    DISPATCH(lkmtp, cmd, ver, lkm_nofunc, lkm_nofunc, lkm_nofunc);
}
"""


@pytest.fixture
def objects(place: Place, cc: Compile) -> list[str]:
    """Four modules in the tools' directory."""
    names = [f"m{number}" for number in range(4)]
    for name in names:
        shutil.copyfile(cc(MODULE.replace("NAME", name), "amd64", name), f"{place.dir}/{name}.o")
    return [f"{name}.o" for name in names]


def test_modloads_that_find_no_daemon_start_one(
    place: Place, objects: list[str], pool: ThreadPoolExecutor
) -> None:
    """Each begins to start one before it knows of the others: all modules are in the same kernel."""
    made = list(pool.map(lambda name: place.run("modload", name), objects))
    assert [run.err for run in made] == [""] * 4
    assert sorted(run.out for run in made) == [f"Module loaded as ID {number}\n" for number in range(4)]
    assert place.status()["boot"] == 1


@pytest.mark.parametrize("words", [["--help"], ["--no-such-option", "m0.o"], ["m0.c"], []])
def test_a_command_line_that_loads_nothing_starts_no_daemon_ahead(
    place: Place, objects: list[str], words: list[str]
) -> None:
    """What is no object is complained about after the connection, as ever; help and mistakes need none."""
    place.run("modload", *words)
    assert os.path.exists(place.socket) == (words == ["m0.c"])


def test_a_daemon_that_cannot_start_is_said_once(place: Place, objects: list[str]) -> None:
    run = place.run("modload", "m0.o", env={"LKM_MACHINE": "vax"})
    assert run.status == 69
    assert run.out == ""
    assert "vax" in run.err
    assert run.err.count("cannot start a daemon") == 1


def test_settings_of_lkmd_conf_count_where_a_tool_starts_the_daemon(place: Place, objects: list[str]) -> None:
    """Without the file, nothing is parsed; with it, the options are those of lkmd."""
    conf = f"{place.dir}/lkmd.conf"
    with open(conf, "w") as file:
        file.write('machine = "i386"\nram = 32\n')
    assert place.run("modstat", env={"LKMD_CONF": conf}).status == 0
    with place.connect() as p:
        assert p.machine == "i386"


@pytest.mark.parametrize("closed", ["<&-", ">&-", "<&- >&- 2>&-"])
def test_streams_that_the_caller_closed_are_not_the_daemon_s(
    place: Place, objects: list[str], closed: str
) -> None:
    """The pipe to a daemon that starts does not take the place of one."""
    shell = f'exec "$@" {closed}'
    done = subprocess.run(
        ["sh", "-c", shell, "sh", installed("modload"), "m0.o"], cwd=place.dir, env=place.env, check=False
    )
    assert done.returncode == (74 if ">&-" in closed else 0)
    assert "m0" in place.run("modstat").out
