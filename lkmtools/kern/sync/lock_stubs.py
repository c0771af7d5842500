"""__cpu_simple_lock(9): spin locks of one byte, without interrupt levels (the machines' lock_stubs.S).

On one CPU nobody would release a lock that is held: to wait for one is a panic.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from lkmtools.kern.base.export import export
from lkmtools.kern.sync.blocked import taken_here
from lkmtools.kern.sync.subr_lockdebug import holder, lockdebug_abort, me, since

if TYPE_CHECKING:
    from lkmtools.kern.kernel import Kernel

_HEADER = "machine/lock.h"
_UNLOCKED, _LOCKED = 0, 1


@export("void __cpu_simple_lock_init(__cpu_simple_lock_t *lockp)", _HEADER)
def cpu_simple_lock_init(k: Kernel, lockp: int) -> None:
    """Initialise a lock as free."""
    k.umem.set_u8(lockp, _UNLOCKED)
    k.locks.nobody(lockp)


@export("void __cpu_simple_lock(__cpu_simple_lock_t *lockp)", _HEADER)
def cpu_simple_lock(k: Kernel, lockp: int) -> None:
    """Take a lock; a panic when it is held."""
    if not cpu_simple_lock_try(k, lockp):
        known = [f"{since(k, pc)} by {holder(k, lwp)}" for lwp, pc in k.locks.holds(lockp)]
        what, by = "is held: the CPU would spin for ever", known[-1] if known else ""
        lockdebug_abort(k, "__cpu_simple_lock", lockp, what, also=by)


@export("int __cpu_simple_lock_try(__cpu_simple_lock_t *lockp)", _HEADER)
def cpu_simple_lock_try(k: Kernel, lockp: int) -> int:
    """Take a lock if it is free: 1, otherwise 0."""
    if k.umem.u8(lockp) != _UNLOCKED:
        return 0
    k.umem.set_u8(lockp, _LOCKED)
    k.locks.nobody(lockp)  # a module may have set it free by itself
    k.locks.hold(lockp, me(k), taken_here(k))
    return 1


@export("void __cpu_simple_unlock(__cpu_simple_lock_t *lockp)", _HEADER)
def cpu_simple_unlock(k: Kernel, lockp: int) -> None:
    """Release a lock."""
    k.umem.set_u8(lockp, _UNLOCKED)
    k.locks.nobody(lockp)
