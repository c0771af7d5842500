"""lkmctl crash: what is left of kernels that died, with and without their daemon, and in gdb."""

from __future__ import annotations

import json
import os
import re
import shutil
import signal
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from lkmtools.evidence.record import loads
from support.compiling import Compile
from support.daemons import Daemon, Place, Run

GDB = shutil.which("gdb")
PYTHON = {"PYTHONWARNINGS": ""}  # gdb's own Python is not free of them
with_gdb = pytest.mark.skipif(GDB is None, reason="no gdb here")

# A chain of calls, the innermost of which does what a test says.
CHAIN = """
MOD_MISC("chain");
struct item { int a, b; struct item *next; };
static struct item *volatile head;
static volatile int count = 7;
static int quiet(int n) { return n; }
__attribute__((noinline)) int called(void);
__attribute__((noinline)) int called(void) { return head->b = 1; }
__attribute__((noinline)) static int deep(int n);
__attribute__((noinline)) static int middle(int n) { int r = deep(n + 1); return r + count; }
static int chain_load(struct lkm_table *t, int cmd) { count += quiet(cmd); return 0; }
static int chain_unload(struct lkm_table *t, int cmd) { return middle(40) * 3; }
int chain_lkmentry(struct lkm_table *t, int cmd, int ver);
int chain_lkmentry(struct lkm_table *t, int cmd, int ver)
{ DISPATCH(t, cmd, ver, chain_load, chain_unload, lkm_nofunc); }
__attribute__((noinline)) static int deep(int n) { count++; %s; return count; }
"""
FAULT = "head->b = n"
ONCE = "static ONCE_DECL(once); RUN_ONCE(&once, called)"
NAMES = ["deep", "middle", "chain_unload", "chain_lkmentry"]


@pytest.fixture
def crash(cc: Compile) -> Callable[..., str]:
    """crash(daemon, what, machine, *flags): load the module and have it do that; the object's path."""

    def make(daemon: Daemon, what: str = FAULT, machine: str = "amd64", *flags: str) -> str:
        head = (
            "#include <sys/param.h>\n#include <sys/systm.h>\n#include <sys/exec.h>\n#include <sys/conf.h>\n"
        )
        made = cc(
            f"{head}#include <sys/lkm.h>\n#include <sys/once.h>\n{CHAIN % what}",
            machine,
            "chain",
            ("-g", *flags),
        )
        path = os.path.join(daemon.dir, "chain.o")
        shutil.copyfile(made, path)
        assert daemon.run("modload", path).status == 0
        assert daemon.run("modunload", "chain").status == 70
        return path

    return make


def stop(daemon: Daemon) -> None:
    """End the daemon, which finishes first what it writes."""
    assert daemon.run("lkmctl", "stop") == Run(0, "", "")


def listed(place: Place) -> list[dict[str, Any]]:
    rows: list[dict[str, Any]] = json.loads(place.run("lkmctl", "crash", "--list", "--json").out)["crashes"]
    return rows


def directory(place: Place) -> Path:
    (found,) = (Path(place.state) / "lkmtools" / "crash").iterdir()
    return found


def gdb(place: Place, *words: str) -> str:
    """What gdb prints about the newest crash when it is started by lkmctl, with further words for it."""
    run = place.run("lkmctl", "crash", "--gdb", "--", "-batch", *words, env=PYTHON)
    err = re.sub(r"^\d+\t<stdin>: No such file or directory\.\n", "", run.err, flags=re.MULTILINE)
    assert (run.status, err) == (0, ""), run  # cc compiles its standard input
    return run.out


def plain_gdb(place: Place, number: int, *commands: str) -> str:
    """What gdb prints about core and symbol file alone."""
    there = directory(place) / str(number)
    words = [word for command in commands for word in ("-ex", command)]
    command = ["gdb", "-nx", "-batch", str(there / "kernel.sym"), str(there / "core"), *words]
    done = subprocess.run(command, capture_output=True, text=True, check=True, env={**place.env, **PYTHON})
    assert done.stderr == ""
    return done.stdout


def functions(out: str) -> list[str]:
    """The functions of a gdb backtrace, the last in the output."""
    lines = re.findall(r"^#(\d+) +(?:0x[0-9a-f]+ in )?([\w.]+) \(", out, re.MULTILINE)
    begin = max(at for at, (number, _) in enumerate(lines) if number == "0")
    return [name.split(".")[0] for _, name in lines[begin:]]


# -- what is shown --------------------------------------------------------------------------------------


