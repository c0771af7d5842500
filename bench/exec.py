"""Programs inside: a system call against the bare trap, and a whole lkmctl exec against lkmctl status."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Iterator
from pathlib import Path

from bench.measure import PROCESSOR, Result, pair
from bench.samples import private_socket, tool
from lkmtools import modules
from lkmtools.abi.vmparam import PAGE_SIZE
from lkmtools.cc import find_compiler, program_flags, runtime
from lkmtools.kern import Kernel
from lkmtools.kern.exec.kern_exec import new_space
from lkmtools.local import LocalKernel
from lkmtools.machine import PORTS, UserThread

CALLS = 60000  # so that the start of the program does not count
RUNS = 9
LOOP = """
#include <stdlib.h>
#include <unistd.h>
int main(int argc, char **argv) { int i, n = atoi(argv[1]); for (i = 0; i < n; i++) getuid(); return 0; }
"""


def program(directory: Path, source: str, name: str, machine: str) -> Path:
    """A static program of C text."""
    compiler = find_compiler(machine)
    text, out = directory / f"{name}.c", directory / f"{name}-{machine}"
    text.write_text(source)
    flags = program_flags(compiler.family, machine)
    subprocess.run([*compiler.argv, *flags, str(text), *runtime(), "-o", str(out)], check=True)
    return out


def run(directory: Path) -> Iterator[Result]:
    """A line a machine, and one for the tools."""
    for machine in PORTS:
        image = program(directory, LOOP, "loop", machine).read_bytes()
        yield system_call("system call from a program", image, machine)
    yield _tool(directory)


def system_call(title: str, image: bytes, machine: str, module: Path | None = None) -> Result:
    """A program that makes as many calls as its argument says, with `module` loaded, against bare traps."""
    with LocalKernel(inside=True, machine=machine) as lk, open(os.devnull, "r+b") as null:
        if module is not None:
            modules.load(lk.process(), module)
        files = (null.fileno(), null.fileno(), null.fileno())
        bare = Bare(lk.kernel)
        result = pair(
            f"{title} / bare trap, {machine}",
            lambda: lk.execute(image, str(CALLS), stdio=files),
            bare.run,
            2.5,
            RUNS,
            CALLS,
            PROCESSOR,
        )
        bare.close()
        return result


class Bare:
    """A program that only traps, run by the CPU alone."""

    entry = 16 * PAGE_SIZE

    def __init__(self, k: Kernel) -> None:
        self.cpu = k.engine.user_cpu
        self.space = new_space(k)
        self.space.map(self.entry, PAGE_SIZE, 7)
        trap = bytes.fromhex("0f05" if k.port.user.syscall_insn else "cd80")
        self.space.write(self.entry, trap + bytes.fromhex("ebfc"))  # and back to it
        self.user = UserThread(self.space)

    def run(self) -> None:
        """CALLS traps."""
        self.cpu.reset(self.user, self.entry)
        for _ in range(CALLS):
            self.cpu.run(self.user)

    def close(self) -> None:
        """Give its memory back."""
        self.cpu.drop(self.user)
        self.space.clear()


def _tool(directory: Path) -> Result:
    prog = program(directory, "int main(void) { return 0; }\n", "true", "amd64")
    with private_socket() as env:
        tool(env, "lkmctl", "exec", str(prog))
        return pair(
            "lkmctl exec true / lkmctl status",
            lambda: tool(env, "lkmctl", "exec", str(prog)),
            lambda: tool(env, "lkmctl", "status"),
            1.6,
            RUNS,
        )
