"""Every tool and every command of lkmctl under bad conditions.

The standard streams are closed, full or broken; an argument is huge or not UTF-8; an interrupt comes while
the tool starts; the host has few descriptors; the working directory was removed.

Whatever happens ends in a line that says so, and in a status: never in a traceback.
"""

from __future__ import annotations

import os
import resource
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator, Sequence
from importlib.metadata import entry_points
from pathlib import Path
from typing import Any

import click
import pytest

from lkmtools.cli.lkmctl import COMMANDS
from lkmtools.cli.lkmctl import main as lkmctl
from lkmtools.errors import DaemonError
from support.daemons import PATIENCE, Daemon, Place, installed

ODD = b"\xff\xfe"  # no text in any of the usual encodings
HUGE = b"9" * 40
IO_ERROR = 74

# What each tool can do without harm to the others; {object} is a module that nobody has loaded yet.
CALLS = {
    "modload": "modload --dry-run {object}",
    "modunload": "modunload -n nobody",
    "modstat": "modstat",
    "lkmd": "lkmd",
    "lkmcc": "lkmcc --samples",
    "rc.lkm": "rc.lkm check ./lkm.conf",
}
OPERANDS = {
    "exec": "{program}", "ls": "/", "cat": "/tmp/file", "tee": "/dev/null", "mknod": "/dev/n c 200 1",
    "rm": "/dev/none", "chmod": "644 /dev/null", "mkdir": "/none/d", "rmdir": "/none", "mv": "/none /n2",
    "mount": "", "umount": "/none", "ioctl": "--readonly /dev/lkm 0", "syscall": "20", "nm": "printf",
    "addr2sym": "{address}", "check": "{object}", "ksyms": "-o made", "sysctl": "kern.ostype",
}  # fmt: skip
SPARED = {"reboot", "stop"}  # would end what the others need; each is tried alone
CALLS |= {
    f"lkmctl {name}": f"lkmctl {name} {OPERANDS.get(name, '')}" for name in COMMANDS if name not in SPARED
}
SILENT = {  # print nothing to standard output when all is well, or fail before
    "modunload", "lkmd", "lkmctl tee", "lkmctl mknod", "lkmctl rm", "lkmctl chmod", "lkmctl mkdir",
    "lkmctl rmdir", "lkmctl mv", "lkmctl umount", "lkmctl ioctl", "lkmctl ksyms", "lkmctl exec",
}  # fmt: skip

HELLO = """
#include <sys/param.h>
#include <sys/systm.h>
#include <sys/conf.h>
#include <sys/exec.h>
#include <sys/lkm.h>
MOD_MISC("hello");
int hello_lkmentry(struct lkm_table *t, int cmd, int ver)
{
    DISPATCH(t, cmd, ver, lkm_nofunc, lkm_nofunc, lkm_nofunc);
}
"""


class EveryTool:
    """A daemon, files for the calls, and run()."""

    def __init__(self, daemon: Daemon) -> None:
        self.daemon = daemon
        self.dir = Path(daemon.dir)
        (self.dir / "hello.c").write_text(HELLO)
        (self.dir / "prog.c").write_text("int main(void) { return 0; }\n")
        (self.dir / "lkm.conf").write_text(f"{self.dir}/hello.o - - - - AFTERMOUNT\n")
        (self.dir / "boom.c").write_text(HELLO.replace("DISPATCH", 'panic("boom");\n    DISPATCH'))
        for words in (["lkmcc", "hello.c", "boom.c"], ["lkmcc", "--user", "-o", "prog", "prog.c"]):
            assert daemon.run(*words).status == 0
        assert (
            daemon.run("modload", "-e", "hello_lkmentry", "boom.o").status == 70
        )  # there is a crash to be shown
        assert daemon.run("lkmctl", "tee", "/tmp/file", stdin=b"text").status == 0
        assert daemon.run("lkmctl", "mount", "-t", "hostfs", ".", "/mnt").status == 0
        address = daemon.run("lkmctl", "nm", "printf").out.split()[0]
        self._values = {"object": "hello.o", "program": "./prog", "address": f"0x{address}"}

    def words(self, call: str) -> list[str]:
        """The words of one of CALLS."""
        return call.format(**self._values).split()

    def run(self, argv: Sequence[str | bytes], **how: Any) -> subprocess.CompletedProcess[bytes]:
        """Run a tool whose standard error is read, and check that it complains like a tool."""
        pipe = subprocess.PIPE
        usual: dict[str, Any] = {"stdin": subprocess.DEVNULL, "stdout": pipe, "stderr": pipe}
        command = [installed(str(argv[0])), *argv[1:]]
        where: dict[str, Any] = {"env": self.daemon.env, "cwd": self.dir, "timeout": PATIENCE}
        run = subprocess.run(command, check=False, text=False, **usual | where | how)
        clean(run.stderr or b"")
        return run


