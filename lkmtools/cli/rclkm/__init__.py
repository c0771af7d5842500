"""rc.lkm(8): load the modules of lkm.conf(5) at boot. Stands for NetBSD 5.2 /etc/rc.lkm.

One process loads them all, so that each module costs a load and not a start of modload.
"""

from __future__ import annotations

import os

import click

from lkmtools.cli.common import connect, tool, warnx
from lkmtools.cli.postinstall import wrong_interpreter
from lkmtools.cli.rclkm.items import Item, in_boot_order, items
from lkmtools.cli.rclkm.order import Order
from lkmtools.cli.rclkm.report import ReportWriter
from lkmtools.cli.rclkm.start import NAME, Start
from lkmtools.cli.settings import lkm_conf, module_directories
from lkmtools.conf import lkmconf
from lkmtools.conf.lkmconf import STAGES, Conf, Mistake
from lkmtools.conf.places import config_directories
from lkmtools.modules.prepare import LoadError, entry_symbol, read_module

ACTIONS = ("start", "stop", "check")


@tool(NAME, usage_status=2)
@click.option("--conf", metavar="FILE", help="The lkm.conf to use [env: LKM_CONF].")
@click.option("--reorder", is_flag=True, help="Load modules in dependency order.")
@click.option("--skip", metavar="OBJECT.o", multiple=True, help="Do not load this object; may be repeated.")
@click.option("--report", type=int, hidden=True)
@click.argument("action", type=click.Choice(ACTIONS), default="start", metavar="[start|stop|check]")
@click.argument("what", required=False, metavar="[STAGE]")
def main(
    action: str,
    what: str | None,
    conf: str | None,
    reorder: bool,
    skip: tuple[str, ...],
    report: int | None,
    socket: str | None,
) -> int:
    """Load or unload the modules of lkm.conf, or check the file.

    \b
        rc.lkm                        load all of them, stage by stage
        rc.lkm start BEFORENET        load those of one stage
        rc.lkm stop                   unload them again, the last one first
        rc.lkm check ./lkm.conf       look for mistakes; no kernel is needed

    lkmd runs it at every boot. A module that fails to load does not stop the others; the exit status is
    then 1, even if it failed during the boot that this command started.
    """
    stage, file = _operand(action, what)
    path = lkm_conf(file or conf)
    if path is None:
        if "LKM_CONF" not in os.environ:
            warnx(NAME, f"no lkm.conf in {' or '.join(config_directories())}: nothing to {action}")
        return 0
    try:
        read = lkmconf.read(path)
    except OSError as error:
        warnx(NAME, f"{path}: {error.strerror}")
        ReportWriter(report).failed(path, "", error.strerror or str(error))
        return 1
    todo, mistakes = _todo(read, stage, reorder)
    if action == "check":
        return check(path, todo, mistakes)
    if action == "stop":
        return stop(todo, socket)
    return start(todo, mistakes, [os.path.abspath(path) for path in skip], ReportWriter(report), socket)


def _operand(action: str, what: str | None) -> tuple[str | None, str | None]:
    """(stage, file): the operand is a stage; for check it may be a file instead."""
    if what is None or what in STAGES:
        return what, None
    if action == "check":
        return None, what
    raise click.UsageError(f"{what!r} is not a stage of the boot; the stages are {', '.join(STAGES)}")


def _todo(conf: Conf, stage: str | None, reorder: bool) -> tuple[list[Item], list[Mistake]]:
    """What to do, in order, and what is wrong with the file."""
    todo, wrong = items(in_boot_order(conf, stage), module_directories())
    if reorder:
        todo = Order(todo).sorted()
    return todo, sorted((*conf.mistakes, *wrong), key=lambda mistake: mistake.line)


def start(
    todo: list[Item], mistakes: list[Mistake], skip: list[str], report: ReportWriter, socket: str | None
) -> int:
    """Load what can be loaded; the exit status."""
    for mistake in mistakes:
        warnx(NAME, f"{mistake}: not loaded")
        report.failed(f"{mistake.file}:{mistake.line}", "", f"{mistake.what}: not loaded")
    status = 1 if mistakes else 0
    if todo:
        with connect(NAME, socket, tell=False) as p:
            known = [str(mistake) for mistake in mistakes]
            return Start(p, todo, module_directories(), skip, report, known).run() or status
    return status


def stop(todo: list[Item], socket: str | None) -> int:
    """Unload; where no kernel runs nothing is loaded, and none is started for it."""
    from lkmtools.cli.rclkm.stop import Stop
    from lkmtools.daemon.address import open_socket, socket_path

    there = open_socket(socket_path(socket))
    if there is None:
        return 0
    there.close()
    with connect(NAME, socket, autostart=False) as p:
        return Stop(p, todo).run()


def check(path: str, todo: list[Item], mistakes: list[Mistake]) -> int:
    """Print what is wrong with a file: mistakes, missing modules, and their order."""
    lines = [(mistake.line, str(mistake)) for mistake in mistakes]
    order = Order(todo)
    first: dict[tuple[str, str], Item] = {}
    for index, item in enumerate(todo):
        place = f"{item.entry.place}: "
        if not item.found:
            where = f" in {', '.join(module_directories())}" if not os.path.isabs(item.path) else ""
            lines.append((item.entry.line, f"{place}path: couldn't find module {item.path}{where}"))
        else:
            lines += [(item.entry.line, f"{place}{text}") for text in _object_problems(item)]
        if item.postinstall is not None and not os.access(item.postinstall, os.X_OK):
            lines.append((item.entry.line, f"{place}postinstall: {item.postinstall} cannot be executed"))
        elif item.postinstall is not None and (why := wrong_interpreter(item.postinstall)):
            lines.append((item.entry.line, f"{place}postinstall: {why}"))
        above = first.setdefault(item.wish, item)
        if above is not item:
            text = f"it repeats line {above.entry.line}, and is passed over"
            lines.append((item.entry.line, f"{place}{item.name}: {text}"))
        lines += [(item.entry.line, f"{place}{item.name}: {text}") for text in order.complaints(index)]
    for _, text in sorted(lines, key=lambda line: line[0]):
        click.echo(text)
    if not lines:
        click.echo(f"{path}: {len(todo)} {'module' if len(todo) == 1 else 'modules'}, nothing wrong")
    return 1 if lines else 0


def _object_problems(item: Item) -> list[str]:
    """What can be said of an object without a kernel: that it can be read, and has the entry symbol."""
    try:
        entry_symbol(read_module(item.path), item.path, item.path.removesuffix(".o"), item.options)
    except LoadError as error:
        return [error.text, *error.reason.splitlines()]
    return []
