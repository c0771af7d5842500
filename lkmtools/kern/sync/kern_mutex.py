"""mutex(9): mutual exclusion of lwps, or of an lwp and interrupts (kern_mutex.c of NetBSD 5.2).

The lock is its struct kmutex: mtx_owner is 0 or the holder's struct lwp; mtx_ipl has the level of a spin
mutex, and SPIN to distinguish it from an adaptive one. On one CPU a spin mutex never spins: it raises the
interrupt level, and its holder may not sleep. An adaptive mutex that another lwp holds, because it sleeps or
was interrupted, is waited for, in soft interrupts too. As in the original, a release wakes all who wait; the
first to run takes it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from lkmtools.abi.mutex import (
    IPL_VM,
    MUTEX_ADAPTIVE,
    MUTEX_DEFAULT,
    MUTEX_DRIVER,
    MUTEX_MAGIC,
    MUTEX_NODEBUG,
    MUTEX_SPIN,
    kmutex,
)
from lkmtools.kern.base.export import export
from lkmtools.kern.sync.spl import check_ipl
from lkmtools.kern.sync.subr_lockdebug import DESTROYED, against_myself, checked, holder, lockdebug_abort, me

if TYPE_CHECKING:
    from lkmtools.kern.kernel import Kernel
    from lkmtools.machine.memory import View

SPIN = 0x100  # in mtx_ipl


def _lock(k: Kernel, mtx: int, function: str) -> View:
    return checked(k, function, kmutex, mtx, "mtx_magic", MUTEX_MAGIC)


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
    value = ipl | SPIN if spin else 0
    k.umem.write(mtx, kmutex.layout(k.dm).pack(mtx_magic=MUTEX_MAGIC, mtx_ipl=value))


@export("void mutex_destroy(kmutex_t *mtx)", "sys/mutex.h")
def mutex_destroy(k: Kernel, mtx: int) -> None:
    """Destroy a mutex; a panic when it is held."""
    view = _lock(k, mtx, "mutex_destroy")
    if view.mtx_owner:
        lockdebug_abort(k, "mutex_destroy", mtx, f"is held by {holder(k, view.mtx_owner)}")
    view.mtx_magic = DESTROYED


@export("void mutex_enter(kmutex_t *mtx)", "sys/mutex.h")
def mutex_enter(k: Kernel, mtx: int, function: str = "mutex_enter") -> None:
    """Take a mutex, waiting for it as long as it takes. A panic when the caller holds it."""
    view = _lock(k, mtx, function)
    curlwp = me(k)
    if view.mtx_ipl & SPIN:
        _spin_enter(k, view, function)
        return
    while owner := view.mtx_owner:
        if owner == curlwp:
            against_myself(k, function, mtx)
        if owner not in k.lwps:
            lockdebug_abort(k, function, mtx, f"is held by {holder(k, owner)}")
        k.sched.block(turnstile(mtx))
        view = _lock(k, mtx, function)
    view.mtx_owner = curlwp


def _spin_enter(k: Kernel, view: View, function: str) -> None:
    """Raise the level and take it; the outermost spin mutex remembers the level before."""
    sched, curlwp = k.sched, me(k)
    if owner := view.mtx_owner:
        if owner == curlwp:
            against_myself(k, function, view.addr)
        what = f"would spin for ever: {holder(k, owner)} was interrupted while it held the lock"
        lockdebug_abort(k, function, view.addr, what)
    old = sched.spl
    sched.spl = max(old, view.mtx_ipl & ~SPIN)
    view.mtx_oldspl = old
    view.mtx_owner = curlwp
    sched.spins.append(view.addr)


@export("void mutex_exit(kmutex_t *mtx)", "sys/mutex.h")
def mutex_exit(k: Kernel, mtx: int, function: str = "mutex_exit") -> None:
    """Release a mutex; a panic when the caller does not hold it."""
    view = _lock(k, mtx, function)
    owner = view.mtx_owner
    if owner != me(k):
        lockdebug_abort(k, function, mtx, f"is held by {holder(k, owner)}" if owner else "is not held")
    view.mtx_owner = 0
    if view.mtx_ipl & SPIN:
        _spin_exit(k, view)
    else:
        k.sched.wakeup(turnstile(mtx))


def _spin_exit(k: Kernel, view: View) -> None:
    """The last spin mutex released restores the level from before the first; any order is allowed."""
    spins = k.sched.spins
    first = spins[0] == view.addr
    spins.remove(view.addr)
    if not spins:
        k.sched.spl = view.mtx_oldspl
    elif first:
        _lock(k, spins[0], "mutex_exit").mtx_oldspl = view.mtx_oldspl


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
    if not _lock(k, mtx, function).mtx_ipl & SPIN:
        lockdebug_abort(k, function, mtx, "is an adaptive mutex")


@export("int mutex_tryenter(kmutex_t *mtx)", "sys/mutex.h")
def mutex_tryenter(k: Kernel, mtx: int) -> int:
    """Take a mutex if it is free: 1, otherwise 0."""
    view = _lock(k, mtx, "mutex_tryenter")
    if view.mtx_owner:
        return 0
    mutex_enter(k, mtx, "mutex_tryenter")
    return 1


@export("int mutex_owned(kmutex_t *mtx)", "sys/mutex.h")
def mutex_owned(k: Kernel, mtx: int) -> int:
    """Does the caller hold the mutex?"""
    return int(_lock(k, mtx, "mutex_owned").mtx_owner == me(k))
