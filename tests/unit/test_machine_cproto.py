"""Prototypes: arguments and results as C passes them, checked by compiled C on both sides."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from lkmtools.machine import PORTS, MemFault, Prototype, port
from support.compiling import Compile
from support.engine import Bench, Stopped

seen: list[tuple[Any, ...]] = []
VALUES = {
    "char": (-128, 127), "u_char": (0, 255), "bool": (0, 1), "short": (-32768, 32767), "u_short": (0, 65535),
    "int": (-(1 << 31), (1 << 31) - 1), "u_int": (0, (1 << 32) - 1), "mode_t": (0, 0o177777),
    "int64_t": (-(1 << 63), (1 << 63) - 1), "uint64_t": (0, (1 << 64) - 1), "off_t": (-1, 1 << 40),
    "dev_t": (0, (1 << 32) - 1),
}  # fmt: skip
TYPES = """
typedef unsigned char u_char; typedef unsigned short u_short; typedef unsigned int u_int, mode_t, dev_t;
typedef unsigned long u_long; typedef long long int64_t, off_t; typedef unsigned long long uint64_t;
typedef _Bool bool;
typedef __builtin_va_list va_list;
"""


def note(bench: Bench, *args: Any) -> int:
    seen.append(args)
    return len(seen)


def take(kinds: tuple[str, ...]) -> Any:
    """A variadic kernel function that takes arguments of these types."""

    def body(bench: Bench, *args: Any) -> int:
        seen.append((*args[:-1], *(args[-1].next(kind) for kind in kinds)))
        return 0

    return body


LISTED = ("int", "int64_t", "u_long", "pointer", "int", "uint64_t", "int")
FUNCTIONS: dict[str, Any] = {
    f"int note_{kind}({kind} a, {kind} b)": note for kind in VALUES
} | {
    "int note_mixed(int a, int64_t b, u_char c, void *d, uint64_t e, short f, u_long g, int64_t h, int i, "
    "uint64_t j, char k, int l)": note,
    "void note_nothing(void)": note,
    "int note_many(int n, ...)": take(LISTED),
    "int note_list(const char *text, va_list ap)": take(LISTED),
    "int64_t give_wide(int64_t a)": lambda bench, a: a,
    "u_char give_byte(int a)": lambda bench, a: a,
    "void *give_pointer(void *a)": lambda bench, a: a,
    "int give_none(void)": lambda bench: None,
}  # fmt: skip


@pytest.fixture
def bench(cc: Compile, machine: str) -> Iterator[Bench]:
    seen.clear()
    made = Bench(cc, machine, FUNCTIONS)
    yield made
    made.close()


@pytest.mark.parametrize("kind", VALUES)
def test_arguments_have_the_width_and_sign_of_their_type(bench: Bench, kind: str) -> None:
    """From Python into C, from C into Python: the extreme values, with both argument positions."""
    source = f"int note_{kind}({kind} a, {kind} b);\n{kind} f({kind} a, {kind} b);\n"
    bench.load(TYPES + source + f"{kind} f({kind} a, {kind} b) {{ note_{kind}(b, a); return b; }}")
    low, high = VALUES[kind]
    assert bench.call(f"{kind} f({kind} a, {kind} b)", low, high) == high
    assert bench.call(f"{kind} f({kind} a, {kind} b)", high, low) == low
    assert seen == [(high, low), (low, high)]


@pytest.mark.parametrize("kind", ["char", "u_char", "short", "u_short", "int", "u_int"])
def test_what_stands_above_a_narrow_argument_does_not_matter(bench: Bench, kind: str) -> None:
    """The caller passes a whole word with garbage in its upper part, as the psABI allows."""
    if bench.port.dm.pointer == 4 and kind in ("int", "u_int"):
        pytest.skip("an int fills the word")
    source = f"int note_{kind}(unsigned long a, unsigned long b);\nint f(unsigned long a, unsigned long b);\n"
    bench.load(TYPES + source + f"int f(unsigned long a, unsigned long b) {{ return note_{kind}(a, b); }}")
    low, high = VALUES[kind]
    bits = {"char": 8, "u_char": 8, "short": 16, "u_short": 16}.get(kind, 32)
    garbage = bench.port.dm.mask & ~((1 << bits) - 1) & 0x5A5A5A5A5A5A5A5A
    narrow = (1 << bits) - 1
    bench.call("int f(u_long a, u_long b)", garbage | low & narrow, garbage | high & narrow)
    assert seen == [(low, high)]


def test_twelve_mixed_arguments_in_registers_and_on_the_stack(bench: Bench) -> None:
    """64-bit ones take two words on i386; the seventh word and later are on the stack on amd64."""
    params = (
        "int a, int64_t b, u_char c, void *d, uint64_t e, short f, u_long g, int64_t h, int i, uint64_t j"
    )
    params += ", char k, int l"
    names = ", ".join("abcdefghijkl")
    bench.load(
        TYPES
        + f"int note_mixed({params});\nint f({params});\nint f({params}) {{ return note_mixed({names}); }}"
    )
    values = (-1, -(1 << 62), 200, 0x1234, (1 << 64) - 2, -300, 0xFFFFFFFF, 1 << 40, 7, (1 << 63) + 1, -5, 99)
    bench.call(f"int f({params})", *values)
    assert seen == [values]


def test_no_argument_and_no_result(bench: Bench) -> None:
    bench.load("void note_nothing(void);\nint f(void);\nint f(void) { note_nothing(); return 3; }")
    assert (bench.call("int f(void)"), seen) == (3, [()])


VARIABLE = (-2, -(1 << 40), 0xDEADBEEF, 0x1000, 1 << 30, (1 << 64) - 1, -7)
CALL = "-2, -(1LL << 40), 0xdeadbeefUL, (void *)0x1000, 1 << 30, ~0ULL, -7"


def test_variable_arguments_are_taken_one_by_one(bench: Bench) -> None:
    """After the named one: what is left of the registers, then the stack."""
    bench.load(f"int note_many(int n, ...);\nint f(int a);\nint f(int a) {{ return note_many(a, {CALL}); }}")
    bench.call("int f(int a)", 41)
    assert seen == [(41, *VARIABLE)]


def test_a_va_list_may_begin_anywhere(bench: Bench) -> None:
    """Made by compiled C, with none, some and many of its arguments already taken."""
    source = (
        TYPES
        + """
