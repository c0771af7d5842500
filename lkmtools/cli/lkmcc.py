"""lkmcc: compile kernel modules with the host's C compiler, for the machine of the kernel at hand."""

from __future__ import annotations

import os
import shlex
import sys
from collections.abc import Callable
from contextlib import closing, suppress

import click

from lkmtools.abi.dialects import DIALECT, DIALECTS
from lkmtools.cc import (
    MACHINES,
    SAMPLES,
    Compiler,
    CompilerError,
    compile_flags,
    find_compiler,
    program_flags,
    usable_compilers,
)
from lkmtools.cc.compilers import candidates, no_compiler, other_machine, probe
from lkmtools.cc.dialects import FLAGS, suggested
from lkmtools.cc.initialisers import forms
from lkmtools.cc.jobs import Done, run_all
from lkmtools.cc.plan import CompilerArgs, Plan, joins, parse, plan, plan_program
from lkmtools.cli.common import CONTEXT, Tool, progress, version_option

_HELP = """\
Compile loadable kernel modules.

\b
    lkmcc hello.c                     makes hello.o
    lkmcc -Wextra -DDEBUG a.c b.c     makes a.o and b.o
    lkmcc -r -o mod.o a.c b.c         makes one module of several sources
    make CC=lkmcc hello.o             in a Makefile
    lkmcc --user -o prog prog.c       makes a program for lkmctl exec

-c, -o FILE, -r and -v mean what they always do, -j N what it means to make;
other options are for the compiler. lkmcc(1) says which compiler that is.
"""
Planner = Callable[[CompilerArgs, Compiler, str], Plan]


class Unfit(Exception):
    """The compiler cannot compile for the machine; the text says why."""


def build(args: CompilerArgs, machine: str, command: str | None, make: Planner) -> int:
    """Compile with the first compiler that can; the exit status. CompilerError when none can.

    The first source shows whether a compiler can: only when it fails, a probe tells whose fault that is.
    """
    for compiler in candidates(machine, command):
        steps = make(args, compiler, machine)
        try:
            return run(steps, args, compiler, machine)
        except Unfit as why:
            if command:
                raise CompilerError(f"{command} cannot compile for {machine}: {why}") from None
        finally:
            for name in steps.temporary:
                remove(name)
    raise no_compiler(machine)


def why_unfit(compiler: Compiler, machine: str, output: str, first: Done) -> str | None:
    """Why a compiler cannot serve `machine`, if it cannot; `first` is what came of the first `output`."""
    if first.status == 0 and os.path.exists(output) and other_machine(output, machine) is None:
        return None
    why = probe(compiler, machine)
    if why is not None:
        remove(output)
    return why


def run(steps: Plan, args: CompilerArgs, compiler: Compiler, machine: str) -> int:
    """Run a plan; the status of the first command that fails, or 0. Unfit, when the compiler is to blame."""
    if not steps.compiles and (why := probe(compiler, machine)):
        raise Unfit(why)
    commands = [[*step.command, *colour(args.options)] for step in steps.compiles]
    results = run_all(commands, args.jobs)
    status, messages = 0, []
    with closing(results), progress(results, len(commands), shown=args.verbose) as shown:
        for number, done in enumerate(shown):
            if number == 0 and (why := why_unfit(compiler, machine, steps.compiles[0].output, done)):
                raise Unfit(why)
            show(commands[number] if args.verbose else None, done.output)
            status = status or done.status
            messages.append(done.output)
    hint(messages, args)
    return status or run_one_of(steps.then, args.verbose) or joined(args)


def joined(args: CompilerArgs) -> int:
    """The status of -r: 1, and no module, when its parts are of two dialects, which modload would refuse."""
    if not joins(args) or args.output is None:
        return 0
    from lkmtools.elf import interface_of, read_object
    from lkmtools.errors import ObjectError

    with open(args.output, "rb") as file:
        data = file.read()
    try:
        interface_of(read_object(data, args.output))
    except ObjectError as error:
        click.echo(f"lkmcc: {error}", err=True)
        remove(args.output)
        return 1
    return 0


