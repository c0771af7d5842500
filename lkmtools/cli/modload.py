"""modload(8): load modules into the simulated kernel. Stands for NetBSD 5.2 sbin/modload/modload.c.

The sequence itself is lkmtools.modules.loader; this is its command line.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from lkmtools.abi.fcntl import O_RDWR
from lkmtools.cli.classic import Failure, classic, json_text, opened, system_failure
from lkmtools.cli.common import connect, errx, progress, tell, warnx
from lkmtools.errors import KernelError, LinkError
from lkmtools.modules import Module, stat_fd
from lkmtools.tuples import NamedTuple

if TYPE_CHECKING:
    from collections.abc import Mapping

    from click.shell_completion import CompletionItem

    from lkmtools.client import Process
    from lkmtools.link import Image
    from lkmtools.modules.options import Export, Options
    from lkmtools.modules.prepare import LoadPlan

NAME = "modload"
USAGE = """usage:
modload [-dfnsSv] [-A <kernel>] [-e <entry>] [-p <postinstall>]
        [-o <output file>] [-T <linker_script>] <input file>"""
EXAMPLES = "modload -s lower.o upper.o"


def complete_file(ctx: click.Context, param: click.Parameter, incomplete: str) -> list[CompletionItem]:
    """The names of files, for the shell. (click.Path would look at each file before we do.)"""
    return click.Path().shell_complete(ctx, param, incomplete)


class Job(NamedTuple):
    """The command line: what to load and how."""

    paths: tuple[str, ...]
    entry: str | None
    kernel: str | None
    output: str | None
    keep: bool
    script: str | None
    constants: dict[str, int]
    symbols: bool
    force: bool
    ready: bool
    debug: bool
    verbose: bool
    as_json: bool

    def options(self, number: int, before: Mapping[str, Export] | None = None) -> Options:
        """The loader's options for one object of the line; `before` is a dry run's."""
        from lkmtools.modules.options import Options

        output = self.output or (self.paths[number].removesuffix(".o") if self.keep else None)
        return Options(
            self.entry, self.kernel, self.constants, self.symbols, self.force, self.ready, output,
            self.paths[number + 1 :], before or {},
        )  # fmt: skip

    def say(self, kind: str, text: str) -> None:
        """Print what the options ask for; warnings always."""
        if kind == "warning" or (kind == "verbose" and self.verbose):
            warnx(NAME, text)
        elif kind == "debug" and self.debug:
            click.echo(text, err=True)


class Outcome(NamedTuple):
    """How far it went: the rows of --json, the module for the postinstall program, the failure."""

    rows: list[dict[str, Any]]
    done: int
    module: Module | None
    failure: Failure | None


@classic(NAME, USAGE, EXAMPLES)
@click.option(
    "-A",
    "kernel",
    metavar="FILE",
    shell_complete=complete_file,
    help="Take the kernel's symbols from an ELF file.",
)
@click.option("-d", "debug", is_flag=True, help="Print sections and addresses.")
@click.option(
    "-e", "entry", metavar="SYMBOL", help="Entry point [default: xxxinit, otherwise NAME_lkmentry]."
)
@click.option("-f", "force", is_flag=True, help="Skip the kernel version check.")
@click.option("-n", "no_start", is_flag=True, help="Do everything except starting the module.")
@click.option(
    "-o", "output", metavar="FILE", shell_complete=complete_file, help="Write the linked image to FILE."
)
@click.option(
    "-p", "post", metavar="PROGRAM", shell_complete=complete_file, help="Run a program after loading."
)
@click.option("-s", "symbols", is_flag=True, help="Also load the symbols, for modules loaded later.")
@click.option("-S", "keep", is_flag=True, help="Write the linked image beside the object.")
@click.option(
    "-T",
    "script",
    metavar="FILE",
    shell_complete=complete_file,
    help="Read symbol assignments from a linker script.",
)
@click.option("-v", "verbose", is_flag=True, help="Print how much memory is reserved.")
@click.option("--dry-run", is_flag=True, help="Only link, and show what would be imported.")
@click.argument("paths", metavar="OBJECT.o...", nargs=-1, shell_complete=complete_file)
def main(
    paths: tuple[str, ...], post: str | None, no_start: bool, dry_run: bool, socket: str | None, **given: Any
) -> int:
    """Load kernel modules into the simulated kernel."""
    check_operands(paths, {"-e": given["entry"], "-o": given["output"], "-p": post})
    job = Job(paths=paths, constants=constants(given["script"]), ready=not no_start, **given)
    with connect(NAME, socket, meanwhile=import_the_rest) as p:
        if dry_run:
            result = try_all(p, job)
        else:
            result = load_all(p, job, post is not None and job.ready)
    report(job, result)
    if result.failure:
        return result.failure.status
    if post is not None and result.module:
        return become(post, result.module, p.path)
    return 0


def import_the_rest() -> None:
    """Import what a load will need, while a daemon starts."""
    import lkmtools.client.memory
    import lkmtools.modules.loader  # noqa: F401


def check_operands(paths: tuple[str, ...], single: dict[str, str | None]) -> None:
    """At least one object, and one only with the options that name something of one object."""
    if not paths:
        main.bad_usage()
    if empty := [option for option, value in single.items() if value == ""]:
        main.bad_usage(f"{empty[0]} has an empty argument")
    given = [option for option, value in single.items() if value is not None]
    if len(paths) > 1 and given:
        main.bad_usage(f"{' '.join(given)} with {len(paths)} objects: takes one object only")


def constants(script: str | None) -> dict[str, int]:
    """The symbols of -T; errx(1) for a script that cannot be read or honoured."""
    if script is None:
        return {}
    from lkmtools.cli.ldscript import read_script

    try:
        return read_script(script)
    except OSError as error:
        errx(NAME, 1, f"{script}: {error.strerror}")
    except LinkError as error:
        errx(NAME, 1, str(error))


def load_all(p: Process, job: Job, want_module: bool) -> Outcome:
    """Load the objects in order over one /dev/lkm, so that none of them can go away meanwhile."""
    from lkmtools.modules.loader import Loader, load_fd
    from lkmtools.modules.prepare import LoadError

    rows: list[dict[str, Any]] = []
    count, module, fd = 0, None, -1
    try:
        with (
            opened(p, NAME, O_RDWR) as fd,
            progress(job.paths, len(job.paths), shown=not job.as_json) as paths,
        ):
            for path in paths:
                options = job.options(count)
                loaded = load_fd(Loader(p, fd, options, job.say), path)
                count += 1
                if job.as_json:
                    rows.append(row(p, job, options, loaded.id, (loaded.plan, loaded.image)))
                elif job.ready:
                    tell(NAME, f"Module loaded as ID {loaded.id}")
            if want_module:
                module = stat_fd(p, fd, loaded.id)
    except LoadError as error:
        return Outcome(rows, count, None, Failure(error.status, error.text, error.errno, error.reason))
    except KernelError as error:
        if fd < 0:
            return Outcome(rows, count, None, system_failure(3, "/dev/lkm", error))
        text = "error fetching module stats for post-install"
        return Outcome(rows, count, None, system_failure(15, text, error))
    return Outcome(rows, count, module, None)


def try_all(p: Process, job: Job) -> Outcome:
    """--dry-run: prepare and link each object; /dev/lkm is not opened."""
    from lkmtools.cli import imports
    from lkmtools.modules.options import Export
    from lkmtools.modules.prepare import LoadError

    rows: list[dict[str, Any]] = []
    complaints: list[str] = []
    before: dict[str, Export] = {}
    for count, path in enumerate(job.paths):
        options = job.options(count, before)
        try:
            plan, image = imports.dry_run(p, path, options, job.say)
        except LoadError as error:
            return Outcome(rows, count, None, Failure(error.status, error.text, error.errno, error.reason))
        complaints += filter(None, [imports.unwritten(plan)])
        names = set(plan.exports)
        for symbol in image.symbols:
            if symbol.name in names:
                before.setdefault(symbol.name, Export(symbol.value, path))
        if job.as_json:
            rows.append(row(p, job, options, None, (plan, image)))
        else:
            click.echo(
                imports.text(plan, image, imports.sources(p, plan, options, job.script), 2 * p.dm.pointer)
            )
    failure = Failure(1, complaints[0], None, "\n".join(complaints[1:])) if complaints else None
    return Outcome(rows, len(job.paths), None, failure)


def row(
    p: Process, job: Job, options: Options, number: int | None, what: tuple[LoadPlan, Image]
) -> dict[str, Any]:
    """One row of --json."""
    from lkmtools.cli import imports

    plan, image = what
    return imports.document(number, plan, image, imports.sources(p, plan, options, job.script))


def report(job: Job, result: Outcome) -> None:
    """The --json document, and on standard error what went wrong and what is left."""
    left = job.paths[result.done :]
    if job.as_json:
        document: dict[str, Any] = {"modules": result.rows}
        if result.failure:
            document |= {"error": result.failure.document(), "not_loaded": list(left)}
        tell(NAME, json_text(document))
    if result.failure:
        result.failure.show(NAME)
        if len(job.paths) > 1 and left:
            warnx(NAME, "not loaded: " + " ".join(left))


def become(post: str, module: Module, socket: str) -> int:
    """Execute the postinstall program; an exit status only if that fails."""
    from lkmtools.cli.postinstall import arguments, execute

    failure = execute(arguments(post, module), socket)
    failure.show(NAME)
    return failure.status