int note_list(const char *, va_list);
static int g(int skip, ...)
{
	va_list ap;
	__builtin_va_start(ap, skip);
	while (skip-- > 0)
		(void)__builtin_va_arg(ap, long);
	note_list((char *)0x77, ap);
	__builtin_va_end(ap);
	return 0;
}
int f(void);
int f(void)
{
	g(0, @); g(1, 11L, @); g(5, 11L, 12L, 13L, 14L, 15L, @); g(7, 1L, 2L, 3L, 4L, 5L, 6L, 7L, @);
	return 0;
}
"""
    )
    bench.load(source.replace("@", CALL))
    bench.call("int f(void)")
    assert seen == [(0x77, *VARIABLE)] * 4


def test_results_have_the_width_and_sign_of_their_type(bench: Bench) -> None:
    """A 64-bit one in two registers on i386; a byte is cut; None is 0."""
    source = """
int64_t give_wide(int64_t); u_char give_byte(int); void *give_pointer(void *); int give_none(void);
int64_t f(int64_t a); int64_t f(int64_t a) { return give_wide(a) - 1; }
int g(int a); int g(int a) { return give_byte(a) + 1; }
void *h(void *a); void *h(void *a) { return give_pointer(a); }
int i(void); int i(void) { return give_none() + 5; }
"""
    bench.load(TYPES + source)
    for value in (0, -1, 1 << 40, -(1 << 62), (1 << 63) - 1):
        assert bench.call("int64_t f(int64_t a)", value) == (value - 1 + (1 << 63)) % (1 << 64) - (1 << 63)
    assert bench.call("int g(int a)", 0x1FF) == 256
    assert bench.call("void *h(void *a)", bench.port.dm.mask) == bench.port.dm.mask
    assert bench.call("int i(void)") == 5


def test_stack_arguments_that_cannot_be_read_are_a_fault(bench: Bench) -> None:
    """A stack pointer at the very end of a mapping: the words above the return address are missing."""
    if bench.port.args:
        pytest.skip("its arguments are in registers")
    edge = bench.pages(1, 3) + 4096
    bench.load(f"""
int note_int(int, int);
int f(void);
int f(void) {{ __asm__ volatile ("movl ${edge:#x}, %esp; call note_int"); return 0; }}
""")
    with pytest.raises(Stopped) as caught:
        bench.call("int f(void)")
    assert isinstance(caught.value.fault, MemFault)
    assert caught.value.fn is not None
    assert caught.value.fn.name == "note_int"


@pytest.mark.parametrize("name", PORTS)
def test_how_many_words_a_prototype_takes(name: str) -> None:
    """Registers first on amd64, everything on the stack on i386."""
    binding = Prototype("int f(int a, int64_t b, char *c, uint64_t d, int e, int g, int h)").bind(port(name))
    assert (binding.words, binding.nstack) == ((7, 1) if name == "amd64" else (9, 9))


@pytest.mark.parametrize(
    ("text", "ret", "params"),
    [
        ("void f(void)", "void", []),
        ("int f()", "int", []),
        ("const char *f(const char *a, struct lwp *b)", "pointer", ["pointer", "pointer"]),
        ("unsigned long long f(unsigned a, unsigned char b[])", "uint64_t", ["u_int", "pointer"]),
        ("void f(void (*func)(void *, int), void *arg)", "void", ["pointer", "pointer"]),
        ("enum x f(enum y a, wchan_t w)", "int", ["int", "pointer"]),
        ("int f(const char *fmt, ...)", "int", ["pointer"]),
        ("struct tty *f(dev_t)", "pointer", ["dev_t"]),
    ],
)
def test_prototypes_are_read_as_c_reads_them(text: str, ret: str, params: list[str]) -> None:
    proto = Prototype(text)
    assert (proto.name, proto.ret.name, [p.type.name for p in proto.params]) == ("f", ret, params)
    assert proto.variadic == ("..." in text)


@pytest.mark.parametrize(
    "text", ["f(int)", "int f", "int f(struct timeval tv)", "double f(void)", "int f(foo_t a)"]
)
def test_what_cannot_be_passed_is_refused(text: str) -> None:
    """Structs by value, floating point, unknown types, and what is no prototype."""
    with pytest.raises(ValueError, match=r"prototype|struct by value|unknown type"):
        _ = (proto := Prototype(text)).params, proto.ret
