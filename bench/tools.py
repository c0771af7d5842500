"""Whole tools as a person starts them, against the imports they cannot do without."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from bench.measure import Result, once, pair
from bench.samples import EXAMPLES, compiled, private_socket, python, tool

RUNS = 15


def run(directory: Path) -> Iterator[Result]:
    """Each tool beside a kernel that runs; the way from nothing to a loaded module."""
    hello = compiled(directory, EXAMPLES / "hello" / "hello.c", "hello")
    with private_socket() as env:
        tool(env, "modload", hello)
        for name, words, limit in (
            ("modstat", ["modstat"], 1.15),
            ("modload hello.o", ["modload", hello], 1.4),
            ("modload --dry-run hello.o", ["modload", "--dry-run", hello], 1.5),
            ("lkmctl check hello.o", ["lkmctl", "check", hello], 1.5),
        ):
            yield pair(
                f"{name} / python -c 'import click'",
                lambda words=words: tool(env, *words),  # type: ignore[misc]
                lambda: python("import click"),
                limit,
                RUNS,
            )
    yield _cold_start(hello)
    yield pair(
        "what a kernel process imports / import unicorn, click",
        lambda: python("import lkmtools.kernproc.main"),
        lambda: python("import unicorn, click"),
        1.0,
        RUNS,
    )


def _cold_start(hello: Path) -> Result:
    """modload where no daemon runs, against the two packages that nothing can do without."""

    def from_nothing() -> float:
        with private_socket() as env:
            return once(lambda: tool(env, "modload", hello))

    from_nothing()
    mine, theirs = [], []
    for _ in range(RUNS):
        mine.append(from_nothing())
        theirs.append(once(lambda: python("import unicorn, click")))
    name = "daemon start to first loaded module / import unicorn, click"
    return Result(name, sorted(mine)[RUNS // 2], sorted(theirs)[RUNS // 2], 2.5)
