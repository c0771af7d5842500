"""check: would these objects load? For CI, against a saved image of /dev/ksyms or the running kernel."""

from __future__ import annotations

import sys
from typing import Any

import click

from lkmtools.cli.common import errx, progress
from lkmtools.cli.lkmctl.base import NAME, about, command, process, show_json
from lkmtools.errors import ObjectError
from lkmtools.modules.check import Report, Target, target
from lkmtools.modules.check import check as examine


@command()
@click.option("-A", "image", metavar="FILE", help="An image saved by lkmctl ksyms; no kernel is needed then.")
@click.option("-e", "entry", metavar="SYMBOL", help="Entry point [default: xxxinit, else NAME_lkmentry].")
@click.option("--json", "as_json", is_flag=True, help="Print JSON, for programs.")
@click.argument("files", metavar="FILE.o...", nargs=-1, required=True)
def check(
    files: tuple[str, ...], image: str | None, entry: str | None, as_json: bool, socket: str | None
) -> int:
    """Say whether objects would load, and if not, why.

    \b
        lkmctl ksyms -o kernel.syms
        lkmctl check -A kernel.syms *.o

    One line an object: missing symbols, relocations and sections the linker refuses, another machine, no
    entry point. Nothing is loaded. Exit status: 0 all would load, 1 some would not, 2 usage, or the image
    cannot be read.
    """
    kernel = saved(image) if image is not None else running(socket)
    reports: list[Report] = []
    with progress(files, shown=sys.stdout.isatty() and not as_json) as paths:
        for path in paths:
            reports.append(examine(path, kernel, entry))
            if not as_json:
                click.echo(line(reports[-1], kernel))
    if as_json:
        show_json(document(reports, kernel))
    return 1 if any(report.problems for report in reports) else 0


def saved(image: str) -> Target:
    """The kernel of -A; errx(2)."""
    try:
        with open(image, "rb") as file:
            return target(file.read(), image)
    except OSError as error:
        errx(NAME, 2, f"{image}: {error.strerror}")
    except ObjectError as error:
        errx(NAME, 2, str(error))


def running(socket: str | None) -> Target:
    """The kernel that runs, and the modules that were loaded with -s."""
    from lkmtools.modules.ksyms import DEV_KSYMS, kernel_image

    with process(socket) as p, about(DEV_KSYMS):
        return target(kernel_image(p), DEV_KSYMS)


def line(report: Report, kernel: Target) -> str:
    """What is printed about one object."""
    if not report.problems:
        return f"{report.path}: ok, {kernel.machine}, {report.size} bytes, entry {report.entry}"
    missing = [problem.text for problem in report.problems if problem.kind == "symbol"]
    texts = [problem.text.replace("\n", ", ") for problem in report.problems if problem.kind != "symbol"]
    if missing:
        texts.append(f"undefined symbol{'s' if len(missing) > 1 else ''} {', '.join(missing)}")
    prefix = f"{report.path}: "
    return prefix + "; ".join(text.removeprefix(prefix) for text in texts)


def document(reports: list[Report], kernel: Target) -> dict[str, Any]:
    """The --json document."""
    return {
        "version": 1,
        "machine": kernel.machine,
        "objects": [
            {
                "path": report.path,
                "ok": not report.problems,
                "entry": report.entry,
                "size": report.size or None,
                "problems": [{"kind": problem.kind, "text": problem.text} for problem in report.problems],
            }
            for report in reports
        ],
    }
