"""rc.lkm start: load the modules one after another in this process; a failure does not stop the others."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterable, Sequence

import click

from lkmtools import modules
from lkmtools.abi.fcntl import O_RDONLY
from lkmtools.cli.common import EX_PANIC, announce_wait, panic, tell, warnx
from lkmtools.cli.devtools import environment
from lkmtools.cli.postinstall import arguments, why_not_executed
from lkmtools.cli.rclkm.items import Item
from lkmtools.cli.rclkm.loaded import LoadedObject, loaded
from lkmtools.cli.rclkm.order import Order
from lkmtools.cli.rclkm.report import ReportWriter
from lkmtools.client import Process
from lkmtools.errors import KernelError, PanicError
from lkmtools.modules.loader import load_object
from lkmtools.modules.prepare import LoadError

NAME = "rc.lkm"
NO_DEVICE = 3  # modload's status when /dev/lkm cannot be opened: true for every module
_AT_BOOT = "at boot: "  # what the lines of Process.at_start begin with


class Start:
    """One run over `items`; `skip` are the paths of objects that are not to be loaded, `failed` counts.

    What failed goes to `report`, too. Where this run had to start the kernel, its boot has tried all of this
    before: of what is loaded since then, what went wrong there counts.
    """

    def __init__(
        self,
        p: Process,
        items: Sequence[Item],
        directories: Sequence[str],
        skip: Sequence[str],
        report: ReportWriter,
        known: Sequence[str] = (),
    ) -> None:
        """`known` is what has been said already of other lines of the file."""
        self.p = p
        self.items = items
        self.directories = directories
        self.skip = frozenset(skip)
        self.report = report
        self._known = known
        self.failed = 0
        self._order: Order | None = None
        self._mine: dict[tuple[str, str], tuple[Item, int]] = {}  # what this run has loaded, with its id
        self._before: list[LoadedObject] = []  # modules that were there already, each for one line

    def run(self) -> int:
        """Load everything; the exit status."""
        self.p.on_wait = lambda: announce_wait(NAME, self.p)
        self._before = self._loaded_before()
        known = tuple(_AT_BOOT + text for text in (*self._known, *map(_place, self.items)))
        self._tell(line for line in self.p.at_start if not line.startswith(known))
        for index, item in enumerate(self.items):
            try:
                go_on = self._one(index, item)
            except PanicError as error:
                panic(NAME, error)
                self._left(index, "the kernel panicked")
                return EX_PANIC
            if not go_on:
                self._left(index + 1, "")
                break
        return 1 if self.failed else 0

    def _loaded_before(self) -> list[LoadedObject]:
        """What is loaded already, as after a boot that this very command has caused."""
        try:
            with modules.lkm_device(self.p, O_RDONLY) as fd:
                return loaded(self.p, fd)
        except KernelError:
            return []  # the first module will say why

    def _left(self, first: int, why: str) -> None:
        """Say what the run has not come to."""
        if first < len(self.items):
            what = f"not loaded{f' ({why})' if why else ''}"
            warnx(NAME, f"{what}: {' '.join(item.name for item in self.items[first:])}")
            for item in self.items[first:]:
                self.report.failed(item.entry.place, item.name, what)

    def _tell(self, lines: Iterable[str]) -> None:
        """Say what went wrong at the boot."""
        for line in lines:
            self.failed += 1
            warnx(NAME, line)

    def _fail(self, item: Item, *texts: str, summary: str = "") -> None:
        """Say why something could not be done; the report has `summary`, or the first line of each text."""
        self.failed += 1
        for text in texts:
            self._complain(item, text)
        first = ": ".join(text.splitlines()[0] for text in texts if text)
        self.report.failed(item.entry.place, item.name, summary or first)

    def _complain(self, item: Item, text: str) -> None:
        for line in text.splitlines():
            warnx(NAME, _place(item) + line)

    def _one(self, index: int, item: Item) -> bool:
        """Load one module; False when no other can be loaded either."""
        if os.path.abspath(item.path) in self.skip:
            why = "the kernel panicked because of it at two boots; lkmctl reboot tries again"
            self._fail(item, f"SKIPPED: {why}")
            return True
        if item.wish in self._mine:
            other, number = self._mine[item.wish]
            tell(NAME, f"{item.name}: Module is already loaded as ID {number} (line {other.entry.line})")
            return True
        there = next((module for module in self._before if module.made_by(item)), None)
        if there is not None:
            self._before.remove(there)
            self._mine[item.wish] = item, there.id
            tell(NAME, f"{item.name}: Module is already loaded as ID {there.id}")
            self._tell(line for line in self.p.at_start if line.startswith(_AT_BOOT + _place(item)))
            return True
        lost = ""
        if not item.found:
            where = "" if os.path.isabs(item.path) else f" in {', '.join(self.directories) or 'no directory'}"
            lost = f"couldn't find module {item.path}{where}"
            self._complain(item, lost)
        try:
            made = load_object(self.p, item.path, item.options, lambda *said: self._say(item, *said))
        except LoadError as error:
            self._fail(item, error.text, error.reason, summary=lost)
            if error.status == NO_DEVICE:
                return False
            for line in self._advice(index):
                self._complain(item, line)
            return True
        self._mine[item.wish] = item, made.id
        if item.options.ready:
            tell(NAME, f"{item.name}: Module loaded as ID {made.id}")
            if item.postinstall is not None:
                self._postinstall(item, item.postinstall, made.id)
        return True

    def _say(self, item: Item, kind: str, text: str) -> None:
        """What the loader has to tell."""
        if kind == "warning":
            self._complain(item, text)
        elif item.verbose if kind == "verbose" else item.debug:
            click.echo(f"{item.name}: {text}", err=True)

    def _advice(self, index: int) -> list[str]:
        """Does it stand before what it needs? Read only after a failure: it needs every object's file."""
        if self._order is None:
            self._order = Order(self.items)
        return self._order.complaints(index)

    def _postinstall(self, item: Item, program: str, number: int) -> None:
        """Run the postinstall program with modload's arguments, and wait for it."""
        try:
            argv = arguments(program, modules.stat(self.p, number))
        except KernelError as error:
            self._fail(item, f"error fetching module stats for post-install: {error}")
            return
        sys.stdout.flush()
        try:
            status = subprocess.call(argv, env=environment(self.p.path))
        except OSError as error:
            self._fail(item, f"can't exec `{program}': {error.strerror}", why_not_executed(program, error))
            return
        if status:
            how = f"ended with status {status}" if status > 0 else f"was ended by signal {-status}"
            self._fail(item, f"postinstall program {program} {how}")


def _place(item: Item) -> str:
    """What each line about a module begins with."""
    return f"{item.entry.place}: {item.name}: "
