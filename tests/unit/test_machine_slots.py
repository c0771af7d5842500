"""Kernel functions in tables of function pointers of another prototype."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from lkmtools.abi.vmparam import PAGE_SIZE
from lkmtools.machine import MemFault, Prototype
from support.compiling import Compile
from support.engine import Bench, Stopped, fail

TABLE = {
    "void nothing(void)": lambda bench: None,
    "int none(void)": lambda bench: 7,
    "int fewer(int a)": lambda bench, a: a,
    "int same(int a, u_long b, void *c)": lambda bench, a, b, c: a + b + c,
    "long more(int a, u_long b, void *c, long d, int e)": lambda bench, *args: hash_of(args),
    "int64_t wide(int64_t a)": lambda bench, a: a,
    "u_char narrow(u_char a)": lambda bench, a: a,
    "int refuse(void)": lambda bench: fail(bench, 0x1FF),
    "u_long pointer(void)": lambda bench: bench.port.dm.mask - 1,
    "int list(int a, ...)": lambda bench, a, va: (a, va.next("u_long"), va.next("pointer"), va.next("int"))[
        1
    ],
}
SLOT = Prototype("int slot(int a, u_long b, void *c)")
seen: list[tuple[int, ...]] = []


def hash_of(args: tuple[int, ...]) -> int:
    seen.append(args)
    return len(args)


@pytest.fixture
def slots(cc: Compile, machine: str) -> Iterator[Bench]:
    seen.clear()
    made = Bench(cc, machine, TABLE)
    yield made
    made.close()


def test_a_stub_in_a_table_of_another_prototype_takes_what_is_passed(slots: Bench) -> None:
    """Fewer parameters, other types and variable lists; the result has the type of the table's prototype."""
    call, kernel = slots.engine.call, slots.kernel
    args = (-2, 5, 9)
    found = [call(SLOT, kernel[name], *args) for name in ("nothing", "none", "fewer", "same", "pointer")]
    assert found == [0, 7, -2, 12, -2]
    assert call(SLOT, kernel["narrow"], 0x1FF, 5, 9) == 0xFF
    assert call(SLOT, kernel["list"], *args) == 5
    word = 1 << 8 * slots.port.dm.pointer
    wide = call(Prototype("int64_t slot(u_long a, u_long b)"), kernel["wide"], 1, 2)
    assert wide == (1 if word > 1 << 32 else 1 | 2 << 32)
    assert call(Prototype("u_char slot(int a)"), kernel["fewer"], 0x1FF) == 0xFF
    assert call(Prototype("void slot(int a)"), kernel["fewer"], 5) == 0
    refusals = [call(Prototype(f"{kind} slot(void)"), kernel["refuse"]) for kind in ("int", "u_char", "void")]
    assert refusals == [0x1FF, 0xFF, 0]


def test_what_a_table_does_not_pass_is_the_same_junk_every_time(slots: Bench) -> None:
    """In registers and on the stack; a negative int where a wide type is expected is what the word holds."""
    word = 0xA5A5A5A5A5A5A5A5 & slots.port.dm.mask
    junk = word - slots.port.dm.mask - 1
    assert slots.engine.call(SLOT, slots.kernel["more"], -1, 2, 3) == 5
    assert slots.engine.call(SLOT, slots.kernel["more"], -1, 2, 3) == 5
    assert seen == [(-1, 2, 3, junk, 0xA5A5A5A5 - (1 << 32))] * 2
    assert slots.engine.call(Prototype("int slot(void)"), slots.kernel["more"]) == 5
    assert seen[-1][1:3] == (word, word)


def test_a_stub_that_calls_itself_through_a_table_overflows_the_kernel_stack(
    cc: Compile, machine: str
) -> None:
    """It is a fault below the stack, also when machine code began it; afterwards the stack is free again."""

    def again(bench: Bench, a: int) -> int:
        return bench.engine.call(SLOT, bench.kernel["again"], a + 1, 0, 0)

    bench = Bench(cc, machine, {"int again(int a)": again, "int none(void)": lambda bench: 1})
    try:
        with pytest.raises(Stopped) as caught:
            bench.engine.call(SLOT, bench.kernel["again"], 0, 0, 0)
        assert isinstance(caught.value.fault, MemFault)
        thread = bench.engine.current
        assert thread.stack_base - PAGE_SIZE <= caught.value.fault.addr < thread.stack_base
        assert thread.taken == 0
        assert bench.engine.call(SLOT, bench.kernel["none"], 0, 0, 0) == 1
        bench.load("int again(int); int f(int n); int f(int n) { return again(n); }")
        with pytest.raises(Stopped):
            bench.call("int f(int n)", 0)
        assert (thread.taken, thread.levels) == (0, [])
    finally:
        bench.close()
