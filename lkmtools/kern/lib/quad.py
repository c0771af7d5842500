"""Arithmetic for which C compilers call functions (libgcc; sys/lib/libkern/quad.h).

A 32-bit machine has no instruction that divides or shifts 64 bits; a compiler may call for counting bits
everywhere. The kernel has them all on both machines, so that objects of any compiler link.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from lkmtools.kern.base.export import Function, export
from lkmtools.kern.base.place import called_from
from lkmtools.machine import Prototype

if TYPE_CHECKING:
    from collections.abc import Callable

    from lkmtools.kern.kernel import Kernel

_ONES = (1 << 64) - 1


def _divide(k: Kernel, name: str, a: int, b: int) -> tuple[int, int]:
    """Quotient and remainder as C has them, rounded towards zero; division by zero is a panic."""
    if b == 0:
        k.panic(f"integer divide fault in {name}(){called_from(k, k.engine.current)}")
    quotient = abs(a) // abs(b)
    if (a < 0) != (b < 0):
        quotient = -quotient
    return quotient, a - quotient * b


@export("int64_t __divdi3(int64_t a, int64_t b)")
def divdi3(k: Kernel, a: int, b: int) -> int:
    """a / b, signed."""
    return _divide(k, "__divdi3", a, b)[0]


@export("int64_t __moddi3(int64_t a, int64_t b)")
def moddi3(k: Kernel, a: int, b: int) -> int:
    """a % b, signed."""
    return _divide(k, "__moddi3", a, b)[1]


@export("uint64_t __udivdi3(uint64_t a, uint64_t b)")
def udivdi3(k: Kernel, a: int, b: int) -> int:
    """a / b."""
    return _divide(k, "__udivdi3", a, b)[0]


@export("uint64_t __umoddi3(uint64_t a, uint64_t b)")
def umoddi3(k: Kernel, a: int, b: int) -> int:
    """a % b."""
    return _divide(k, "__umoddi3", a, b)[1]


@export("int64_t __divmoddi4(int64_t a, int64_t b, int64_t *rem)")
def divmoddi4(k: Kernel, a: int, b: int, rem: int) -> int:
    """a / b, signed, and the remainder in *rem."""
    return _both(k, "__divmoddi4", a, b, rem)


@export("uint64_t __udivmoddi4(uint64_t a, uint64_t b, uint64_t *rem)")
def udivmoddi4(k: Kernel, a: int, b: int, rem: int) -> int:
    """a / b, and the remainder in *rem."""
    return _both(k, "__udivmoddi4", a, b, rem)


@export("uint64_t __qdivrem(uint64_t a, uint64_t b, uint64_t *rem)")
def qdivrem(k: Kernel, a: int, b: int, rem: int) -> int:
    """a / b, and the remainder in *rem unless `rem` is NULL."""
    return _both(k, "__qdivrem", a, b, rem)


def _both(k: Kernel, name: str, a: int, b: int, rem: int) -> int:
    quotient, remainder = _divide(k, name, a, b)
    if rem:
        k.umem.set_u64(rem, remainder)
    return quotient


def _pure(prototype: str, doc: str, value: Callable[..., int]) -> Function:
    """A function of its arguments alone."""

    def body(k: Kernel, *args: int) -> int:
        return value(*args)

    body.__doc__ = doc
    return Function(Prototype(prototype), "", body)


def _leading(n: int, bits: int) -> int:
    return bits - n.bit_length()


def _trailing(n: int, bits: int) -> int:
    return (n & -n).bit_length() - 1 if n else bits


FUNCTIONS = (
    _pure("int64_t __muldi3(int64_t a, int64_t b)", "a * b.", lambda a, b: a * b & _ONES),
    _pure("int64_t __negdi2(int64_t a)", "-a.", lambda a: -a & _ONES),
    _pure("int64_t __ashldi3(int64_t a, int n)", "a << n.", lambda a, n: a << (n & 63) & _ONES),
    _pure("int64_t __ashrdi3(int64_t a, int n)", "a >> n, signed.", lambda a, n: a >> (n & 63)),
    _pure("uint64_t __lshldi3(uint64_t a, int n)", "a << n.", lambda a, n: a << (n & 63) & _ONES),
    _pure("uint64_t __lshrdi3(uint64_t a, int n)", "a >> n.", lambda a, n: a >> (n & 63)),
    _pure("int __cmpdi2(int64_t a, int64_t b)", "0, 1 or 2: a < b, a == b, a > b.",
          lambda a, b: (a >= b) + (a > b)),
    _pure("int __ucmpdi2(uint64_t a, uint64_t b)", "0, 1 or 2: a < b, a == b, a > b.",
          lambda a, b: (a >= b) + (a > b)),
    _pure("int __ffsdi2(uint64_t a)", "The lowest bit set, from 1; 0: none.",
          lambda a: (a & -a).bit_length()),
    _pure("int __popcountsi2(u_int a)", "How many bits are set.", int.bit_count),
    _pure("int __popcountdi2(uint64_t a)", "How many bits are set.", int.bit_count),
    _pure("int __paritysi2(u_int a)", "Is their number odd?", lambda a: a.bit_count() & 1),
    _pure("int __paritydi2(uint64_t a)", "Is their number odd?", lambda a: a.bit_count() & 1),
    _pure("int __clzsi2(u_int a)", "Zero bits above the highest that is set.", lambda a: _leading(a, 32)),
    _pure("int __clzdi2(uint64_t a)", "Zero bits above the highest that is set.", lambda a: _leading(a, 64)),
    _pure("int __ctzsi2(u_int a)", "Zero bits below the lowest that is set.", lambda a: _trailing(a, 32)),
    _pure("int __ctzdi2(uint64_t a)", "Zero bits below the lowest that is set.", lambda a: _trailing(a, 64)),
    _pure("uint32_t __bswapsi2(uint32_t a)", "The bytes reversed.",
          lambda a: int.from_bytes(a.to_bytes(4, "little"), "big")),
    _pure("uint64_t __bswapdi2(uint64_t a)", "The bytes reversed.",
          lambda a: int.from_bytes(a.to_bytes(8, "little"), "big")),
)  # fmt: skip
