"""Prelink: which sections are loaded, in which order, and what the relocations will need.

Stands for modload's prelink at address 0, whose only result was the size. Order: code, read-only data,
writable data, writable zeros, each permission class beginning on a page of its own. Inside a class the
file's order, except that sections of one name stand together (__start_NAME and __stop_NAME bound them).
The linker adds COMMON (common symbols) and .got (when a relocation asks for one; psABI: three reserved
words, then a slot for each symbol).

Refused: thread-local sections, and constructors (.init_array, .ctors): nothing in a kernel runs them.
SHF_MERGE sections are kept as they are. COMDAT groups: the first of a signature wins.
"""

from __future__ import annotations

from collections.abc import Container, Iterable, Mapping, Sequence

from lkmtools.abi import elf as c
from lkmtools.abi.lkm import MAX_IMAGE
from lkmtools.abi.mman import PROT_EXEC, PROT_READ, PROT_WRITE
from lkmtools.elf import (
    Object,
    ObjectSymbol,
    ObjectSymbols,
    Relocation,
    RelocationTable,
    Section,
    machine_name,
)
from lkmtools.elf.columns import largest
from lkmtools.elf.rows import uncollected
from lkmtools.elf.symtab import ABS, COMMON
from lkmtools.errors import LinkError
from lkmtools.link.errors import WrongMachine
from lkmtools.link.howto import Howto, Machine, Refusal
from lkmtools.link.image import PlacedSection, Prelink, Segment
from lkmtools.link.machines import MACHINES
from lkmtools.tuples import NamedTuple

GOT_SYMBOL = "_GLOBAL_OFFSET_TABLE_"
BOUNDS = frozenset(("__bss_start", "_edata", "_end"))  # of the image, as ld's default script has them
LINKERS = BOUNDS | {GOT_SYMBOL, "_DYNAMIC"}
PROVIDED = frozenset(("etext", "_etext", "__etext", "edata", "end"))  # the same, unless the kernel has one

# SHF_WRITE and SHF_EXECINSTR -> permissions, in address order.
_CLASSES = {
    c.SHF_EXECINSTR: PROT_READ | PROT_EXEC,
    0: PROT_READ,
    c.SHF_WRITE: PROT_READ | PROT_WRITE,
    c.SHF_WRITE | c.SHF_EXECINSTR: PROT_READ | PROT_WRITE | PROT_EXEC,
}
_ORDER = tuple(_CLASSES)
_CLASS_MASK = c.SHF_WRITE | c.SHF_EXECINSTR
_CONSTRUCTORS = (".init_array", ".fini_array", ".preinit_array", ".ctors", ".dtors")
_COMMON = -1  # the index of the linker's own sections while they are placed
_GOT = -2


class _Piece(NamedTuple):
    """A section to be placed: what of it the layout looks at."""

    shndx: int
    name: str
    type: int
    flags: int
    size: int
    align: int


@uncollected
def prelink(obj: Object, machine: str = "amd64", entry_names: Iterable[str] = ()) -> Prelink:
    """Lay `obj` out at address 0 for the kernel of `machine`.

    `entry_names` are entry symbols in order of preference; the first that is a defined global becomes
    `.entry` (None when none is). LinkError for what cannot be a kernel module; WrongMachine.
    """
    row = MACHINES[machine]
    if (obj.machine, obj.bits, obj.byteorder) != (row.e_machine, row.bits, row.byteorder):
        odd = "" if obj.machine != row.e_machine else f" ({obj.bits} bits, {obj.byteorder}-endian)"
        raise WrongMachine(obj.name, machine_name(obj.machine) + odd, machine)
    kept = _kept_sections(obj)
    used, slots, got = _scan(obj, row, kept)
    pieces = [_Piece(s.shndx, s.name, s.type, s.flags, s.size, s.align) for s in kept.values()]
    commons, common_size, common_align = _commons(obj)
    if commons:
        flags = c.SHF_ALLOC | c.SHF_WRITE
        pieces.append(_Piece(_COMMON, "COMMON", c.SHT_NOBITS, flags, common_size, common_align))
    if got:
        size = row.word * (row.reserved_got_words + len(slots))
        pieces.append(_Piece(_GOT, ".got", c.SHT_PROGBITS, c.SHF_ALLOC, size, row.word))
    sections, segments, size, at = _place(obj.name, pieces, row.page)
    return Prelink(
        object=obj,
        machine=row,
        size=size,
        sections=sections,
        segments=segments,
        undefined=_undefined(obj, used),
        entry=_entry(obj, entry_names, kept, commons),
        offsets={s.shndx: at[s.shndx] for s in kept.values()},
        commons={index: at[_COMMON] + offset for index, offset in commons.items()},
        used=used,
        got=at.get(_GOT),
        slots=slots,
    )


