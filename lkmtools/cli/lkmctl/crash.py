"""crash: the crashes on disk. A daemon that runs finishes the last one first; none is needed."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from itertools import groupby
from typing import Any

import click

from lkmtools.cli.common import warnx
from lkmtools.cli.lkmctl.base import NAME, command, debug_path_option, show_json, supervisor, when
from lkmtools.cli.lkmctl.daemon import json_option
from lkmtools.cli.settings import crash_directory
from lkmtools.crash.directory import (
    CORE,
    RECORD,
    SYMBOLS,
    TEXT,
    CrashDirectory,
    CrashError,
    CrashSummary,
)
from lkmtools.errors import DaemonError

HEADINGS = ("NUMBER", "TIME", "BOOT", "KIND", "MACHINE", "REASON")
DAMAGED = "damaged"  # the kind of one that cannot be read


@command(context_settings={"ignore_unknown_options": False})
@click.option("--list", "as_list", is_flag=True, help="List the crashes.")
@json_option
@click.option("--gdb", is_flag=True, help="Start gdb on it, with the objects of its modules.")
@click.option("--dir", "base", metavar="DIR", help="Where lkmd keeps crashes [env: LKM_CRASH_DIR].")
@debug_path_option
@click.argument("number", metavar="[N]", required=False)
@click.argument("words", metavar="[-- GDB-ARGUMENT...]", nargs=-1)
def crash(
    number: str | None,
    words: tuple[str, ...],
    as_list: bool,
    as_json: bool,
    gdb: bool,
    base: str | None,
    directories: tuple[str, ...],
    socket: str | None,
) -> None:
    """Show crash number N of this socket's kernels, or the newest.

    \b
        lkmctl crash --list
        lkmctl crash 3 --gdb -- -batch -ex "info threads"

    Prints the report and the source. The crashes are kept when the daemon ends, and their numbers are never
    used again; see lkmd(8) for where they are.
    """
    if gdb and number is not None and not number.isdecimal():
        words = (number, *words)
        number = None
    if words and not gdb:
        raise click.UsageError(f"unexpected argument: {words[0]!r}; only --gdb passes arguments on")
    if as_list and (number is not None or gdb):
        raise click.UsageError("--list lists all crashes: it has no number and no --gdb")
    if gdb and as_json:
        raise click.UsageError("--gdb starts gdb, which has no --json")
    with opened(socket, base) as crashes:
        if as_list:
            show_list(crashes, as_json)
            return
        chosen = choose(crashes, number)
        if gdb:
            debug(crashes, crashes.summary(chosen), words, directories)
        elif as_json:
            show_json(document(crashes, crashes.summary(chosen), directories or None))
        else:
            show(crashes, crashes.summary(chosen), directories or None)


@contextmanager
def opened(socket: str | None, base: str | None) -> Iterator[CrashDirectory]:
    """The crashes of a socket, with the last one. CrashError when there is no directory for them."""
    from lkmtools.daemon.address import socket_path

    path = crash_directory(socket_path(socket), base)
    if path is None:
        raise CrashError("no crashes are kept: LKM_CRASH_DIR, or crash_dir in lkmd.conf, is empty")
    with suppress(DaemonError), supervisor(socket) as sup:  # without a daemon, what is on disk
        sup.ask("kept")
    try:
        crashes = CrashDirectory(path)
    except FileNotFoundError:
        raise CrashError(f"there are no crashes: {path} does not exist") from None
    try:
        yield crashes
    finally:
        crashes.close()


def choose(crashes: CrashDirectory, number: str | None) -> int:
    """The number of a crash that is there: the newest's without a `number`. CrashError, click.UsageError."""
    there = crashes.numbers()
    if not there:
        raise CrashError(f"there are no crashes in {crashes.path}")
    if number is None:
        return there[-1]
    if not (number.isascii() and number.isdecimal()):
        raise click.UsageError(f"{number!r} is not the number of a crash")
    if len(number) > 12 or int(number) not in there:
        verb = "is" if len(there) == 1 else "are"
        raise CrashError(f"there is no crash {number[:12]}; there {verb} {spans(there)} in {crashes.path}")
    return int(number)


