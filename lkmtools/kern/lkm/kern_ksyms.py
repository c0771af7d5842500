"""The kernel symbol table (kern_ksyms.c of NetBSD 5.2): exported symbols by name and by address.

The kernel's own symbols come from the export rows; a module's from the ELF symbol and string table that
modload -s sent. Other modules can be linked against global and weak ones; local ones are only listed and used
for names. A symbol that is already known is not added again; one with another value is reported.

The image that /dev/ksyms hands out is one sealed memory file, which all its readers share. It is made when a
reader first looks at it, or just before the symbols change if a reader has it open; so a process that only
asks for values, such as modload, does not pay for it. It is kept while it is open.
"""

from __future__ import annotations

from array import array
from bisect import bisect_left, bisect_right
from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from typing import TYPE_CHECKING

from lkmtools.abi import elf
from lkmtools.abi.datamodel import C_TEXT
from lkmtools.abi.errno import EEXIST, EINVAL
from lkmtools.errors import KernelError
from lkmtools.kern.lkm.ksyms_image import DATA, TEXT, KsymsSymbol, Table, build
from lkmtools.kern.lkm.ksyms_memfd import KsymsMemfd
from lkmtools.machine import EXEC, SLOT
from lkmtools.tuples import NamedTuple

if TYPE_CHECKING:
    from lkmtools.kern.base.export import Data
    from lkmtools.kern.base.lkm_record import LoadableModule
    from lkmtools.kern.kernel import Kernel
    from lkmtools.kern.lkm.ksyms_image import ImagePart
    from lkmtools.kern.proc.kern_proc import Proc
    from lkmtools.kern.vfs.ramfs import Node

_SKIPPED = (elf.STT_SECTION, elf.STT_FILE)
KERNEL = "netbsd"  # the title of the kernel's own table


class SymbolPlace(NamedTuple):
    """Where an address lies: `offset` bytes into a symbol of the table called `title`."""

    symbol: KsymsSymbol
    offset: int
    title: str


class SymbolTable:
    """The symbols of the kernel or of one module, at [start, end).

    `globals` and `locals` have the number of each name among the symbols of that binding.
    """

    def __init__(self, codec: elf.Codec, title: str, rows: list[KsymsSymbol], start: int, end: int) -> None:
        self.title = title
        self.start = start
        self.end = end
        self.rows = rows
        self.packed = Table(codec, rows)
        self._globals = [row for row in rows if row.bind != elf.STB_LOCAL]
        self.globals = {row.name: i for i, row in enumerate(self._globals)}
        self.locals: dict[str, int] = {}
        for i, row in enumerate(row for row in rows if row.bind == elf.STB_LOCAL):
            self.locals.setdefault(row.name, i)
        self.longest = max((len(row.name) for row in rows), default=0)
        self._order: tuple[array[int], list[KsymsSymbol]] | None = None

    def value(self, name: str) -> int:
        """The value of one of its global symbols."""
        return self._globals[self.globals[name]].value

    def nearest(self, addr: int) -> KsymsSymbol | None:
        """The symbol at or before `addr`; of several at one address a global one."""
        if self._order is None:
            placed = [row for row in self.rows if row.section in (TEXT, DATA)]
            placed.sort(key=lambda row: (row.value, row.bind != elf.STB_LOCAL))
            self._order = array("Q", [row.value for row in placed]), placed
        addresses, rows = self._order
        at = bisect_right(addresses, addr)
        return rows[at - 1] if at else None


class KsymsSoftc:
    """What /dev/ksyms (ksyms_dev.py) keeps: its row of cdevsw, its node, and the processes that opened it.

    A process that has ended is among them as long as a child has the descriptor it inherited.
    """

    def __init__(self) -> None:
        self.row = 0
        self.node: Node | None = None
        self.open: set[Proc] = set()


