"""Properties of the linker over random objects: layout, relocations, and what damage can do."""

from __future__ import annotations

import struct
import zlib
from functools import cache
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lkmtools.abi.vmparam import PAGE_SIZE as PAGE
from lkmtools.elf import read_symbols
from lkmtools.errors import LinkError, ObjectError
from lkmtools.link import Image, Prelink, debug_sections, link, load_object, prelink, write_output
from support.compiling import Compile
from support.damaged_files import changes
from support.elfwriter import AW, AX, LOCAL, NOBITS, PROGBITS, A, Rel, Sec, Sym, W, X, relocatable

BASE = 0xFFFFFFFF81000000


@st.composite
def sections(draw: st.DrawFn) -> list[Sec]:
    """One to twelve sections of any permissions, sizes up to three pages, some of the same name."""
    out: list[Sec] = []
    for _ in range(draw(st.integers(1, 12))):
        size = draw(st.integers(0, 3 * PAGE) | st.integers(0, 40))
        flags = draw(st.sampled_from([A, AX, AW, A | W | X]))
        kind = draw(st.sampled_from([PROGBITS, PROGBITS, NOBITS]))
        align = 1 << draw(st.integers(0, 12))
        name = draw(st.sampled_from([".text", ".data", "set_a", "set_b", ".rodata.str1.1"]))
        data = b"" if kind == NOBITS else bytes([len(out) + 1]) * size
        out.append(Sec(name, data, kind, flags, align, size=size))
    return out


def laid_out(rows: list[Sec], symbols: list[Sym] | None = None) -> Prelink | None:
    """The prelinked object; None when there is nothing to load in it."""
    if not any(len(row.data) or row.size for row in rows):
        return None
    return prelink(load_object(relocatable(rows, symbols or []), "m.o"))


@given(sections())
def test_sections_are_aligned_and_do_not_overlap(rows: list[Sec]) -> None:
    pre = laid_out(rows)
    if pre is None:
        return
    end = 0
    for section in pre.sections:
        assert section.address >= end
        assert section.address % section.align == 0
        end = section.address + section.size
    assert end <= pre.size < end + PAGE


@given(sections())
def test_segments_cover_the_image_in_order_and_share_no_page(rows: list[Sec]) -> None:
    """Segments are whole pages, adjoin, have distinct permissions, and hold only sections of theirs."""
    pre = laid_out(rows)
    if pre is None:
        return
    end = 0
    for segment in pre.segments:
        assert (segment.offset, segment.size % PAGE) == (end, 0)
        end = segment.offset + segment.size
    assert end == pre.size
    assert len({s.prot for s in pre.segments}) == len(pre.segments)
    for section in pre.sections:
        (segment,) = [s for s in pre.segments if s.offset <= section.address < s.offset + s.size]
        assert section.address + section.size <= segment.offset + segment.size
        prot = 1 | (2 if section.flags & W else 0) | (4 if section.flags & X else 0)
        assert segment.prot == prot


@given(sections())
def test_every_byte_of_every_section_is_in_the_image_and_the_rest_is_zero(rows: list[Sec]) -> None:
    pre = laid_out(rows)
    if pre is None:
        return
    img = link(pre, BASE, lambda name: None)
    expected = bytearray(pre.size)
    for section in pre.sections:
        expected[section.address : section.address + section.size] = rows[section.shndx - 1].data.ljust(
            section.size, b"\0"
        )
    assert bytes(expected) == img.data


@given(
    st.lists(
        st.tuples(st.sampled_from([1, 2, 10, 11, 24]), st.integers(-100, 100), st.integers(0, 3)), max_size=20
    ),
    st.integers(0, 0x7000),
)
def test_relocations_round_trip(fields: list[tuple[int, int, int]], pages: int) -> None:
    """From a field and its own address the symbol's address comes back, at every base."""
    base = BASE + pages * PAGE
    # An unsigned 32-bit field holds no address of the kernel, only the absolute symbol's.
    fields = [(kind, addend, 3 if kind == 10 else which) for kind, addend, which in fields]
    names = ("here", "there", "kernel", "absolute")
    relocs = [Rel(8 * i, kind, names[which], addend) for i, (kind, addend, which) in enumerate(fields)]
    rows = [
        Sec(".text", bytes(8 * len(fields) + 8), flags=AX, relocs=relocs),
        Sec(".bss", size=64, type=NOBITS, flags=AW),
    ]
    symbols = [
        Sym("here", ".text"),
        Sym("there", ".bss", 32, bind=LOCAL),
        Sym("kernel"),
        Sym("absolute", "ABS", 1 << 20),
    ]
    pre = prelink(load_object(relocatable(rows, symbols), "m.o"))
    kernel = BASE - 0x100000
    values = (base, base + pre.offsets[2] + 32, kernel, 1 << 20)
    signed = {1: "<Q", 2: "<i", 10: "<I", 11: "<i", 24: "<q"}
    img = link(pre, base, {"kernel": kernel}.get)
    for i, (kind, addend, which) in enumerate(fields):
        (value,) = struct.unpack_from(signed[kind], img.data, 8 * i)
        place = base + 8 * i if kind in (2, 24) else 0
        assert (value + place - addend - values[which]) % (1 << 64) == 0


