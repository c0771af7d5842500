"""The engine: calls both ways, nested and preempted; permissions; machine code that changes under it."""

from __future__ import annotations

import os
import threading
from collections.abc import Iterator
from typing import Any

import greenlet
import pytest

from lkmtools.abi.vmparam import PAGE_SIZE
from lkmtools.machine import EXEC, READ, WRITE, Fault, MemFault, Prototype, Shortcut, Thread
from lkmtools.machine.port import FIRST_ARG
from support.compiling import Compile
from support.engine import Bench, Stopped, fail

counted: list[int] = []
FAC = Prototype("int64_t fac(int n)")


def count(bench: Bench, n: int) -> int:
    counted[0] += 1
    return counted[0] if n < 0 else n + 1


def again(bench: Bench, n: int) -> int:
    """The other half of a recursion: back into machine code."""
    return bench.engine.call(FAC, bench.symbols["fac"], n)


def poke(bench: Bench, addr: int, value: int) -> None:
    bench.mem.checked.set_u32(addr, value)


SHORT = ("int first(int a)", "int second(int a, int b)", "int fourth(int a, int b, int c, int d)")
SHORTCUTS = {SHORT[0]: Shortcut(0, 3, 0), SHORT[1]: Shortcut(1, 127, 5), SHORT[2]: Shortcut(3, 0, -1)}
FUNCTIONS: dict[str, Any] = {
    **{text: lambda bench, *args: count(bench, sum(args)) for text in SHORT},
    "int count(int n)": count,
    "int64_t again(int n)": again,
    "int fail(int errno)": fail,
    "void *fail_pointer(int errno)": fail,
    "void poke(void *addr, int value)": poke,
    "int swap(void)": lambda bench: bench.swap(),
}


@pytest.fixture
def bench(cc: Compile, machine: str) -> Iterator[Bench]:
    counted[:] = [0]
    made = Bench(cc, machine, FUNCTIONS, SHORTCUTS)
    yield made
    made.close()


def test_calls_nest_a_hundred_deep(bench: Bench) -> None:
    """C calls Python calls C: each frame keeps its own locals, arguments and saved registers."""
    bench.engine.new_stack = lambda thread: roomy(bench, thread)
    bench.load("""
long long again(int);
long long fac(int n);
long long fac(int n)
{
	int x = n * 3, y = n ^ 0x55;
	long long below = n ? again(n - 1) : 0;
	return below + (x == n * 3 && y == (n ^ 0x55)) + ((long long)n << 32);
}
""")
    assert bench.call("int64_t fac(int n)", 100) == 101 + (sum(range(101)) << 32)
    assert bench.engine.current.levels == []


def roomy(bench: Bench, thread: Thread) -> None:
    thread.stack_base = bench.pages(64, READ | WRITE)
    thread.stack_top = thread.stack_base + 64 * PAGE_SIZE


def test_too_deep_a_nesting_is_a_fault_below_the_stack(bench: Bench) -> None:
    """Before Python's own stack ends."""
    bench.load(
        "long long again(int); long long fac(int n); long long fac(int n) { return again(n + 1) + 1; }"
    )
    with pytest.raises(Stopped) as caught:
        bench.call("int64_t fac(int n)", 0)
    fault = caught.value.fault
    assert isinstance(fault, MemFault)
    assert bench.engine.current.stack_base - PAGE_SIZE <= fault.addr < bench.engine.current.stack_base
    assert bench.engine.current.levels == []
    assert bench.engine.call(Prototype("int count(int n)"), bench.kernel["count"], 1) == 2


