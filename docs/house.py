"""Draws docs/house.svg from the imports: `python docs/house.py > docs/house.svg`.

A floor holds packages that import only from the floors below; the rooms of kern/ are beside it, the lowest
on the left. `errors` and `abi`, which all may import, are the ground.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path
from xml.sax.saxutils import escape

ROOT = Path(__file__).parents[1] / "lkmtools"
GROUND = ("abi", "errors", "tuples")
ROOMS = ("base", "lib", "uvm", "sync", "proc", "dev", "vfs", "exec", "lkm")  # tests/unit/test_imports.py
LEFT_OUT = ("examples", "__init__", "pytest_plugin")
WIDE, ROOM, HIGH, GAP = 96, 56, 34, 12  # pixels


def imports(part: str) -> set[str]:
    """The other parts of the package that a part imports, at run time or for types."""
    path = ROOT / part
    files = path.rglob("*.py") if path.is_dir() else [path.with_suffix(".py")]
    found: set[str] = set()
    for file in files:
        for node in ast.walk(ast.parse(file.read_text())):
            if isinstance(node, ast.ImportFrom) and (node.module or "").startswith("lkmtools."):
                found.add(str(node.module).split(".")[1])
    return found - {part, *GROUND}


def floors() -> list[list[str]]:
    """The parts by floor, the lowest first; what imports one another stands on one floor."""
    names = {path.stem if path.suffix else path.name for path in ROOT.iterdir()} - {*LEFT_OUT, *GROUND}
    parts = sorted(n for n in names if (ROOT / n / "__init__.py").exists() or (ROOT / f"{n}.py").exists())
    needs = {part: imports(part) & set(parts) for part in parts}
    out: list[list[str]] = []
    left = set(parts)
    while left:
        low = [part for part in sorted(left) if not needs[part] & left]
        if not low:  # client and daemon know where the other's socket lies
            low = sorted(left, key=lambda part: (len(needs[part] & left), part))[:1]
        out.append(low)
        left -= set(low)
    return out


def box(x: int, y: int, text: str, kind: str, wide: int = WIDE) -> str:
    """A labelled rectangle."""
    return (
        f'<rect class="{kind}" x="{x}" y="{y}" width="{wide}" height="{HIGH}" rx="4"/>'
        f'<text x="{x + wide // 2}" y="{y + HIGH // 2 + 5}">{escape(text)}</text>'
    )


def picture() -> Iterator[str]:
    """The lines of the SVG file."""
    rows = floors()
    wide = GAP + max(
        len(row) * (WIDE + GAP) + (len(ROOMS) * (ROOM + 4) + GAP if "kern" in row else 0) for row in rows
    )
    high = GAP + (len(rows) + 1) * (HIGH + GAP)
    size = f'width="{wide}" height="{high}" viewBox="0 0 {wide} {high}"'
    yield f'<svg xmlns="http://www.w3.org/2000/svg" {size}>'
    yield (
        "<style>text{font:13px sans-serif;text-anchor:middle}rect{stroke:#456;fill:#eef3f8}"
        ".room{fill:#fdf3df}.kern{fill:#f8dfb0}.ground{fill:#ddd}</style>"
    )
    y = GAP
    for row in reversed(rows):
        for at, part in enumerate(row):
            name = f"{part}/" if (ROOT / part).is_dir() else f"{part}.py"
            yield box(GAP + at * (WIDE + GAP), y, name, "kern" if part == "kern" else "part")
        for at, room in enumerate(ROOMS if "kern" in row else ()):
            yield box(GAP + (WIDE + GAP) * len(row) + at * (ROOM + 4), y, room, "room", ROOM)
        y += HIGH + GAP
    yield box(GAP, y, "abi/, errors.py, tuples.py, instructions.py: numbers, layouts, errors, rows, for all", "ground", wide - 2 * GAP)
    yield "</svg>"


def draw() -> str:
    """The file."""
    return "\n".join(picture()) + "\n"


if __name__ == "__main__":
    print(draw(), end="")
