"""Whole tools as a person starts them, against the imports they cannot do without."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from bench.measure import Result, pair
from bench.samples import EXAMPLES, compiled, private_socket, python, tool

RUNS = 15


def run(directory: Path) -> Iterator[Result]:
    """modstat, modload, and the way from nothing to a loaded module."""
    hello = compiled(directory, EXAMPLES / "hello" / "hello.c", "hello")
    with private_socket() as env:
        tool(env, "modload", hello)
        yield pair(
            "modstat / python -c 'import click'",
            lambda: tool(env, "modstat"),
            lambda: python("import click"),
            1.4,
            RUNS,
        )
        yield pair(
            "modload hello.o / python -c 'import click'",
            lambda: tool(env, "modload", hello),
            lambda: python("import click"),
            2.5,
            RUNS,
        )

    def from_nothing() -> None:
        with private_socket() as env:
            tool(env, "modload", hello)

    def stop_only() -> None:
        with private_socket():
            pass

    started = pair(
        "daemon start to first loaded module / import unicorn, click",
        from_nothing,
        lambda: python("import unicorn, click"),
        5,
        RUNS,
    )
    stopped = pair("", stop_only, stop_only, None, 3).ours
    yield started._replace(ours=started.ours - stopped)