@pytest.mark.parametrize("where", ["in the middle", "at the end"])
def test_a_kernel_call_is_recorded_with_its_arguments(bench: Bench, where: str) -> None:
    """Those in registers and those on the stack, whose last words may be the last of memory."""
    base = bench.pages(1, 0) if where == "in the middle" else bench.mem.base + bench.mem.size - PAGE_SIZE
    bench.engine.cpu.protect(base, PAGE_SIZE, READ | WRITE)
    thread = bench.engine.current
    thread.stack_base, thread.stack_top = base, base + PAGE_SIZE
    bench.load(
        "int fourth(int, int, int, int);\n"
        "int f(int n) { int first = fourth(n, 5, 6, 7); return first + fourth(1, 2, 3, 4); }"
    )
    assert bench.call("int f(int n)", 4) == 23 + 11
    second, first = bench.engine.calls.last(2)
    binding = bench.engine.stubs[bench.kernel["fourth"]].binding
    for call, args in ((first, (4, 5, 6, 7)), (second, (1, 2, 3, 4))):
        registers = call.registers[FIRST_ARG : FIRST_ARG + len(bench.port.args)]
        assert binding.decode_words(registers + binding.stack.unpack_from(call.stack)) == args
    assert bench.symbols["f"] < first.registers[3] < second.registers[3] < bench.symbols["f"] + 0x60


def test_errors_are_results_of_functions_that_return_int_and_failures_of_others(bench: Bench) -> None:
    """An errno and its reason; a pointer function cannot return one, and its caller could not go on."""
    bench.load("""
int fail(int); void *fail_pointer(int);
int f(int n); int f(int n) { return fail(n) + 100; }
int g(int n); int g(int n) { return fail_pointer(n) != 0; }
""")
    assert bench.call("int f(int n)", 17) == 117
    assert bench.engine.current.reason == "because of 17"
    with pytest.raises(Stopped, match=r"^fail_pointer: because of 5$"):
        bench.call("int g(int n)", 5)
    assert bench.call("int f(int n)", 1) == 101


def test_a_stub_called_from_python_runs_without_the_cpu(bench: Bench) -> None:
    """Errors become results there too; a bad pointer stops with the function's name."""
    call = bench.engine.call
    assert call(Prototype("int count(int n)"), bench.kernel["count"], 5) == 6
    assert call(Prototype("int fail(int n)"), bench.kernel["fail"], 5) == 5
    with pytest.raises(Stopped) as caught:
        call(Prototype("void poke(void *a, int b)"), bench.kernel["poke"], 8, 1)
    assert caught.value.fn is not None
    assert caught.value.fn.name == "poke"


def test_a_shortcut_is_taken_without_a_stop_and_only_for_its_number(bench: Bench) -> None:
    """Any other number, and any other parameter of that number, reaches the Python function."""
    bench.load("""
int first(int), second(int, int), fourth(int, int, int, int);
int a(int n); int b(int m, int n); int c(int k, int n);
int a(int n) { return first(n) + 1000; }
int b(int m, int n) { return second(m, n) + 1000; }
int c(int k, int n) { return fourth(k, k, k, n) + 1000; }
""")
    assert bench.call("int a(int n)", 3) == 1000
    assert bench.call("int b(int m, int n)", 3, 127) == 1005
    assert bench.call("int c(int k, int n)", 9, 0) == 999
    assert counted == [0]
    assert bench.call("int a(int n)", 4) == 1005
    assert bench.call("int b(int m, int n)", 127, 3) == 1131
    assert bench.call("int c(int k, int n)", 0, 7) == 1008
    assert counted == [3]


LOOP = """
int count(int);
int f(int n);
int f(int n)
{
	int i, a = 0, wrong = 0;
	for (i = 0; i < n; i++) {
		int b = count(a);
		wrong += b != a + 1;
		a = b;
	}
	return wrong ? -wrong : a;
}
"""


def test_stops_at_any_time_lose_and_repeat_nothing(bench: Bench) -> None:
    """A thread asks the CPU to stop without pause: every kernel function runs exactly once, in order."""
    bench.load(LOOP)
    ticks: list[int] = []
    bench.engine.on_tick = lambda thread: ticks.append(1)
    over = threading.Event()

    def hammer() -> None:
        while not over.is_set():
            bench.engine.watchdog.tick = True
            bench.engine.brake.pull()

    thread = threading.Thread(target=hammer)
    thread.start()
    try:
        results = [bench.call("int f(int n)", 500) for _ in range(20)]
    finally:
        over.set()
        thread.join()
    assert results == [500] * 20
    assert counted == [10000]
    assert ticks


