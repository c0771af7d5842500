"""From start to init: a kernel of lkmtools, user-mode Linux, and Linux in QEMU."""

from __future__ import annotations

import shutil
import subprocess
import time
from collections.abc import Callable, Iterator, Mapping
from functools import partial
from pathlib import Path

from bench.exec import program
from bench.measure import in_turn
from bench.peers.table import OURS, Row, Section
from bench.plot import duration
from bench.samples import BIN, private_socket
from bench.stock import fetch
from lkmtools.cc import find_compiler

RUNS = 3
PATIENCE = 30  # seconds
MARK = b"init is up"
ABOUT = """The time from starting the first process until a program inside writes its first line: the
daemon and `lkmctl exec` of a static program; `linux.uml` and `qemu-system-x86_64` with that program as
`/init` in an initial RAM disk, 128 MiB of RAM and their defaults otherwise. Linux brings up far more than a
kernel of lkmtools: the table says how long somebody waits to try a change."""
_NATIVE = """
static long call(long number, long a, long b, long c)
{
    long answer;
    __asm__ volatile("syscall" : "=a"(answer) : "a"(number), "D"(a), "S"(b), "d"(c) : "rcx", "r11", "memory");
    return answer;
}
void _start(void) { call(1, 1, (long)"init is up\\n", 11); for (;;) call(34, 0, 0, 0); }
"""
_INSIDE = """
#include <unistd.h>
int main(void) { write(1, "init is up\\n", 11); return 0; }
"""


def section(directory: Path) -> Section:
    """A row of who can start here."""
    skipped: list[str] = []
    actions: dict[str, Callable[[], float]] = {
        OURS: partial(_ours, program(directory, _INSIDE, "up", "amd64"))
    }
    disk = _ram_disk(directory)
    actions |= {name: partial(up, command) for name, command in _commands(disk, skipped).items()}
    row = Row("first line of init", in_turn(actions, RUNS, skipped))
    return Section("From start to init", ABOUT, [row], skipped)


def up(command: list[str], env: Mapping[str, str] | None = None) -> float:
    """Microseconds until a command's output has the mark; it is ended then. RuntimeError: it never has."""
    began = time.perf_counter()
    said = b""
    with subprocess.Popen(
        ["timeout", "-s", "KILL", str(PATIENCE), *command], env=env,
        stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
    ) as process:  # fmt: skip
        assert process.stdout is not None
        while MARK not in said:
            data = process.stdout.read1()  # type: ignore[attr-defined]
            if not data:
                break
            said += data
        took = (time.perf_counter() - began) * 1e6
        process.terminate()
    if MARK not in said:
        lines = said.decode(errors="replace").strip().splitlines()
        output = f"its output begins with: {lines[0]}" if lines else "it has no output"
        raise RuntimeError(f"it ran for {duration(took)}, and init did not start ({output})")
    return took


def _ours(path: Path) -> float:
    with private_socket() as env:
        return up([str(BIN / "lkmctl"), "exec", str(path)], env)


def _commands(disk: Path, skipped: list[str]) -> dict[str, list[str]]:
    """What starts each kernel; what cannot be started is said."""
    found: dict[str, list[str]] = {}
    uml, qemu = shutil.which("linux.uml") or shutil.which("linux"), shutil.which("qemu-system-x86_64")
    if uml is None:
        skipped.append("user-mode Linux: there is no linux.uml on this host (package user-mode-linux)")
    else:
        found["user-mode Linux"] = [uml, "mem=128M", f"initrd={disk}", "con=null", "con0=fd:0,fd:1", "quiet"]
    image = _kernel()
    if qemu is None or image is None:
        lacks = "qemu-system-x86_64 (package qemu-system-x86)" if qemu is None else "kernel for it"
        skipped.append(f"QEMU: there is no {lacks}")
        return found
    for accelerator in ("tcg", "kvm"):
        found[f"QEMU, {accelerator}"] = [
            qemu, "-accel", accelerator, "-m", "128", "-nographic", "-no-reboot", "-kernel", str(image),
            "-initrd", str(disk), "-append", "console=ttyS0 quiet",
        ]  # fmt: skip
    return found


def _kernel() -> Path | None:
    """The kernel of the package whose modules are linked."""
    package = fetch()
    if package is None:
        return None
    tree = next(path for path in package.modules[0].parents if path.name == "tree")
    return next((tree / "boot").glob("vmlinuz-*"), None)


def _ram_disk(directory: Path) -> Path:
    """An initial RAM disk (cpio, "newc") with /init."""
    source, init, disk = directory / "init.c", directory / "init", directory / "initrd"
    source.write_text(_NATIVE)
    compiler = find_compiler("amd64")
    command: list[str | Path] = [*compiler.argv, "-O2", "-static", "-nostdlib", "-o", init, source]
    subprocess.run(command, check=True)
    disk.write_bytes(b"".join(cpio({"init": init.read_bytes()})))
    return disk


def cpio(files: Mapping[str, bytes]) -> Iterator[bytes]:
    """An archive of executable files: Documentation/driver-api/early-userspace/buffer-format.rst of Linux."""
    for number, (name, data) in enumerate({**files, "TRAILER!!!": b""}.items(), 1):
        head = (number, 0o100755, 0, 0, 1, 0, len(data), 0, 0, 0, 0, len(name) + 1, 0)
        for part in (b"070701" + b"".join(b"%08X" % field for field in head) + name.encode() + b"\0", data):
            yield part + bytes(-len(part) % 4)
