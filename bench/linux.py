"""Linux programs: BusyBox's pipeline inside, against the smallest program inside and against the host."""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

from bench.exec import program
from bench.measure import Result, pair
from bench.samples import private_socket, tool

SOURCES = Path(__file__).parents[1] / "examples/linux"
RUNS = 7
PIPELINE = ("sh", "-c", "seq 1 2000 | wc -l")


def run(directory: Path) -> Iterator[Result]:
    """Two lines, for the host's busybox of amd64; a static one is said to be missing."""
    busybox = shutil.which("busybox")
    if busybox is None or b"/ld" in Path(busybox).read_bytes()[:4096]:  # the name of an interpreter
        print("linux: skipped, there is no static busybox on this host")
        return
    small = program(directory, "int main(void) { return 0; }\n", "true", "amd64")
    with private_socket() as env:
        _load(env, directory)

        def inside() -> None:
            tool(env, "lkmctl", "exec", busybox, *PIPELINE)

        yield pair(
            "busybox sh -c 'seq 1 2000 | wc -l' / lkmctl exec true",
            inside,
            lambda: tool(env, "lkmctl", "exec", str(small)),
            None,
            RUNS,
        )
        yield pair(
            "busybox sh -c 'seq 1 2000 | wc -l', inside / natively",
            inside,
            lambda: subprocess.run([busybox, *PIPELINE], check=True, stdout=subprocess.DEVNULL),
            None,
            RUNS,
        )


def _load(env: dict[str, str], directory: Path) -> None:
    """Build and load the two modules."""
    compat, interpreter = directory / "compat_linux.o", directory / "exec_linux_elf.o"
    sources = [str(path) for path in sorted(SOURCES.glob("*linux*.c")) if path.stem != interpreter.stem]
    tool(env, "lkmcc", "-r", "-o", str(compat), *sources)
    tool(env, "lkmcc", "-o", str(interpreter), str(SOURCES / "exec_linux_elf.c"))
    for module in (compat, interpreter):
        tool(env, "modload", str(module))