def hint(messages: list[bytes], args: CompilerArgs) -> None:
    """Say which dialect the sources seem to be written in, when their messages tell and none was chosen."""
    if (
        not any(messages)
        or args.api is not None
        or any(option.startswith("-D__LKM_API") for option in args.options)
    ):
        return
    text = ""
    for name in filter(os.path.isfile, args.sources):
        with open(name, errors="replace") as file:
            text += file.read()
    found = suggested(b"\n".join(messages).decode(errors="replace"), text)
    if found is not None:
        click.echo(f"lkmcc: this looks like a source for {DIALECTS[found]}: try --api={found}", err=True)


def show(command: list[str] | None, output: bytes) -> None:
    """Print a command, when it is given, and what it has printed; over the progress bar, if there is one."""
    if command is None and not output:
        return
    if sys.stderr.isatty():
        click.echo("\r\033[K", err=True, nl=False)
    if command is not None:
        click.echo(shlex.join(command), err=True)
    click.echo(output, err=True, nl=False)


def colour(options: list[str]) -> list[str]:
    """A compiler whose messages are collected does not see the terminal on which they appear."""
    plain = "NO_COLOR" in os.environ or os.environ.get("TERM", "dumb") == "dumb"
    if plain or not sys.stderr.isatty() or any("color" in option for option in options):
        return []
    return ["-fdiagnostics-color=always"]


def run_one_of(ways: list[list[str]], verbose: bool) -> int:
    """Run one command after the other until one works; the status of the last, 0 when there is none."""
    status = 0
    for number, command in enumerate(ways, 1):
        import subprocess

        if verbose:
            click.echo(shlex.join(command), err=True)
        done = subprocess.run(command, check=False, capture_output=number < len(ways))
        status = done.returncode if done.returncode >= 0 else 128 - done.returncode
        if status == 0:
            break
    return status


def remove(path: str) -> None:
    """Remove a file, if there is one."""
    with suppress(FileNotFoundError):
        os.unlink(path)


def machine_at_hand(given: str | None) -> str:
    """The machine to compile for: the option's, the environment's, the running kernel's, or amd64."""
    chosen = given or os.environ.get("LKM_MACHINE")
    if chosen:
        return chosen
    from lkmtools.daemon.address import socket_path
    from lkmtools.errors import DaemonError

    try:
        if not os.path.exists(socket_path()):
            return "amd64"
        from lkmtools.client import connect

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
@click.option(
    "--api",
    type=click.Choice(list(FLAGS)),
    metavar="SYSTEM",
    help="The system the sources are for: 1.4, 2.0, 4.0, 5.2 or openbsd [5.2].",
)
@click.option("--cflags", is_flag=True, help="Print the flags on one line, for Makefiles.")
@click.option("--check-compiler", is_flag=True, help="Check that the host's compilers serve every machine.")
@click.option("--user", is_flag=True, help="Make a user program, with our small C library.")
@click.option("--samples", is_flag=True, help="Print the directory of the sample modules.")
@version_option("lkmcc")
@click.argument("words", nargs=-1, type=click.UNPROCESSED, metavar="[OPTION...] FILE.c...")
def main(
    machine: str | None,
    command: str | None,
    api: str | None,
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
        click.echo(SAMPLES)
        return
    dialect = FLAGS[api or DIALECT]
    try:
        args = None if cflags else parse(list(words))
        machine = machine_at_hand(machine)
        command = command or os.environ.get("LKM_CC")
        if args is None:
            flags = program_flags if user else compile_flags
            family = find_compiler(machine, command).family
            click.echo(shlex.join([*flags(family, machine), *dialect]))
            return
        dialect = (*dialect, *forms(api or DIALECT, args.sources))
        args = args._replace(options=[*dialect, *args.options], api=api)
        sys.exit(build(args, machine, command, plan_program if user else plan))
    except CompilerError as e:
        click.echo(f"lkmcc: {e}", err=True)
        sys.exit(1)


if __name__ == "__main__":
    main()