def test_a_crash_is_shown_when_its_daemon_is_gone(
    start_daemon: Callable[..., Daemon], crash: Callable[..., str], machine: str
) -> None:
    """The report in full, the source, and where the files are; and as JSON."""
    daemon = start_daemon("--machine", machine)
    path = crash(daemon, FAULT, machine)
    stop(daemon)
    status, out, err = daemon.run("lkmctl", "crash")
    assert (status, err) == (0, "")
    lines = out.splitlines()
    assert re.fullmatch(rf"crash 1, {WHEN}, boot 1, {machine}, panic", lines[0])
    assert lines[1].startswith("panic: page fault: write ")
    assert "in ioctl(/dev/lkm, LMUNLOAD)" in lines[2]
    assert "    deep() at " in out
    assert lines[-1] == f"core: {directory(daemon)}/1/core (lkmctl crash 1 --gdb)"
    assert daemon.run("lkmctl", "crash", "1").out == out
    found = json.loads(daemon.run("lkmctl", "crash", "1", "--json").out)
    assert (found["version"], found["number"], found["boot"], found["kind"]) == (1, 1, 1, "panic")
    assert found["report"] in out
    assert loads(json.dumps(found["record"])) is not None
    assert found["source"][0] == "source:"
    assert found["core"] == f"{directory(daemon)}/1/core"
    assert [(m["name"], m["path"], m["unloaded"]) for m in found["modules"]] == [("chain", path, False)]
    assert not os.path.exists(daemon.socket)


WHEN = r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d"


def test_crashes_are_listed(daemon: Daemon, crash: Callable[..., str]) -> None:
    """The newest last; status and log name the number of the last."""
    crash(daemon)
    crash(daemon, 'panic("second\\nline")')
    assert daemon.run("lkmctl", "crash").out.startswith("crash 2, ")  # which was being written
    status, out, err = daemon.run("lkmctl", "crash", "--list")
    assert (status, err) == (0, "")
    head, first, second = out.splitlines()
    assert head == "NUMBER TIME                 BOOT KIND    MACHINE REASON"
    assert re.fullmatch(rf"     1 {WHEN}     1 panic   amd64   page fault: write of 4 bytes at 0x4 .*", first)
    assert re.fullmatch(rf"     2 {WHEN}     2 panic   amd64   .*second line.*", second)
    assert [(row["number"], row["boot"]) for row in listed(daemon)] == [(1, 1), (2, 2)]
    assert f"crash 2 is that of boot 2: {directory(daemon)}/2\n" in daemon.log()


def test_status_names_the_crash(daemon: Daemon, crash: Callable[..., str]) -> None:
    crash(daemon)
    directory_of = until_saved(daemon)
    assert directory_of == str(directory(daemon))
    rows = daemon.run("lkmctl", "status").out.splitlines()
    assert next(row for row in rows if row.startswith("last panic ")).endswith("(lkmctl crash 1)")


def until_saved(daemon: Place, number: int = 1) -> str:
    """Wait until a crash is on disk; the directory that the status names."""
    while True:
        status = daemon.status()
        if status["last_panic"] and (status["last_panic"]["crash"] or 0) >= number:
            return str(status["crashes"])


def test_a_kernel_that_was_killed_leaves_one_too(daemon: Daemon) -> None:
    """It is what the inquest found, and the memory."""
    with daemon.connect() as p:
        p.getpid()
        os.kill(daemon.kernel_pid, signal.SIGKILL)
        until_saved(daemon)
    (row,) = listed(daemon)
    assert (row["kind"], row["boot"]) == ("died", 1)
    assert "SIGKILL" in row["reason"]
    out = daemon.run("lkmctl", "crash").out
    assert "ended from outside: signal 9 (SIGKILL)" in out
    assert (directory(daemon) / "1" / "core").stat().st_size > 128 << 20


@pytest.mark.parametrize(
    ("words", "status", "text"),
    [
        (["3"], 1, "there is no crash 3; there are 1 to 2 in "),
        (["0"], 1, "there is no crash 0; there are 1 to 2 in "),
        (["9" * 40], 1, f"there is no crash {'9' * 12}; there are 1 to 2 in "),
        (["x"], 2, "'x' is not the number of a crash"),
        (["1", "2"], 2, "unexpected argument: '2'"),
        (["--list", "1"], 2, "--list lists all crashes"),
        (["--list", "--gdb"], 2, "--list lists all crashes"),
        (["--json", "--gdb"], 2, "--gdb starts gdb, which has no --json"),
    ],
)
def test_mistakes(two_crashes: Place, words: list[str], status: int, text: str) -> None:
    run = two_crashes.run("lkmctl", "crash", *words)
    assert (run.status, run.out) == (status, "")
    assert f"lkmctl: {text}" in run.err
    assert len([line for line in run.err.splitlines() if line.startswith("lkmctl:")]) == 1


