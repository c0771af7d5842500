"""What is done with one module: in a kernel with 5,000 modules that export symbols, against one with 10.

All modules were loaded with -s, through the Python API.
"""

from __future__ import annotations

import subprocess
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from functools import partial
from operator import methodcaller
from pathlib import Path

from bench.many import numbered
from bench.measure import Result, pair
from bench.samples import BIN, compiled, private_socket, tool
from lkmtools import client, modules
from lkmtools.abi.fcntl import O_RDONLY
from lkmtools.client import Process
from lkmtools.modules.ksyms import kernel_values

FEW, MANY = 10, 5000
RAM = 512  # MiB: a module and its symbols take six pages
LIMIT = 1.3
RUNS, TOOL_RUNS = 31, 15
SOURCE = """
#include <sys/param.h>
#include <sys/systm.h>
#include <sys/conf.h>
#include <sys/exec.h>
#include <sys/proc.h>
#include <sys/syscallargs.h>
#include <sys/lkm.h>
static int answer(struct lwp *l, const void *v, register_t *retval) { *retval = 42; return 0; }
static struct sysent call_sysent = { 0, 0, 0, answer };
MOD_SYSCALL("call", -1, &call_sysent);
int call_lkmentry(struct lkm_table *, int, int);
int call_lkmentry(struct lkm_table *lkmtp, int cmd, int ver)
{ DISPATCH(lkmtp, cmd, ver, lkm_nofunc, lkm_nofunc, lkm_nofunc); }
"""


class Populated:
    """A daemon with so many numbered modules and one that has a system call, and a client of it."""

    def __init__(self, directory: Path, stack: ExitStack, count: int) -> None:
        self.env = stack.enter_context(private_socket())
        tool(self.env, "lkmd", "--ram", RAM)
        self.p: Process = stack.enter_context(client.connect(self.env["LKM_SOCKET"]))
        machine = self.p.machine
        call = modules.load(self.p, compiled(directory, SOURCE, "call", machine), symbols=True)
        self.number = modules.stat(self.p, call.id).offset
        for i in range(count):
            modules.load(self.p, numbered(directory, machine, i), symbols=True)
        self.another = numbered(directory, machine, MANY)

    def tools(self, *lines: str) -> None:
        """Run installed tools, with their output to a pipe."""
        for line in lines:
            name, *args = line.split()
            subprocess.run([BIN / name, *args], env=self.env, check=True, stdout=subprocess.PIPE)


def run(directory: Path) -> Iterator[Result]:
    """A line for each thing that is done, by a library call and by a tool."""
    with ExitStack() as stack:
        few, many = (Populated(directory, stack, count) for count in (FEW, MANY))
        for name, call, per in CALLS:
            yield _compare(name, many, few, partial(_repeat, call, per), RUNS, per)
        obj = many.another
        for name, lines in (
            ("modload -s, modunload", (f"modload -s {obj}", f"modunload -n {obj.stem}")),
            ("modstat of one", ("modstat -n call",)),
        ):
            yield _compare(name, many, few, methodcaller("tools", *lines), TOOL_RUNS)
        yield pair(
            f"modstat of all {MANY:,} modules / of one",
            lambda: many.tools("modstat"),
            lambda: many.tools("modstat -n call"),
            3,
            TOOL_RUNS,
        )


def _repeat(call: Callable[[Populated], object], per: int, on: Populated) -> None:
    for _ in range(per):
        call(on)


def _load_and_unload(on: Populated) -> None:
    modules.unload(on.p, modules.load(on.p, on.another, symbols=True).id)


def _values(on: Populated) -> None:
    kernel_values(on.p, ("printf", "lkmdispatch", "m00001_value", "nobody_has_this"))


CALLS: tuple[tuple[str, Callable[[Populated], object], int], ...] = (  # what, and how often in a row
    ("modules.load with -s, unload", _load_and_unload, 10),
    ("modules.stat", lambda on: modules.stat(on.p, "call"), 50),
    ("system call of a module", lambda on: on.p.syscall(on.number), 500),
    ("open and close /dev/ksyms", lambda on: on.p.close(on.p.open("/dev/ksyms", O_RDONLY)), 200),
    ("values of four symbols", _values, 100),
)


def _compare(
    name: str, many: Populated, few: Populated, action: Callable[[Populated], object], runs: int, per: int = 1
) -> Result:
    return pair(
        f"{name}, {MANY:,} modules / {FEW}", lambda: action(many), lambda: action(few), LIMIT, runs, per
    )