def seed(**how: Any) -> bytes:
    """An object of every kind of table; the options are relocatable()'s."""
    wide = how.get("bits", 64) == 64
    relocs = [Rel(0, 9, "kernel"), Rel(8, 2, "entry", -4), Rel(16, 4, "weak", -4), Rel(24, 1, "__start_set")]
    packed = struct.pack("<IIQQ" if wide else "<III", *((1, 0, 90, 1) if wide else (1, 90, 1)))
    rows = [
        Sec(".text", bytes(40), flags=AX, align=16, relocs=relocs),
        Sec(".group", struct.pack("<II", 1, 3), 17, 0, 4, link=11, info=1, entsize=4),
        Sec("set", bytes(16), flags=AW, relocs=[Rel(0, 1, 1, 3)]),
        Sec(".bss", size=100, type=NOBITS, flags=AW),
        Sec(".note", struct.pack("<III", 4, 4, 3) + b"GNU\0abcd", 7),
        Sec(".debug_info", bytes(24), flags=0, relocs=[Rel(0, 1, "entry"), Rel(8, 1, 2, 5), Rel(16, 2, "c")]),
        Sec(".debug_line", packed + zlib.compress(bytes(90)), flags=0x800),
    ]
    symbols = [
        Sym("entry", ".text"),
        Sym("kernel"),
        Sym("weak", bind=2),
        Sym("__start_set"),
        Sym("c", "COMMON", 8, 8),
    ]
    return relocatable(rows, symbols, rela=wide, **how)


@cache
def seeds() -> tuple[bytes, ...]:
    """For both machines, and an executable, which is not an object."""
    return seed(), seed(machine=3, bits=32), seed(etype=2)


mutated = st.deferred(lambda: st.sampled_from(seeds()).flatmap(changes))


def whole_way(data: bytes, machine: str) -> tuple[Image, list[str]] | None:
    """Read, lay out, link, write; the image and warnings, or None when the object is refused as it may be."""
    base = {"amd64": BASE, "i386": 0xC0400000}[machine]
    warnings: list[str] = []
    try:
        pre = prelink(load_object(data, "m.o"), machine=machine, entry_names=("entry",))
        img = link(pre, base, lambda name: base - PAGE)
        write_output(img, debug_sections(pre, img, warnings.append))
    except (ObjectError, LinkError):
        return None
    assert img.size <= 64 << 20
    assert all("; the output file has no " in warning for warning in warnings)
    return img, warnings


@pytest.mark.parametrize(("number", "machine"), [(0, "amd64"), (1, "i386")])
def test_what_is_damaged_below_links_as_it_is(number: int, machine: str) -> None:
    """And none of it is left out."""
    made = whole_way(seeds()[number], machine)
    assert made
    assert made[1] == []


@settings(max_examples=400, deadline=None)
@given(mutated, st.sampled_from(["amd64", "i386"]))
def test_a_damaged_object_links_or_is_refused_and_nothing_else(data: bytes, machine: str) -> None:
    """No damage makes another exception than ObjectError or LinkError, or an image beyond 64 MiB."""
    whole_way(data, machine)


@pytest.mark.parametrize("machine", ["amd64", "i386"])
@settings(max_examples=150, deadline=None)
@given(data=st.data())
def test_a_damaged_compiled_object_links_or_is_refused(
    data: st.DataObject, cc: Compile, machine: str
) -> None:
    """The same for what a compiler makes, with its relocations, unwinding and strings."""
    source = 'int f(const char *, int *); static int n[3]; int g(int x) { return f("text", n + x); }'
    path = cc(source, machine=machine, name="damaged")
    whole_way(data.draw(changes(path.read_bytes())), machine)


@settings(max_examples=200, deadline=None)
@given(mutated)
def test_a_damaged_kernel_s_symbols_are_read_or_refused(data: bytes) -> None:
    """What is read has names, and values of an address; refused with ObjectError is nothing read."""
    try:
        symbols = read_symbols(data)
    except ObjectError:
        symbols = {}
    assert all(name and 0 <= value < 1 << 64 for name, value in symbols.items())


@settings(max_examples=100)
@given(st.binary(max_size=300))
def test_bytes_that_are_no_object_are_refused(data: bytes) -> None:
    assert whole_way(data, "amd64") is None
    assert whole_way(b"\x7fELF\2\1\1" + data, "amd64") is None