def clean(err: bytes) -> None:
    """Nothing of Python is in what a tool said."""
    for word in (b"Traceback", b"Exception ignored", b"internal error", b"  File "):
        assert word not in err, err.decode(errors="replace")


@pytest.fixture(scope="module")
def bench() -> Iterator[EveryTool]:
    """One daemon for all that leave it as it is."""
    daemon = Daemon()
    try:
        yield EveryTool(daemon)
        assert "Traceback" not in daemon.log()
    finally:
        daemon.remove()


def closing(fd: int) -> Callable[[], None]:
    """What the child does before it becomes the tool."""
    return lambda: os.close(fd)


def test_every_tool_is_tried() -> None:
    """Those that the package installs, and all of lkmctl's commands."""
    scripts = entry_points(group="console_scripts")
    tools = {script.name for script in scripts if script.value.startswith("lkmtools.")}
    assert tools == {call.split()[0] for call in CALLS}
    assert {call.split()[1] for call in CALLS if call.startswith("lkmctl ")} | SPARED == set(COMMANDS)


@pytest.mark.parametrize("name", CALLS)
def test_closed_output(bench: EveryTool, name: str) -> None:
    run = bench.run(bench.words(CALLS[name]), stdout=None, preexec_fn=closing(1))
    if name not in SILENT:
        assert run.returncode == IO_ERROR
        assert b"standard output: Bad file descriptor" in run.stderr


@pytest.mark.parametrize("name", CALLS)
def test_full_output(bench: EveryTool, name: str) -> None:
    with open("/dev/full", "wb") as full:
        run = bench.run(bench.words(CALLS[name]), stdout=full)
    if name not in SILENT:
        assert run.returncode == IO_ERROR
        assert b"standard output: No space left on device" in run.stderr


@pytest.mark.parametrize("name", CALLS)
def test_broken_output(bench: EveryTool, name: str) -> None:
    """A reader that has seen enough is not complained about, unless what was done would be lost."""
    reading, writing = os.pipe()
    os.close(reading)
    try:
        run = bench.run(bench.words(CALLS[name]), stdout=writing)
    finally:
        os.close(writing)
    if name not in SILENT:
        assert run.returncode == IO_ERROR
        assert (b"Broken pipe" in run.stderr) == (name == "lkmctl syscall")


@pytest.mark.parametrize("name", CALLS)
@pytest.mark.parametrize("fd", [0, 2])
def test_closed_input_and_error(bench: EveryTool, name: str, fd: int) -> None:
    stream = {0: {"stdin": None}, 2: {"stderr": None}}[fd]
    run = bench.run(bench.words(CALLS[name]), preexec_fn=closing(fd), **stream)
    clean(run.stdout)
    if name == "lkmctl tee" and fd == 0:
        assert (run.returncode, run.stderr) == (IO_ERROR, b"lkmctl: standard input: Bad file descriptor\n")


@pytest.mark.parametrize(
    "name", ["modstat -n nobody", "modstat --nothing", "lkmctl nothing", "lkmcc no.such"]
)
def test_errors_that_cannot_be_written_keep_their_status(bench: EveryTool, name: str) -> None:
    argv = bench.words(name)
    with open("/dev/full", "wb") as full:
        assert bench.run(argv, stderr=full).returncode == bench.run(argv).returncode


def test_a_load_that_cannot_be_told_is_told_on_standard_error(bench: EveryTool) -> None:
    """Both outputs of modload, and those of rc.lkm; modules that follow are loaded as well."""
    for name, argv in {
        "modload": ["modload", "hello.o"],
        "modload --json": ["modload", "--json", "hello.o"],
        "rc.lkm": ["rc.lkm", "--conf", "lkm.conf"],
    }.items():
        with open("/dev/full", "wb") as full:
            run = bench.run(argv, stdout=full)
        tool = name.split()[0]
        head, _, rest = run.stderr.decode().partition("\n")
        assert (
            head == f"{tool}: standard output: No space left on device; the output follows on standard error"
        )
        assert run.returncode == IO_ERROR
        assert ('"id": 0' if "--json" in name else "Module loaded as ID 0") in rest
        assert bench.daemon.run("modunload", "hello").status == 0


