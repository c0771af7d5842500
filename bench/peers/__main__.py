"""Writes docs/benchmarks.md and the plots docs/bench-*.svg: `make bench-peers`."""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path

from bench.peers import document


def main() -> None:
    """Measure everything, then write."""
    docs = Path(__file__).parents[2] / "docs"
    with tempfile.TemporaryDirectory(prefix="lkmb") as directory:
        files = document.files(Path(directory))
    for name, text in files.items():
        (docs / name).write_text(text)
        print(f"written: {docs / name}", file=sys.stderr)


if __name__ == "__main__":
    main()
