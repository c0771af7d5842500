"""Which C compiler of this host can compile for the machine of the simulated kernel.

The host's cc, gcc or clang (or a cross gcc) when a probe shows that it can: a host may be of any
architecture, and a 64-bit gcc need not have a 32-bit half. Otherwise zig's compiler, which is a Python
package and compiles for every machine. A probe compiles an empty module with the real flags and reads the
object's ELF header.
"""

from __future__ import annotations

import importlib.util
import shlex
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from lkmtools.cc.flags import MACHINES, compile_flags
from lkmtools.errors import LkmtoolsError

HINT = "install gcc or clang, or zig's compiler with: pip install 'lkmtools[zig]'"
_PROBE = b"#include <sys/param.h>\nint lkmcc_probe;\n"


class CompilerError(LkmtoolsError):
    """No compiler, or not one for this machine; the text says what to install."""


@dataclass(frozen=True, slots=True)
class Compiler:
    """A command that compiles C, and whose command line it understands: gcc, gcc14 (or later), clang, zig."""

    argv: tuple[str, ...]
    family: str

    def __str__(self) -> str:
        return shlex.join(self.argv)


def find_compiler(machine: str, command: str | None = None) -> Compiler:
    """The compiler for `machine`: `command` if given, otherwise the first that can; CompilerError if none."""
    if machine not in MACHINES:
        raise CompilerError(f"unknown machine '{machine}'; the machines are {', '.join(MACHINES)}")
    if command:
        return _named(machine, command)
    for compiler in usable_compilers(machine):
        return compiler
    raise CompilerError(f"no C compiler here can compile for {machine}; {HINT}")


def usable_compilers(machine: str, zig: bool = True) -> Iterator[Compiler]:
    """The compilers of this host that can compile for `machine`, best first; `zig` False leaves zig's out."""
    seen = set()
    for name in ("cc", "gcc", "clang", *MACHINES[machine].cross):
        path = shutil.which(name)
        if path is None or (real := Path(path).resolve()) in seen:
            continue
        seen.add(real)
        compiler = Compiler((path,), _family((path,)))
        if _probe(compiler, machine) is None:
            yield compiler
    if zig and importlib.util.find_spec("ziglang") is not None:
        compiler = Compiler((sys.executable, "-m", "ziglang", "cc"), "zig")
        if _probe(compiler, machine) is None:
            yield compiler


def _named(machine: str, command: str) -> Compiler:
    """The compiler the user asked for; CompilerError with its own words when it cannot serve."""
    argv = tuple(shlex.split(command))
    if argv == ("zig",):
        argv = ("zig", "cc") if shutil.which("zig") else (sys.executable, "-m", "ziglang", "cc")
    if not argv or shutil.which(argv[0]) is None:
        raise CompilerError(f"{command}: no such compiler")
    compiler = Compiler(argv, _family(argv))
    why = _probe(compiler, machine)
    if why is not None:
        raise CompilerError(f"{command} cannot compile for {machine}: {why}")
    return compiler


def _family(argv: tuple[str, ...]) -> str:
    if any(Path(word).name in ("zig", "ziglang") for word in argv):
        return "zig"
    done = subprocess.run([*argv, "--version"], capture_output=True, text=True, errors="replace", check=False)
    if "clang" in done.stdout:
        return "clang"
    done = subprocess.run(
        [*argv, "-dumpversion"], capture_output=True, text=True, errors="replace", check=False
    )
    major = done.stdout.split(".")[0].strip()
    return "gcc14" if major.isdigit() and int(major) >= 14 else "gcc"


def _probe(compiler: Compiler, machine: str) -> str | None:
    """None if `compiler` made an object of `machine`, otherwise why not."""
    target = MACHINES[machine]
    with tempfile.TemporaryDirectory(prefix="lkmcc-") as directory:
        out = Path(directory, "probe.o")
        command = [
            *compiler.argv,
            *compile_flags(compiler.family, machine),
            "-x",
            "c",
            "-c",
            "-",
            "-o",
            str(out),
        ]
        done = subprocess.run(command, input=_PROBE, capture_output=True, check=False)
        if done.returncode != 0 or not out.exists():
            lines = done.stderr.decode(errors="replace").strip().splitlines()
            return lines[0] if lines else f"exit status {done.returncode}"
        header = out.read_bytes()[:20]
    found = header[4], int.from_bytes(header[18:20], "little")
    if header[:4] != b"\x7fELF" or found != (target.ei_class, target.e_machine):
        return f"it makes objects of another machine (e_machine {found[1]})"
    return None
