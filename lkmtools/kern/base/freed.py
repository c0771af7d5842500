"""The pattern in freed memory (WEIRD_ADDR of kern_malloc.c), by which a pointer read from it is known."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from lkmtools.kern.kernel import Kernel

PATTERN = bytes.fromhex("efbeadde")  # 0xdeadbeef, again and again
_NEAR = 1 << 16  # bytes by which a member's address differs from its struct's

READ_FROM_FREED = "near the pattern in freed memory: the pointer was read from a block after it was freed"


def is_from_freed(k: Kernel, addr: int) -> bool:
    """Is that the pattern as a pointer, or the address of a member behind such a pointer?"""
    size = k.dm.pointer
    pointer = int.from_bytes(PATTERN * (size // len(PATTERN)), k.dm.byteorder)
    return (addr - pointer + _NEAR) & k.dm.mask < 2 * _NEAR