def test_a_loop_without_kernel_calls_is_preempted_and_goes_on(bench: Bench) -> None:
    """Between two instructions, registers and flags untouched: the sum is right."""
    bench.load(
        """
u_long f(u_long n);
u_long f(u_long n)
{
	u_long i, s = 0;
	for (i = 0; i < n; i++) {
		s = s * 3 + i;
		__asm__ volatile ("");
	}
	return s;
}
""".replace("u_long", "unsigned long")
    )
    ticks: list[int] = []
    bench.engine.on_tick = lambda thread: ticks.append(1)
    n, mask = 300_000, bench.port.dm.mask
    expected = 0
    for i in range(n):
        expected = expected * 3 + i & mask
    while not ticks:
        assert bench.call("u_long f(u_long n)", n) == expected


def test_the_clock_goes_on_after_a_kernel_function_in_which_it_went_idle(bench: Bench) -> None:
    """It stops when machine code does not run for a while; that is not the end of the call."""
    bench.load("""
int swap(void);
int f(void); int f(void) { swap(); for (;;) __asm__ volatile (""); }
""")

    def swap() -> int:
        while bench.engine.watchdog.armed:
            os.sched_yield()
        return 0

    bench.swap = swap
    bench.engine.watchdog_limit = 0.05
    with pytest.raises(Stopped, match=r"watchdog: 0\.05 seconds without a kernel call"):
        bench.call("int f(void)")


def test_two_threads_take_turns_in_the_middle_of_their_calls(bench: Bench) -> None:
    """Each has its stack and registers; the other runs whole calls while one is inside a kernel function."""
    bench.load("""
int swap(void);
int f(int a, int b); int f(int a, int b) { int c = a * 7, d = swap(); return c * 1000 + d + b; }
int g(int n); int g(int n) { volatile int x[100]; int i; for (i = 0; i < 100; i++) x[i] = n; return x[n]; }
""")
    first, second = Thread(), Thread()

    def swap() -> int:
        bench.engine.current = second
        assert bench.call("int g(int n)", 42) == 42
        bench.engine.current = first
        return 5

    bench.swap = swap
    bench.engine.current = first
    assert [bench.call("int f(int a, int b)", i, 3) for i in range(10)] == [i * 7000 + 8 for i in range(10)]
    bench.engine.drop(first)
    bench.engine.drop(second)


def test_a_thread_that_wakes_after_another_has_returned_has_its_registers(bench: Bench) -> None:
    """Though nothing has stopped in between: the other one slept first, and ran only to its end."""
    bench.load("""
int swap(void);
int g(int a, int b, int c); int g(int a, int b, int c) { int n = swap(); return n + a * 2 + b * 3 + c * 5; }
""")
    engine, main = bench.engine, greenlet.getcurrent()
    threads, found = [Thread(), Thread()], []

    def sleep() -> int:
        thread = engine.current
        main.switch()
        engine.switch(thread)
        return 7

    def body(thread: Thread, n: int) -> None:
        engine.switch(thread)
        found.append(bench.call("int g(int a, int b, int c)", n, 2 * n, 3 * n))

    bench.swap = sleep
    sleepers = [greenlet.greenlet(body) for _ in threads]
    for n, sleeper in enumerate(sleepers, 1):
        sleeper.switch(threads[n - 1], n)
    for sleeper in sleepers:
        sleeper.switch()
    assert found == [7 + 23, 7 + 46]
    for thread in threads:
        engine.drop(thread)


RIGHTS = [  # permissions -> read, write, execute
    (0, False, False, False),
    (READ, True, False, False),
    (READ | WRITE, True, True, False),
    (READ | EXEC, True, False, True),
    (READ | WRITE | EXEC, True, True, True),
]


