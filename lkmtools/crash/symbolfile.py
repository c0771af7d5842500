"""An ELF file with the symbols of a kernel and of its modules, static ones too: what gdb reads beside a core.

It has sections without contents, so that a debugger knows which addresses are code: memory is in the core.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from lkmtools.abi import elf as c
from lkmtools.elf.writer import Executable, OutSection, OutSegment, OutSymbol, write_executable
from lkmtools.tuples import NamedTuple

_MOST = 16000  # groups: an ELF file has no more sections


class SymbolGroup(NamedTuple):
    """The symbols of the kernel ("") or of a module: pairs of address and name, by address.

    `text` and `data` are the addresses of its code, and of the rest.
    """

    name: str
    text: range
    data: range
    symbols: Sequence[tuple[int, str]]


def symbol_file(
    e_machine: int, bits: int, groups: Sequence[SymbolGroup], outermost: int, frames: bytes = b""
) -> bytes:
    """The file. Of groups that overlap the first counts.

    Debuggers stop unwinding at the function `outermost`, which is the entry point of the file, unless the
    file has the rules `frames` (crossings.py).
    """
    kept = sorted(_apart(groups[:_MOST]), key=lambda group: group.text.start)
    sections: list[OutSection] = []
    symbols: list[OutSymbol] = []
    for group in kept:
        suffix = f".{group.name}" if group.name else ""
        rows = ((".text", c.SHF_EXECINSTR, group.text), (".data", c.SHF_WRITE, group.data))
        here: list[range] = []
        for name, flags, held in rows:
            if held:
                sections.append(
                    OutSection(
                        name + suffix, c.SHT_NOBITS, c.SHF_ALLOC | flags, held.start, len(held), 16, b""
                    )
                )
                here.append(held)
        symbols += _symbols(group, here, len(sections) - len(here))
    rules = [OutSection(".debug_frame", c.SHT_PROGBITS, 0, 0, len(frames), 8, frames)] if frames else []
    segments = [OutSegment(s.address, s.size, _permissions(s.flags)) for s in sections]
    return write_executable(
        Executable(
            e_machine, bits, "little", 4096, 0 if frames else outermost, sections, segments, symbols, rules
        )
    )


def _permissions(flags: int) -> int:
    return c.PF_R | (c.PF_X if flags & c.SHF_EXECINSTR else c.PF_W)


def _apart(groups: Sequence[SymbolGroup]) -> Iterator[SymbolGroup]:
    """The groups that no earlier one overlaps."""
    taken: list[range] = []
    for group in groups:
        both = [held for held in (group.text, group.data) if held]
        if not any(a.start < b.stop and b.start < a.stop for a in both for b in taken):
            taken += both
            yield group


def _symbols(group: SymbolGroup, held: list[range], first: int) -> Iterator[OutSymbol]:
    """The symbols of a group, each up to the next one; its sections are those from number `first` on."""
    bind = c.STB_LOCAL if group.name else c.STB_GLOBAL
    starts = sorted({address for address, _ in group.symbols})
    ends = dict(zip(starts, [*starts[1:], 0], strict=True)) if starts else {}
    for address, name in group.symbols:
        number = next((n for n, each in enumerate(held) if address in each), None)
        if number is None or not name or name.startswith("."):
            continue
        kind = c.STT_FUNC if held[number] is group.text or held[number] == group.text else c.STT_OBJECT
        end = min(ends[address] or held[number].stop, held[number].stop)
        yield OutSymbol(name, address, end - address, kind, bind, first + number)