@pytest.fixture(scope="module")
def two_crashes() -> Iterator[Place]:
    """Two kernels were killed, and the daemon was stopped."""
    daemon = Daemon()
    for number in (1, 2):
        with daemon.connect() as p:
            p.getpid()
            os.kill(daemon.kernel_pid, signal.SIGKILL)
            until_saved(daemon, number)
    stop(daemon)
    yield daemon
    daemon.remove()


def test_where_there_are_none(place: Place) -> None:
    run = place.run("lkmctl", "crash")
    assert (run.status, run.out) == (1, "")
    assert run.err.startswith(f"lkmctl: there are no crashes: {place.state}/lkmtools/crash/")
    assert run.err.endswith(" does not exist\n")
    assert os.listdir(place.dir) == os.listdir(place.state) == []


def test_a_damaged_one_is_named_and_the_others_are_shown(daemon: Daemon, crash: Callable[..., str]) -> None:
    crash(daemon)
    crash(daemon)
    stop(daemon)
    there = directory(daemon)
    (there / "1" / "crash.json").write_text("{")
    (there / "2" / "record.json").write_text("{")
    why = f"{there}/1/crash.json: the file is damaged: "
    first, second = daemon.run("lkmctl", "crash", "--list").out.splitlines()[1:]
    assert first.startswith(f"     1 {'-':<19}     - damaged -       {why}")
    assert "panic" in second
    for words in ([], ["--json"], ["--gdb"]):
        run = daemon.run("lkmctl", "crash", "1", *words)
        assert (run.status, run.out, run.err.count("\n")) == (1, "", 1)
        assert run.err.startswith(f"lkmctl: {why}")
    assert "no source: the record of the panic is damaged: " in daemon.run("lkmctl", "crash").out
    shutil.rmtree(there / "2")
    (there / "2").mkdir()
    assert "crash.json: the file is damaged: it is missing" in daemon.run("lkmctl", "crash", "2").err


# -- where they are -------------------------------------------------------------------------------------


def test_each_socket_has_its_own(start_daemon: Callable[..., Daemon], crash: Callable[..., str]) -> None:
    """Below one directory, each with numbers from 1 on."""
    one, other = start_daemon(), start_daemon()
    base = os.path.join(one.dir, "crashes")
    for daemon in (one, other):
        stop(daemon)
        assert daemon.run("lkmd", "--crash-dir", base) == Run(0, "", "")
        crash(daemon)
    crash(other)
    for daemon, numbers in ((one, [1]), (other, [1, 2])):
        stop(daemon)
        daemon.env["LKM_CRASH_DIR"] = base
        assert [row["number"] for row in listed(daemon)] == numbers
        assert os.listdir(daemon.state) == []
    assert len(os.listdir(base)) == 2
    assert "crash 1, " in one.run("lkmctl", "crash", "--dir", base, env={"LKM_CRASH_DIR": ""}).out


@pytest.mark.parametrize("how", ["option", "variable", "file"])
def test_none_are_kept_if_so_wished(place: Place, crash: Callable[..., str], how: str) -> None:
    conf = Path(place.dir, "lkmd.conf")
    conf.write_text('crash_dir = ""\n')
    words = {"option": ["--crash-dir", ""], "file": ["--config", str(conf)]}.get(how, [])
    env = {"LKM_CRASH_DIR": ""} if how == "variable" else {}
    assert place.run("lkmd", *words, env=env) == Run(0, "", "")
    crash(place)
    assert place.status()["crashes"] is None
    assert "lkmctl crash" not in place.run("lkmctl", "status").out
    place.stop()
    assert os.listdir(place.state) == []
    run = place.run("lkmctl", "crash", env={"LKM_CRASH_DIR": ""})
    assert (run.status, run.err.count("\n")) == (1, 1)
    assert "no crashes are kept" in run.err


# -- gdb ------------------------------------------------------------------------------------------------


@with_gdb
@pytest.mark.parametrize("level", ["-O2"])
def test_gdb_unwinds_frame_pointers_with_core_and_symbols_alone(
    start_daemon: Callable[..., Daemon], crash: Callable[..., str], machine: str, level: str
) -> None:
    """Static functions of a module that was loaded without -s have names."""
    daemon = start_daemon("--machine", machine)
    crash(daemon, FAULT, machine, level, "-fno-omit-frame-pointer", "-fno-inline")
    stop(daemon)
    out = plain_gdb(daemon, 1, "bt", "info threads", "x/i $pc")
    assert functions(out) == [*NAMES, "kernel_return"]
    assert "LWP 4" in out
    assert "=> 0x" in out


