"""What the kernel knows of a module beside its struct lkm_table: our own records.

The table entry in guest memory has type, state, id and memory. The record has what the original has no field
for: the contents of LMINFO (segments, names, imports), and whether the module is entered in tables.
"""

from __future__ import annotations

from array import array
from bisect import bisect_left, bisect_right
from collections.abc import Callable

from lkmtools.abi.dialects import DIALECT
from lkmtools.abi.mman import PROT_EXEC
from lkmtools.tuples import NamedTuple


class ModuleSegment(NamedTuple):
    """Pages of a module with one set of permissions; `offset` from the start of its area."""

    offset: int
    size: int
    prot: int


class ModuleSymbol(NamedTuple):
    """A name in a module, for backtraces; `info` is its ELF st_info."""

    addr: int
    size: int
    name: str
    info: int = 0

    @property
    def is_global(self) -> bool:
        """Is it global or weak, so that others could link to it?"""
        return self.info >> 4 != 0


class ModuleImport(NamedTuple):
    """What a module was linked against; `assigned` when the user said the value (modload -T)."""

    name: str
    value: int
    assigned: bool = False


class Info(NamedTuple):
    """What LMINFO said; `addresses` are those of the symbols, in their order.

    `dialect` is that of the sources (<sys/cdefs.h>): which prototypes its functions have.
    `checksum` is that of its object (elf/checksum.py); 0: not known.
    """

    segments: tuple[ModuleSegment, ...] = ()
    symbols: tuple[ModuleSymbol, ...] = ()
    imports: tuple[ModuleImport, ...] = ()
    path: str = ""
    buildid: bytes = b""
    addresses: array[int] = array("Q")
    dialect: str = DIALECT
    checksum: int = 0

    @property
    def code_size(self) -> int:
        """How many bytes at the beginning are executable."""
        first = self.segments[0] if self.segments else ModuleSegment(0, 0, 0)
        return first.size if first.offset == 0 and first.prot & PROT_EXEC else 0


class LoadableModule:
    """One module, from LMRESERV to LMUNLOAD. `table` is the address of its struct lkm_table.

    `wired` says how to take out what lkmdispatch wired, by the private struct it did so for; `syms` is the
    memory for its symbols (0: none), `exports` whether they have been added to the kernel's. `uses` and
    `users` are the modules it is linked against, and those linked against it; `holds_on` are the references
    on it by holder (None: the kernel), each with whom it was taken for; `holding` are the modules it has
    references on.
    """

    def __init__(self, ident: int, table: int, area: int, size: int, syms: int, path: str) -> None:
        self.id = ident
        self.table = table
        self.area = area
        self.size = size
        self.syms = syms
        self.path = path
        self.name = ""
        self.info = Info()
        self.wired: dict[int, Callable[[], None]] = {}
        self.exports = False
        self.loaded = False
        self.unloading = False
        self.uses: set[LoadableModule] = set()
        self.users: set[LoadableModule] = set()
        self.holds_on: dict[LoadableModule | None, list[str]] = {}
        self.holding: set[LoadableModule] = set()

    def __repr__(self) -> str:
        return f"<LoadableModule {self.id} {self.title}>"

    @property
    def title(self) -> str:
        """Its name; before it has one, the last part of its path."""
        return self.name or self.path.rsplit("/", 1)[-1] or f"ID {self.id}"

    def holds(self, addr: int) -> bool:
        """Is `addr` in its memory?"""
        return self.area <= addr < self.area + self.size

    def defines(self, name: str, addr: int) -> bool:
        """Has it a symbol `name` at `addr`?"""
        return any(symbol.name == name for symbol in self.at(addr))

    def at(self, addr: int) -> tuple[ModuleSymbol, ...]:
        """Its symbols at exactly this address."""
        first, last = (find(self.info.addresses, addr) for find in (bisect_left, bisect_right))
        return self.info.symbols[first:last]

    def size_of(self, addr: int) -> int:
        """The size of what a symbol says begins at this address; 0 when none does."""
        return max((symbol.size for symbol in self.at(addr)), default=0)

    def function(self, addr: int) -> tuple[str, int]:
        """The nearest symbol at or before `addr` and its address; the area's start when there is none."""
        i = bisect_right(self.info.addresses, addr) - 1
        if i < 0:
            return f"{self.area:#x}", self.area
        symbol = self.info.symbols[i]
        return symbol.name, symbol.addr
