"""fubyte(9), subyte(9) and their kin: numbers in the calling process's memory (copy.S of NetBSD 5.2)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from lkmtools.errors import KernelError
from lkmtools.kern.base.export import export
from lkmtools.kern.proc.kern_copy import copyin_bytes, copyout_bytes

if TYPE_CHECKING:
    from lkmtools.kern.kernel import Kernel

_HEADER = "sys/systm.h"


def _fetch(k: Kernel, uaddr: int, size: int, signed: bool = False) -> int:
    """A number of `size` bytes, or -1."""
    try:
        return int.from_bytes(copyin_bytes(k, uaddr, size), k.dm.byteorder, signed=signed)
    except KernelError:
        return -1


def _store(k: Kernel, uaddr: int, size: int, value: int) -> int:
    """0, or -1 when it cannot be written."""
    try:
        copyout_bytes(k, (value & (1 << 8 * size) - 1).to_bytes(size, k.dm.byteorder), uaddr)
    except KernelError:
        return -1
    return 0


@export("int fubyte(const void *uaddr)", _HEADER)
def fubyte(k: Kernel, uaddr: int) -> int:
    """Fetch a byte: 0 to 255, or -1 when it cannot be read."""
    return _fetch(k, uaddr, 1)


@export("int fusword(const void *uaddr)", _HEADER)
@export("int fuswintr(const void *uaddr)", _HEADER)
def fusword(k: Kernel, uaddr: int) -> int:
    """Fetch a short word: 0 to 65535, or -1."""
    return _fetch(k, uaddr, 2)


@export("long fuword(const void *uaddr)", _HEADER)
def fuword(k: Kernel, uaddr: int) -> int:
    """Fetch a long, or -1, which it may also be."""
    return _fetch(k, uaddr, k.dm.pointer, signed=True)


@export("int subyte(void *uaddr, int c)", _HEADER)
def subyte(k: Kernel, uaddr: int, c: int) -> int:
    """Store a byte: 0, or -1 when it cannot be written."""
    return _store(k, uaddr, 1, c)


@export("int susword(void *uaddr, short n)", _HEADER)
@export("int suswintr(void *uaddr, u_short n)", _HEADER)
def susword(k: Kernel, uaddr: int, n: int) -> int:
    """Store a short word: 0 or -1."""
    return _store(k, uaddr, 2, n)


@export("int suword(void *uaddr, long n)", _HEADER)
def suword(k: Kernel, uaddr: int, n: int) -> int:
    """Store a long: 0 or -1."""
    return _store(k, uaddr, k.dm.pointer, n)