def spans(numbers: Sequence[int]) -> str:
    """Numbers in order: 1, 3 to 5."""
    found = []
    for _, group in groupby(enumerate(numbers), lambda pair: pair[1] - pair[0]):
        first, *rest = [number for _, number in group]
        found.append(f"{first} to {rest[-1]}" if rest else str(first))
    return ", ".join(found)


def show(crashes: CrashDirectory, summary: CrashSummary, directories: Sequence[str] | None) -> None:
    """The report, with its source, and what else there is."""
    from lkmtools.debug import source_of  # it reads the objects of the modules

    number = summary.number
    click.echo(
        f"crash {number}, {when(summary.time)}, boot {summary.boot}, {summary.machine}, {summary.kind}"
    )
    report = crashes.text(number, TEXT) or f"{summary.reason}\n"
    click.echo("\n".join([report.rstrip("\n"), *source_of(crashes.text(number, RECORD), directories)]))
    if crashes.has(number, CORE):
        click.echo(f"core: {crashes.file(number, CORE)} (lkmctl crash {number} --gdb)")
    else:
        click.echo(f"no core: {summary.core or 'the file is missing'}")


def document(
    crashes: CrashDirectory, summary: CrashSummary, directories: Sequence[str] | None
) -> dict[str, Any]:
    """The --json document of a crash."""
    import json

    from lkmtools.debug import source_of

    number = summary.number
    record = crashes.text(number, RECORD)
    try:
        facts = json.loads(record or "null")
    except ValueError:
        facts = None  # the lines of the source say so
    return {
        "version": 1,
        **row(summary),
        "report": crashes.text(number, TEXT),
        "record": facts,
        "source": source_of(record, directories),
        "modules": [{**module._asdict(), "area": f"{module.area:#x}"} for module in summary.modules],
        "symbols": _file(crashes, number, SYMBOLS),
        "core": _file(crashes, number, CORE),
        "no_core": summary.core or None,
    }


def _file(crashes: CrashDirectory, number: int, name: str) -> str | None:
    return crashes.file(number, name) if crashes.has(number, name) else None


def row(summary: CrashSummary) -> dict[str, Any]:
    """A crash in --list --json."""
    names = ("number", "time", "boot", "kind", "machine", "reason")
    return {name: getattr(summary, name) for name in names}


def show_list(crashes: CrashDirectory, as_json: bool) -> None:
    """All crashes, the oldest first; of a damaged one, why."""
    rows = [_read(crashes, number) for number in crashes.numbers()]
    if as_json:
        show_json({"version": 1, "directory": crashes.path, "crashes": [row(summary) for summary in rows]})
        return
    table = [
        (
            str(s.number),
            when(s.time) if s.time else "-",
            str(s.boot or "-"),
            s.kind,
            s.machine or "-",
            _line(s),
        )
        for s in rows
    ]
    if sys.stdout.isatty():
        from lkmtools.cli.tables import draw

        draw(HEADINGS, table, right=("NUMBER", "BOOT"), strong="REASON", wraps="REASON")
        return
    for number, at, boot, kind, machine, reason in (HEADINGS, *table):
        click.echo(f"{number:>6} {at:<19} {boot:>5} {kind:<7} {machine:<7} {reason}")


def _line(summary: CrashSummary) -> str:
    return " ".join(summary.reason.split())


def _read(crashes: CrashDirectory, number: int) -> CrashSummary:
    try:
        return crashes.summary(number)
    except CrashError as error:
        return CrashSummary(number, 0.0, 0, DAMAGED, "", str(error), "", ())


def debug(
    crashes: CrashDirectory, summary: CrashSummary, words: tuple[str, ...], directories: tuple[str, ...]
) -> None:
    """Become gdb. CrashError."""
    from lkmtools.crash.debugger import GDB, gdb_script, gdb_words, installed
    from lkmtools.debug.objects import debug_path

    if not installed():
        raise CrashError("there is no gdb in PATH; install it, or open the files with another debugger")
    text, failed = gdb_script(summary, directories or debug_path())
    for line in failed:
        warnx(NAME, line)
    fd = os.memfd_create("commands", 0)
    os.write(fd, text.encode("utf-8", "surrogateescape"))
    argv = gdb_words(crashes, summary, f"/proc/self/fd/{fd}")
    sys.stdout.flush()
    os.execvp(GDB, [*argv, *words])