def _kept_sections(obj: Object) -> dict[int, Section]:
    """The sections that are loaded, by index, after COMDAT selection and refusals."""
    discarded = discarded_sections(obj)
    kept = {s.shndx: s for s in obj.sections if s.allocated and s.shndx not in discarded}
    for section in kept.values():
        if section.flags & c.SHF_TLS:
            raise LinkError(
                f"{obj.name}: section {section.name} is thread-local storage, which a kernel module does not "
                "have; compile without __thread and _Thread_local"
            )
        if section.size and section.name.startswith(_CONSTRUCTORS):
            raise LinkError(
                f"{obj.name}: section {section.name} holds constructors or destructors, which a "
                "kernel does not run; call them from the module's load and unload functions"
            )
    return kept


def discarded_sections(obj: Object) -> set[int]:
    """The members of each COMDAT group whose signature another group had before."""
    discarded: set[int] = set()
    seen: set[str] = set()
    for group in obj.groups:
        if group.comdat and group.signature in seen:
            discarded.update(group.members)
        elif group.comdat:
            seen.add(group.signature)
    return discarded


def _entry(obj: Object, names: Iterable[str], kept: Iterable[int], commons: Container[int]) -> str | None:
    """The first of `names` that is a defined global; LinkError when the module could not start there."""
    name = next((name for name in names if obj.defines(name)), None)
    if name is None:
        return None
    symbols = obj.symbols
    found = [i for i in symbols.globals if symbols.names[i] == name and symbols.places[i]]
    there = with_place(symbols, map(obj.meant, found), kept, commons)
    if any(symbols.kinds[index] not in (c.STT_TLS, c.STT_GNU_IFUNC) for index in there):
        return name
    raise LinkError(no_address(obj, found[0], "entry point"))


def with_place(
    symbols: ObjectSymbols, indices: Iterable[int], sections: Iterable[int], commons: Container[int]
) -> list[int]:
    """Those of some symbols that are absolute, among `commons`, or in one of `sections`."""
    places, homes = symbols.places, {*sections, ABS}
    return [index for index in indices if places[index] in homes or index in commons]


def _scan(
    obj: Object, row: Machine, kept: dict[int, Section]
) -> tuple[tuple[int, ...], dict[int, int], bool]:
    """Symbols by first use, GOT slots, whether there must be a GOT; LinkError for impossible types."""
    used: dict[int, None] = {}
    slots: dict[int, int] = {}
    got = False
    for table in obj.relocations:
        section = kept.get(table.target)
        if section is None:
            continue
        if section.type == c.SHT_NOBITS:
            raise LinkError(
                f"{obj.name}: {table.name}: relocations for {section.name}, which has no contents"
            )
        check_fields(obj, row, section, table)
        used.update(dict.fromkeys(_used(row, table)))
        got = got or not row.got_types.isdisjoint(table.kinds)
        if not row.slot_types.isdisjoint(table.kinds):
            for kind, index in zip(table.types, table.symbols, strict=True):
                if kind in row.slot_types and index not in slots:
                    slots[index] = row.word * (row.reserved_got_words + len(slots))
    names, places = obj.symbols.names, obj.symbols.places
    if any(not places[index] and names[index] == GOT_SYMBOL for index in used):
        got = True
    return tuple(used), slots, got


def check_fields(
    obj: Object, row: Machine, section: Section, table: RelocationTable, *, got: bool = True
) -> None:
    """LinkError for the first relocation of a table that cannot be done in `section`.

    `got` tells whether there is a global offset table.
    """
    rows = map(row.howtos.get, table.kinds)
    sizes = {howto.type: howto.size for howto in rows if isinstance(howto, Howto) and (got or not howto.got)}
    if len(sizes) < len(table.kinds) or _end(table, sizes, section.size) > section.size:
        for entry in table:
            if entry.type not in sizes or entry.offset + sizes[entry.type] > section.size:
                raise LinkError(impossible(obj, row, section, entry))


