"""rc.lkm start: load the modules one after another in this process; one that fails stops no other."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Sequence

import click

from lkmtools import modules
from lkmtools.abi.fcntl import O_RDONLY
from lkmtools.cli.classic import announce_holder
from lkmtools.cli.common import EX_PANIC, panic, tell, warnx
from lkmtools.cli.devtools import environment
from lkmtools.cli.postinstall import arguments, why_not_executed
from lkmtools.cli.rclkm.items import Item
from lkmtools.cli.rclkm.loaded import Loaded, loaded
from lkmtools.cli.rclkm.order import Order
from lkmtools.client import Process
from lkmtools.errors import KernelError, PanicError
from lkmtools.modules.loader import load_object
from lkmtools.modules.prepare import LoadError

NAME = "rc.lkm"
NO_DEVICE = 3  # modload's status when /dev/lkm cannot be opened: true for every module


class Start:
    """One run over `items`; `skip` are the paths of objects that are not to be loaded, `failed` counts."""

    def __init__(
        self, p: Process, items: Sequence[Item], directories: Sequence[str], skip: Sequence[str]
    ) -> None:
        self.p = p
        self.items = items
        self.directories = directories
        self.skip = frozenset(skip)
        self.failed = 0
        self._order: Order | None = None
        self._mine: list[tuple[Item, int]] = []  # what this run has loaded, with its id
        self._before: list[Loaded] = []  # modules that were there already, each for one line

    def run(self) -> int:
        """Load everything; the exit status."""
        self.p.on_wait = lambda: announce_holder(NAME, self.p.path)
        self._before = self._loaded_before()
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

    def _loaded_before(self) -> list[Loaded]:
        """What is loaded already, as after a boot that this very command has caused."""
        try:
            with modules.lkm_device(self.p, O_RDONLY) as fd:
                return loaded(self.p, fd)
        except KernelError:
            return []  # the first module will say why

    def _left(self, first: int, why: str) -> None:
        """Say what the run has not come to."""
        if first < len(self.items):
            names = " ".join(item.name for item in self.items[first:])
            warnx(NAME, f"not loaded{f' ({why})' if why else ''}: {names}")

    def _complain(self, item: Item, text: str) -> None:
        for line in text.splitlines():
            warnx(NAME, f"{item.entry.place}: {item.name}: {line}")

    def _one(self, index: int, item: Item) -> bool:
        """Load one module; False when no other can be loaded either."""
        if os.path.abspath(item.path) in self.skip:
            self.failed += 1
            self._complain(
                item, "SKIPPED: the kernel panicked because of it at two boots; lkmctl reboot tries again"
            )
            return True
        there = next((module for module in self._before if module.made_by(item)), None)
        if there is not None:
            self._before.remove(there)
            tell(NAME, f"{item.name}: Module is loaded already, as ID {there.id}")
            return True
        above = next(((other, number) for other, number in self._mine if item.repeats(other)), None)
        if above is not None:
            other, number = above
            tell(NAME, f"{item.name}: Module is loaded already, as ID {number} (line {other.entry.line})")
            return True
        if not item.found:
            where = "" if os.path.isabs(item.path) else f" in {', '.join(self.directories) or 'no directory'}"
            self._complain(item, f"couldn't find module {item.path}{where}")
        try:
            made = load_object(self.p, item.path, item.options, lambda *said: self._say(item, *said))
        except LoadError as error:
            self.failed += 1
            self._complain(item, error.text)
            self._complain(item, error.reason)
            if error.status == NO_DEVICE:
                return False
            for line in self._advice(index):
                self._complain(item, line)
            return True
        self._mine.append((item, made.id))
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
            self.failed += 1
            self._complain(item, f"error fetching module stats for post-install: {error}")
            return
        sys.stdout.flush()
        try:
            status = subprocess.call(argv, env=environment(self.p.path))
        except OSError as error:
            self.failed += 1
            self._complain(item, f"can't exec `{program}': {error.strerror}")
            self._complain(item, why_not_executed(program, error))
            return
        if status:
            self.failed += 1
            how = f"ended with status {status}" if status > 0 else f"was ended by signal {-status}"
            self._complain(item, f"postinstall program {program} {how}")
