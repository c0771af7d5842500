"""modstat(8): show the modules of the simulated kernel.

Stands for NetBSD 5.2 sbin/modstat/modstat.c. Its columns are kept byte for byte where standard output is not
a terminal. It collects everything while it holds /dev/lkm, and prints afterwards: the output is one snapshot,
and a slow reader does not block other tools.
"""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Any

import click

from lkmtools.abi.errno import EINVAL, ENOENT
from lkmtools.abi.fcntl import O_RDONLY
from lkmtools.abi.limits import INT_MAX, INT_MIN
from lkmtools.cli.classic import Failure, classic, complete_module, json_text, opened, system_failure
from lkmtools.cli.common import Whole, connect
from lkmtools.errors import KernelError
from lkmtools.modules import Module, stat_fd, walk

if TYPE_CHECKING:
    from lkmtools.client import Process
    from lkmtools.modules.refs import Refs

NAME = "modstat"
USAGE = "Usage: modstat [-i <module id>] [-n <module name>]"
EXAMPLES = """modstat
modstat -n hello
modstat -l"""
HEADINGS = ("Type", "Id", "Offset", "Loadaddr", "Size", "Info", "Rev", "Module Name")
LONG = ("Refs", "Used by", "Path")


@classic(NAME, USAGE, EXAMPLES)
@click.option(
    "-i",
    "number",
    metavar="ID",
    type=Whole(INT_MIN, INT_MAX),
    help="Show only the module with this id; -1 is all.",
)
@click.option(
    "-n", "name", metavar="NAME", help="Show only the module of this name.", shell_complete=complete_module
)
@click.option("-l", "long", is_flag=True, help="Long format, with references, users and path.")
@click.option("--tree", is_flag=True, help="Show which module is linked against which.")
def main(
    number: int | None, name: str | None, long: bool, tree: bool, as_json: bool, socket: str | None
) -> int:
    """Show the modules that are loaded in the simulated kernel."""
    if long + tree + as_json > 1:
        main.bad_usage("-l, --tree and --json exclude each other")
    wanted = name if number is None or number == -1 else number
    refs: dict[int, Refs] | None = {} if long or tree or as_json else None
    with connect(NAME, socket) as p:
        rows, failure = ask(p, wanted, refs)
        if as_json:
            document: dict[str, Any] = {
                "modules": [json_row(row) | json_refs((refs or {})[row.id]) for row in rows]
            }
            click.echo(json_text(document | ({"error": failure.document()} if failure else {})))
        elif failure is None or failure.status != 2:
            if tree:
                show_tree(rows, refs or {})
            else:
                show(rows, 2 * p.dm.pointer, refs)
    if failure:
        failure.show(NAME)
    return failure.status if failure else 0


def ask(
    p: Process, wanted: int | str | None, refs: dict[int, Refs] | None = None
) -> tuple[list[Module], Failure | None]:
    """The rows that were found, and what went wrong: 2 open, 3 a module that was asked for.

    Where `refs` is given it gets the references of each row, by id.

    A walk that ends with an unexpected error is reported and exits 0, as the original's does. The original
    reported an unknown module by its exit status alone; the kernel's reason is shown, too.
    """
    rows: list[Module] = []
    fd = -1
    try:
        with opened(p, NAME, O_RDONLY) as fd:
            for row in walk(p, fd) if wanted is None else [stat_fd(p, fd, wanted)]:
                if refs is not None:
                    from lkmtools.modules.refs import refs_fd

                    refs[row.id] = refs_fd(p, fd, row.id)
                rows.append(row)
    except KernelError as error:
        if fd < 0:
            return rows, system_failure(2, "/dev/lkm", error)
        if error.errno in (EINVAL, ENOENT):
            return rows, Failure(3, "", error.errno, error.reason)
        return rows, system_failure(0 if wanted is None else 3, "LMSTAT", error)
    return rows, None


def offset_text(row: Module) -> str:
    """The Offset column: both majors of a device, a slot, or a dash."""
    if row.majors:
        block, char = row.majors
        return f"{block:3d}/{char:<3d}"
    return " -" if row.offset < 0 else f" {row.offset:3d}"


def cells(row: Module, width: int) -> tuple[str, ...]:
    """A row's columns as text; addresses have `width` digits."""
    return (
        row.type_name,
        str(row.id),
        offset_text(row),
        f"{row.area:0{width}x}",
        f"{row.kbytes:04x}",
        f"{row.private:0{width}x}",
        str(row.ver),
        row.name,
    )


def long_cells(refs: Refs) -> tuple[str, ...]:
    """The columns -l adds: how many references there are, names of the users or a dash, the object's path."""
    users = ",".join(user.name for user in refs.users)
    return str(refs.references), users or "-", refs.path or "-"


def show(rows: list[Module], width: int, refs: dict[int, Refs] | None = None) -> None:
    """The table: plain, or drawn by rich on a terminal."""
    table = [cells(row, width) for row in rows]
    more = [long_cells(refs[row.id]) for row in rows] if refs is not None else []
    if sys.stdout.isatty():
        headings = HEADINGS + LONG if refs is not None else HEADINGS
        from lkmtools.cli.tables import draw

        rows_drawn = [row + (more[i] if more else ()) for i, row in enumerate(table)]
        draw(headings, rows_drawn, right=("Id", "Offset", "Rev", "Refs"), strong="Module Name")
        return
    lines = [f"Type    Id   Offset {'Loadaddr':<{width}} Size {'Info':<{width}} Rev Module Name"]
    for kind, number, offset, area, size, info, rev, name in table:
        lines.append(f"{kind:<7} {number:>3} {offset:>7} {area} {size} {info} {rev:>3} {name}")
    if refs is not None:
        lines = beside(lines, [LONG, *more])
    click.echo("\n".join(lines))


def beside(lines: list[str], more: list[tuple[str, ...]]) -> list[str]:
    """The classic lines with the columns of -l behind them."""
    left = max(map(len, lines))
    users = max(len(row[1]) for row in more)
    return [
        f"{line:<{left}} {refs:>4} {used:<{users}} {path}"
        for line, (refs, used, path) in zip(lines, more, strict=True)
    ]


def show_tree(rows: list[Module], refs: dict[int, Refs]) -> None:
    """--tree."""
    from lkmtools.cli import modtree

    nodes = modtree.forest(rows, refs)
    if sys.stdout.isatty():
        modtree.draw(nodes)
    else:
        for line in modtree.plain(nodes):
            click.echo(line)


def json_row(row: Module) -> dict[str, Any]:
    """A row of --json; addresses are text, as JSON numbers lose bits beyond 53."""
    block, char = row.majors or (None, None)
    return {
        "id": row.id,
        "name": row.name,
        "type": row.type_name,
        "offset": None if row.majors or row.offset < 0 else row.offset,
        "block_major": block,
        "char_major": char,
        "loadaddr": f"{row.area:#x}",
        "size": row.kbytes,
        "info": f"{row.private:#x}",
        "rev": row.ver,
    }


def json_refs(refs: Refs) -> dict[str, Any]:
    """The rest of it: what LMSTAT does not tell."""
    return {
        "path": refs.path or None,
        "bytes": refs.size,
        "uses": [{"id": use.id, "name": use.name} for use in refs.uses],
        "users": [{"id": user.id, "name": user.name} for user in refs.users],
        "references": [
            {"id": None if hold.id < 0 else hold.id, "name": hold.name or None, "count": hold.times}
            for hold in refs.holds
        ],
        "calls": [{"pid": call.id, "comm": call.name} for call in refs.calls],
    }
