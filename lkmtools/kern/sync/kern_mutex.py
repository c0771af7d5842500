"""mutex(9): mutual exclusion of lwps, or of an lwp and interrupts (kern_mutex.c of NetBSD 5.2).

On one CPU a spin mutex never spins: it raises the interrupt level, and its holder may not sleep. An adaptive
mutex that another lwp holds, because it sleeps or was interrupted, is waited for, in soft interrupts too. As
in the original, a release wakes all who wait; the first to run takes it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from lkmtools.abi.mutex import (
    IPL_VM,
    MUTEX_ADAPTIVE,
    MUTEX_BIT_SPIN,
    MUTEX_BIT_WAITERS,
    MUTEX_DEFAULT,
    MUTEX_DRIVER,
    MUTEX_NODEBUG,
    MUTEX_SPIN,
)
from lkmtools.kern.base.export import export
from lkmtools.kern.sync.blocked import Blocked, Holders, held_by, taken_here
from lkmtools.kern.sync.spl import check_ipl
from lkmtools.kern.sync.subr_lockdebug import (
    Lock,
    against_myself,
    checked,
    holder,
    lockdebug_abort,
    me,
    since,
)

if TYPE_CHECKING:
    from lkmtools.kern.kernel import Kernel

# In mtxa_owner: the level of a spin mutex, and that it is held; any mutex after mutex_destroy().
_IPL_SHIFT, _LOCKED, _DESTROYED = 8, 1 << 16, -16
_CACHE_LINE = 64


class Mutex(Lock):
    """A mutex: its holder's struct lwp, or 0, and the level of one that spins (None: adaptive).

    `taken` is where the holder took it, a return address.

    `refs` counts the references to one that mutex_obj_alloc() made; of others it is 0.
    """

    __slots__ = ("ipl", "owner", "refs", "taken")
    kind = "mutex"

    def __init__(self, addr: int, ipl: int | None) -> None:
        super().__init__(addr, 0 if ipl is None else MUTEX_BIT_SPIN | ipl << _IPL_SHIFT)
        self.ipl = ipl
        self.owner = 0
        self.taken = 0
        self.refs = 0

    def holders(self) -> Holders:
        """The holders, and where each took it."""
        return {self.owner: self.taken} if self.owner else {}


def _lock(k: Kernel, mtx: int, function: str) -> Mutex:
    return checked(k, function, Mutex, mtx)


def _set(k: Kernel, lock: Mutex, word: int) -> None:
    lock.word = word
    k.mem.set_ptr(lock.addr, word)


def spin_mutex_since(k: Kernel, mtx: int) -> str:
    """Where a spin mutex that is held was taken: "; taken in f+0x10 [module]"."""
    lock = k.locks.find(mtx)
    return since(k, lock.taken) if isinstance(lock, Mutex) else ""


def turnstile(lock: int) -> int:
    """What waiters for the lock at `lock` sleep on: an address no module can wake up."""
    return ~lock


@export("void mutex_init(kmutex_t *mtx, kmutex_type_t type, int ipl)", "sys/mutex.h")
def mutex_init(k: Kernel, mtx: int, kind: int, ipl: int) -> None:
    """Make a mutex. MUTEX_DEFAULT and MUTEX_DRIVER spin when hardware interrupts (IPL_VM and up) take it."""
    check_ipl(k, "mutex_init", ipl)
    if kind in (MUTEX_DEFAULT, MUTEX_DRIVER):
        spin = ipl >= IPL_VM
    elif kind in (MUTEX_SPIN, MUTEX_NODEBUG):
        spin = True
    elif kind == MUTEX_ADAPTIVE:
        spin = False
    else:
        lockdebug_abort(k, "mutex_init", mtx, f"was given the unknown mutex type {kind}")
    old = k.locks.find(mtx)
    if isinstance(old, Mutex) and old.owner in k.lwps:
        lockdebug_abort(k, "mutex_init", mtx, held_by(k, old.owner, old.taken))
    lock = Mutex(mtx, ipl if spin else None)
    k.umem.set_ptr(mtx, lock.word)
    k.locks.add(lock)


@export("void mutex_destroy(kmutex_t *mtx)", "sys/mutex.h")
def mutex_destroy(k: Kernel, mtx: int) -> None:
    """Destroy a mutex; a panic when it is held."""
    lock = _lock(k, mtx, "mutex_destroy")
    if lock.owner:
        lockdebug_abort(k, "mutex_destroy", mtx, held_by(k, lock.owner, lock.taken))
    k.mem.set_ptr(mtx, _DESTROYED)
    k.locks.destroy(mtx)


@export("void mutex_enter(kmutex_t *mtx)", "sys/mutex.h")
def mutex_enter(k: Kernel, mtx: int, function: str = "mutex_enter") -> None:
    """Take a mutex, waiting for it as long as it takes. A panic when the caller holds it."""
    lock = checked(k, function, Mutex, mtx)
    curlwp = me(k)
    taken = taken_here(k, function)
    if lock.ipl is not None:
        _spin_enter(k, lock, lock.ipl, function)
        lock.taken = taken
        return
    while owner := lock.owner:
        if owner == curlwp:
            against_myself(k, function, mtx, lock.taken)
        if owner not in k.lwps:
            lockdebug_abort(k, function, mtx, held_by(k, owner, lock.taken))
        _set(k, lock, owner | MUTEX_BIT_WAITERS)
        k.sched.block(turnstile(mtx), Blocked(function, "mutex", mtx, lock.holders))
        lock = checked(k, function, Mutex, mtx)
    lock.owner, lock.taken = curlwp, taken
    _set(k, lock, curlwp)


def _spin_enter(k: Kernel, lock: Mutex, ipl: int, function: str) -> None:
    """Raise the level and take it; the first that is taken remembers the level before."""
    sched, curlwp = k.sched, me(k)
    if owner := lock.owner:
        if owner == curlwp:
            against_myself(k, function, lock.addr, lock.taken)
        what = f"would spin for ever: {holder(k, owner)} was interrupted while it held the lock"
        lockdebug_abort(k, function, lock.addr, what, also=since(k, lock.taken))
    if not sched.spins:
        sched.oldspl = sched.spl
    sched.spl = max(sched.spl, ipl)
    sched.spins.append(lock.addr)
    lock.owner = curlwp
    _set(k, lock, lock.word | _LOCKED)


@export("void mutex_exit(kmutex_t *mtx)", "sys/mutex.h")
def mutex_exit(k: Kernel, mtx: int, function: str = "mutex_exit") -> None:
    """Release a mutex; a panic when the caller does not hold it."""
    lock = checked(k, function, Mutex, mtx)
    owner = lock.owner
    if owner != me(k):
        lockdebug_abort(k, function, mtx, held_by(k, owner, lock.taken) if owner else "is not held")
    lock.owner = 0
    if lock.ipl is not None:
        _set(k, lock, lock.word & ~_LOCKED)
        k.sched.spins.remove(mtx)
        if not k.sched.spins:  # the last one released, in whatever order
            k.sched.spl = k.sched.oldspl
        return
    waiters = lock.word & MUTEX_BIT_WAITERS
    _set(k, lock, 0)
    if waiters:
        k.sched.wakeup(turnstile(mtx))


@export("void mutex_spin_enter(kmutex_t *mtx)", "sys/mutex.h")
def mutex_spin_enter(k: Kernel, mtx: int) -> None:
    """mutex_enter for a mutex known to spin; an adaptive one is a panic."""
    _must_spin(k, mtx, "mutex_spin_enter")
    mutex_enter(k, mtx, "mutex_spin_enter")


@export("void mutex_spin_exit(kmutex_t *mtx)", "sys/mutex.h")
def mutex_spin_exit(k: Kernel, mtx: int) -> None:
    """mutex_exit for a mutex known to spin; an adaptive one is a panic."""
    _must_spin(k, mtx, "mutex_spin_exit")
    mutex_exit(k, mtx, "mutex_spin_exit")


def _must_spin(k: Kernel, mtx: int, function: str) -> None:
    if _lock(k, mtx, function).ipl is None:
        lockdebug_abort(k, function, mtx, "is an adaptive mutex")


@export("int mutex_tryenter(kmutex_t *mtx)", "sys/mutex.h")
def mutex_tryenter(k: Kernel, mtx: int) -> int:
    """Take a mutex if it is free: 1, otherwise 0."""
    if _lock(k, mtx, "mutex_tryenter").owner:
        return 0
    mutex_enter(k, mtx, "mutex_tryenter")
    return 1


@export("int mutex_owned(kmutex_t *mtx)", "sys/mutex.h")
def mutex_owned(k: Kernel, mtx: int) -> int:
    """Does the caller hold the mutex?"""
    return int(_lock(k, mtx, "mutex_owned").owner == me(k))


@export("struct lwp *mutex_owner(kmutex_t *mtx)", "sys/mutex.h")
def mutex_owner(k: Kernel, mtx: int) -> int:
    """The lwp that holds an adaptive mutex, or NULL; of a spin mutex it is a panic."""
    lock = _lock(k, mtx, "mutex_owner")
    if lock.ipl is not None:
        lockdebug_abort(k, "mutex_owner", mtx, "is a spin mutex")
    return lock.owner


@export("kmutex_t *mutex_obj_alloc(kmutex_type_t type, int ipl)", "sys/mutex.h")
def mutex_obj_alloc(k: Kernel, kind: int, ipl: int) -> int:
    """A new mutex in memory of its own, with one reference. Without memory a panic."""
    mtx = k.heap.alloc(_CACHE_LINE)
    if not mtx:
        k.panic("mutex_obj_alloc: out of space in kernel map")
    mutex_init(k, mtx, kind, ipl)
    _lock(k, mtx, "mutex_obj_alloc").refs = 1
    return mtx


@export("void mutex_obj_hold(kmutex_t *mtx)", "sys/mutex.h")
def mutex_obj_hold(k: Kernel, mtx: int) -> None:
    """One more reference to what mutex_obj_alloc returned."""
    _object(k, mtx, "mutex_obj_hold").refs += 1


@export("bool mutex_obj_free(kmutex_t *mtx)", "sys/mutex.h")
def mutex_obj_free(k: Kernel, mtx: int) -> bool:
    """One reference less; with the last one the mutex is destroyed and its memory freed: true."""
    lock = _object(k, mtx, "mutex_obj_free")
    if lock.refs > 1:
        lock.refs -= 1
        return False
    mutex_destroy(k, mtx)
    k.heap.free(mtx)
    return True


def _object(k: Kernel, mtx: int, function: str) -> Mutex:
    lock = checked(k, function, Mutex, mtx)
    if not lock.refs:
        lockdebug_abort(k, function, mtx, "was not made by mutex_obj_alloc")
    return lock
