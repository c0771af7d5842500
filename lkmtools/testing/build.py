"""Compiling modules and programs for tests, as lkmcc does."""

from __future__ import annotations

import os
import shlex
import subprocess
import sys
from pathlib import Path
from typing import Any

from lkmtools.cc import CompilerError, compile_flags, find_compiler, program_flags, runtime


class Builder:
    """Compiles modules and programs as lkmcc does, each once; `directory` keeps what it made."""

    def __init__(self, directory: Path, flags: tuple[str, ...] = ()) -> None:
        self.directory = directory
        self.flags = flags
        self._made: dict[tuple[Any, ...], Path] = {}
        self._tried = 0

    def module(self, source: Path, machine: str, flags: tuple[str, ...] = ()) -> Path:
        """The object of a C source. CompilerError with the compiler's words."""
        compiler = find_compiler(machine, os.environ.get("LKM_CC"))
        options = compile_flags(compiler.family, machine, [*self.flags, *flags])
        return self._make(source, f"{source.stem}.o", machine, [*compiler.argv, *options, "-c", str(source)])

    def program(self, source: Path, machine: str, flags: tuple[str, ...] = ()) -> Path:
        """A static user program of a C source. CompilerError with the compiler's words."""
        compiler = find_compiler(machine, os.environ.get("LKM_CC"))
        options = program_flags(compiler.family, machine, [*self.flags, *flags])
        return self._make(source, source.stem, machine, [*compiler.argv, *options, str(source), *runtime()])

    def _make(self, source: Path, name: str, machine: str, command: list[str]) -> Path:
        key = (name, tuple(command), source.stat().st_mtime_ns)
        if key not in self._made:
            self._tried += 1  # also what does not compile has had a directory
            out = self.directory / machine / str(self._tried) / name
            out.parent.mkdir(parents=True)
            done = subprocess.run(
                [*command, "-o", str(out)],
                stdin=subprocess.DEVNULL,
                capture_output=True,
                text=True,
                check=False,
            )
            if done.returncode:
                raise CompilerError(f"{shlex.join(command)}\n{done.stderr}")
            sys.stderr.write(done.stderr)  # warnings
            self._made[key] = out
        return self._made[key]
