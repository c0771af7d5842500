"""Unwinding without frame pointers finds the calls that random trees of calls record about themselves.

With LKM_TEST_LONG (`make test-long`) there are 200 trees, each with all flags.
"""

from __future__ import annotations

import os
import re
import struct
from itertools import product

import pytest

from lkmtools.debug import source_of
from lkmtools.debug.cfi import CallFrames
from lkmtools.debug.info import DebugInfo
from lkmtools.debug.linked import linked
from lkmtools.debug.unwind import unwound
from lkmtools.evidence.record import CrashRecord, RecordedFrame, loads
from support.calltrees import CallTree, call_tree
from support.compiling import Compile, compiler
from support.lab import HEAD, TAIL, Lab

TREES = 200
POINTERS = ("-fno-omit-frame-pointer", "-fomit-frame-pointer")
FLAGS = list(product(("-O0", "-O2", "-Os"), POINTERS))
# Without what makes two calls of one in the debug information, or one of two.
USUAL = {
    "gcc": ("-fno-partial-inlining", "-fno-crossjumping", "-fno-tree-tail-merge"),
    "clang": ("-mllvm", "-enable-tail-merge=0"),
}
if os.environ.get("LKM_TEST_LONG"):
    CASES = list(product(range(TREES), FLAGS))
