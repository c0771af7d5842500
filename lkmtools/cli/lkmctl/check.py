"""check: would these objects load? For CI, against a saved image of /dev/ksyms or the running kernel."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import cache, partial
from typing import TYPE_CHECKING, Any

import click

from lkmtools.abi.dialects import DIALECT, DIALECTS
from lkmtools.cli.classic import lkm_status
from lkmtools.cli.common import errx, progress
from lkmtools.cli.lkmctl.base import NAME, about, command, process, show_json
from lkmtools.cli.parallel import each
from lkmtools.elf.regular import read_regular
from lkmtools.errors import ObjectError
from lkmtools.modules.check import NO_NOTE, ModuleRange, Problem, Report, TargetKernel, target
from lkmtools.modules.check import check as examine
from lkmtools.modules.checkset import resolve, wanted
from lkmtools.modules.ksyms import DEV_KSYMS, kernel_image, known
from lkmtools.near import Names, some

if TYPE_CHECKING:
    from lkmtools.link import Reference

LONGEST = 140  # characters of one thing that is wrong, in a line
SHORT_NAME = 30  # characters of a symbol there
MOST_WANTED = 10  # symbols in the last line

Hint = Callable[[Problem], str]


@command()
@click.option("-A", "image", metavar="FILE", help="Use an image saved by lkmctl ksyms instead of a kernel.")
@click.option(
    "-e", "entry", metavar="SYMBOL", help="Entry point [default: xxxinit, otherwise NAME_lkmentry]."
)
@click.option("-q", "quiet", is_flag=True, help="Print only what would not load.")
@click.option("--closed", is_flag=True, help="Do not resolve symbols against loaded modules.")
@click.option("--require-note", is_flag=True, help="Also fail objects that were compiled with other headers.")
@click.option("--json", "as_json", is_flag=True, help="Print the result as JSON.")
@click.argument("files", metavar="FILE.o...", nargs=-1, required=True)
def check(
    files: tuple[str, ...],
    image: str | None,
    entry: str | None,
    quiet: bool,
    closed: bool,
    require_note: bool,
    as_json: bool,
    socket: str | None,
) -> int:
    """Say whether objects would load, and if not, why.

    \b
        lkmctl ksyms -o kernel.syms
        lkmctl check -A kernel.syms *.o

    Prints a line for each object: symbols that neither the kernel nor another of the objects has, functions
    that the kernel declares but does not have, what the linker refuses, another machine, no entry point.
    Nothing is loaded. Exit status: 0 if all would load, 1 if some would not, 2 for a usage error or an
    image that cannot be read.
    """
    given = None if image == DEV_KSYMS else image  # modload takes it as the running kernel's, too
    kernel = saved(given, closed) if given is not None else running(socket, closed)
    found = each(partial(examine, kernel=kernel, entry=entry, require_note=require_note), files)
    with progress(found, len(files), shown=False) as reports_so_far:
        reports = resolve(list(reports_so_far))
    hint = adviser(kernel, reports, keepers(socket, reports) if given is None else {})
    failed = [report for report in reports if report.problems]
    if as_json:
        show_json(document(reports, kernel, hint))
    else:
        for report in failed if quiet else reports:
            click.echo(line(report, kernel, hint))
        if len(reports) > 1 and not quiet:
            click.echo("\n".join(totals(reports)))
    return 1 if failed else 0


def saved(image: str, closed: bool) -> TargetKernel:
    """The kernel of -A; errx(2)."""
    try:
        return target(read_regular(image, pipes=True), image, closed=closed)
    except OSError as error:
        errx(NAME, 2, f"{image}: {error.strerror}")
    except ObjectError as error:
        errx(NAME, 2, str(error))


def running(socket: str | None, closed: bool) -> TargetKernel:
    """The kernel that runs. Only --closed has to know which symbol belongs to which module."""
    with process(socket) as p, about(DEV_KSYMS):
        rows = lkm_status(p).get("modules", ()) if closed else ()
        modules = [ModuleRange(row["name"], row["area"], row["size"]) for row in rows]
        return target(kernel_image(p), DEV_KSYMS, modules, closed)


def keepers(socket: str | None, reports: list[Report]) -> dict[str, str]:
    """For each missing symbol that a module has, but was loaded without -s, that module."""
    names = [name for name, _ in wanted(reports)]
    if not names:
        return {}
    with process(socket) as p, about(DEV_KSYMS):
        return known(p, names).keepers


def adviser(kernel: TargetKernel, reports: list[Report], kept: dict[str, str]) -> Hint:
    """What to do about a problem, "" if unknown; the same for every object that misses a symbol."""

    @cache
    def names() -> Names:
        return Names([*kernel.symbols, *(name for report in reports for name in report.exports)])

    @cache
    def symbol(name: str) -> str:
        if name in kernel.owners:
            return f"module '{kernel.owners[name]}', which is loaded, has it"
        if name in kept:
            return f"module '{kept[name]}' has it but was loaded without -s"
        guess = names().near(name)
        return f"did you mean {guess}?" if guess else ""

    def advise(problem: Problem) -> str:
        if problem.kind != "symbol":
            return problem.hint
        return (problem.use.advice if problem.use else "") or symbol(problem.text)

    return advise


def line(report: Report, kernel: TargetKernel, hint: Hint) -> str:
    """What is printed about one object: short, however much is wrong."""
    texts = list(_texts(report, hint))
    if not report.problems:
        texts = [f"ok, {kernel.machine}, {report.size} bytes, entry {report.entry}"]
        if report.needs:
            texts[0] += f"; load it after {some(report.needs)}, which needs -s"
    if report.size and report.interface is None and not any(p.kind == "note" for p in report.problems):
        texts.append(NO_NOTE)
    return f"{report.path}: {'; '.join(map(_short, texts))}"


def _texts(report: Report, hint: Hint) -> Iterator[str]:
    """What is wrong, in a few words each; missing symbols and unwritten functions together."""
    missing = report.missing
    unwritten = [problem.text for problem in report.problems if problem.kind == "unwritten"]
    for problem in report.problems:
        if problem.kind in ("symbol", "unwritten"):
            continue
        advice = hint(problem) if problem.kind == "order" or "use -e" in hint(problem) else ""
        text = problem.text.replace("\n", ", ").removeprefix(f"{report.path}: ")
        yield f"{text}; {advice}" if advice else text
    if missing:
        advice = hint(missing[0]) if len(missing) == 1 else ""
        names = some(_short(problem.text, SHORT_NAME) for problem in missing)
        yield f"undefined symbol{'s' * (len(missing) > 1)} {names}" + (f" ({advice})" if advice else "")
        yield from _dialect(report)
    if unwritten:
        yield f"not implemented in this kernel: {some(unwritten)}"


def _dialect(report: Report) -> Iterator[str]:
    """Which dialect the missing symbols are of, unless the object has one."""
    from lkmtools.cc.dialects import named

    found = named([problem.text for problem in report.missing])
    if found and (report.interface is None or report.interface.dialect == DIALECT):
        yield f"it has names of a source for {DIALECTS[found]}: compile it with lkmcc --api={found}"


def _short(text: str, longest: int = LONGEST) -> str:
    return text if len(text) <= longest else text[: longest - 3] + "..."


def totals(reports: list[Report]) -> Iterator[str]:
    """The last lines: how many objects would load, and which symbols are missed most."""
    failed = sum(bool(report.problems) for report in reports)
    others = sum(bool(report.size) and report.interface is None for report in reports)
    parts = [f"{len(reports) - failed} ok", f"{failed} would not load"]
    if others:
        parts.append(f"{others} compiled with other headers")
    yield f"{len(reports)} objects: {', '.join(parts)}"
    rows = wanted(reports)
    if rows:
        first = ", ".join(f"{_short(name, SHORT_NAME)} ({count})" for name, count in rows[:MOST_WANTED])
        more = f" and {len(rows) - MOST_WANTED} more" if len(rows) > MOST_WANTED else ""
        yield f"missing most often: {first}{more}"


def document(reports: list[Report], kernel: TargetKernel, hint: Hint) -> dict[str, Any]:
    """The --json document."""
    failed = sum(bool(report.problems) for report in reports)
    return {
        "version": 1,
        "machine": kernel.machine,
        "objects": [
            {
                "path": report.path,
                "ok": not report.problems,
                "entry": report.entry,
                "size": report.size or None,
                "interface": report.interface.number if report.interface else None,
                "dialect": report.interface.dialect if report.interface else None,
                "needs": list(report.needs),
                "problems": [
                    {
                        "kind": problem.kind,
                        "text": problem.text,
                        "hint": hint(problem) or None,
                        "first_use": first_use(problem.use) if problem.use else None,
                    }
                    for problem in report.problems
                ],
            }
            for report in reports
        ],
        "totals": {"objects": len(reports), "ok": len(reports) - failed, "failed": failed},
        "wanted": [{"name": name, "objects": count} for name, count in wanted(reports)],
    }


def first_use(use: Reference) -> dict[str, Any]:
    """Where a symbol is needed first."""
    return {
        "section": use.section,
        "offset": use.offset,
        "function": use.function or None,
        "line": use.line or None,
    }
