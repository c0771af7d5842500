"""The way of a report: the console, the tool that waits, the log; and the kernel goes on."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from lkmtools import modules
from lkmtools.cc import compile_flags, find_compiler
from lkmtools.client.supervisor import SupervisorConnection
from lkmtools.crash.directory import CORE, RECORD, TEXT, CrashDirectory
from lkmtools.daemon.child import KernelProcess
from lkmtools.daemon.reports import Reports
from lkmtools.errors import DaemonError, PanicError
from lkmtools.evidence.record import REPORT, loads
from lkmtools.local import LocalKernel
from lkmtools.wire.channel import PIECE

SOURCE = Path(__file__).parents[1] / "crashes" / "locks" / "lost_wakeup.c"


@pytest.fixture
def obj(tmp_path: Path) -> Path:
    """A module that sleeps for ever when it is loaded."""
    compiler, out = find_compiler("amd64"), tmp_path / "crash.o"
    options = compile_flags(compiler.family, "amd64", ["-g"])
    subprocess.run([*compiler.argv, *options, "-c", str(SOURCE), "-o", str(out)], check=True)
    return out


def tool(kernel: LocalKernel, *argv: str | Path) -> subprocess.CompletedProcess[str]:
    """Run a tool on a private kernel."""
    command = [Path(sys.executable).parent / argv[0], *argv[1:]]
    socket = str(getattr(kernel._where, "path", ""))
    env = {**os.environ, "LKM_SOCKET": socket}
    return subprocess.run(command, env=env, capture_output=True, text=True, check=False)


def test_the_tool_that_waits_prints_the_report(obj: Path) -> None:
    """With the source; it is in dmesg too, and the next tool finds the same kernel."""
    with LocalKernel() as kernel:
        run = tool(kernel, "modload", obj)
        assert run.returncode != 0
        assert run.stderr.startswith("report: hang: pid ")
        assert '(modload) has slept for 10 s for "done"' in run.stderr
        assert "ioctl(/dev/lkm, LMREADY)" in run.stderr
        *report, last = run.stderr.splitlines()
        assert len(report) <= 12
        assert any(line.startswith("modload: the kernel goes on: await()") for line in report)
        assert report[-1].endswith("/* here */")
        assert "will wake it" in last
        assert "report: hang: pid " in tool(kernel, "lkmctl", "dmesg").stdout
        assert "crash" not in tool(kernel, "lkmctl", "ps").stderr
        with kernel.process() as p:
            assert p.boot == 1


def test_a_report_is_kept_on_disk_without_a_core(obj: Path, tmp_path: Path) -> None:
    """With its text and its record, as a crash that the kernel survived."""
    with LocalKernel(crashes=str(tmp_path / "crashes")) as kernel:
        tool(kernel, "modload", obj)
        with SupervisorConnection(str(getattr(kernel._where, "path", ""))) as supervisor:
            supervisor.ask("kept")
    crashes = CrashDirectory(str(tmp_path / "crashes"))
    found = crashes.summary(1)
    assert (found.kind, found.boot, found.core) == (REPORT, 1, "the kernel went on")
    assert found.reason.startswith("hang: pid ")
    assert crashes.text(1, TEXT).startswith(f"report: {found.reason}\n")
    record = loads(crashes.text(1, RECORD))
    assert record is not None
    assert (record.kind, record.reason) == (REPORT, found.reason)
    assert not crashes.has(1, CORE)
    crashes.close()


def test_a_python_program_hears_it(obj: Path) -> None:
    """Process.on_report gets the text and the record, before the call ends."""
    heard: list[tuple[str, str]] = []
    with LocalKernel() as kernel:
        p = kernel.process()
        p.on_report = lambda text, record: heard.append((text, record))
        with pytest.raises(DaemonError, match="nothing in this kernel will wake it"):
            modules.load(p, obj)
        with kernel.process() as p:
            assert p.boot == 1
    ((text, raw),) = heard
    record = loads(raw)
    assert record is not None
    assert (record.kind, record.boot) == (REPORT, 1)
    assert text.splitlines()[0] == f"report: {record.reason}"


def test_without_a_callback_nothing_is_different(obj: Path) -> None:
    """A client that does not look at reports gets its answers."""
    with LocalKernel() as kernel:
        with pytest.raises(DaemonError, match="nothing in this kernel will wake it"):
            modules.load(kernel.process(), obj)
        assert "report: hang: " in kernel.console.text()


def test_panic_on_report(obj: Path) -> None:
    """The same is a panic; the next kernel boots."""
    with LocalKernel(panic_on_report=True) as kernel:
        with pytest.raises(PanicError) as caught:
            modules.load(kernel.process(), obj)
        assert caught.value.reason.startswith("hang: ")
        assert caught.value.report.startswith("panic: hang: ")
        with kernel.process() as p:
            assert p.boot == 2


def test_lkmd_panic_on_report(start_daemon: Callable[..., Any], obj: Path) -> None:
    """The option reaches the kernel."""
    daemon = start_daemon("--panic-on-report")
    with daemon.connect() as p:
        assert p.getpid() > 0


def test_the_supervisor_logs_a_report_and_passes_it_on() -> None:
    """However long it is: it comes in pieces."""
    child = KernelProcess.__new__(KernelProcess)
    child._report = ""
    whole = json.dumps(["report: hang: it\nmachine\n", "x" * 3 * PIECE])
    for at in range(0, len(whole), PIECE):
        assert child.heard({"do": "report", "text": whole[at : at + PIECE]}, [])
    entries: list[str] = []
    told: list[tuple[int, str, str]] = []
    reports = Reports(SimpleNamespace(entry=entries.append))  # type: ignore[arg-type]
    reports.told.append(lambda boot, text, record: told.append((boot, text, record)))
    reports.heard(7, *child.report())
    assert entries == ["report in boot 7: hang: it\nreport: hang: it\nmachine\n"]
    assert told == [(7, "report: hang: it\nmachine\n", "x" * 3 * PIECE)]
    assert child._report == ""


@pytest.mark.skipif(not os.environ.get("LKM_TEST_LONG"), reason="takes 10 seconds (make test-long)")
def test_a_client_that_was_killed_meanwhile(start_daemon: Callable[..., Any], obj: Path) -> None:
    """Its process still sleeps; the report is on the console and in the log, and others are served."""
    daemon = start_daemon()
    command = [Path(sys.executable).parent / "modload", obj]
    env = {**os.environ, "LKM_SOCKET": daemon.socket}
    with subprocess.Popen(command, env=env, stderr=subprocess.DEVNULL) as run, daemon.connect() as p:
        while "done" not in [row["wmesg"] for row in p.control("ps")["processes"]]:
            assert run.poll() is None
        run.kill()
    with daemon.connect() as p:
        pieces = p.stream("dmesg", follow=True)
        text = ""
        while "report: hang: pid " not in text:
            text += next(pieces)["text"]
    assert "modload" in daemon.run("lkmctl", "ps").out
