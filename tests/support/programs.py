"""`runner`: a kernel of each machine in turn, in the test's process, and C programs run inside it."""

from __future__ import annotations

import os
import tempfile
from pathlib import Path
from typing import Any, NamedTuple

from lkmtools.kern import Cred, Kernel, Spawn
from lkmtools.kern.proc.kern_proc import Exit, Proc
from lkmtools.local import LocalKernel
from support.compiling import Compile
from support.lab import Lab

HEAD = """
#include <sys/types.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <sys/wait.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>
"""


class Ran(NamedTuple):
    """What a program did: exit status (None when a signal ended it), signal (0), output, and why."""

    status: int | None
    signal: int
    out: str
    reason: str


class Runner:
    """A kernel and a compiler for its machine."""

    def __init__(self, cc: Compile, machine: str, lk: LocalKernel | None = None) -> None:
        self.cc = cc
        self.machine = machine
        self.lk = lk or LocalKernel(inside=True, machine=machine)

    @property
    def k(self) -> Kernel:
        """The kernel."""
        k: Kernel = self.lk.kernel
        return k

    def build(self, source: str) -> bytes:
        """A program of C text; the usual headers are there."""
        path: Path = self.cc.program(HEAD + source, self.machine)
        return path.read_bytes()

    def main(self, body: str, *args: str, before: str = "", **options: Any) -> Ran:
        """Run a program whose main() is `body`, after the definitions `before`."""
        return self.run(
            f"{before}\nint main(int argc, char **argv)\n{{\n{body}\nreturn 0;\n}}\n", *args, **options
        )

    def run(self, source: str | bytes, *args: str, stdin: bytes = b"", **options: Any) -> Ran:
        """Run a program to its end; standard output and error come as one text."""
        image = source if isinstance(source, bytes) else self.build(source)
        with tempfile.TemporaryFile() as given, tempfile.TemporaryFile() as taken:
            given.write(stdin)
            given.seek(0)
            files = (given.fileno(), taken.fileno(), taken.fileno())
            ended = self.lk.execute(image, *args, stdio=files, **options)
            taken.seek(0)
            text = taken.read().decode("utf-8", "backslashreplace")
        if ended.errno:
            return Ran(None, -ended.errno, text, ended.reason)
        number = ended.status & 0x7F
        return Ran(None if number else ended.status >> 8, number, text, ended.reason)

    def close(self) -> None:
        """Shut down; nothing of any program may be left."""
        k = self.k
        left = [proc for proc in k.procs.values() if proc.program is not None]
        free, total = len(k.frames.unused), k.frames.total
        self.lk.close()
        assert left == []
        assert free == total - 1  # the signal trampoline


def pipe_with(data: bytes) -> int:
    """The read end of a pipe that holds `data` and its end."""
    reading, writing = os.pipe()
    os.write(writing, data)
    os.close(writing)
    return reading


def spawn(lab: Lab, image: bytes) -> tuple[list[Exit], Proc]:
    """Start a program in the lab's kernel, run until it sleeps: its end, if it has come, and its process."""
    ended: list[Exit] = []
    parent = lab.k.attach(Cred(0, 0), "local", 0)
    proc = lab.k.spawn(parent, Cred(0, 0), Spawn("prog", image, [b"prog"], [], []), ended.append)
    lab.settle()
    return ended, proc


def spawn_main(lab: Lab, body: str, before: str = "") -> tuple[list[Exit], Proc]:
    """The same with a program whose main() is `body`, after the definitions `before`."""
    source = f"{before}\nint main(void) {{ {body} return 0; }}"
    return spawn(lab, Runner(lab.cc, lab.machine, lab.kernel).build(source))
