"""Objects that grow in one way each, from the file's bytes to the linked image."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from pathlib import Path

from bench.curve import Curve, curve
from lkmtools.link import UndefinedSymbols, debug_sections, link, load_object, prelink, write_output
from lkmtools.local import LocalKernel
from lkmtools.modules.options import Options
from lkmtools.modules.prepare import LoadError, prepare

sys.path.insert(0, str(Path(__file__).parent.parent / "tests"))

from support.elfwriter import AX, Rel, Sec, Sym, relocatable

BASE = 0xFFFFFFFF81000000
PC32 = 2
Make = Callable[[int], bytes]


def curves(directory: Path) -> Iterator[Curve]:
    """Everything about an object that a compiler, or somebody who means harm, may make large."""
    rows: tuple[tuple[str, str, Make, int], ...] = (
        ("link", "relocations", _relocations, 10_000),
        ("link and write_output", "sections", _sections, 1_000),
        ("link", "undefined symbols", _undefined, 1_000),
        ("link", "symbols with names that are not UTF-8", _odd_names, 1_000),
        ("link", "names __start_SECTION", _starts, 500),
        ("link", "sections, and symbols that bound them", _linkers, 500),
        ("link", "symbols with versions", _versions, 500),
        ("refuse to link", "missing symbols", _missing, 1_000),
    )
    for name, unit, make, least in rows:
        yield curve(name, unit, (least, 4 * least, 16 * least), lambda size, make=make: _whole(make(size)))  # type: ignore[misc]
    with LocalKernel(inside=True) as lk:
        p = lk.process()

        def refuse(size: int) -> Callable[[], object]:
            path = directory / f"missing{size}.o"
            path.write_bytes(_missing(size))

            def action() -> None:
                try:
                    prepare(p, str(path), Options(entry="entry"))
                except LoadError:
                    return
                raise AssertionError("it has links to nowhere")

            return action

        yield curve("modload's message", "missing symbols", (125, 500, 2000), refuse)


def _whole(data: bytes) -> Callable[[], object]:
    """Read and link it, and write the image as modload -o does, with all that belongs to it."""

    def action() -> None:
        obj = load_object(data, "m.o")
        pre = prelink(obj)
        try:
            image = link(pre, BASE, lambda name: None if name.startswith("missing") else BASE - 65536)
        except UndefinedSymbols:
            return
        write_output(image, debug_sections(pre, image, print))

    return action


def _calls(names: list[str], symbols: list[Sym]) -> bytes:
    """A .text with a call of each of `names`."""
    calls = [Rel(16 * i + 4, PC32, name, -4) for i, name in enumerate(names)]
    text = Sec(".text", bytes(16 * len(names) + 16), flags=AX, relocs=calls)
    return relocatable([text], [Sym("entry", ".text"), *symbols])


def _relocations(count: int) -> bytes:
    names = [f"f{i % 1000}" for i in range(count)]
    return _calls(names, [Sym(f"f{i}", ".text", 16 * i) for i in range(1000)])


def _sections(count: int) -> bytes:
    sections = [
        Sec(f".text.f{i}", bytes(16), flags=AX, relocs=[Rel(4, PC32, f"f{i}", -4)]) for i in range(count)
    ]
    return relocatable(sections, [Sym(f"f{i}", i + 1) for i in range(count)])


def _undefined(count: int) -> bytes:
    names = [f"other{i}" for i in range(count)]
    return _calls(names, [Sym(name) for name in names])


def _missing(count: int) -> bytes:
    names = [f"missing{i}" for i in range(count)]
    defined = [Sym(f"f{i}", ".text", 16 * i, 16) for i in range(count)]
    return _calls(names, [Sym(name) for name in names] + defined)


def _odd_names(count: int) -> bytes:
    """Names of 100 bytes, each beginning with a byte that UTF-8 does not have."""
    names = [f"odd{i:097}" for i in range(count)]
    return _calls(names, [Sym(name, ".text", 16 * i) for i, name in enumerate(names)]).replace(
        b"\0odd", b"\0\xffdd"
    )


def _starts(count: int) -> bytes:
    names = [f"__start_s{i}" for i in range(count)]
    text = Sec(
        ".text",
        bytes(16 * count),
        flags=AX,
        relocs=[Rel(16 * i, PC32, name, -4) for i, name in enumerate(names)],
    )
    return relocatable([text, *(Sec(f"s{i}", b"x" * 8) for i in range(count))], [Sym(name) for name in names])


def _linkers(count: int) -> bytes:
    """Undefined symbols of four names, whose values depend on all sections."""
    names = ("_end", "edata", "__start_set", "__stop_set")
    sections = [Sec("set", bytes(8)) for _ in range(count)]
    return relocatable(sections, [Sym(names[i % len(names)]) for i in range(count)])


def _versions(count: int) -> bytes:
    return _calls([], [Sym(f"f{i}@@V1", ".text") for i in range(count)])