def values(command: click.Command) -> list[click.Parameter]:
    """The parameters that take a value."""
    return [p for p in command.params if not getattr(p, "is_flag", False) and not getattr(p, "hidden", False)]


def commands() -> Iterator[tuple[str, click.Command]]:
    """Every tool and command with its click command."""
    from importlib import import_module

    for tool in ("modload", "modunload", "modstat", "lkmd", "lkmcc"):
        yield tool, import_module(f"lkmtools.cli.{tool}").main
    yield "rc.lkm", import_module("lkmtools.cli.rclkm").main
    ctx = click.Context(lkmctl)
    for name in COMMANDS:
        command = lkmctl.get_command(ctx, name)
        assert command is not None
        yield f"lkmctl {name}", command


ARGUMENTS = [(name, param.name) for name, command in commands() for param in values(command)]


@pytest.mark.parametrize("value", [ODD, HUGE], ids=["odd", "huge"])
@pytest.mark.parametrize(("name", "which"), ARGUMENTS)
def test_arguments_that_are_huge_or_not_text(bench: EveryTool, name: str, which: str, value: bytes) -> None:
    """One value at a time; the others are those of CALLS, as far as it has them."""
    command = dict(commands())[name]
    param = next(p for p in command.params if p.name == which)
    words: list[str | bytes] = list(bench.words(CALLS.get(name, name)))
    start = len(name.split())
    if param.param_type_name == "option":
        words[start:start] = [param.opts[0], value]
    else:
        operands = [p.name for p in command.params if p.param_type_name == "argument"]
        at = start + operands.index(which)
        options = [i for i in range(start, len(words)) if str(words[i]).startswith("-")]
        at += len(options) if name in ("lkmctl ioctl", "modload") else 0
        words[at : at + 1] = [value]
    run = bench.run(words)
    assert run.returncode in (0, 1, 2, 3, 4, 5, 16, 69, 126, 127, 255) or name == "lkmctl syscall"
    if run.returncode:
        assert run.stderr or run.stdout  # check prints what it finds


def test_names_that_are_not_text_come_out_as_they_went_in(bench: EveryTool) -> None:
    """Files of the kernel, a module's name, a variable, and the shell's view of the host's files."""
    made = b"/tmp/" + ODD
    assert bench.run(["lkmctl", "mkdir", made]).returncode == 0
    assert ODD in bench.run(["lkmctl", "ls", "/tmp"]).stdout
    assert bench.run(["lkmctl", "rmdir", made]).returncode == 0
    os.link(os.fsencode(bench.dir) + b"/hello.o", os.fsencode(bench.dir) + b"/" + ODD + b".o")
    assert bench.run(["modload", "-e", "hello_lkmentry", ODD + b".o"]).returncode == 0
    assert ODD + b".o" in bench.run(["modstat", "-l"]).stdout
    assert bench.run(["modunload", "hello"]).returncode == 0


INTERRUPTER = """
import os, signal, sys

class Interrupter:
    def find_spec(self, name, path=None, target=None):
        if name == os.environ["INTERRUPT_AT"]:
            os.kill(os.getpid(), signal.SIGINT)

sys.meta_path.insert(0, Interrupter())
"""


@pytest.mark.parametrize("at", ["click", "lkmtools.abi.errno", "lkmtools.cli.common", "lkmtools.errors"])
@pytest.mark.parametrize("tool", ["modload", "modunload", "modstat", "lkmd", "lkmctl", "lkmcc", "rc.lkm"])
def test_interrupted_while_it_starts(bench: EveryTool, tmp_path: Path, tool: str, at: str) -> None:
    """An interrupt in the import of one of its modules ends it by a signal, in silence."""
    (tmp_path / "sitecustomize.py").write_text(INTERRUPTER)
    env = {**bench.daemon.env, "PYTHONPATH": str(tmp_path), "INTERRUPT_AT": at}
    run = bench.run([tool, "--version"], env=env)
    assert (run.returncode, run.stdout, run.stderr) == (-signal.SIGINT, b"", b"")


@pytest.mark.parametrize("tool", ["modstat", "lkmctl ps", "modload --dry-run hello.o"])
def test_interrupted_at_work(bench: EveryTool, tmp_path: Path, tool: str) -> None:
    (tmp_path / "sitecustomize.py").write_text(INTERRUPTER)
    env = {**bench.daemon.env, "PYTHONPATH": str(tmp_path), "INTERRUPT_AT": "lkmtools.client.core"}
    if tool == "modstat":
        env["INTERRUPT_AT"] = "lkmtools.client"
    run = bench.run(tool.split(), env=env)
    assert (run.returncode in (130, -signal.SIGINT), run.stdout, run.stderr) == (True, b"", b"\n")


