"""64-bit arithmetic: the functions compilers call, and what they compile to on a 32-bit machine."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from support.lab import Lab

TOP = 1 << 63
VALUES = [0, 1, 2, 7, 10, 0xFFFFFFFF, 1 << 32, 123456789012345, TOP - 1, TOP, (1 << 64) - 1, -7 % (1 << 64)]


def _s(n: int) -> int:
    """As int64_t."""
    return (n + TOP) % (1 << 64) - TOP


def _div(a: int, b: int) -> int:
    """C's division: towards zero."""
    q = abs(a) // abs(b)
    return -q if (a < 0) != (b < 0) else q


BINARY: dict[str, Callable[[int, int], int | None]] = {
    "__udivdi3(a, b)": lambda a, b: a // b if b else None,
    "__umoddi3(a, b)": lambda a, b: a % b if b else None,
    "__divdi3(a, b)": lambda a, b: _div(_s(a), _s(b)) if b else None,
    "__moddi3(a, b)": lambda a, b: _s(a) - _div(_s(a), _s(b)) * _s(b) if b else None,
    "(q = __udivmoddi4(a, b, &r), q ^ r)": lambda a, b: a // b ^ a % b if b else None,
    "(q = __qdivrem(a, b, &r), q ^ r)": lambda a, b: a // b ^ a % b if b else None,
    "__qdivrem(a, b, 0)": lambda a, b: a // b if b else None,
    "(q = __divmoddi4(a, b, (int64_t *)&r), q ^ r)": lambda a, b: (
        _div(_s(a), _s(b)) ^ _s(a) - _div(_s(a), _s(b)) * _s(b) if b else None
    ),
    "__muldi3(a, b)": lambda a, b: a * b,
    "__cmpdi2(a, b)": lambda a, b: 1 + (_s(a) > _s(b)) - (_s(a) < _s(b)),
    "__ucmpdi2(a, b)": lambda a, b: 1 + (a > b) - (a < b),
    "__negdi2(a)": lambda a, b: -a,
    "__ashldi3(a, b & 63)": lambda a, b: a << (b & 63),
    "__lshldi3(a, b & 63)": lambda a, b: a << (b & 63),
    "__ashrdi3(a, b & 63)": lambda a, b: _s(a) >> (b & 63),
    "__lshrdi3(a, b & 63)": lambda a, b: a >> (b & 63),
    "__ffsdi2(a)": lambda a, b: (a & -a).bit_length(),
    "__popcountdi2(a)": lambda a, b: a.bit_count(),
    "__popcountsi2(a)": lambda a, b: (a & 0xFFFFFFFF).bit_count(),
    "__paritydi2(a)": lambda a, b: a.bit_count() & 1,
    "__paritysi2(a)": lambda a, b: (a & 0xFFFFFFFF).bit_count() & 1,
    "__clzdi2(a)": lambda a, b: 64 - a.bit_length(),
    "__clzsi2(a)": lambda a, b: 32 - (a & 0xFFFFFFFF).bit_length(),
    "__ctzdi2(a)": lambda a, b: (a & -a).bit_length() - 1 if a else 64,
    "__ctzsi2(a)": lambda a, b: (a & -a).bit_length() - 1 if a & 0xFFFFFFFF else 32,
    "__bswapdi2(a)": lambda a, b: int.from_bytes(a.to_bytes(8, "little"), "big"),
    "__bswapsi2(a)": lambda a, b: int.from_bytes((a & 0xFFFFFFFF).to_bytes(4, "little"), "big"),
    # What the compiler makes of C, by the functions above or by itself.
    "a / b": lambda a, b: a // b if b else None,
    "a % b": lambda a, b: a % b if b else None,
    "(int64_t)a / (int64_t)b": lambda a, b: (
        _div(_s(a), _s(b)) if b and (_s(a), _s(b)) != (-TOP, -1) else None
    ),
    "a * b + (a << (b & 31)) - ((int64_t)a >> (b & 31))": lambda a, b: (
        a * b + (a << (b & 31)) - (_s(a) >> (b & 31))
    ),
    "a / 10 + (int64_t)a / 3 + a % 1000": lambda a, b: a // 10 + _div(_s(a), 3) + a % 1000,
    "__builtin_popcountll(a) + __builtin_clzll(a | 1)": lambda a, b: (
        a.bit_count() + 64 - (a | 1).bit_length()
    ),
}
DECLARED = """
int64_t __divdi3(int64_t, int64_t), __moddi3(int64_t, int64_t), __muldi3(int64_t, int64_t), __negdi2(int64_t);
int64_t __divmoddi4(int64_t, int64_t, int64_t *), __ashldi3(int64_t, int), __ashrdi3(int64_t, int);
uint64_t __udivdi3(uint64_t, uint64_t), __umoddi3(uint64_t, uint64_t), __lshrdi3(uint64_t, int);
uint64_t __udivmoddi4(uint64_t, uint64_t, uint64_t *), __qdivrem(uint64_t, uint64_t, uint64_t *);
uint64_t __lshldi3(uint64_t, int), __bswapdi2(uint64_t);
uint32_t __bswapsi2(uint32_t);
int __cmpdi2(int64_t, int64_t), __ucmpdi2(uint64_t, uint64_t), __ffsdi2(uint64_t), __popcountdi2(uint64_t);
int __popcountsi2(u_int), __paritydi2(uint64_t), __paritysi2(u_int), __clzdi2(uint64_t), __clzsi2(u_int);
int __ctzdi2(uint64_t), __ctzsi2(u_int);
"""


def test_each_operation_gives_what_c_says(lab: Lab) -> None:
    """All pairs of values at which something carries, wraps or changes its sign."""
    cases = "".join(f"case {n}: return {text};\n" for n, text in enumerate(BINARY))
    lab.load(
        DECLARED + "uint64_t probe_go(int n, uint64_t a, uint64_t b)\n"
        f"{{ uint64_t q, r; switch (n) {{ {cases} }} return 0; }}"
    )
    wrong = []
    for n, (text, value) in enumerate(BINARY.items()):
        for a in VALUES:
            for b in VALUES:
                expected = value(a, b)
                if expected is None:
                    continue
                got = lab.call("uint64_t probe_go(int n, uint64_t a, uint64_t b)", n, a, b)
                if expected % (1 << 64) != got:
                    wrong.append((text, a, b, expected % (1 << 64), got))
    assert wrong == []


@pytest.mark.parametrize("name", ["__divdi3", "__moddi3", "__udivdi3", "__umoddi3"])
def test_division_by_zero_panics_naming_the_caller(lab: Lab, name: str) -> None:
    """As the CPU's own divide fault would."""
    lab.load(f"{DECLARED}int64_t probe_go(int64_t a, int64_t b) {{ return {name}(a, b); }}")
    panic = lab.panics(lambda: lab.call("int64_t probe_go(int64_t a, int64_t b)", 1, 0))
    assert panic.reason.startswith(f"integer divide fault in {name}() called from probe_go+0x")


def test_a_bad_place_for_the_remainder_panics(lab: Lab) -> None:
    """The function and its caller are named."""
    lab.load(f"{DECLARED}void probe_go(void) {{ __udivmoddi4(7, 2, (uint64_t *)0x1000); }}")
    panic = lab.panics(lambda: lab.call("void probe_go(void)"))
    assert "in __udivmoddi4() called from probe_go+0x" in panic.reason
