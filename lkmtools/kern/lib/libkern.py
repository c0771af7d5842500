"""The kernel's part of the C library: memory and numbers (sys/lib/libkern). Strings are in libkern_str.

Pointers come from modules: every byte is accessed through the checked accessor, so a bad pointer or a length
of -1 is a page fault in the function, at the first unmapped page. The bytes before it are not written; the
original would have written them, and died as well.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from typing import TYPE_CHECKING, NoReturn

from lkmtools.abi.errno import EFAULT
from lkmtools.abi.vmparam import PAGE_SIZE
from lkmtools.errors import KernelError
from lkmtools.kern.base.bound import MEMORY, name_at
from lkmtools.kern.base.export import export
from lkmtools.machine import WRITE, MemFault

if TYPE_CHECKING:
    from lkmtools.kern.kernel import Kernel

_OFFSET = PAGE_SIZE - 1


@export("void *memmove(void *to, const void *from, size_t n)", "lib/libkern/libkern.h", bound=MEMORY)
@export("void *memcpy(void *to, const void *from, size_t n)", "lib/libkern/libkern.h", bound=MEMORY)
def memcpy(k: Kernel, to: int, source: int, n: int) -> int:
    """Copy; the areas may overlap."""
    k.umem.write(to, k.umem.read(source, n))
    return to


@export("void ovbcopy(const void *from, void *to, size_t n)", "lib/libkern/libkern.h", bound=MEMORY)
@export("void bcopy(const void *from, void *to, size_t n)", "lib/libkern/libkern.h", bound=MEMORY)
def bcopy(k: Kernel, source: int, to: int, n: int) -> None:
    """Copy, source first; the areas may overlap."""
    k.umem.write(to, k.umem.read(source, n))


@export("int kcopy(const void *from, void *to, size_t len)", "sys/systm.h", bound=MEMORY)
def kcopy(k: Kernel, source: int, to: int, n: int) -> int:
    """Copy; a bad pointer is EFAULT and not a panic."""
    try:
        k.umem.write(to, k.umem.read(source, n))
    except MemFault as fault:
        raise KernelError(EFAULT, f"kcopy: {fault}") from None
    return 0


@export("void *memset(void *to, int c, size_t n)", "lib/libkern/libkern.h", bound=MEMORY)
def memset(k: Kernel, to: int, c: int, n: int) -> int:
    """Fill with the low byte of `c`."""
    k.umem.fill(to, n, c & 0xFF)
    return to


@export("void bzero(void *to, size_t n)", "lib/libkern/libkern.h", bound=MEMORY)
def bzero(k: Kernel, to: int, n: int) -> None:
    """Fill with zeros."""
    memset(k, to, 0, n)


@export("int memcmp(const void *a, const void *b, size_t n)", "lib/libkern/libkern.h", bound=MEMORY)
def memcmp(k: Kernel, a: int, b: int, n: int) -> int:
    """The difference of the first bytes that differ, 0 when none do; later bytes are not read."""
    while n > 0:
        take = min(n, PAGE_SIZE - (a & _OFFSET), PAGE_SIZE - (b & _OFFSET))
        left, right = k.umem.read(a, take), k.umem.read(b, take)
        if left != right:
            return next(x - y for x, y in zip(left, right, strict=True) if x != y)
        a, b, n = a + take, b + take, n - take
    return 0


@export("int bcmp(const void *a, const void *b, size_t n)", "lib/libkern/libkern.h", bound=MEMORY)
def bcmp(k: Kernel, a: int, b: int, n: int) -> int:
    """1 when the areas differ, 0 when not."""
    return int(memcmp(k, a, b, n) != 0)


@export("void *memchr(const void *s, int c, size_t n)", "lib/libkern/libkern.h", bound=MEMORY)
def memchr(k: Kernel, s: int, c: int, n: int) -> int:
    """The first byte equal to `c`, or NULL; later bytes are not read."""
    while n > 0:
        take = min(n, PAGE_SIZE - (s & _OFFSET))
        found = k.umem.read(s, take).find(c & 0xFF)
        if found >= 0:
            return s + found
        s, n = s + take, n - take
    return 0


@export(
    "u_int scanc(u_int size, const u_char *cp, const u_char *table, int mask)",
    "lib/libkern/libkern.h",
    bound=MEMORY,
)
def scanc(k: Kernel, size: int, cp: int, table: int, mask: int) -> int:
    """How many bytes remain from the first whose entry of `table` has a bit of `mask`; 0 when none has."""
    hits = bytes(entry & mask & 0xFF != 0 for entry in k.umem.read(table, 256))
    return _remaining(k, cp, size, lambda part: part.translate(hits).find(1))


@export("int skpc(int mask, size_t size, u_char *cp)", "lib/libkern/libkern.h", bound=MEMORY)
def skpc(k: Kernel, mask: int, size: int, cp: int) -> int:
    """How many bytes remain from the first that is not `mask`; 0 when all are."""
    skip = bytes((mask & 0xFF,))
    return _remaining(
        k, cp, size, lambda part: len(part) - len(part.lstrip(skip)) if part.strip(skip) else -1
    )


def _remaining(k: Kernel, cp: int, size: int, find: Callable[[bytes], int]) -> int:
    """Page by page, to the first byte that `find` finds."""
    while size > 0:
        part = k.umem.read(cp, min(size, PAGE_SIZE - (cp & _OFFSET)))
        found = find(part)
        if found >= 0:
            return size - found
        cp, size = cp + len(part), size - len(part)
    return 0


@export("int ffs(int n)", "lib/libkern/libkern.h")
def ffs(k: Kernel, n: int) -> int:
    """The number of the lowest bit that is set, counted from 1; 0 when none is."""
    return (n & -n).bit_length()


@export("u_long random(void)", "lib/libkern/libkern.h")
def random(k: Kernel) -> int:
    """A random number of 31 bits."""
    return int.from_bytes(os.urandom(4), "little") >> 1


@export("uint32_t arc4random(void)", "lib/libkern/libkern.h")
def arc4random(k: Kernel) -> int:
    """A random number of 32 bits."""
    return int.from_bytes(os.urandom(4), "little")


@export("void arc4randbytes(void *p, size_t n)", "lib/libkern/libkern.h", bound=MEMORY)
def arc4randbytes(k: Kernel, p: int, n: int) -> None:
    """Fill with random bytes."""
    k.umem.locate(p, n, WRITE)
    k.umem.write(p, os.urandom(n))


@export("void __assert(const char *kind, const char *file, int line, const char *expr)")
def kern_assert(k: Kernel, kind: int, file: int, line: int, expr: int) -> NoReturn:
    """What a failed KASSERT of NetBSD's own headers calls: a panic with the expression and its place."""
    what, where = name_at(k, "expr", expr), name_at(k, "file", file)
    k.panic(f'kernel {name_at(k, "kind", kind)}assertion "{what}" failed: file "{where}", line {line}')
