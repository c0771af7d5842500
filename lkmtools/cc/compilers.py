"""Which C compiler of this host can compile for the machine of the simulated kernel.

The host's cc, gcc or clang (or a cross gcc) when a probe shows that it can: a host may be of any
architecture, and a 64-bit gcc need not have a 32-bit half. Otherwise zig's compiler, which is a Python
package and compiles for every machine. A probe compiles an empty module with the real flags and reads the
object's ELF header.
"""

from __future__ import annotations

import os
import re
import shlex
import sys
from collections.abc import Iterator

from lkmtools.cc.flags import MACHINES, compile_flags
from lkmtools.cc.jobs import run_all
from lkmtools.errors import LkmtoolsError
from lkmtools.tuples import NamedTuple

HINT = "install gcc or clang, or zig's compiler with: pip install 'lkmtools[zig]'"
_PROBE = b"#include <sys/param.h>\nint lkmcc_probe;\n"


class CompilerError(LkmtoolsError):
    """No compiler, or not one for this machine; the text says what to install."""


class Compiler(NamedTuple):
    """A command that compiles C, and whose command line it understands: gcc, gcc14 (or later), clang, zig."""

    argv: tuple[str, ...]
    family: str

    def __str__(self) -> str:
        return shlex.join(self.argv)


def find_compiler(machine: str, command: str | None = None) -> Compiler:
    """The compiler for `machine`: `command` if given, otherwise the first that can; CompilerError if none."""
    for compiler in candidates(machine, command):
        why = probe(compiler, machine)
        if why is None:
            return compiler
        if command:
            raise CompilerError(f"{command} cannot compile for {machine}: {why}")
    raise no_compiler(machine)


def no_compiler(machine: str) -> CompilerError:
    """No candidate can compile for `machine`."""
    return CompilerError(f"no C compiler here can compile for {machine}; {HINT}")


def usable_compilers(machine: str, zig: bool = True) -> Iterator[Compiler]:
    """The compilers of this host that can compile for `machine`, best first; `zig` False leaves zig's out."""
    return (
        compiler
        for compiler in candidates(machine)
        if (zig or compiler.family != "zig") and probe(compiler, machine) is None
    )


def candidates(machine: str, command: str | None = None) -> Iterator[Compiler]:
    """The compilers that may be able to compile for `machine`, best first; only `command`, if given.

    probe() tells whether one is. CompilerError for an unknown machine, and for a command that does not exist.
    """
    if machine not in MACHINES:
        raise CompilerError(f"unknown machine '{machine}'; the machines are {', '.join(MACHINES)}")
    if command:
        yield _named(command)
        return
    seen = set()
    for name in ("cc", "gcc", "clang", *MACHINES[machine].cross):
        path = _which(name)
        if path is None or (real := os.path.realpath(path)) in seen:
            continue
        seen.add(real)
        yield Compiler((path,), _family((path,)))
    from importlib.util import find_spec

    if find_spec("ziglang") is not None:
        yield Compiler((sys.executable, "-m", "ziglang", "cc"), "zig")


def _which(name: str) -> str | None:
    """The path of a command. (To import shutil for that takes a tenth of what compiling a module takes.)"""
    if os.path.dirname(name):
        return name if _executable(name) else None
    paths = (os.path.join(directory, name) for directory in os.get_exec_path() if directory)
    return next(filter(_executable, paths), None)


def _executable(path: str) -> bool:
    return os.path.isfile(path) and os.access(path, os.X_OK)


def _named(command: str) -> Compiler:
    """The compiler the user asked for; CompilerError when it does not exist."""
    argv = tuple(shlex.split(command))
    if argv == ("zig",):
        argv = ("zig", "cc") if _which("zig") else (sys.executable, "-m", "ziglang", "cc")
    if not argv or _which(argv[0]) is None:
        raise CompilerError(f"{command}: no such compiler")
    return Compiler(argv, _family(argv))


def _family(argv: tuple[str, ...]) -> str:
    if any(os.path.basename(word) in ("zig", "ziglang") for word in argv):
        return "zig"
    version = _says(argv, "--version")
    if "clang" in version:
        return "clang"
    # gcc (Debian 14.2.0-19) 14.2.0: what stands last on the first line, but for dates and brackets
    numbers = re.findall(r"(?<![\w.])(\d+)\.\d+\.\d+", version.partition("\n")[0])
    major = numbers[-1] if numbers else _says(argv, "-dumpversion").partition(".")[0].strip()
    return "gcc14" if major.isdigit() and int(major) >= 14 else "gcc"


def _says(argv: tuple[str, ...], option: str) -> str:
    """What a compiler prints with an option."""
    (done,) = run_all([[*argv, option]], 1)
    return done.output.decode(errors="replace")


def probe(compiler: Compiler, machine: str) -> str | None:
    """None if `compiler` can make an object for `machine`, otherwise why not."""
    from tempfile import TemporaryDirectory

    with TemporaryDirectory(prefix="lkmcc-") as directory:
        source, out = os.path.join(directory, "probe.c"), os.path.join(directory, "probe.o")
        with open(source, "wb") as file:
            file.write(_PROBE)
        flags = compile_flags(compiler.family, machine)
        (done,) = run_all([[*compiler.argv, *flags, "-c", source, "-o", out]], 1)
        if done.status != 0 or not os.path.exists(out):
            lines = done.output.decode(errors="replace").strip().splitlines()
            return lines[0] if lines else f"exit status {done.status}"
        return other_machine(out, machine)


def other_machine(path: str, machine: str) -> str | None:
    """None if the file at `path` is an object for `machine`, otherwise what is wrong with its compiler."""
    with open(path, "rb") as file:
        header = file.read(20)
    if header[:4] != b"\x7fELF" or len(header) < 20:
        return "it makes no ELF objects"
    found = header[4], int.from_bytes(header[18:20], "little")
    if found == (MACHINES[machine].ei_class, MACHINES[machine].e_machine):
        return None
    return f"it makes objects of another machine (e_machine {found[1]})"