@pytest.mark.parametrize(("prot", "reads", "writes", "runs"), RIGHTS)
def test_page_permissions_hold_for_machine_code_and_for_kernel_functions(
    bench: Bench, prot: int, reads: bool, writes: bool, runs: bool
) -> None:
    """Page by page, also after they changed, at the first and the last byte."""
    bench.load("""
void poke(void *, int);
int get(char *p); int get(char *p) { return *(volatile char *)p; }
int put(char *p); int put(char *p) { *(volatile char *)p = 0xc3; return 1; }
int run(void (*f)(void)); int run(void (*f)(void)) { f(); return 1; }
int give(void *p); int give(void *p) { poke(p, 0xc3c3c3c3); return 1; }
""")
    page = bench.pages(1, READ | WRITE | EXEC)
    bench.mem.fill(page, PAGE_SIZE, 0xC3)
    for name in ("get", "put", "run"):
        bench.call(f"int {name}(void *p)", page)  # the CPU knows the page with all rights
    bench.engine.cpu.protect(page, PAGE_SIZE, prot)

    def allowed(name: str, addr: int) -> bool:
        try:
            bench.call(f"int {name}(void *p)", addr)
        except Stopped as stopped:
            fault: Any = stopped.fault
            kind = {"get": READ, "put": WRITE, "run": EXEC, "give": WRITE}[name]
            assert (fault.addr, fault.access) == (addr, kind)
            return False
        return True

    for addr in (page, page + 100, page + PAGE_SIZE - 4):
        got = [allowed(name, addr) for name in ("get", "put", "run", "give")]
        assert got == [reads, writes, runs, writes]
    assert not allowed("get", page + PAGE_SIZE)
    assert not allowed("get", page - 1)


def test_an_access_across_two_pages_faults_in_the_second(bench: Bench) -> None:
    """A kernel function has then written nothing; the CPU may have begun, which only a panic sees."""
    bench.load("""
int put(int *p); int put(int *p) { *(volatile int *)p = -1; return 1; }
void poke(void *, int); int give(int *p); int give(int *p) { poke(p, -1); return 1; }
""")
    page = bench.pages(1, READ | WRITE)
    for name, last in (("give", 0), ("put", 1)):
        with pytest.raises(Stopped) as caught:
            bench.call(f"int {name}(void *p)", page + PAGE_SIZE - 2)
        fault: Any = caught.value.fault
        assert fault.access == WRITE
        assert page + PAGE_SIZE <= fault.addr <= page + PAGE_SIZE + last
        assert last or bench.mem.u16(page + PAGE_SIZE - 2) == 0


def test_code_that_is_replaced_is_the_new_code(bench: Bench) -> None:
    """At the same address, through load and flush, through Python's write, and by machine code itself."""
    base = bench.load("int f(void); int f(void) { return 1; }")
    for i in range(2, 30):
        bench.load(f"int f(void); int f(void) {{ return {i}; }}", base)
        assert bench.call("int f(void)") == i
    bench.load(
        "void poke(void *, int); int g(void *p, int v); int g(void *p, int v) { poke(p, v); return 0; }"
    )
    bench.load("int h(int *p, int v); int h(int *p, int v) { *(volatile int *)p = v; return 0; }")
    page = bench.pages(1, READ | WRITE | EXEC)
    bench.symbols["code"] = page
    for i in range(30):
        code = int.from_bytes(bytes((0xB0, i, 0xC3, 0x90)), "little")  # mov $i, %al; ret; nop
        bench.call("int g(void *p, int v)" if i % 2 else "int h(void *p, int v)", page, code)
        assert bench.call("u_char code(void)") == i


def test_a_fault_leaves_the_registers_of_the_faulting_instruction(bench: Bench) -> None:
    """And the engine can be used again."""
    bench.load("""
int f(int n);
int f(int n)
{
	__asm__ volatile ("movl $77, %ecx; movl $0x10, %eax; bad: movl %ecx, (%eax); movl $1, %ecx");
	return n;
}
""")
    for _ in range(3):
        with pytest.raises(Stopped) as caught:
            bench.call("int f(int n)", 1)
        fault = caught.value.fault
        assert isinstance(fault, Fault)
        assert (fault.pc, fault.addr, fault.access) == (bench.symbols["bad"], 0x10, WRITE)
        dump = bench.engine.cpu.dump()
        assert 77 in (dump.get("rcx"), dump.get("ecx"))