@pytest.mark.parametrize("at", ["lkmtools.cli.lkmd_serve", "lkmtools.daemon.address"])
def test_lkmd_is_interrupted_when_its_options_are_known(place: Place, tmp_path: Path, at: str) -> None:
    """While it executes itself without click, and after that."""
    (tmp_path / "sitecustomize.py").write_text(INTERRUPTER)
    env = {**place.env, "PYTHONPATH": str(tmp_path), "INTERRUPT_AT": at}
    run = subprocess.run([installed("lkmd")], env=env, capture_output=True, check=False, timeout=PATIENCE)
    assert (run.returncode, run.stdout, run.stderr) == (130, b"", b"\n")
    assert not os.path.exists(place.socket)


def test_an_interrupt_that_is_ignored_stays_ignored(bench: EveryTool, tmp_path: Path) -> None:
    (tmp_path / "sitecustomize.py").write_text(INTERRUPTER)
    env = {**bench.daemon.env, "PYTHONPATH": str(tmp_path), "INTERRUPT_AT": "click"}

    def ignore() -> None:
        signal.signal(signal.SIGINT, signal.SIG_IGN)

    assert bench.run(["modstat"], env=env, preexec_fn=ignore).returncode == 0


@pytest.mark.parametrize("count", range(5, 14))
@pytest.mark.parametrize(
    "tool", ["modstat", "lkmd", "lkmctl status", "lkmcc hello.c", "rc.lkm check ./lkm.conf"]
)
def test_few_descriptors(place: Place, tool: str, count: int) -> None:
    """It works, or says what there is too little of, and how much there may be."""

    def limit() -> None:
        resource.setrlimit(resource.RLIMIT_NOFILE, (count, count))

    Path(place.dir, "hello.c").write_text("int x;\n")
    Path(place.dir, "lkm.conf").write_text("")
    words = tool.split()
    run = subprocess.run(
        [installed(words[0]), *words[1:]], stdin=subprocess.DEVNULL, capture_output=True, env=place.env,
        cwd=place.dir, timeout=PATIENCE, check=False, preexec_fn=limit,
    )  # fmt: skip
    clean(run.stderr)
    clean(place.log().encode())
    if run.returncode and tool != "lkmctl status":
        assert b"Too many open files" in run.stderr


@pytest.mark.parametrize(
    "call",
    ["rc.lkm check", "rc.lkm", "modstat", "lkmctl status", "lkmd --socket s", "modstat --socket s",
     "lkmctl exec --root . /x", "modload hello.o", "lkmcc x.c", "lkmctl mount -t hostfs . /mnt"],
)  # fmt: skip
def test_no_working_directory(bench: EveryTool, tmp_path: Path, call: str) -> None:
    gone = tmp_path / "gone"
    gone.mkdir()

    def leave() -> None:
        os.chdir(gone)
        os.rmdir(gone)

    run = bench.run(call.split(), cwd=None, preexec_fn=leave)
    if "--socket s" in call or " . " in call:
        assert run.returncode in (1, 69)
        assert b"the working directory was removed" in run.stderr


@pytest.mark.parametrize("name", sorted(SPARED))
def test_the_commands_that_end_it(daemon: Daemon, name: str) -> None:
    with open("/dev/full", "wb") as full:
        run = subprocess.run(
            [installed("lkmctl"), name], stdout=full, stderr=subprocess.PIPE, env=daemon.env, check=False,
            timeout=PATIENCE,
        )  # fmt: skip
    assert (run.returncode, run.stderr) == (0, b"")  # they print nothing
    if name == "reboot":
        assert daemon.status()["boot"] == 2
    else:
        with pytest.raises(DaemonError, match="no lkmd is running"):
            daemon.status()


def test_lkmd_with_closed_streams_serves(place: Place) -> None:
    for fd in (0, 1, 2):
        made = subprocess.run(
            [installed("lkmd")], env=place.env, check=False, timeout=PATIENCE, preexec_fn=closing(fd)
        )
        assert made.returncode == 0
        assert place.run("modstat").status == 0
        place.stop()


def test_the_interpreter_is_the_tools_own() -> None:
    """The tests above change it by PYTHONPATH, which a tool of this environment obeys."""
    assert sys.executable in Path(installed("modstat")).read_text(encoding="utf-8").splitlines()[0]