else:
    CASES = [(seed, FLAGS[seed // 10 % len(FLAGS)]) for seed in range(0, TREES, 10)]


class Died:
    """A tree that has died: its record, the calls that it recorded, outermost first, and its frames."""

    def __init__(self, lab: Lab, tree: CallTree, flags: tuple[str, ...], begun: int) -> None:
        usual = USUAL.get(compiler(lab.machine, lab.cc.command).family.removesuffix("14"), ())
        obj = lab.cc(HEAD + tree.source + TAIL % {"name": "probe"}, lab.machine, "probe", (*usual, *flags))
        lab.install(obj)
        memory: list[bytes] = []
        read, at = lab.k.mem.read, lab.symbols["probe_calls"]
        lab.k._held.callback(lambda: memory.append(read(at, 4 * 257)))  # before it gives its memory back
        panic = lab.panics(lambda: lab.call("int probe_go(int n)", begun))
        record = loads(panic.record)
        assert record is not None
        self.record: CrashRecord = record
        depth, *trail = struct.unpack("=257i", memory[0])
        self.recorded = ["probe_go", *(tree.names[number] for number in trail[:depth])]
        area = next(module.area for module in record.modules if module.name == "probe")
        found = linked(obj.read_bytes(), obj.name, area)
        assert found is not None
        info, rules = DebugInfo.of_linked(found), CallFrames(found)
        assert info is not None
        self.frames: tuple[RecordedFrame, ...] = unwound(record, lambda module: rules)
        self.functions = [
            place.function
            for frame in reversed(self.frames)
            if frame.pc
            for place in reversed(info.places(frame.pc - frame.returns))
        ]


def without_tails(functions: list[str]) -> list[str]:
    """Those that have not recorded that they end."""
    return [name for name in functions if not name.startswith("tail")]


def pcs(frames: tuple[RecordedFrame, ...]) -> list[int]:
    """Where those that are sure are in their code, innermost first; of a kernel function, 0."""
    return [frame.pc for frame in frames if not frame.guess]


@pytest.mark.parametrize(
    ("seed", "flags"), CASES, ids=lambda value: str(value) if isinstance(value, int) else "".join(value)
)
def test_the_frames_are_the_calls_that_a_tree_recorded(lab: Lab, seed: int, flags: tuple[str, ...]) -> None:
    """And the chain of frame pointers, where the code has one."""
    died = Died(lab, call_tree(seed), flags, 1 + seed * 37 % 211)
    assert without_tails(died.recorded) == without_tails(died.functions)
    assert not any(frame.guess for frame in died.frames)
    if "-fno-omit-frame-pointer" in flags:
        assert pcs(died.record.frames) == pcs(died.frames)


@pytest.mark.parametrize("seed", range(200, 206))
def test_other_compilers_and_rules_that_are_loaded(lab: Lab, each_cc: Compile, seed: int) -> None:
    """What is asked for is .debug_frame, or .eh_frame."""
    lab.cc = each_cc
    flags = FLAGS[seed % len(FLAGS)]
    tree = call_tree(seed)
    for loaded in ((), ("-fasynchronous-unwind-tables",)):
        died = Died(lab, tree, (*flags, *loaded), 1 + seed * 37 % 211)
        assert without_tails(died.recorded) == without_tails(died.functions)
        assert not any(frame.guess for frame in died.frames)


BETWEEN = {
    "amd64": "sub $24, %rsp; call probe_deep; add $24, %rsp; ret",
    "i386": "sub $28, %esp; call probe_deep; add $28, %esp; ret",
}
ASSEMBLY = '__asm__ (".globl probe_between; probe_between: {}");\nint probe_between(int);\n'
BIG = "volatile char big[200]; big[n & 7] = 1;"
# What probe_middle() calls, or does, and the functions that are shown; "?" behind those that are guesses.
ODD = {
    "data that is executed": (
        "static char code[16];\n",
        "((int (*volatile)(int))code)(n)",
        ["probe_middle", "probe_go"],
    ),
    "recursion to the end of the stack": (
        "static volatile int probe_one = 1;\n"
        f"NOINLINE int probe_deep(int n) {{ {BIG} int x = probe_one ? probe_deep(n + 1) : 0;"
        " return x + big[n & 3]; }\n",
        "probe_deep(n)",
        ["probe_deep", "probe_middle", "probe_go"],
    ),
    "code without rules": (
        ASSEMBLY + "int probe_deep(int n) { return *(volatile int *)0; }\n",
        "probe_between(n)",
        ["probe_deep", "probe_middle?", "probe_go?"],
    ),
    "a stack that was overwritten": (
        "static volatile int probe_big = 400;\n"
        f"NOINLINE int probe_deep(int n) {{ {BIG} for (int i = 200; i < probe_big; i++) big[i] = 0x41;"
        " return *(volatile int *)0; }\n",
        "probe_deep(n)",
        ["probe_deep", "probe_go?"],
    ),
}


@pytest.mark.parametrize("what", ODD)
def test_the_source_has_the_frames_that_unwinding_gives(lab: Lab, what: str) -> None:
    """Without frame pointers; where the rules do not lead on, what the kernel guessed."""
    before, call, expected = ODD[what]
    middle = f"NOINLINE int probe_middle(int n) {{ {BIG} return {call} + big[n & 3]; }}\n"
    go = "int probe_go(int n);\nint probe_go(int n) { return probe_middle(n) + 1; }\n"
    names = "#define NOINLINE __attribute__((noinline))\nint probe_deep(int);\nint probe_middle(int);\n"
    source = names + before.replace("{}", BETWEEN[lab.machine]) + middle + go
    lab.load(source, flags=("-O2", "-fomit-frame-pointer"))
    panic = lab.panics(lambda: lab.call("int probe_go(int n)", 1))
    lines = [re.match(r"    (\w+)\(\) at .* \[probe\]( \?)?", line) for line in source_of(panic.record)]
    assert [line[1] + "?" * bool(line[2]) for line in lines if line] == expected


SLEEPS = """
#include <sys/proc.h>
#define NOINLINE __attribute__((noinline))
NOINLINE int probe_wait(int a, int b, int c);
NOINLINE int probe_deep(int n);
int probe_go(int n);
int probe_none(int n);
NOINLINE int probe_wait(int a, int b, int c) { return tsleep(&probe_wait, 0, "idling", 0) + a + b + c; }
NOINLINE int probe_deep(int n)
{
	char *big = __builtin_alloca(n);
	big[0] = probe_wait(n, 2, 3);
	return big[0] + n;
}
int probe_go(int n) { volatile char big[300]; big[n] = 1; return probe_deep(n * 16) + big[n]; }
int probe_none(int n) { return *(volatile int *)0 + n; }
"""


def test_an_lwp_that_sleeps(lab: Lab) -> None:
    """By the registers that it had, though another one has used the CPU since."""
    obj = lab.cc(
        HEAD + SLEEPS + TAIL % {"name": "probe"}, lab.machine, "probe", ("-O2", "-fomit-frame-pointer")
    )
    lab.install(obj)
    lab.begin("int probe_go(int n)", 5)
    record = loads(lab.panics(lambda: lab.call("int probe_none(int n)", 1)).record)
    assert record is not None
    (module,) = record.modules
    found = linked(obj.read_bytes(), obj.name, module.area)
    assert found is not None
    rules = CallFrames(found)
    frames = unwound(record._replace(lwps=record.lwps[1:], frames=()), lambda module: rules)
    texts = [frame.text.partition("+")[0] for frame in frames]
    assert texts == ["tsleep() [kernel]", "probe_wait", "probe_deep", "probe_go"]
    assert all(frame.text.endswith(" [probe]") and not frame.guess for frame in frames[1:])