@with_gdb
@pytest.mark.parametrize("level", ["-O0", "-O2"])
def test_gdb_unwinds_everything_with_the_objects(
    start_daemon: Callable[..., Daemon], crash: Callable[..., str], machine: str, level: str
) -> None:
    """Without frame pointers, with what was inlined; variables have their types and values."""
    daemon = start_daemon("--machine", machine)
    crash(daemon, FAULT, machine, level, "-fomit-frame-pointer")
    stop(daemon)
    out = gdb(daemon, "-ex", "p count", "-ex", "ptype head", "-ex", "frame 1", "-ex", "p n")
    assert functions(out.split("$1")[0]) == [*NAMES, "kernel_return"]
    assert "$1 = 9" in out
    assert "struct item *next;" in out
    assert "$2 = 40" in out


@with_gdb
def test_gdb_shows_the_kernel_function_that_panicked(
    start_daemon: Callable[..., Daemon], crash: Callable[..., str], machine: str
) -> None:
    daemon = start_daemon("--machine", machine)
    crash(daemon, 'panic("here")', machine)
    stop(daemon)
    assert functions(gdb(daemon)) == ["panic", *NAMES, "kernel_return"]
    assert functions(plain_gdb(daemon, 1, "bt"))[:2] == ["panic", "deep"]


@with_gdb
def test_gdb_unwinds_through_kernel_functions_that_called_back(
    start_daemon: Callable[..., Daemon], crash: Callable[..., str], machine: str
) -> None:
    """From the module that a kernel function called to the one that called the function."""
    daemon = start_daemon("--machine", machine)
    crash(daemon, ONCE, machine)
    stop(daemon)
    out = functions(gdb(daemon))
    inner = ["called", "kernel_return", "_init_once", *NAMES, "kernel_return"]
    assert out[: len(inner)] == inner


@with_gdb
def test_an_object_that_has_changed_is_not_used(daemon: Daemon, crash: Callable[..., str]) -> None:
    """Nor is one that is gone; one line says so, and gdb shows what it can."""
    path = crash(daemon)
    stop(daemon)
    data = bytearray(Path(path).read_bytes())
    data[data.index(b"\x0f\x0b") if b"\x0f\x0b" in data else 0x50] ^= 1
    for change, why in (
        (lambda: Path(path).write_bytes(data), ""),
        (lambda: os.unlink(path), "No such file"),
    ):
        change()
        run = daemon.run("lkmctl", "crash", "1", "--gdb", "--", "-batch", env=PYTHON)
        assert (run.status, run.err.count("\n")) == (0, 1)
        assert run.err.startswith(f"lkmctl: no object for module chain: {path}")
        assert why in run.err
        assert functions(run.out)[0] == "deep"


@with_gdb
def test_the_object_of_a_stripped_module_is_looked_for(daemon: Daemon, crash: Callable[..., str]) -> None:
    """In the directories of --debug-path, or of LKM_DEBUG_PATH, for the source and for gdb."""
    path = crash(daemon)
    stop(daemon)
    whole = Path(daemon.dir, "whole")
    whole.mkdir()
    shutil.copy(path, whole)
    subprocess.run(["strip", "-g", path], check=True)
    assert "deep() at " not in daemon.run("lkmctl", "crash").out
    assert "deep() at " in daemon.run("lkmctl", "crash", "--debug-path", str(whole)).out
    env = {**PYTHON, "LKM_DEBUG_PATH": f"{daemon.dir}/nothing:{whole}"}
    run = daemon.run("lkmctl", "crash", "--gdb", "--", "-batch", env=env)
    assert run.err == ""
    assert "deep (n=41) at <stdin>:" in run.out


def test_without_gdb_or_without_a_core(daemon: Daemon, crash: Callable[..., str]) -> None:
    """One line says so."""
    crash(daemon)
    stop(daemon)
    run = daemon.run("lkmctl", "crash", "--gdb", env={"PATH": daemon.dir})
    assert run == Run(
        1, "", "lkmctl: there is no gdb in PATH; install it, or open the files with another debugger\n"
    )
    (directory(daemon) / "1" / "core").unlink()
    (gdb_of := Path(daemon.dir, "gdb")).write_text("")
    gdb_of.chmod(0o755)
    run = daemon.run("lkmctl", "crash", "--gdb", env={"PATH": daemon.dir})
    assert run == Run(1, "", "lkmctl: crash 1 has no core: the file is missing\n")
    assert daemon.run("lkmctl", "crash").out.splitlines()[-1] == "no core: the file is missing"
