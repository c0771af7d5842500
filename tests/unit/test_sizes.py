"""Files that one reads in one go, and functions that fit a screen."""

from __future__ import annotations

import ast
from pathlib import Path

ROOT = Path(__file__).parents[2]
FILE, FUNCTION = 400, 40  # lines that one may have


def _sources() -> dict[str, str]:
    """Python of the package and of the tests, by path."""
    paths = [path for part in ("lkmtools", "tests") for path in sorted((ROOT / part).rglob("*.py"))]
    return {str(path.relative_to(ROOT)): path.read_text() for path in paths}


def test_no_file_is_longer_than_one_reads_in_one_go() -> None:
    assert [name for name, text in _sources().items() if text.count("\n") > FILE] == []


def test_no_function_is_longer_than_a_screen() -> None:
    """From its `def` to its last line, docstring and all."""
    long = [
        f"{name}: {node.name}"
        for name, text in _sources().items()
        for node in ast.walk(ast.parse(text))
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
        and (node.end_lineno or 0) - node.lineno + 1 > FUNCTION
    ]
    assert long == []
