"""Draws docs/modload.svg, the load of a module: `python docs/modload.py > docs/modload.svg`.

A column is a package, an arrow a call or its answer. Each call names the function that makes it and the name
that is called; a function that does not exist, or does not use that name, is an error.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple
from xml.sax.saxutils import escape

ROOT = Path(__file__).parents[1] / "lkmtools"
LANES = ("cli", "modules", "link", "client", "kernproc", "kern", "machine", "module")
MODULE = "module"  # not a package: the code that is loaded
WIRE = ("client", "kernproc")  # between these two lanes a process of the host ends and another begins
WIDE, LANE, HIGH, TOP = 84, 118, 38, 66  # pixels: a box, a column, an arrow's row, above the first row
FILES = 264  # pixels of the column with files and functions


class Arrow(NamedTuple):
    """From one lane to another; `place` is "file:function" of the caller, `calls` a name in its body."""

    begin: str
    end: str
    text: str
    place: str = ""
    calls: str = ""


ARROWS = (
    Arrow("cli", "modules", "load hello.o", "cli/modload.py:load_all", "load_fd"),
    Arrow("modules", "link", "lay out the object", "modules/prepare.py:prepare", "prelink"),
    Arrow("link", "modules", "size and imports"),
    Arrow("modules", "client", "addresses of symbols; LMRESERV", "modules/loader.py:_reserve", "_ioctl"),
    Arrow("client", "kernproc", "frame SYSCALL", "client/core.py:syscall", "request"),
    Arrow("kernproc", "kern", "system call ioctl", "kernproc/connection.py:on_frame", "submit"),
    Arrow("kern", "kern", "through sysent[] and cdevsw[]", "kern/lkm/kern_lkm.py:lkmioctl", "serve"),
    Arrow("kern", "kern", "memory and an id", "kern/lkm/kern_lkm.py:_start", "reserve"),
    Arrow("kern", "client", "frame RESULT: address"),
    Arrow("modules", "link", "link at the address", "modules/loader.py:_transfer", "link"),
    Arrow("link", "modules", "image"),
    Arrow("modules", "kern", "LMLOADBUF: image, in pieces", "kern/lkm/kern_lkm.py:lmloadbuf", "_append"),
    Arrow("modules", "kern", "LMINFO: segments, imports", "kern/lkm/kern_lkm.py:lminfo", "check_import"),
    Arrow("modules", "kern", "LMREADY: entry point", "kern/lkm/kern_lkm.py:lmready", "ready"),
    Arrow("kern", "machine", "protect pages; call", "kern/lkm/lkm_life.py:enter", "call"),
    Arrow("machine", "module", "hello_lkmentry()", "machine/engine.py:call", "_serve_until_returned"),
    Arrow("module", "kern", "printf(), any kernel function", "machine/engine.py:_server", "body"),
    Arrow("module", "machine", "returns 0"),
    Arrow("machine", "kern", "errno"),
    Arrow("kern", "kern", "loaded; its symbols, its imports", "kern/lkm/lkm_life.py:ready", "link_imports"),
    Arrow("kern", "modules", "frame RESULT: errno and reason"),
    Arrow("modules", "cli", "Module loaded as ID 0"),
)


def check(arrow: Arrow) -> None:
    """ValueError unless a function of that name in that file uses the name that it is said to call."""
    file, _, function = arrow.place.partition(":")
    for node in ast.walk(ast.parse((ROOT / file).read_text())):
        if isinstance(node, ast.FunctionDef) and node.name == function:
            names = {getattr(n, "attr", getattr(n, "id", "")) for n in ast.walk(node)}
            if arrow.calls in names:
                return
    raise ValueError(f"docs/modload.py: {arrow.place}() does not call {arrow.calls}()")


def center(lane: str) -> int:
    """The x of a lane."""
    return LANE * LANES.index(lane) + LANE // 2


def line(arrow: Arrow, y: int) -> Iterator[str]:
    """An arrow with its text above it; an answer is dashed."""
    begin, end = center(arrow.begin), center(arrow.end)
    answer = "" if arrow.place else ' stroke-dasharray="4 3"'
    if begin == end:
        yield f'<path d="M{begin} {y - 12}h14v12h-9" marker-end="url(#tip)"/>'
        yield f'<text class="left" x="{begin + 20}" y="{y - 2}">{escape(arrow.text)}</text>'
    else:
        gap = 5 if end > begin else -5
        yield f'<path d="M{begin} {y}H{end - gap}"{answer} marker-end="url(#tip)"/>'
        yield f'<text x="{(begin + end) // 2}" y="{y - 6}">{escape(arrow.text)}</text>'
    if arrow.place:
        yield f'<text class="file" x="{LANE * len(LANES)}" y="{y}">{escape(arrow.place)}()</text>'


def picture() -> Iterator[str]:
    """The lines of the SVG file."""
    wide, high = LANE * len(LANES) + FILES, TOP + HIGH * len(ARROWS)
    size = f'width="{wide}" height="{high}" viewBox="0 0 {wide} {high}"'
    yield f'<svg xmlns="http://www.w3.org/2000/svg" {size}>'
    yield (
        "<style>text{font:12px sans-serif;text-anchor:middle}text.left,text.file{text-anchor:start}"
        "text.file{font:11px monospace;fill:#555}rect.box{stroke:#456;fill:#eef3f8}rect.host{fill:#f7f7f2}"
        "path{stroke:#234;fill:none}line{stroke:#bbb}</style>"
    )
    yield (
        '<defs><marker id="tip" markerWidth="8" markerHeight="8" refX="6" refY="3" orient="auto">'
        '<path d="M0 0L6 3L0 6z" fill="#234"/></marker></defs>'
    )
    border = (center(WIRE[0]) + center(WIRE[1])) // 2
    sides = (0, border - 4, "the tool: modload"), (border + 4, LANE * len(LANES), "the kernel process")
    for left, right, text in sides:
        yield f'<rect class="host" x="{left}" y="0" width="{right - left}" height="{high}"/>'
        yield f'<text x="{(left + right) // 2}" y="16">{text}</text>'
    for lane in LANES:
        x, name = center(lane), "hello.o" if lane == MODULE else f"{lane}/"
        yield f'<line x1="{x}" y1="{TOP - 16}" x2="{x}" y2="{high - 8}"/>'
        yield f'<rect class="box" x="{x - WIDE // 2}" y="24" width="{WIDE}" height="26" rx="4"/>'
        yield f'<text x="{x}" y="41">{name}</text>'
    for row, arrow in enumerate(ARROWS):
        yield from line(arrow, TOP + HIGH * row + 22)
    yield "</svg>"


def draw() -> str:
    """The file."""
    for arrow in ARROWS:
        if arrow.place:
            check(arrow)
    return "\n".join(picture()) + "\n"


if __name__ == "__main__":
    print(draw(), end="")