def _end(table: RelocationTable, sizes: Mapping[int, int], limit: int) -> int:
    """Where the last field of a table ends, or a number up to `limit`; `sizes` has those of its types."""
    widest = max(sizes.values())
    if (end := largest(table.offsets) + widest) <= limit:
        return end
    fields = zip(table.offsets, table.types, strict=True)
    return max(offset + sizes[kind] for offset, kind in fields if offset + widest > limit)


def _used(row: Machine, table: RelocationTable) -> Iterable[int]:
    """The symbols that a table needs, in the order of their first uses; R_*_NONE needs none."""
    if row.idle_types.isdisjoint(table.kinds):
        return table.named
    uses = zip(table.types, table.symbols, strict=True)
    return [index for kind, index in uses if kind not in row.idle_types]


def impossible(obj: Object, row: Machine, section: Section, entry: Relocation) -> str:
    """The message for a relocation that cannot be done in `section`."""
    place = f"{obj.name}: {section.name}+{entry.offset:#x}"
    symbol = symbol_text(obj, entry.symbol)
    howto = row.howtos.get(entry.type)
    if isinstance(howto, Refusal):
        return f"{place}: {howto.name} against `{symbol}' is not possible: {howto.reason}"
    if howto and entry.offset + howto.size > section.size:
        return f"{place}: {howto.name} changes {howto.size} bytes, the section ends at {section.size:#x}"
    if howto:
        why = "needs a global offset table, which only loaded sections have"
        return f"{place}: {howto.name} against `{symbol}' {why}"
    return f"{place}: relocation type {entry.type} against `{symbol}' is not known for {row.name}"


def symbol_text(obj: Object, index: int) -> str:
    """A symbol's name for messages; a section symbol is called by its section."""
    symbol = obj.symbols[index]
    if symbol.name:
        return symbol.name
    if symbol.shndx and not symbol.reserved:
        return obj.sections[symbol.shndx].name
    return f"symbol {index}"


def no_address(obj: Object, index: int, place: str) -> str:
    """The message for a use, at `place`, of a symbol without an address that fits it."""
    symbol = obj.symbols[obj.meant(index)]
    if symbol.type == c.STT_TLS:
        why = "is thread-local; compile without __thread and _Thread_local"
    elif symbol.type == c.STT_GNU_IFUNC:
        why = "is chosen at run time (ifunc), which a kernel does not do; compile without target_clones"
    elif symbol.reserved:
        why = f"has the unknown section index {symbol.shndx:#x}"
    else:
        why = f"is in section {obj.sections[symbol.shndx].name}, which is not loaded"
    return f"{obj.name}: {place}: symbol `{symbol_text(obj, index)}' {why}"


def _undefined(obj: Object, used: Iterable[int]) -> tuple[str, ...]:
    """Names the kernel must define, in order of first use; the linker's own are not among them.

    As in ld, a strong symbol that is hidden, protected or internal must be defined though nothing uses it.
    """
    symbols = obj.symbols
    wanted = [index for index in used if not symbols.places[index]]
    if symbols.visibilities.strip(b"\0"):
        wanted += [i for i in symbols.globals if symbols.visibilities[i] and symbols.binds[i] == c.STB_GLOBAL]
    names = dict.fromkeys(symbols.names[index] for index in wanted if not symbols.places[index])
    return tuple(name for name in names if _is_kernels(obj, name))


def needs_resolving(obj: Object, symbol: ObjectSymbol) -> bool:
    """Whether `symbol` is undefined and not one that the linker or a default version defines."""
    return symbol.shndx == c.SHN_UNDEF and _is_kernels(obj, symbol.name)


def _is_kernels(obj: Object, name: str) -> bool:
    """Whether an undefined name is that of a symbol of the kernel's."""
    if not name or name in LINKERS or name in obj.versions:
        return False
    return bounded_section(obj, name) is None


