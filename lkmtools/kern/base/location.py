"""The place of an address, for people."""

from __future__ import annotations

from lkmtools.tuples import NamedTuple


class Location(NamedTuple):
    """An offset into a symbol of a module, or of the kernel (None)."""

    symbol: str
    offset: int
    module: str | None

    def __str__(self) -> str:
        return f"{self.symbol}+{self.offset:#x} [{self.module or 'kernel'}]"
