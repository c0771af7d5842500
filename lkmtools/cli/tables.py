"""Tables on a terminal, drawn by rich."""

from __future__ import annotations

import os
from collections.abc import Collection, Sequence


def draw(
    headings: Sequence[str],
    rows: Sequence[Sequence[str]],
    right: Collection[str],
    strong: str,
    wraps: str = "",
) -> None:
    """A table; the columns `right` are aligned so, `strong` is the one to look at.

    A narrow terminal wraps lines rather than losing digits; only the column `wraps` is folded.
    """
    from rich.console import Console
    from rich.table import Table

    plain = bool(os.environ.get("NO_COLOR"))
    console = Console(color_system=None if plain else "auto", highlight=False, markup=False, emoji=False)
    columns = [(head, *(row[at] for row in rows)) for at, head in enumerate(headings)]
    widths = [len(cells[0]) if cells[0] == wraps else max(map(len, cells)) for cells in columns]
    console.width = max(console.width, sum(widths) + len(widths) - 1)
    drawn = Table(box=None, padding=(0, 1, 0, 0), pad_edge=False)
    for heading in headings:
        style = "bold cyan" if heading == strong else None
        justify = "right" if heading in right else "left"
        if heading == wraps:
            drawn.add_column(heading, style=style, overflow="fold")
        else:
            drawn.add_column(heading, justify=justify, style=style, no_wrap=True)  # type: ignore[arg-type]
    for row in rows:
        drawn.add_row(*row)
    console.print(drawn)
