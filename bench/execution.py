"""How fast module code runs: in a kernel, in bare Unicorn (the same bytes, no hooks), and natively.

Five kinds of code, because they differ: in a loop translated code follows translated code, while a return, or
a call of what a pointer says, leaves it for the emulator's own.
"""

from __future__ import annotations

import ctypes
import subprocess
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import NamedTuple

from unicorn.unicorn import Uc
from unicorn.unicorn_const import UC_ARCH_X86, UC_MODE_64
from unicorn.x86_const import UC_X86_REG_RAX, UC_X86_REG_RDI, UC_X86_REG_RSP

from bench.measure import PROCESSOR, Result, in_turn, once
from bench.objects import linked
from bench.samples import compiled
from lkmtools import modules
from lkmtools.abi.vmparam import PAGE_SIZE
from lkmtools.cc import find_compiler
from lkmtools.link import Image
from lkmtools.local import LocalKernel
from lkmtools.machine import Prototype

LIMIT = 1.15  # of bare Unicorn
RUNS = 15
KINDS = {  # the function, and its argument: some tens of milliseconds in Unicorn
    "byte loop": ("bench_bytes", 500),
    "arithmetic": ("bench_arithmetic", 1_000_000),
    "pointer chase": ("bench_chase", 1_000_000),
    "indirect calls": ("bench_indirect", 150_000),
    "recursion": ("bench_recursion", 20),
}
CODE = """
static unsigned char text[4096];
static struct link { struct link *next; long pad[7]; } links[4096];
static unsigned long sink;

int bench_setup(int n);
int bench_setup(int n)
{
    int i;
    for (i = 0; i < 4096; i++) {
        text[i] = i * n;
        links[i].next = &links[(i * 5 + 1) & 4095];  /* a circle of all: 5 and 1 are a full period */
    }
    return 0;
}

int bench_bytes(int n);
int bench_bytes(int n)
{
    unsigned int hash = 0;
    int i;
    while (n-- > 0)
        for (i = 0; i < 4096; i++)
            hash = (hash ^ text[i]) * 16777619;
    return hash;
}

int bench_arithmetic(int n);
int bench_arithmetic(int n)
{
    unsigned long x = 88172645463325252UL;
    while (n-- > 0) {
        x ^= x << 13;
        x ^= x >> 7;
        x ^= x << 17;
        sink += x;
    }
    return x;
}

int bench_chase(int n);
int bench_chase(int n)
{
    struct link *at = links;
    while (n-- > 0)
        at = at->next;
    return at - links;
}

static int one(int x) { return x + 1; }
static int two(int x) { return x ^ 2; }
static int (*const volatile calls[2])(int) = { one, two };

int bench_indirect(int n);
int bench_indirect(int n)
{
    int x = 0;
    while (n-- > 0)
        x = calls[n & 1](x);
    return x;
}

__attribute__((noinline)) int bench_recursion(int n);
int bench_recursion(int n)
{
    if (n < 2)
        return n;
    return bench_recursion(n - 1) + bench_recursion(n - 2);
}
"""
MODULE = """
#include <sys/param.h>
#include <sys/systm.h>
#include <sys/conf.h>
#include <sys/exec.h>
#include <sys/lkm.h>
MOD_MISC("kinds");
int kinds_lkmentry(struct lkm_table *, int, int);
int kinds_lkmentry(struct lkm_table *lkmtp, int cmd, int ver)
{ DISPATCH(lkmtp, cmd, ver, lkm_nofunc, lkm_nofunc, lkm_nofunc); }
"""
STOP, STACK, STACK_SIZE, LOW = 0x1000, 0x10000, 0x10000, 0x1000000  # bare Unicorn's memory


class Speed(NamedTuple):
    """The median time of a kind of code, in microseconds: in a kernel, in bare Unicorn, natively."""

    kind: str
    inside: float
    bare: float
    native: float


def run(directory: Path) -> Iterator[Result]:
    """Two lines a kind."""
    for speed in speeds(directory):
        yield Result(f"{speed.kind}: module code / bare Unicorn", speed.inside, speed.bare, LIMIT)
        yield Result(f"{speed.kind}: module code / native", speed.inside, speed.native, None)


def speeds(directory: Path) -> Iterator[Speed]:
    """Each kind in the three, in turn, on amd64."""
    obj = compiled(directory, MODULE + CODE, "kinds")
    library = _native(directory)
    with LocalKernel(inside=True, machine="amd64") as lk:
        image = modules.load(lk.process(), obj).image
        call = lk.kernel.engine.call
        functions = {
            symbol.name: partial(call, Prototype(f"int {symbol.name}(int n)"), symbol.value)
            for symbol in image.symbols
            if symbol.name.startswith("bench_")
        }
        functions["bench_setup"](7)
        library.bench_setup(7)
        bare = Bare(linked(obj.read_bytes(), obj.name, LOW))
        bare.call("bench_setup", 7)
        for kind, (name, size) in KINDS.items():
            inside, alone = partial(functions[name], size), partial(bare.call, name, size)
            native = partial(getattr(library, name), size)
            assert inside() == alone() == native(), kind
            actions = {"inside": inside, "bare": alone, "native": native}
            times = in_turn({key: partial(once, do, PROCESSOR) for key, do in actions.items()}, RUNS)
            yield Speed(kind, **times)


class Bare:
    """The same object, linked at an address that an engine without page tables and hooks has."""

    def __init__(self, image: Image) -> None:
        self._addresses = {symbol.name: symbol.value for symbol in image.symbols}
        self._uc = Uc(UC_ARCH_X86, UC_MODE_64)
        self._uc.mem_map(image.base, image.size + PAGE_SIZE - 1 & -PAGE_SIZE)
        self._uc.mem_write(image.base, image.data)
        self._uc.mem_map(STOP, PAGE_SIZE)
        self._uc.mem_map(STACK, STACK_SIZE)
        self._top = STACK + STACK_SIZE - 8
        self._uc.mem_write(self._top, STOP.to_bytes(8, "little"))

    def call(self, name: str, argument: int) -> int:
        """Call a function of an int, and return its int."""
        self._uc.reg_write(UC_X86_REG_RSP, self._top)
        self._uc.reg_write(UC_X86_REG_RDI, argument)
        self._uc.emu_start(self._addresses[name], STOP)
        return ctypes.c_int32(self._uc.reg_read(UC_X86_REG_RAX)).value


def _native(directory: Path) -> ctypes.CDLL:
    """The same C for the host's processor, at the module compiler's level of optimization."""
    source, library = directory / "kinds-native.c", directory / "kinds.so"
    source.write_text(CODE)
    compiler = find_compiler("amd64")
    subprocess.run([*compiler.argv, "-O2", "-fPIC", "-shared", "-o", library, source], check=True)
    return ctypes.CDLL(str(library))
