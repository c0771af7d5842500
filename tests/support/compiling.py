"""Compiling C for tests, with the flags of lkmcc, each source once a session.

Objects are kept in one directory for all workers of a test run, under the hash of everything that went in,
and moved into place whole: two workers that compile the same source at once do not disturb each other.
"""

from __future__ import annotations

import hashlib
import os
import subprocess
from collections.abc import Callable
from functools import cache
from pathlib import Path

from lkmtools.cc import (
    Compiler,
    CompilerError,
    compile_flags,
    find_compiler,
    link_flags,
    program_flags,
    runtime,
)
from lkmtools.cc.flags import RUNTIME

FAMILIES = ("gcc", "clang", "zig")
MACHINES = ("amd64", "i386")


@cache
def compiler(machine: str, command: str | None = None) -> Compiler:
    """The compiler lkmcc chooses for `machine`, or the one called `command`; CompilerError without one."""
    return find_compiler(machine, command)


@cache
def available(machine: str, command: str) -> bool:
    """Whether the compiler called `command` is here and can compile for `machine`."""
    try:
        compiler(machine, command)
    except CompilerError:
        return False
    return True


class CompileError(AssertionError):
    """The compiler refused a source of ours; the text is what it said."""


class Compile:
    """`cc(source, machine="amd64", name="hello", flags=())` compiles C text or a file to NAME.o."""

    def __init__(self, directory: Path, command: str | None = None) -> None:
        self.directory = directory
        self.command = command

    def using(self, command: str) -> Compile:
        """The same, with the compiler called `command` ("gcc", "clang", "zig")."""
        return Compile(self.directory, command)

    def __call__(
        self, source: str | Path, machine: str = "amd64", name: str = "hello", flags: tuple[str, ...] = ()
    ) -> Path:
        cc = compiler(machine, self.command)
        text, where = (source.read_text(), source.parent) if isinstance(source, Path) else (source, None)
        options = compile_flags(cc.family, machine, [*flags, *([f"-I{where}"] if where else [])])
        return self._make(
            f"{name}.o",
            "\0".join([str(cc), *options, text]),
            lambda out: [[*cc.argv, *options, "-x", "c", "-c", "-", "-o", str(out)]],
            text,
        )

    def join(self, *objects: Path, machine: str = "amd64", name: str = "joined") -> Path:
        """One relocatable object of several, as lkmcc -r makes it."""
        cc = compiler(machine, self.command)
        inputs = [str(path) for path in objects]
        return self._make(
            f"{name}.o",
            "\0".join([str(cc), machine, *inputs]),
            lambda out: [
                [*cc.argv, *flags, *inputs, "-o", str(out)] for flags in link_flags(cc.family, machine)
            ],
        )

    def program(
        self, source: str, machine: str = "amd64", name: str = "prog", flags: tuple[str, ...] = ()
    ) -> Path:
        """A static user program of C text and our runtime, as lkmcc --user makes it."""
        cc = compiler(machine, self.command)
        options, library = program_flags(cc.family, machine, flags), str(self._runtime(machine))
        return self._make(
            name,
            "\0".join([str(cc), *options, library, source]),
            lambda out: [[*cc.argv, *options, "-x", "c", "-", "-x", "none", library, "-o", str(out)]],
            source,
        )

    def _runtime(self, machine: str) -> Path:
        """All sources of the runtime as one object, so that a program need not compile them."""
        cc = compiler(machine, self.command)
        options, sources = [*program_flags(cc.family, machine), "-r"], runtime()
        headers = sorted(Path(RUNTIME).glob("**/*.h"))
        texts = "".join(path.read_text() for path in [*map(Path, sources), *headers])
        return self._make(
            "runtime.o",
            "\0".join([str(cc), *options, texts]),
            lambda out: [[*cc.argv, *options, *sources, "-o", str(out)]],
        )

    def _make(
        self, filename: str, key: str, commands: Callable[[Path], list[list[str]]], stdin: str = ""
    ) -> Path:
        directory = self.directory / hashlib.sha256(key.encode()).hexdigest()[:16]
        out = directory / filename
        if out.exists():
            return out
        directory.mkdir(parents=True, exist_ok=True)
        part = directory / f".{os.getpid()}.o"
        for command in commands(part):
            done = subprocess.run(command, input=stdin, capture_output=True, text=True, check=False)
            if done.returncode == 0:
                part.rename(out)
                return out
        raise CompileError(f"{' '.join(command)}\n{done.stderr}")
