"""A writer of tiny ELF files for tests: rows in, bytes out, nothing checked, so malformed ones are one line.

    text = Sec(".text", b"\\xe8\\0\\0\\0\\0", flags=AX, relocs=[Rel(1, 2, "printf", -4)])
    relocatable([text, Sec(".bss", size=8, type=NOBITS)], [Sym("entry", ".text"), Sym("printf")])

It shares no code with lkmtools.elf: what one writes the other must read.
"""

from __future__ import annotations

import struct
from dataclasses import dataclass, field

PROGBITS, SYMTAB, STRTAB, RELA, NOTE, NOBITS, REL = 1, 2, 3, 4, 7, 8, 9
GROUP, SYMTAB_SHNDX = 17, 18
W, A, X = 1, 2, 4
AX, AW = A | X, A | W
TLS, EXCLUDE = 0x400, 0x80000000
LOCAL, GLOBAL, WEAK = 0, 1, 2
NOTYPE, OBJECT, FUNC, SECTION, FILE, COMMONTYPE, TLSTYPE, IFUNC = 0, 1, 2, 3, 4, 5, 6, 10
RESERVED: dict[str | None, int] = {None: 0, "ABS": 0xFFF1, "COMMON": 0xFFF2}


@dataclass
class Rel:
    """A relocation: the symbol by name, or by index."""

    offset: int
    type: int
    sym: str | int
    addend: int = 0


@dataclass
class Sec:
    """A section. `size` only for NOBITS; `link` and `info` only where a test wants them odd."""

    name: str
    data: bytes = b""
    type: int = PROGBITS
    flags: int = A
    align: int = 1
    size: int = 0
    relocs: list[Rel] = field(default_factory=list)
    link: int = 0
    info: int = 0
    entsize: int = 0


@dataclass
class Sym:
    """A symbol in a section (by name), undefined (None), "ABS", "COMMON", or in section number n (int)."""

    name: str
    section: str | int | None = None
    value: int = 0
    size: int = 0
    type: int = NOTYPE
    bind: int = GLOBAL
    other: int = 0


def relocatable(
    sections: list[Sec],
    symbols: list[Sym] = [],  # noqa: B006  # never changed
    *,
    machine: int = 62,
    bits: int = 64,
    order: str = "<",
    rela: bool = True,
    etype: int = 1,
) -> bytes:
    """The file's bytes. Section n of the list is section n + 1; then relocations, .symtab, strings."""
    wide = bits == 64
    indices: dict[str, int] = {s.name: i for i, s in reversed(list(enumerate(sections, 1)))}
    numbers = {s.name: i for i, s in enumerate(symbols, 1)}
    strings, names = bytearray(b"\0"), bytearray(b"\0")
    table = bytearray(24 if wide else 16)
    for sym in symbols:
        shndx = sym.section if isinstance(sym.section, int) else RESERVED.get(sym.section)
        shndx = shndx or indices.get(str(sym.section), 0)
        name, info = _add(strings, sym.name), sym.bind << 4 | sym.type
        if wide:
            table += struct.pack(order + "IBBHQQ", name, info, sym.other, shndx, sym.value, sym.size)
        else:
            table += struct.pack(order + "IIIBBH", name, sym.value, sym.size, info, sym.other, shndx)
    relocating = [(i, s) for i, s in enumerate(sections, 1) if s.relocs]
    symtab = len(sections) + len(relocating) + 1
    rows = list(sections)
    for index, s in relocating:
        data = b"".join(_rel(r, numbers, wide, order, rela) for r in s.relocs)
        kind, prefix = (RELA, ".rela") if rela else (REL, ".rel")
        entsize = len(data) // len(s.relocs)
        rows.append(Sec(prefix + s.name, data, kind, 0, 8, link=symtab, info=index, entsize=entsize))
    rows.append(Sec(".symtab", bytes(table), SYMTAB, 0, 8, link=symtab + 1, entsize=24 if wide else 16))
    rows.append(Sec(".strtab", bytes(strings), STRTAB, 0))
    rows.append(Sec(".shstrtab", b"", STRTAB, 0))
    offsets = [_add(names, s.name) for s in rows]
    rows[-1].data = bytes(names)
    return _file(rows, offsets, machine=machine, wide=wide, order=order, etype=etype)


def _rel(r: Rel, numbers: dict[str, int], wide: bool, order: str, rela: bool) -> bytes:
    sym = r.sym if isinstance(r.sym, int) else numbers[r.sym]
    info = sym << 32 | r.type if wide else sym << 8 | r.type
    form = order + ("QQq" if wide else "IIi")
    return struct.pack(form, r.offset, info, r.addend)[: None if rela else -8 if wide else -4]


def _add(strings: bytearray, text: str) -> int:
    if not text:
        return 0
    strings += text.encode() + b"\0"
    return len(strings) - len(text.encode()) - 1


def _file(rows: list[Sec], names: list[int], *, machine: int, wide: bool, order: str, etype: int) -> bytes:
    head = 64 if wide else 52
    body, headers = bytearray(), bytearray(64 if wide else 40)
    form = order + ("IIQQQQIIQQ" if wide else "IIIIIIIIII")
    for row, name in zip(rows, names, strict=True):
        size = row.size if row.type == NOBITS else len(row.data)
        place = head + len(body)
        headers += struct.pack(
            form, name, row.type, row.flags, 0, place, size, row.link, row.info, row.align, row.entsize
        )
        body += row.data
    ident = b"\x7fELF" + bytes((2 if wide else 1, 1 if order == "<" else 2, 1)) + bytes(9)
    header = struct.pack(
        order + ("HHIQQQIHHHHHH" if wide else "HHIIIIIHHHHHH"),
        etype, machine, 1, 0, 0, head + len(body), 0, head, 0, 0, 64 if wide else 40,
        len(rows) + 1, len(rows),
    )  # fmt: skip
    return ident + header + bytes(body) + bytes(headers)
