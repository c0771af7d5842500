"""What the kernel knows of a module beside its struct lkm_table: our own records.

The table entry in guest memory is the truth about type, state, id and memory. Here stands what the original
has no field for: what LMINFO said (segments, names, imports), and whether tables are wired.
"""

from __future__ import annotations

from array import array
from bisect import bisect_left, bisect_right
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, NamedTuple

from lkmtools.abi.datamodel import C_TEXT
from lkmtools.abi.errno import EFAULT, EINVAL
from lkmtools.abi.lkm import LMI_ASSIGNED, LMINFO_VERSION, lmi_import, lmi_segment, lmi_symbol
from lkmtools.abi.vmparam import PAGE_SIZE
from lkmtools.errors import KernelError

if TYPE_CHECKING:
    from lkmtools.abi.datamodel import Layout
    from lkmtools.kern.kernel import Kernel
    from lkmtools.machine.memory import View

MAX_SEGMENTS = 64
MAX_SYMBOLS = 1 << 20
MAX_STRINGS = 16 << 20


class Segment(NamedTuple):
    """Pages of a module with one set of permissions; `offset` from the start of its area."""

    offset: int
    size: int
    prot: int


class Symbol(NamedTuple):
    """A name in a module, for backtraces; `info` is its ELF st_info."""

    addr: int
    size: int
    name: str
    info: int = 0

    @property
    def is_global(self) -> bool:
        """Is it global or weak, so that others could link to it?"""
        return self.info >> 4 != 0


class Import(NamedTuple):
    """What a module was linked against; `assigned` when the user said the value (modload -T)."""

    name: str
    value: int
    assigned: bool = False


class Info(NamedTuple):
    """What LMINFO said; `addresses` are those of the symbols, in their order."""

    segments: tuple[Segment, ...] = ()
    symbols: tuple[Symbol, ...] = ()
    imports: tuple[Import, ...] = ()
    path: str = ""
    buildid: bytes = b""
    addresses: array[int] = array("Q")


class Module:
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
        self.uses: set[Module] = set()
        self.users: set[Module] = set()
        self.holds_on: dict[Module | None, list[str]] = {}
        self.holding: set[Module] = set()

    def __repr__(self) -> str:
        return f"<Module {self.id} {self.title}>"

    @property
    def title(self) -> str:
        """Its name; before it has one, the last part of its path."""
        return self.name or self.path.rsplit("/", 1)[-1] or f"ID {self.id}"

    def holds(self, addr: int) -> bool:
        """Is `addr` in its memory?"""
        return self.area <= addr < self.area + self.size

    def defines(self, name: str, addr: int) -> bool:
        """Has it a symbol `name` at `addr`?"""
        first, last = (find(self.info.addresses, addr) for find in (bisect_left, bisect_right))
        return any(symbol.name == name for symbol in self.info.symbols[first:last])

    def function(self, addr: int) -> tuple[str, int]:
        """The nearest symbol at or before `addr` and its address; the area's start when there is none."""
        i = bisect_right(self.info.addresses, addr) - 1
        if i < 0:
            return f"{self.area:#x}", self.area
        symbol = self.info.symbols[i]
        return symbol.name, symbol.addr


def read_info(k: Kernel, module: Module, arg: View) -> Info:
    """Copy in and check the argument of LMINFO; EINVAL names the member and its limit, EFAULT the address."""
    if arg.version != LMINFO_VERSION:
        raise KernelError(EINVAL, f"LMINFO version {arg.version}; this kernel knows version {LMINFO_VERSION}")
    for member, limit in (("nsegments", MAX_SEGMENTS), ("nsymbols", MAX_SYMBOLS), ("nimports", MAX_SYMBOLS)):
        if arg.get(member) > limit:
            raise KernelError(EINVAL, f"LMINFO {member} is {arg.get(member)}, at most {limit}")
    if arg.strsize > MAX_STRINGS:
        raise KernelError(EINVAL, f"LMINFO strsize is {arg.strsize}, at most {MAX_STRINGS}")
    if arg.buildid_len > len(arg.buildid):
        raise KernelError(EINVAL, f"LMINFO buildid_len is {arg.buildid_len}, at most {len(arg.buildid)}")
    strings = _copyin(k, arg.strings, arg.strsize)
    segments = tuple(
        Segment(s.offset, s.size, s.prot)
        for s in _array(k, lmi_segment.layout(k.dm), arg.segments, arg.nsegments)
    )
    _check_segments(segments, module)
    symbols = [
        Symbol(module.area + s.offset, s.size, _name(strings, s.name), s.type & 0xFF)
        for s in _array(k, lmi_symbol.layout(k.dm), arg.symbols, arg.nsymbols)
    ]
    for symbol in symbols:
        if symbol.addr - module.area > module.size:
            raise KernelError(
                EINVAL, f"LMINFO symbol '{symbol.name}' lies outside the module's {module.size} bytes"
            )
    imports = tuple(
        _import(_name(strings, i.name), i.value, i.flags)
        for i in _array(k, lmi_import.layout(k.dm), arg.imports, arg.nimports)
    )
    buildid = bytes(arg.buildid)[: arg.buildid_len]
    symbols.sort()
    addresses = array("Q", [symbol.addr for symbol in symbols])
    return Info(segments, tuple(symbols), imports, _name(strings, arg.path), buildid, addresses)


def _import(name: str, value: int, flags: int) -> Import:
    if flags & ~LMI_ASSIGNED:
        raise KernelError(EINVAL, f"LMINFO import '{name}' has flags {flags:#x}, at most {LMI_ASSIGNED:#x}")
    return Import(name, value, bool(flags & LMI_ASSIGNED))


def _copyin(k: Kernel, addr: int, size: int) -> bytes:
    lwp = k.sched.current
    if lwp is None:
        raise KernelError(EFAULT, "no process is in the kernel")
    return lwp.proc.space.read(addr, size) if size else b""


def _array(k: Kernel, layout: Layout, addr: int, count: int) -> list[Any]:
    data = _copyin(k, addr, count * layout.size)
    return [layout.unpack(data, i * layout.size) for i in range(count)]


def _name(strings: bytes, offset: int) -> str:
    end = strings.find(b"\0", offset)
    if offset >= len(strings) or end < 0:
        if offset == 0:
            return ""
        raise KernelError(EINVAL, f"LMINFO name at {offset} has no end in {len(strings)} bytes of strings")
    return strings[offset:end].decode(*C_TEXT)


def _check_segments(segments: tuple[Segment, ...], module: Module) -> None:
    at = 0
    for i, segment in enumerate(segments):
        if segment.offset % PAGE_SIZE or segment.size % PAGE_SIZE or segment.prot & ~7:
            raise KernelError(
                EINVAL,
                f"LMINFO segment {i}: offset {segment.offset:#x}, size {segment.size:#x}, "
                f"prot {segment.prot:#x} (whole pages of {PAGE_SIZE}, prot at most 7)",
            )
        if segment.offset < at or segment.offset + segment.size > module.size:
            raise KernelError(
                EINVAL,
                f"LMINFO segment {i} is {segment.offset:#x} to {segment.offset + segment.size:#x}; "
                f"it must lie between {at:#x} and {module.size:#x}",
            )
        at = segment.offset + segment.size
