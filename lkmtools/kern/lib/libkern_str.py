"""The kernel's string functions (sys/lib/libkern, sys/lib/libkern/arch).

A string is read page by page as far as the function needs: one without a NUL is a page fault where memory
ends, unless the result is known before.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from lkmtools.abi.vmparam import PAGE_SIZE
from lkmtools.kern.base.bound import MEMORY
from lkmtools.kern.base.export import export
from lkmtools.kern.lib.kprintf import string_at
from lkmtools.machine import WRITE

if TYPE_CHECKING:
    from lkmtools.kern.kernel import Kernel

_HEADER = "lib/libkern/libkern.h"
_OFFSET = PAGE_SIZE - 1
_ENDLESS = 1 << 64
_SPACE = b" \t\n\v\f\r"
_ALPHABET = b"0123456789abcdefghijklmnopqrstuvwxyz"


@export("size_t strlen(const char *s)", _HEADER, bound=MEMORY)
def strlen(k: Kernel, s: int) -> int:
    """Bytes before the NUL."""
    return len(string_at(k.umem, s))


@export("char *strcpy(char *to, const char *from)", _HEADER, bound=MEMORY)
def strcpy(k: Kernel, to: int, source: int) -> int:
    """Copy a string with its NUL."""
    k.umem.write(to, string_at(k.umem, source) + b"\0")
    return to


@export("char *strncpy(char *to, const char *from, size_t n)", _HEADER, bound=MEMORY)
def strncpy(k: Kernel, to: int, source: int, n: int) -> int:
    """Copy at most `n` bytes of a string and fill up with NULs; a long one gets none."""
    text = k.umem.cstr(source, n)
    k.umem.locate(to, n, WRITE)
    k.umem.write(to, text.ljust(n, b"\0"))
    return to


@export("char *strcat(char *to, const char *from)", _HEADER, bound=MEMORY)
def strcat(k: Kernel, to: int, source: int) -> int:
    """Append a string."""
    strcpy(k, to + strlen(k, to), source)
    return to


@export("char *strncat(char *to, const char *from, size_t n)", _HEADER, bound=MEMORY)
def strncat(k: Kernel, to: int, source: int, n: int) -> int:
    """Append at most `n` bytes of a string, and a NUL."""
    if n:
        k.umem.write(to + strlen(k, to), k.umem.cstr(source, n) + b"\0")
    return to


@export("size_t strlcpy(char *to, const char *from, size_t size)", _HEADER, bound=MEMORY)
def strlcpy(k: Kernel, to: int, source: int, size: int) -> int:
    """Copy what fits into `size` bytes with a NUL; returns the length of the whole string."""
    text = string_at(k.umem, source)
    if size:
        k.umem.write(to, text[: size - 1] + b"\0")
    return len(text)


@export("size_t strlcat(char *to, const char *from, size_t size)", _HEADER, bound=MEMORY)
def strlcat(k: Kernel, to: int, source: int, size: int) -> int:
    """Append what fits into `size` bytes with a NUL; returns the length it tried to make."""
    have = len(k.umem.cstr(to, size))
    return have + strlcpy(k, to + have, source, size - have)


@export("int strcmp(const char *a, const char *b)", _HEADER, bound=MEMORY)
def strcmp(k: Kernel, a: int, b: int) -> int:
    """The difference of the first characters that differ, 0 when none do."""
    return _compare(k, a, b, _ENDLESS)


@export("int strncmp(const char *a, const char *b, size_t n)", _HEADER, bound=MEMORY)
def strncmp(k: Kernel, a: int, b: int, n: int) -> int:
    """strcmp of the first `n` bytes."""
    return _compare(k, a, b, n)


@export("int strcasecmp(const char *a, const char *b)", _HEADER, bound=MEMORY)
def strcasecmp(k: Kernel, a: int, b: int) -> int:
    """strcmp with capital ASCII letters taken as small ones."""
    return _compare(k, a, b, _ENDLESS, fold=True)


@export("int strncasecmp(const char *a, const char *b, size_t n)", _HEADER, bound=MEMORY)
def strncasecmp(k: Kernel, a: int, b: int, n: int) -> int:
    """strcasecmp of the first `n` bytes."""
    return _compare(k, a, b, n, fold=True)


def _compare(k: Kernel, a: int, b: int, n: int, fold: bool = False) -> int:
    """Page by page, to the first difference, the first NUL or `n` bytes."""
    while n > 0:
        take = min(n, PAGE_SIZE - (a & _OFFSET), PAGE_SIZE - (b & _OFFSET))
        left, right = k.umem.read(a, take), k.umem.read(b, take)
        if fold:
            left, right = left.lower(), right.lower()
        end = left.find(0)
        if end >= 0:
            left, right = left[: end + 1], right[: end + 1]
        if left != right:
            return next(x - y for x, y in zip(left, right, strict=True) if x != y)
        if end >= 0:
            return 0
        a, b, n = a + take, b + take, n - take
    return 0


@export("char *strchr(const char *s, int c)", _HEADER, bound=MEMORY)
@export("char *index(const char *s, int c)", bound=MEMORY)
def strchr(k: Kernel, s: int, c: int) -> int:
    """The first `c` in a string, its NUL included, or NULL."""
    while True:
        part = k.umem.read(s, PAGE_SIZE - (s & _OFFSET))
        found, end = part.find(c & 0xFF), part.find(0)
        if found >= 0 and (end < 0 or found <= end):
            return s + found
        if end >= 0:
            return 0
        s += len(part)


@export("char *strrchr(const char *s, int c)", _HEADER, bound=MEMORY)
@export("char *rindex(const char *s, int c)", bound=MEMORY)
def strrchr(k: Kernel, s: int, c: int) -> int:
    """The last `c` in a string, its NUL included, or NULL."""
    found = (string_at(k.umem, s) + b"\0").rfind(c & 0xFF)
    return s + found if found >= 0 else 0


@export("char *strstr(const char *s, const char *part)", _HEADER, bound=MEMORY)
def strstr(k: Kernel, s: int, part: int) -> int:
    """The first occurrence of `part` in a string, or NULL."""
    found = string_at(k.umem, s).find(string_at(k.umem, part))
    return s + found if found >= 0 else 0


@export("unsigned long strtoul(const char *s, char **end, int base)", _HEADER, bound=MEMORY)
def strtoul(k: Kernel, s: int, end: int, base: int) -> int:
    """The number a string begins with; base 0: as in C. ULONG_MAX when it is larger."""
    return _number(k, s, end, base, k.dm.mask)


@export("unsigned long long strtoull(const char *s, char **end, int base)", _HEADER, bound=MEMORY)
def strtoull(k: Kernel, s: int, end: int, base: int) -> int:
    """strtoul of 64 bits."""
    return _number(k, s, end, base, (1 << 64) - 1)


def _number(k: Kernel, s: int, end: int, base: int, most: int) -> int:
    """strtoul(3): spaces, sign, prefix, digits. `*end` = what follows; `s` itself when there is no number."""
    text = string_at(k.umem, s)
    at = len(text) - len(text.lstrip(_SPACE))
    sign = text[at : at + 1]
    at += sign in (b"-", b"+")
    if base in (0, 16) and text[at : at + 2].lower() == b"0x" and _digits(text, at + 2, 16):
        at, base = at + 2, 16
    elif base == 0:
        base = 8 if text[at : at + 1] == b"0" else 10
    digits = _digits(text, at, base)
    if end:
        k.umem.set_ptr(end, s + at + len(digits) if digits else s)
    significant = digits.lstrip(b"0")
    value = int(significant or b"0", base if digits else 10) if len(significant) <= 64 else most + 1
    if value > most:
        return most
    return -value & most if sign == b"-" else value


def _digits(text: bytes, at: int, base: int) -> bytes:
    """The digits of `base` that begin at text[at]; none in a base that does not exist."""
    if not 2 <= base <= 36:
        return b""
    rest = text[at:]
    return rest[: len(rest) - len(rest.lstrip(_ALPHABET[:base] + _ALPHABET[:base].upper()))]
