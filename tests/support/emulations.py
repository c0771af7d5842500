"""Programs run beside modules: toy programs of examples/toyexec, and any others, in a Lab's kernel."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from typing import NamedTuple

from lkmtools.errors import PanicError
from lkmtools.kern import Cred, Spawn, open_host_files
from lkmtools.kern.proc.kern_descrip import File
from lkmtools.kern.proc.kern_proc import Exit
from support.lab import Lab

EXAMPLES = Path(__file__).parents[2] / "examples"


class WaitStatus(NamedTuple):
    """What became of a program: wait status, output; or the errno that exec failed with, and why."""

    status: int
    out: str
    errno: int
    reason: str


class Running:
    """A program that has been started, and is asleep or still runs."""

    def __init__(self, lab: Lab, image: bytes, *args: str, files: dict[str, bytes] | None = None) -> None:
        self.lab, self.ended = lab, []  # type: ignore[var-annotated]
        self.output = os.memfd_create("output")
        k = lab.k
        stdio: list[File] = [*open_host_files([os.dup(self.output) for _ in range(3)])]
        self.parent = k.attach(Cred(0, 0), "test", os.getpid())
        words = [word.encode() for word in ("prog", *args)]
        self.proc = k.spawn(
            self.parent, Cred(0, 0), Spawn("prog", image, words, [], stdio), self.ended.append
        )
        assert self.proc.program is not None
        self.proc.program.files.update(files or {})
        try:
            lab.settle()
        except PanicError:
            os.close(self.output)
            raise

    def finish(self) -> WaitStatus:
        """Run to the end."""
        try:
            self.lab.until(lambda: bool(self.ended))
            self.lab.k.detach(self.parent)
            self.lab.settle()
            text = os.pread(self.output, 1 << 20, 0).decode("utf-8", "backslashreplace")
        finally:
            os.close(self.output)
        exit_: Exit = self.ended[0]
        return WaitStatus(exit_.status, text, exit_.errno, exit_.reason)

    def kill(self, signo: int = 9) -> WaitStatus:
        """End it by a signal."""
        self.lab.k.signal(self.proc, signo)
        return self.finish()


def run(lab: Lab, image: bytes, *args: str, files: dict[str, bytes] | None = None) -> WaitStatus:
    """Run a program to its end."""
    return Running(lab, image, *args, files=files).finish()


def toy_image(lab: Lab, source: str | Path, directory: Path) -> bytes:
    """A C program as a file of examples/toyexec's format, made by its own mktoy.py."""
    text = source.read_text() if isinstance(source, Path) else source
    elf, toy = lab.cc.program(text, lab.machine), directory / "prog.toy"
    maker = EXAMPLES / "toyexec/mktoy.py"
    subprocess.run([sys.executable, str(maker), str(elf), str(toy)], check=True)
    return toy.read_bytes()


def load_toys(lab: Lab) -> None:
    """The emulation, then its format."""
    lab.load(EXAMPLES / "emul/toy.c", name="toy")
    lab.load(EXAMPLES / "toyexec/toyexec.c", name="toyexec")
