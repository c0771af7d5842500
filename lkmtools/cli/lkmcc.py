"""lkmcc: compile kernel modules with the host's C compiler, for the machine of the running kernel."""

from __future__ import annotations

import os
import shlex
import subprocess
import sys
from pathlib import Path
from typing import NamedTuple

import click

from lkmtools.cc import (
    MACHINES,
    SAMPLES,
    Compiler,
    CompilerError,
    compile_flags,
    find_compiler,
    link_flags,
    program_flags,
    runtime,
    usable_compilers,
)
from lkmtools.cli.common import CONTEXT, Tool, version_option

_HELP = """\
Compile loadable kernel modules.

\b
    lkmcc hello.c                     makes hello.o
    lkmcc -Wextra -DDEBUG a.c b.c     makes a.o and b.o
    lkmcc -r -o mod.o a.c b.c         makes one module of several sources
    make CC=lkmcc hello.o             in a Makefile
    lkmcc --user -o prog prog.c       makes a program for lkmctl exec

-c, -o FILE, -r and -v mean what they always do; other options are for the compiler. lkmcc(1) says how machine
and compiler are chosen.
"""
_SOURCES = (".c", ".i", ".s", ".S")
_OBJECTS = (".o", ".a")
_TAKES_ARGUMENT = {
    *(
        "-D",
        "-U",
        "-I",
        "-include",
        "-imacros",
        "-isystem",
        "-iquote",
        "-idirafter",
        "-x",
        "-MF",
        "-MT",
        "-MQ",
    ),
    *("-Xclang", "-Xpreprocessor", "-Xassembler", "-T", "-L", "-u", "-z", "-arch", "-target", "--param"),
}
_OPTIONS = ("--machine", "--cflags", "--check-compiler", "--user", "--samples", "--version", "--help")
_SYNTAX = "-fsyntax-only"
_NOT_COMPILING = {"-E", "-S", _SYNTAX, "-M", "-MM"}


class CompilerArgs(NamedTuple):
    """The compiler's part of the command line, taken apart."""

    sources: list[str]
    objects: list[str]
    options: list[str]
    output: str | None
    join: bool
    verbose: bool


def parse(words: list[str]) -> CompilerArgs:
    """Take the compiler's words apart; CompilerError when -o has no file or nothing is to be done."""
    sources, objects, options = [], [], []
    output, join, verbose = None, False, False
    rest = iter(words)
    for word in rest:
        if word == "-o":
            output = next(rest, None)
            if output is None:
                raise CompilerError("-o needs a file name")
        elif word.startswith("-o"):
            output = word[2:]
        elif near := _misspelt(word):
            raise CompilerError(f"{word}: no such option; did you mean {near}?")
        elif word in _TAKES_ARGUMENT:
            options += [word, *[argument for argument in [next(rest, None)] if argument is not None]]
        elif word.startswith("-") and word not in ("-c", "-r", "-v"):
            options.append(word)
        elif word.endswith(_OBJECTS):
            objects.append(word)
        elif word.endswith(_SOURCES):
            sources.append(word)
        elif word.startswith("-"):
            join, verbose = join or word == "-r", verbose or word == "-v"
        elif os.path.isdir(word):
            raise CompilerError(f"{word} is a directory; name the sources in it: {word.rstrip('/')}/*.c")
        else:
            raise CompilerError(
                f"{word}: neither a C source nor an object (the suffixes are .c .i .s .S .o .a)"
            )
    if not sources and not objects:
        raise CompilerError("no source files; try lkmcc --help")
    return CompilerArgs(sources, objects, options, output, join, verbose)


def _misspelt(word: str) -> str | None:
    """The option of ours that `word` was probably meant to be; the compilers' own are not meant."""
    if not word.startswith("--") or word in _TAKES_ARGUMENT:
        return None
    from difflib import get_close_matches

    return next(iter(get_close_matches(word.partition("=")[0], _OPTIONS, 1, 0.8)), None)


def plan(args: CompilerArgs, compiler: Compiler, machine: str) -> list[list[list[str]]]:
    """The commands to run, in order; each step is a list of alternatives, the first that works counts."""
    compile_one = [*compiler.argv, *compile_flags(compiler.family, machine), *args.options]
    if _SYNTAX in args.options and compiler.family == "zig":  # its driver wants a file that is never made
        rest = [word for word in compile_one if word != _SYNTAX]
        return [[[*rest, "-S", source, "-o", _unwanted(source)]] for source in args.sources]
    if _NOT_COMPILING & set(args.options):
        output = ["-o", args.output] if args.output else []
        return [[[*compile_one, *output, *args.sources]]]
    if not args.join:
        if args.objects:
            raise CompilerError(f"{args.objects[0]}: objects are joined only with -r")
        if args.output and len(args.sources) > 1:
            raise CompilerError("-o with several sources needs -r, which makes one module of them")
        return [
            [[*compile_one, "-c", source, "-o", args.output or f"{Path(source).stem}.o"]]
            for source in args.sources
        ]
    if args.output is None:
        raise CompilerError("-r needs -o FILE, the module to make")
    parts = temporary(args)
    steps = [
        [[*compile_one, "-c", source, "-o", part]] for source, part in zip(args.sources, parts, strict=True)
    ]
    inputs = [*parts, *args.objects, "-o", args.output]
    steps.append([[*compiler.argv, *flags, *inputs] for flags in link_flags(compiler.family, machine)])
    return steps


