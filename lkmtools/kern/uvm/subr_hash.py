"""hashinit(9): tables of lists (subr_hash.c of NetBSD 5.2)."""

from __future__ import annotations

import sys
from array import array
from typing import TYPE_CHECKING

from lkmtools.kern.base.bound import MEMORY
from lkmtools.kern.base.export import export

if TYPE_CHECKING:
    from lkmtools.kern.kernel import Kernel

_HASH_LIST, _HASH_SLIST, _HASH_TAILQ = range(3)


def _entry(k: Kernel, who: str, htype: int) -> int:
    """The bytes of an empty list; a panic for an unknown type."""
    if htype not in (_HASH_LIST, _HASH_SLIST, _HASH_TAILQ):
        k.panic(
            f"{who}: invalid table type {htype}: HASH_LIST (0), HASH_SLIST (1) and HASH_TAILQ (2) are known"
        )
    return k.dm.pointer * (2 if htype == _HASH_TAILQ else 1)


def _tails(k: Kernel, table: int, count: int) -> bytes:
    """The heads of `count` empty TAILQs at `table`: tqh_first is NULL, and tqh_last leads to it."""
    step = 2 * k.dm.pointer
    words = array("Q" if k.dm.pointer == 8 else "I", bytes(count * step))
    words[1::2] = array(words.typecode, range(table, table + count * step, step))
    if k.dm.byteorder != sys.byteorder:
        words.byteswap()
    return words.tobytes()


@export(
    "void *hashinit(u_int elements, enum hashtype htype, bool waitok, u_long *hashmask)",
    "sys/systm.h",
    bound=MEMORY,
)
def hashinit(k: Kernel, elements: int, htype: int, waitok: int, hashmask: int) -> int:
    """Allocate a table of empty lists; NULL without room, which is a panic if `waitok`."""
    if elements == 0:
        k.panic("hashinit: elements is 0; it must be 1 or more")
    entry, count = _entry(k, "hashinit", htype), 1 << (elements - 1).bit_length()
    table = k.heap.alloc(count * entry) if count * entry <= k.mem.size else 0
    if not table:
        if waitok:
            k.panic(f"hashinit: out of space in kernel map: {count * entry} bytes asked for")
        return 0
    if htype == _HASH_TAILQ:
        k.mem.write(table, _tails(k, table, count))
    k.umem.set_ptr(hashmask, count - 1)
    return table


@export("void hashdone(void *hashtbl, enum hashtype htype, u_long hashmask)", "sys/systm.h", bound=MEMORY)
def hashdone(k: Kernel, table: int, htype: int, hashmask: int) -> None:
    """Free a table of hashinit(); another type or mask than it was made with is a panic."""
    size = (hashmask + 1) * _entry(k, "hashdone", htype)
    block = k.heap.blocks.get(table)
    if block is None:
        k.panic(f"hashdone: {table:#x} is not a table of hashinit()")
    if block.size != size:
        k.panic(f"hashdone: the table at {table:#x} has {block.size} bytes; this type and mask make {size}")
    k.heap.free(table)