class Symbols:
    """Every symbol of the kernel and of the modules loaded with -s. `kernel` has the kernel's by name."""

    def __init__(
        self,
        codec: elf.Codec,
        machine: int,
        kernel: Mapping[str, int],
        kernel_rows: Callable[[], list[KsymsSymbol]],
    ) -> None:
        self.kernel = kernel
        self.tables: dict[str, SymbolTable] = {}
        self.codec = codec
        self._machine = machine
        self._kernel_rows = kernel_rows
        self._kernel_table: SymbolTable | None = None
        self._owners: dict[str, SymbolTable] = {}  # of the modules' global symbols
        self._locals: dict[
            str, dict[str, SymbolTable]
        ] = {}  # tables with a local symbol of that name, by title
        self._starts: list[int] = []  # where the modules with a table lie, and the tables
        self._by_start: list[SymbolTable] = []
        self._image: KsymsMemfd | None = None
        self._images: list[KsymsMemfd] = []  # ... and those before it that somebody has open
        self._longest: Counter[int] = Counter()  # modules by the length of their longest name
        self._kept: dict[str, dict[int, LoadableModule]] = {}
        self.softc = KsymsSoftc()

    # -- by name ----------------------------------------------------------------------------------------

    def value(self, name: str) -> int | None:
        """A global symbol's value, the kernel's first; None when nobody exports it."""
        value = self.kernel.get(name)
        if value is None and (owner := self._owners.get(name)) is not None:
            return owner.value(name)
        return value

    def entry(self, name: str) -> bytes | None:
        """The Elf_Sym of a symbol in the current image, which is made if necessary.

        A global one, or the first local one of that name; None when there is neither.
        """
        owner = self.kernel_table() if name in self.kernel else self._owners.get(name)
        local = owner is None
        if owner is None:
            owner = next(iter(self._locals.get(name, {}).values()), None)
            if owner is None:
                return None
        self._current().make()  # gives the tables their places in .strtab
        return owner.packed.entry(local, (owner.locals if local else owner.globals)[name])

    def longest(self) -> int:
        """The length of the longest name (ksyms_maxlen)."""
        return max([self.kernel_table().longest, *self._longest])

    # -- those of modules that were loaded without them ---------------------------------------------------

    def keep(self, module: LoadableModule) -> None:
        """A module was loaded without its symbols: note which global ones it defines."""
        for symbol in module.info.symbols:
            if symbol.is_global:
                self._kept.setdefault(symbol.name, {})[module.id] = module

    def unkeep(self, module: LoadableModule) -> None:
        """The module is unloaded: forget its symbols."""
        for name in {symbol.name for symbol in module.info.symbols if symbol.is_global}:
            del self._kept[name][module.id]
            if not self._kept[name]:
                del self._kept[name]

    def keeper(self, name: str) -> LoadableModule | None:
        """A module that defines a global symbol, and was loaded without its symbols."""
        return next(iter(self._kept.get(name, {}).values()), None)

    # -- by address -------------------------------------------------------------------------------------

    def locate(self, addr: int) -> SymbolPlace | None:
        """The symbol nearest below `addr`, of the kernel or module whose memory it is (ksyms_getname)."""
        table = self.kernel_table()
        if not table.start <= addr < table.end:
            at = bisect_right(self._starts, addr)
            if not at or addr >= self._by_start[at - 1].end:
                return None
            table = self._by_start[at - 1]
        row = table.nearest(addr)
        return None if row is None else SymbolPlace(row, addr - row.value, table.title)

    # -- tables -----------------------------------------------------------------------------------------

    def kernel_table(self) -> SymbolTable:
        """The kernel's own symbols, made when they are first wanted."""
        if self._kernel_table is None:
            rows = self._kernel_rows()
            start, end = min(row.value for row in rows), max(row.value + row.size for row in rows)
            self._kernel_table = SymbolTable(self.codec, KERNEL, rows, start, end)
        return self._kernel_table

    def add(self, table: SymbolTable) -> None:
        """A module's table, whose global names nobody else has."""
        self._change()
        self.tables[table.title] = table
        self._owners.update(dict.fromkeys(table.globals, table))
        for name in table.locals:
            self._locals.setdefault(name, {})[table.title] = table
        at = bisect_right(self._starts, table.start)
        self._starts.insert(at, table.start)
        self._by_start.insert(at, table)
        self._longest[table.longest] += 1

    def remove(self, table: SymbolTable) -> None:
        """Forget a module's table."""
        self._change()
        del self.tables[table.title]
        for name in table.globals:
            del self._owners[name]
        for name in table.locals:
            del self._locals[name][table.title]
            if not self._locals[name]:
                del self._locals[name]
        at = bisect_left(self._starts, table.start)
        del self._starts[at], self._by_start[at]
        self._longest[table.longest] -= 1
        if not self._longest[table.longest]:
            del self._longest[table.longest]

    # -- the image --------------------------------------------------------------------------------------

    def image(self) -> KsymsMemfd:
        """The image of the current symbols, with one more reference for the caller."""
        image = self._current()
        image.refs += 1
        return image

    def _current(self) -> KsymsMemfd:
        if self._image is None:
            self._image = KsymsMemfd(self._parts)
            self._images = [*(image for image in self._images if image.refs), self._image]
        return self._image

    def _parts(self) -> list[ImagePart]:
        tables = [self.kernel_table().packed, *(table.packed for table in self.tables.values())]
        return build(self.codec, self._machine, tables)

    def _change(self) -> None:
        """The symbols are about to change: the current image is complete, and no longer current."""
        image, self._image = self._image, None
        if image is not None:
            image.keep()
            image.release()

    def close(self) -> None:
        """The kernel is gone: close every image, also those that somebody has open."""
        for image in self._images:
            image.close()


