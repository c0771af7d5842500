"""pool(9) and pool_cache(9): many objects of one size (subr_pool.c of NetBSD 5.2).

Each object is an allocation of its own, so that a stale pointer and a second free are found, as of malloc(9).
A cache constructs each object that it gives, and destructs it when it comes back; pool_cache_get() and
pool_cache_put() are in vfs/vfs_nameidata.py, with the cache of names.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, NoReturn

from lkmtools.abi.datamodel import C_TEXT
from lkmtools.abi.proc import PWAIT
from lkmtools.kern.base.bound import MEMORY, name_at
from lkmtools.kern.base.export import export
from lkmtools.kern.sync.kern_mutex import turnstile
from lkmtools.machine import Prototype

if TYPE_CHECKING:
    from lkmtools.kern.kernel import Kernel

_HEADER = "sys/pool.h"
PR_WAITOK, PR_LIMITFAIL = 0x0002, 0x0100
_CTOR = Prototype("int ctor(void *arg, void *object, int flags)")
_DTOR = Prototype("void dtor(void *arg, void *object)")
_CACHE = 256  # bytes of a struct pool_cache, which is opaque
_BEFORE_SIZE = 8  # pointers in struct pool before pr_size and pr_align


class Pool:
    """A pool or a cache: what its objects are like, and which are out."""

    def __init__(self, title: str, owner: int, size: int, align: int) -> None:
        self.title = title
        self.owner = owner  # an address of the module that made it
        self.size = size
        self.align = align
        self.out: set[int] = set()
        self.limit: int | None = None
        self.warning = ""
        self.ctor = self.dtor = self.arg = 0
        self.own = False  # the kernel made the struct pool_cache


def _pool(k: Kernel, addr: int, function: str) -> Pool:
    """The pool at an address; one of POOL_INIT() is made at its first use. Another is a panic."""
    pool = k.pools.get(addr)
    if pool is not None:
        return pool
    if function.startswith("pool_cache"):
        k.panic(f"{function}: {addr:#x} is not a cache that pool_cache_init() made")
    at = addr + _BEFORE_SIZE * k.dm.pointer
    size, align = k.umem.u32(at), k.umem.u32(at + 4)
    if not size:
        k.panic(f"{function}: {addr:#x} is not a pool that pool_init() made")
    return k.pools.setdefault(addr, Pool(k.symbolize(addr).partition("+")[0], addr, size, align))


def _make(k: Kernel, function: str, addr: int, wchan: int, owner: int, size: int, align: int) -> Pool:
    title = name_at(k, "wchan", wchan)
    if not 0 < size <= k.mem.size:
        k.panic(f"{function}: the objects of '{title}' have {size} bytes")
    if align & (align - 1):
        k.panic(f"{function}: the alignment {align} of '{title}' is not a power of two")
    pool = k.pools[addr] = Pool(title, owner, size, align)
    return pool


@export(
    "void pool_init(struct pool *pp, size_t size, u_int align, u_int align_offset, int flags, const char"
    " *wchan, struct pool_allocator *palloc, int ipl)",
    _HEADER,
)
def pool_init(
    k: Kernel, pp: int, size: int, align: int, offset: int, flags: int, wchan: int, palloc: int, ipl: int
) -> None:
    """Make a pool of objects of `size` bytes. Its pages come from the kernel map, whatever `palloc` is."""
    old = k.pools.get(pp)
    if old is not None and old.out:
        k.panic(f"pool_init: the pool at {pp:#x} is pool '{old.title}', of which {len(old.out)} are out")
    _make(k, "pool_init", pp, wchan, pp, size, align)
    at = pp + _BEFORE_SIZE * k.dm.pointer
    k.umem.set_u32(at, size)
    k.umem.set_u32(at + 4, align)


@export("void pool_destroy(struct pool *pp)", _HEADER)
def pool_destroy(k: Kernel, pp: int) -> None:
    """The end of a pool; while objects are out it is a panic."""
    _end(k, pp, "pool_destroy")
    k.umem.set_u32(pp + _BEFORE_SIZE * k.dm.pointer, 0)


def _end(k: Kernel, addr: int, function: str) -> Pool:
    pool = _pool(k, addr, function)
    if pool.out:
        k.panic(f"{function}: {len(pool.out)} objects of '{pool.title}' are still out")
    del k.pools[addr]
    return pool


def _limited(k: Kernel, pool: Pool, flags: int) -> bool:
    """Is the hard limit reached, and may the caller not wait until it is not?"""
    while pool.limit is not None and len(pool.out) >= pool.limit:
        if pool.warning:
            k.console.write(f"{pool.warning}\n")
        if not flags & PR_WAITOK or flags & PR_LIMITFAIL:
            return True
        k.sched.tsleep(turnstile(id(pool)), PWAIT, pool.title, 0)
    return False


def _get(k: Kernel, pool: Pool, flags: int, function: str) -> int:
    if flags & PR_WAITOK and ((k.sched.spins and k.sched.spl) or k.sched.current is k.sched.softlwp):
        k.sched.check_sleepable(f"{function}: PR_WAITOK")
    if _limited(k, pool, flags):
        return 0
    addr: int = k.heap.alloc(max(pool.size, pool.align), 0, zero=False)
    if addr:
        pool.out.add(addr)
    elif flags & PR_WAITOK:
        k.panic(f"{function}: out of space in kernel map for an object of '{pool.title}'")
    return addr


def _put(k: Kernel, pool: Pool, addr: int, function: str) -> None:
    if addr not in pool.out:
        _stranger(k, pool, addr, function)
    pool.out.remove(addr)
    k.heap.free(addr)
    k.sched.wakeup(turnstile(id(pool)))


def _stranger(k: Kernel, pool: Pool, addr: int, function: str) -> NoReturn:
    other = next((each.title for each in k.pools.values() if addr in each.out), None)
    what = "not an object that it has given" if other is None else f"an object of '{other}'"
    k.panic(f"{function}: '{pool.title}': {addr:#x} is {what}")


@export("void *pool_get(struct pool *pp, int flags)", _HEADER, bound=MEMORY)
def pool_get(k: Kernel, pp: int, flags: int) -> int:
    """An object. At the hard limit it waits with PR_WAITOK; NULL without it, or with PR_LIMITFAIL."""
    return _get(k, _pool(k, pp, "pool_get"), flags, "pool_get")


@export("void pool_put(struct pool *pp, void *v)", _HEADER, bound=MEMORY)
def pool_put(k: Kernel, pp: int, v: int) -> None:
    """Give an object back; what the pool has not given is a panic."""
    _put(k, _pool(k, pp, "pool_put"), v, "pool_put")


@export("void pool_sethardlimit(struct pool *pp, int n, const char *warnmsg, int ratecap)", _HEADER)
def pool_sethardlimit(k: Kernel, pp: int, n: int, warnmsg: int, ratecap: int) -> None:
    """At most `n` objects are out; the message is printed whenever one more is wanted."""
    _limit(k, _pool(k, pp, "pool_sethardlimit"), n, warnmsg)


def _limit(k: Kernel, pool: Pool, n: int, warnmsg: int) -> None:
    pool.limit = n
    pool.warning = k.umem.cstr(warnmsg, 1024).decode(*C_TEXT) if warnmsg else ""
    k.sched.wakeup(turnstile(id(pool)))


@export("void pool_setlowat(struct pool *pp, int n)", _HEADER)
@export("void pool_sethiwat(struct pool *pp, int n)", _HEADER)
def pool_setlowat(k: Kernel, pp: int, n: int) -> None:
    """Nothing: a pool keeps no free pages."""
    _pool(k, pp, "pool_setlowat")


@export("int pool_prime(struct pool *pp, int n)", _HEADER)
def pool_prime(k: Kernel, pp: int, n: int) -> int:
    """0: as above."""
    _pool(k, pp, "pool_prime")
    return 0


@export("int pool_reclaim(struct pool *pp)", _HEADER)
def pool_reclaim(k: Kernel, pp: int) -> int:
    """0: there is nothing to give back."""
    _pool(k, pp, "pool_reclaim")
    return 0


@export("void pool_drain_start(struct pool **ppp, uint64_t *wp)", _HEADER)
def pool_drain_start(k: Kernel, ppp: int, wp: int) -> None:
    """*ppp is NULL: no pool has anything to give back."""
    k.umem.set_ptr(ppp, 0)
    k.umem.set_u64(wp, 0)


@export("void pool_drain_end(struct pool *pp, uint64_t where)", _HEADER)
def pool_drain_end(k: Kernel, pp: int, where: int) -> None:
    """Nothing."""


@export("void pool_set_drain_hook(struct pool *pp, void (*hook)(void *, int), void *arg)", _HEADER)
def pool_set_drain_hook(k: Kernel, pp: int, hook: int, arg: int) -> None:
    """Nothing: the hook is not called."""
    _pool(k, pp, "pool_set_drain_hook")


# -- caches ------------------------------------------------------------------------------------------------


@export(
    "void pool_cache_bootstrap(pool_cache_t pc, size_t size, u_int align, u_int align_offset, u_int flags,"
    " const char *wchan, struct pool_allocator *palloc, int ipl, int (*ctor)(void *, void *, int),"
    " void (*dtor)(void *, void *), void *arg)",
    _HEADER,
)
def pool_cache_bootstrap(
    k: Kernel, pc: int, size: int, align: int, offset: int, flags: int, wchan: int, palloc: int, ipl: int,
    ctor: int, dtor: int, arg: int,
) -> None:  # fmt: skip
    """pool_cache_init() with the struct of the caller."""
    pool = _make(k, "pool_cache_init", pc, wchan, ctor or dtor or pc, size, align)
    pool.ctor, pool.dtor, pool.arg = ctor, dtor, arg


@export(
    "pool_cache_t pool_cache_init(size_t size, u_int align, u_int align_offset, u_int flags, const char"
    " *wchan, struct pool_allocator *palloc, int ipl, int (*ctor)(void *, void *, int),"
    " void (*dtor)(void *, void *), void *arg)",
    _HEADER,
)
def pool_cache_init(
    k: Kernel, size: int, align: int, offset: int, flags: int, wchan: int, palloc: int, ipl: int,
    ctor: int, dtor: int, arg: int,
) -> int:  # fmt: skip
    """A cache of objects of `size` bytes, which `ctor` and `dtor` construct and destruct; NULL."""
    pc: int = k.heap.alloc(_CACHE)
    if pc:
        pool_cache_bootstrap(k, pc, size, align, offset, flags, wchan, palloc, ipl, ctor, dtor, arg)
        k.pools[pc].own = True
        k.pools[pc].owner = ctor or dtor or wchan
    return pc


@export("void pool_cache_destroy(pool_cache_t pc)", _HEADER)
def pool_cache_destroy(k: Kernel, pc: int) -> None:
    """The end of a cache; while objects are out it is a panic."""
    if _end(k, pc, "pool_cache_destroy").own:
        k.heap.free(pc)


def cache_get(k: Kernel, pc: int, flags: int, pap: int) -> int:
    """A constructed object, 0 as of pool_get() or when it cannot be constructed. *pap is its address."""
    pool = _pool(k, pc, "pool_cache_get")
    addr = _get(k, pool, flags, "pool_cache_get")
    if addr and pool.ctor and k.engine.call(_CTOR, pool.ctor, pool.arg, addr, flags):
        _put(k, pool, addr, "pool_cache_get")
        return 0
    if addr and pap:
        k.umem.set_ptr(pap, addr)
    return addr


@export("void pool_cache_destruct_object(pool_cache_t pc, void *object)", _HEADER, bound=MEMORY)
def pool_cache_destruct_object(k: Kernel, pc: int, addr: int) -> None:
    """Give an object back, which is destructed, as pool_cache_put() does."""
    pool = _pool(k, pc, "pool_cache_put")
    if addr not in pool.out:
        _stranger(k, pool, addr, "pool_cache_put")
    if pool.dtor:
        k.engine.call(_DTOR, pool.dtor, pool.arg, addr)
    _put(k, pool, addr, "pool_cache_put")


@export("void pool_cache_invalidate(pool_cache_t pc)", _HEADER)
def pool_cache_invalidate(k: Kernel, pc: int) -> None:
    """Nothing: no object is kept."""
    _pool(k, pc, "pool_cache_invalidate")


@export("bool pool_cache_reclaim(pool_cache_t pc)", _HEADER)
def pool_cache_reclaim(k: Kernel, pc: int) -> int:
    """False: as above."""
    _pool(k, pc, "pool_cache_reclaim")
    return 0


@export("void pool_cache_set_drain_hook(pool_cache_t pc, void (*hook)(void *, int), void *arg)", _HEADER)
def pool_cache_set_drain_hook(k: Kernel, pc: int, hook: int, arg: int) -> None:
    """Nothing: the hook is not called."""
    _pool(k, pc, "pool_cache_set_drain_hook")


@export("void pool_cache_sethiwat(pool_cache_t pc, int n)", _HEADER)
@export("void pool_cache_setlowat(pool_cache_t pc, int n)", _HEADER)
def pool_cache_setlowat(k: Kernel, pc: int, n: int) -> None:
    """Nothing: a cache keeps no free objects."""
    _pool(k, pc, "pool_cache_setlowat")


@export("void pool_cache_sethardlimit(pool_cache_t pc, int n, const char *warnmsg, int ratecap)", _HEADER)
def pool_cache_sethardlimit(k: Kernel, pc: int, n: int, warnmsg: int, ratecap: int) -> None:
    """As pool_sethardlimit()."""
    _limit(k, _pool(k, pc, "pool_cache_sethardlimit"), n, warnmsg)


def forget(k: Kernel, holds: Callable[[int], bool]) -> list[str]:
    """The pools of a module that gives its memory back, with the objects that are out: their names."""
    left = [(addr, pool) for addr, pool in k.pools.items() if holds(addr) or holds(pool.owner)]
    for addr, pool in left:
        del k.pools[addr]
        for each in pool.out:
            k.heap.free(each)
        if pool.own:
            k.heap.free(addr)
    return [pool.title for _, pool in left]
