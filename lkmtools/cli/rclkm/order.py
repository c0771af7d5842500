"""Which line of lkm.conf needs which other, and in what order they can be loaded."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from lkmtools.cli.rclkm.items import Item
from lkmtools.modules.needs import Needs, needs
from lkmtools.modules.prepare import LoadError, read_module
from lkmtools.tuples import NamedTuple


class Dependency(NamedTuple):
    """`client` (an index) needs `what`, in words, which the items `providers` have."""

    client: int
    what: str
    providers: tuple[int, ...]
    linked: bool  # by symbol, so that the provider has to be loaded with -s


class Order:
    """The needs among some items, in the order in which they would be loaded."""

    def __init__(self, items: Sequence[Item]) -> None:
        self.items = items
        self._needs = [_read(item) for item in items]
        self._by_name: dict[tuple[str, str], list[int]] = {}
        for index, row in enumerate(self._needs):
            if row is None:
                continue
            for kind, names in (("symbol", row.defined), ("emulation", row.registers)):
                for name in names:
                    self._by_name.setdefault((kind, name), []).append(index)

    def needs(self, index: int) -> Iterator[Dependency]:
        """What an item needs of others; what nobody here has is the kernel's, or missing."""
        row = self._needs[index]
        if row is None:
            return
        for kind, names in (("symbol", row.undefined), ("emulation", row.wants)):
            for name in sorted(names):
                found = tuple(i for i in self._by_name.get((kind, name), ()) if i != index)
                if found:
                    what = name if kind == "symbol" else f"the emulation '{name}'"
                    yield Dependency(index, what, found, kind == "symbol")

    def complaints(self, index: int) -> list[str]:
        """A line, with the fix, for each provider that an item cannot have where it stands."""
        out: dict[tuple[int, bool], list[str]] = {}
        for need in self.needs(index):
            before = [i for i in need.providers if i < index]
            if any(not need.linked or self.items[i].options.symbols for i in before):
                continue
            provider = before[0] if before else need.providers[0]
            out.setdefault((provider, bool(before)), []).append(need.what)
        return [self._complaint(index, *key, what) for key, what in out.items()]

    def _complaint(self, client: int, provider: int, before: bool, what: list[str]) -> str:
        mine, other = self.items[client].entry, self.items[provider].entry
        names = what[0] if len(what) == 1 else f"{what[0]} and {len(what) - 1} more"
        text = f"it needs {names} of {other.name} (line {other.line}), which is loaded"
        if before:
            return f"{text} without -s: write -s among the options of line {other.line}"
        if other.when != mine.when:
            return f"{text} at {other.when}: move line {other.line} before line {mine.line}, as {mine.when}"
        return f"{text} later: move line {other.line} before line {mine.line}, or use rc.lkm --reorder"

    def sorted(self) -> list[Item]:
        """The items, each after what it needs, otherwise in the order they have."""
        placed: dict[int, None] = {}
        visiting: set[int] = set()

        def place(index: int) -> None:
            if index in placed or index in visiting:
                return  # a circle cannot be loaded in any order
            visiting.add(index)
            for need in self.needs(index):
                if not any(provider in placed for provider in need.providers):
                    place(need.providers[0])
            placed[index] = None

        for index in range(len(self.items)):
            place(index)
        return [self.items[index] for index in placed]


def _read(item: Item) -> Needs | None:
    """What the object of an item needs; None when it cannot be read, which its load will say better."""
    try:
        return needs(read_module(item.path))
    except LoadError:
        return None