def image_bound(sections: Sequence[PlacedSection], name: str) -> int | None:
    """The offset of one of BOUNDS and PROVIDED in an image; None for other names.

    etext is the end of the code, edata that of what the file has the contents of, end that of all.
    """
    if name not in BOUNDS and name not in PROVIDED:
        return None
    kind = name.lstrip("_")
    zeros = [s for s in sections if s.type == c.SHT_NOBITS]
    if kind == "bss_start" and zeros:
        return zeros[0].address
    if kind == "etext":
        sections = [s for s in sections if s.flags & c.SHF_EXECINSTR]
    elif kind != "end":
        sections = [s for s in sections if s.type != c.SHT_NOBITS]
    return max((s.address + s.size for s in sections), default=0)


def bounded_section(obj: Object, name: str) -> str | None:
    """The name X of a loaded section when `name` is __start_X or __stop_X, as ld defines them."""
    for prefix in ("__start_", "__stop_") if name.startswith("__st") else ():
        section = name.removeprefix(prefix)
        if section != name and section.isidentifier() and section in obj.loaded:
            return section
    return None


def _commons(obj: Object) -> tuple[dict[int, int], int, int]:
    """Common symbols: symbol index -> offset in COMMON; its size and alignment. st_value is an alignment."""
    out: dict[int, int] = {}
    at, most = 0, 1
    places = obj.symbols.places
    for index in [index for index, place in enumerate(places) if place in COMMON]:
        symbol = obj.symbols[index]
        align = symbol.value or 1
        if align & (align - 1):
            raise LinkError(
                f"{obj.name}: common symbol {symbol.name}: alignment {align} is not a power of two"
            )
        at = _round_up(at, align)
        out[index] = at
        at += symbol.size
        most = max(most, align)
    return out, at, most


def _place(
    name: str, pieces: Sequence[_Piece], page: int
) -> tuple[tuple[PlacedSection, ...], tuple[Segment, ...], int, dict[int, int]]:
    """Addresses: sections, segments, the size in whole pages, and piece index -> offset."""
    sections: list[PlacedSection] = []
    starts: dict[int, int] = {}  # class -> first offset
    offsets: dict[int, int] = {}
    end = 0
    for piece in _ordered(pieces):
        if piece.align > page:
            raise LinkError(f"{name}: section {piece.name}: alignment {piece.align}, limit {page} (one page)")
        kind = _ORDER.index(piece.flags & _CLASS_MASK)
        if not piece.size:  # ld aligns it as any other, and what follows comes after that
            offsets[piece.shndx] = _round_up(end, piece.align)
            end = offsets[piece.shndx] if kind in starts else end
            continue
        if kind not in starts:
            starts[kind] = _round_up(end, page)
            end = starts[kind]
        end = offsets[piece.shndx] = _round_up(end, piece.align)
        end += piece.size
        if end > MAX_IMAGE:
            raise LinkError(f"{name}: section {piece.name}: image of {end:#x} bytes, limit {MAX_IMAGE:#x}")
        at = offsets[piece.shndx]
        shndx = max(piece.shndx, 0)
        sections.append(
            PlacedSection(piece.name, at, piece.size, piece.align, piece.flags, piece.type, shndx)
        )
    if not sections:
        raise LinkError(
            f"{name}: no section to load: nothing in it is both allocated and larger than 0 bytes"
        )
    bounds = [*starts.values(), _round_up(end, page)]
    segments = tuple(
        Segment(start, bounds[i + 1] - start, _CLASSES[_ORDER[kind]])
        for i, (kind, start) in enumerate(starts.items())
    )
    return tuple(sections), segments, bounds[-1], offsets


def _ordered(pieces: Sequence[_Piece]) -> list[_Piece]:
    """By class, zeros last, then in the file's order but with equal names together."""
    first: dict[tuple[int, bool, str], int] = {}
    keys = []
    for at, piece in enumerate(pieces):
        kind, zeros = _ORDER.index(piece.flags & _CLASS_MASK), piece.type == c.SHT_NOBITS
        keys.append((kind, zeros, first.setdefault((kind, zeros, piece.name), at), at))
    return [pieces[at] for *_, at in sorted(keys)]


def _round_up(value: int, align: int) -> int:
    return -(-value // align) * align
