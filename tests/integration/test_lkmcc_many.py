"""lkmcc of many sources: side by side, messages whole and in order, the first failure, an interrupt."""

from __future__ import annotations

import os
import pty
import re
import signal
import subprocess
import sys
from pathlib import Path

import pytest

LKMCC = [sys.executable, "-m", "lkmtools.cli.lkmcc"]


@pytest.fixture
def work(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty directory; no kernel runs, and the environment is plain."""
    for name in ("LKM_CC", "LKM_MACHINE"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("LKM_SOCKET", str(tmp_path / "no-kernel.sock"))
    monkeypatch.chdir(tmp_path)
    return tmp_path


def script(path: Path, text: str) -> str:
    path.write_text(text)
    path.chmod(0o755)
    return str(path)


def run(*words: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run([*LKMCC, *words], capture_output=True, text=True, check=False, timeout=60)


def test_two_sources_are_compiled_at_the_same_time(work: Path) -> None:
    """Each waits for the other's beginning; what each says stays together, in the order of the files."""
    for name, other in (("a", "b"), ("b", "a")):
        os.mkfifo(work / f"begun.{name}.c")
        (work / f"{name}.c").write_text(f"int {name};\n")
        (work / f"{name}.meets").write_text(f"{other}.c\n")
    compiler = script(
        work / "meeting",
        """#!/bin/sh
for word; do case $word in --version) exec cc --version;; *.c) source=$word;; esac; done
name=${source%.c}
read other < "$name.meets"
echo "$source: begins" >&2
echo > "begun.$source" & read line < "begun.$other"
echo "$source: ends" >&2
wait
exec cc "$@"
""",
    )
    done = run("-j2", "--cc", compiler, "a.c", "b.c")
    assert (done.returncode, done.stderr) == (0, "a.c: begins\na.c: ends\nb.c: begins\nb.c: ends\n")
    assert (work / "a.o").exists()
    assert (work / "b.o").exists()


def test_the_first_failure_is_the_status_and_nothing_is_started_after_it(work: Path) -> None:
    """As in make without -k. With one process at a time it is plain which those are."""
    for name, text in (("a", "int a;"), ("b", "#warning before\nint b = ;"), ("c", "int c;")):
        (work / f"{name}.c").write_text(text)
    done = run("-j", "1", "a.c", "b.c", "c.c")
    assert done.returncode == 1
    assert "b.c:1:2: warning" in done.stderr
    assert "b.c:2:" in done.stderr
    assert [path.name for path in sorted(work.glob("*.o"))] == ["a.o"]


def test_the_commands_stand_before_their_messages(work: Path) -> None:
    """-v, in the order of the files."""
    for name in "abc":
        (work / f"{name}.c").write_text(f"#warning this is {name}\nint {name};")
    lines = run("-v", "-j3", "a.c", "b.c", "c.c").stderr.splitlines()
    found = [line for line in lines if "-ffreestanding" in line or "warning: #warning" in line]
    assert ["this is" in line for line in found] == [False, True] * 3
    assert [line.rpartition(" ")[2] for line in found if "-ffreestanding" in line] == ["a.o", "b.o", "c.o"]


def test_an_interrupt_ends_the_compilers_and_removes_what_was_for_the_join(work: Path) -> None:
    """Also what the compilers have started themselves: here a sleep that holds a FIFO open."""
    os.mkfifo(work / "alive")
    (work / "a.c").write_text("int a;")
    (work / "b.c").write_text("int b;")
    compiler = script(
        work / "slow",
        """#!/bin/sh
for word; do case $word in --version) exec cc --version;; a.c) exec cc "$@";; esac; done
sleep 1000 > alive
""",
    )
    command = [*LKMCC, "-j1", "--cc", compiler, "-r", "-o", "mod.o", "a.c", "b.c"]
    with subprocess.Popen(command, stderr=subprocess.PIPE) as lkmcc:
        with open(work / "alive", "rb") as alive:  # opens when the sleep has begun
            assert list(work.glob("mod.o.*")) != []
            lkmcc.send_signal(signal.SIGINT)
            assert alive.read() == b""  # ... and reads its end when that is gone
        assert lkmcc.wait() == 130
    assert list(work.glob("*.o")) == []


def test_two_sources_of_one_name_are_refused(work: Path) -> None:
    """They would become one object, whichever is last."""
    for name in ("one", "two"):
        (work / name).mkdir()
        (work / name / "x.c").write_text("int x;")
    done = run("one/x.c", "two/x.c")
    assert (done.returncode, done.stderr) == (1, "lkmcc: one/x.c and two/x.c would both become x.o\n")


@pytest.mark.parametrize("words", [["-j"], ["-j0"], ["-j", "two"], ["-j1.5"], ["-j-1"]])
def test_a_number_of_processes_that_is_none_is_refused(work: Path, words: list[str]) -> None:
    done = run("a.c", *words)
    assert done.returncode == 1
    assert done.stderr.startswith("lkmcc: -j needs a number of processes, 1 or more, not '")


def test_a_terminal_sees_a_bar_and_colours(work: Path) -> None:
    """From ten sources on; a message does not end up inside the bar."""
    names = [f"{letter}.c" for letter in "abcdefghijkl"]
    for name in names:
        (work / name).write_text("#warning coloured\nint x;" if name == "f.c" else "int x;")
    leader, follower = pty.openpty()
    env = {name: value for name, value in os.environ.items() if name != "NO_COLOR"} | {"TERM": "xterm"}
    with subprocess.Popen([*LKMCC, *names], stderr=follower, env=env) as lkmcc:
        os.close(follower)
        seen = b""
        while True:
            try:
                seen += os.read(leader, 4096)
            except OSError:
                break
        assert lkmcc.wait() == 0
    os.close(leader)
    assert b"100%" in seen
    assert re.search(rb"\r\x1b\[K(\x1b\[[0-9;]*[mK])+f\.c:1:", seen)


def test_a_compiler_for_another_machine_gives_way_to_the_next(
    work: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The first of the path makes objects of another machine: no object of it stays, and no message."""
    first = work / "bin"
    first.mkdir()
    script(
        first / "cc",
        '#!/bin/sh\n[ "$1" = --version ] && exec gcc --version\nexec gcc "$@" -m32 -mcmodel=32\n',
    )
    monkeypatch.setenv("PATH", f"{first}:{os.environ['PATH']}")
    (work / "a.c").write_text("int a;")
    done = run("-v", "--machine", "amd64", "a.c")
    assert done.returncode == 0
    assert str(first) not in done.stderr
    assert (work / "a.o").read_bytes()[4] == 2