def _unwanted(source: str) -> str:
    """Where the code of a source goes of which only the errors are wanted."""
    return f".{Path(source).stem}.{os.getpid()}.tmp.s"


def temporary(args: CompilerArgs) -> list[str]:
    """The files that a plan may leave behind."""
    if args.join:
        return [f"{args.output}.{number}.tmp.o" for number in range(len(args.sources))]
    return [_unwanted(source) for source in args.sources if _SYNTAX in args.options]


def plan_program(args: CompilerArgs, compiler: Compiler, machine: str) -> list[list[list[str]]]:
    """The command that makes a static user program: --user."""
    if args.join:
        raise CompilerError("-r and --user exclude each other: -r makes modules")
    flags = program_flags(compiler.family, machine)
    inputs = [*args.sources, *args.objects]
    if _NOT_COMPILING & set(args.options):
        raise CompilerError("--user compiles and links at once: it takes no -E, -S or -M")
    return [[[*compiler.argv, *flags, *args.options, *inputs, *runtime(), "-o", args.output or "a.out"]]]


def run(steps: list[list[list[str]]], verbose: bool) -> int:
    """Run the steps until one fails; the exit status of the last command."""
    status = 0
    for alternatives in steps:
        for last, command in zip(range(len(alternatives))[::-1], alternatives, strict=True):
            if verbose:
                click.echo(shlex.join(command), err=True)
            done = subprocess.run(command, check=False, capture_output=bool(last))
            status = done.returncode if done.returncode >= 0 else 128 - done.returncode
            if status == 0:
                break
        if status != 0:
            break
    return status


def machine_at_hand(given: str | None) -> str:
    """The machine to compile for: the option's, the environment's, the running kernel's, or amd64."""
    chosen = given or os.environ.get("LKM_MACHINE")
    if chosen:
        return chosen
    from lkmtools.client import connect
    from lkmtools.errors import DaemonError

    try:
        with connect(comm="lkmcc", autostart=False) as process:
            return str(process.machine)
    except DaemonError:
        return "amd64"


def host_check() -> int:
    """0 when the host's own compilers serve every machine; else 1, and why on standard error."""
    for machine in MACHINES:
        found = next(usable_compilers(machine, zig=False), None)
        if found is None:
            click.echo(f"lkmcc: no host compiler for {machine}", err=True)
            return 1
        click.echo(f"{machine}: {found}")
    return 0


# A single letter would be looked for inside the compiler's options, too: -h is a word that main() looks for.
@click.command(
    "lkmcc",
    cls=Tool,
    usage_status=2,
    help=_HELP,
    context_settings={**CONTEXT, "ignore_unknown_options": True, "help_option_names": ["--help"]},
)
@click.option("--machine", metavar="|".join(MACHINES), help="Compile for this machine.")
@click.option("--cc", "command", metavar="COMMAND", help="Use this compiler; zig means zig's.")
@click.option("--cflags", is_flag=True, help="Print the flags on one line, for Makefiles.")
@click.option("--check-compiler", is_flag=True, help="Check that the host's compilers serve every machine.")
@click.option("--user", is_flag=True, help="Make a user program, with the small C library of lkmtools.")
@click.option("--samples", is_flag=True, help="Print the directory of the sample modules.")
@version_option("lkmcc")
@click.argument("words", nargs=-1, type=click.UNPROCESSED, metavar="[OPTION...] FILE.c...")
def main(
    machine: str | None,
    command: str | None,
    cflags: bool,
    check_compiler: bool,
    user: bool,
    samples: bool,
    words: tuple[str, ...],
) -> None:
    """Parse, find the compiler, run it."""
    if "-h" in words:
        click.echo(click.get_current_context().get_help())
        return
    if check_compiler:
        sys.exit(host_check())
    if samples:
        click.echo(str(SAMPLES))
        return
    try:
        args = None if cflags else parse(list(words))
        machine = machine_at_hand(machine)
        compiler = find_compiler(machine, command or os.environ.get("LKM_CC"))
        if args is None:
            flags = program_flags if user else compile_flags
            click.echo(shlex.join(flags(compiler.family, machine)))
            return
        steps = (plan_program if user else plan)(args, compiler, machine)
    except CompilerError as e:
        click.echo(f"lkmcc: {e}", err=True)
        sys.exit(1)
    try:
        sys.exit(run(steps, args.verbose))
    finally:
        for name in temporary(args):
            Path(name).unlink(missing_ok=True)


if __name__ == "__main__":
    main()
