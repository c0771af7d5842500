"""lkmcc against the compiler that it runs: one source, many on one processor, many on all."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Callable, Iterator
from contextlib import chdir, contextmanager
from functools import partial
from pathlib import Path

from bench.measure import Result, once, pair
from bench.samples import EXAMPLES, compiled, private_socket, python, tool
from lkmtools.cc import compile_flags, find_compiler

RUNS = 11
SOME = 50
MANY = 500


def run(directory: Path) -> Iterator[Result]:
    """The tool with a kernel that it asks for its machine, as in daily use."""
    compiler = find_compiler("amd64")
    command = [*compiler.argv, *compile_flags(compiler.family, "amd64"), "-c"]
    work = directory / "sources"
    work.mkdir()
    names = [str(work / f"h{number}.c") for number in range(MANY)]
    for name in names:
        shutil.copy(EXAMPLES / "hello" / "hello.c", name)

    def alone(sources: list[str]) -> None:
        for source in sources:
            subprocess.run([*command, source, "-o", work / "alone.o"], check=True)

    with private_socket() as env, chdir(work):
        tool(env, "modload", compiled(directory, EXAMPLES / "hello" / "hello.c", "hello"))
        whole, alone_once, click = _least(
            lambda: tool(env, "lkmcc", names[0]), lambda: alone(names[:1]), lambda: python("import click")
        )
        yield Result("lkmcc of one source, less the compiler / import click", whole - alone_once, click, 1.2)
        with _on_one_processor():
            yield pair(
                f"lkmcc of {SOME} sources, on one processor / the compiler",
                partial(tool, env, "lkmcc", *names[:SOME]),
                partial(alone, names[:SOME]),
                1.1,
                3,
            )
        processors = len(os.sched_getaffinity(0))
        yield Result(
            f"lkmcc of {MANY} sources, on {processors} processors / with -j 1",
            once(lambda: tool(env, "lkmcc", *names)),
            once(lambda: tool(env, "lkmcc", "-j1", *names)),
            0.6 if processors > 1 else None,
        )


def _least(*actions: Callable[[], object]) -> list[float]:
    """The shortest of RUNS times of each in turn, in microseconds: a difference of medians says little."""
    times = [[once(action) for action in actions] for _ in range(RUNS)]
    return [min(column) for column in zip(*times, strict=True)]


@contextmanager
def _on_one_processor() -> Iterator[None]:
    """What is started in the block has one processor."""
    all_of_them = os.sched_getaffinity(0)
    os.sched_setaffinity(0, {min(all_of_them)})
    try:
        yield
    finally:
        os.sched_setaffinity(0, all_of_them)