def kernel_rows(k: Kernel, data: Iterable[Data]) -> list[KsymsSymbol]:
    """The kernel's own symbols: every exported function, and every exported variable with its size."""
    rows = [
        KsymsSymbol(fn.name, fn.addr, SLOT, elf.STT_FUNC, elf.STB_GLOBAL, TEXT)
        for fn in k.engine.text.functions
    ]
    rows += [
        KsymsSymbol(row.name, k.symbol(row.name), row.size(k.dm), elf.STT_OBJECT, elf.STB_GLOBAL, DATA)
        for row in data
    ]
    return rows


def addsymtab(k: Kernel, module: LoadableModule, symtab: bytes, strtab: bytes) -> None:
    """Add a module's symbols (ksyms_addsymtab).

    EEXIST when a table of that name exists; EINVAL for bad tables.
    """
    symbols, title = k.ksyms, module.name
    if title in symbols.tables:
        raise KernelError(EEXIST, f"a symbol table named '{title}' already exists")
    rows: list[KsymsSymbol] = []
    taken: dict[str, int] = {}
    for row in _rows(symbols.codec, module, symtab, strtab):
        if row.bind == elf.STB_LOCAL:
            rows.append(row)
            continue
        known = symbols.value(row.name)
        known = taken.get(row.name) if known is None else known
        if known is None:
            taken[row.name] = row.value
            rows.append(row)
        elif known != row.value:
            k.console.write(
                f"{title}: symbol '{row.name}' redeclared with different value ({known:x} != {row.value:x})\n"
            )
    symbols.add(SymbolTable(symbols.codec, title, rows, module.area, module.area + module.size))


def delsymtab(k: Kernel, module: LoadableModule) -> None:
    """Remove a module's symbols, if it has any (ksyms_delsymtab); not those of another one of its name."""
    table = k.ksyms.tables.get(module.name)
    if table is not None and table.start == module.area:
        k.ksyms.remove(table)


def _rows(codec: elf.Codec, module: LoadableModule, symtab: bytes, strtab: bytes) -> list[KsymsSymbol]:
    """The defined, named symbols of an ELF symbol table; EINVAL for one that is damaged."""
    form = codec.symbol
    if len(symtab) % form.size:
        raise KernelError(
            EINVAL, f"a symbol table of {len(symtab)} bytes is not made of {form.size}-byte entries"
        )
    i_name, i_info, _, i_shndx, i_value, i_size = codec.symbol_fields
    rows: list[KsymsSymbol] = []
    for number, raw in enumerate(form.iter_unpack(symtab)):
        bind, kind = raw[i_info] >> 4, raw[i_info] & 15
        if raw[i_shndx] in (elf.SHN_UNDEF, elf.SHN_COMMON) or kind in _SKIPPED:
            continue
        start = raw[i_name]
        end = strtab.find(b"\0", start)
        if end < 0:
            raise KernelError(EINVAL, f"symbol {number}: no name at {start} of {len(strtab)} string bytes")
        if end == start:
            continue
        section, size = _where(module, kind, raw[i_value]), raw[i_size]
        if section != elf.SHN_ABS:
            size = min(size, module.area + module.size - raw[i_value])
        rows.append(KsymsSymbol(strtab[start:end].decode(*C_TEXT), raw[i_value], size, kind, bind, section))
    return rows


def _where(module: LoadableModule, kind: int, value: int) -> int:
    """The section of the image a module's symbol belongs to, by the permissions of the memory it names."""
    offset = value - module.area
    if not 0 <= offset <= module.size:
        return elf.SHN_ABS
    for segment in module.info.segments:
        if segment.offset <= offset < segment.offset + segment.size:
            return TEXT if segment.prot & EXEC else DATA
    return TEXT if kind == elf.STT_FUNC else DATA
