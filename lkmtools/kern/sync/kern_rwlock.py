"""rwlock(9): many readers or one writer (kern_rwlock.c of NetBSD 5.2).

rw_owner is the writer's struct lwp or 0, rw_readers the number of readers, rw_waiters the number of waiting
lwps. A release hands the lock over, as in the original: a writer's to all readers that wait, a reader's to
the writer that has waited longest; new readers queue behind a waiting writer.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from lkmtools.abi.mutex import RW_MAGIC, RW_READER, RW_WRITER, krwlock
from lkmtools.kern.base.export import export
from lkmtools.kern.sync.kern_mutex import turnstile
from lkmtools.kern.sync.subr_lockdebug import DESTROYED, against_myself, checked, holder, lockdebug_abort, me

if TYPE_CHECKING:
    from lkmtools.kern.kernel import Kernel
    from lkmtools.machine.memory import View


def _lock(k: Kernel, rw: int, function: str) -> View:
    return checked(k, function, krwlock, rw, "rw_magic", RW_MAGIC)


def _queue(rw: int, op: int) -> int:
    """What waiting readers, or writers, sleep on."""
    return turnstile(rw + op)


@export("void rw_init(krwlock_t *rw)", "sys/rwlock.h")
def rw_init(k: Kernel, rw: int) -> None:
    """Initialise a lock as free."""
    k.umem.write(rw, krwlock.layout(k.dm).pack(rw_magic=RW_MAGIC))


@export("void rw_destroy(krwlock_t *rw)", "sys/rwlock.h")
def rw_destroy(k: Kernel, rw: int) -> None:
    """Destroy a lock; a panic when it is held."""
    view = _lock(k, rw, "rw_destroy")
    if view.rw_owner:
        lockdebug_abort(k, "rw_destroy", rw, f"is held by {holder(k, view.rw_owner)}")
    if view.rw_readers:
        lockdebug_abort(k, "rw_destroy", rw, f"has {view.rw_readers} reader{'s' * (view.rw_readers > 1)}")
    view.rw_magic = DESTROYED


def _free(k: Kernel, view: View, op: int) -> bool:
    """Could `op` have the lock now?"""
    if view.rw_owner:
        return False
    if op == RW_READER:
        return not k.sched.waiting(_queue(view.addr, RW_WRITER))
    return not view.rw_readers


def _take(k: Kernel, view: View, op: int) -> None:
    if op == RW_READER:
        view.rw_readers = view.rw_readers + 1
    else:
        view.rw_owner = me(k)


def _check_op(k: Kernel, function: str, rw: int, op: int) -> None:
    if op not in (RW_READER, RW_WRITER):
        lockdebug_abort(
            k, function, rw, f"was given operation {op}, which is neither RW_READER nor RW_WRITER"
        )


@export("void rw_enter(krwlock_t *rw, const krw_t op)", "sys/rwlock.h")
def rw_enter(k: Kernel, rw: int, op: int) -> None:
    """Take a lock for reading or writing, waiting as long as it takes; a panic when the caller writes it."""
    view = _lock(k, rw, "rw_enter")
    _check_op(k, "rw_enter", rw, op)
    if view.rw_owner == me(k):
        against_myself(k, "rw_enter", rw)
    if view.rw_owner and view.rw_owner not in k.lwps:
        lockdebug_abort(k, "rw_enter", rw, f"is held by {holder(k, view.rw_owner)}")
    if _free(k, view, op):
        _take(k, view, op)
        return
    view.rw_waiters = view.rw_waiters + 1
    k.sched.block(_queue(rw, op))  # rw_exit makes it ours and counts us out


@export("int rw_tryenter(krwlock_t *rw, const krw_t op)", "sys/rwlock.h")
def rw_tryenter(k: Kernel, rw: int, op: int) -> int:
    """Take a lock if that needs no waiting: 1, otherwise 0."""
    view = _lock(k, rw, "rw_tryenter")
    _check_op(k, "rw_tryenter", rw, op)
    if not _free(k, view, op):
        return 0
    _take(k, view, op)
    return 1


def _hand_to_readers(k: Kernel, view: View) -> None:
    count = len(k.sched.waiting(_queue(view.addr, RW_READER)))
    view.rw_readers = view.rw_readers + count
    view.rw_waiters = view.rw_waiters - count
    k.sched.wakeup(_queue(view.addr, RW_READER))


@export("void rw_exit(krwlock_t *rw)", "sys/rwlock.h")
def rw_exit(k: Kernel, rw: int) -> None:
    """Release a lock; a panic when it has no readers and the caller is not its writer."""
    view = _lock(k, rw, "rw_exit")
    writing = view.rw_owner == me(k)
    if writing:
        view.rw_owner = 0
    elif view.rw_owner:
        lockdebug_abort(k, "rw_exit", rw, f"is held by {holder(k, view.rw_owner)}")
    elif not view.rw_readers:
        lockdebug_abort(k, "rw_exit", rw, "is not held")
    else:
        view.rw_readers = view.rw_readers - 1
        if view.rw_readers:
            return
    writers = k.sched.waiting(_queue(rw, RW_WRITER))
    if writers and not (writing and k.sched.waiting(_queue(rw, RW_READER))):
        view.rw_owner = writers[0].addr
        view.rw_waiters = view.rw_waiters - 1
        k.sched.wakeup(_queue(rw, RW_WRITER), 1)
    else:
        _hand_to_readers(k, view)


@export("int rw_tryupgrade(krwlock_t *rw)", "sys/rwlock.h")
def rw_tryupgrade(k: Kernel, rw: int) -> int:
    """From the only reader to the writer: 1, or 0 when others read too."""
    view = _lock(k, rw, "rw_tryupgrade")
    if not view.rw_readers:
        lockdebug_abort(k, "rw_tryupgrade", rw, "is not held for reading")
    if view.rw_readers > 1:
        return 0
    view.rw_readers, view.rw_owner = 0, me(k)
    return 1


@export("void rw_downgrade(krwlock_t *rw)", "sys/rwlock.h")
def rw_downgrade(k: Kernel, rw: int) -> None:
    """From the writer to a reader; readers that wait come in."""
    view = _lock(k, rw, "rw_downgrade")
    if view.rw_owner != me(k):
        lockdebug_abort(k, "rw_downgrade", rw, "is not held for writing")
    view.rw_owner, view.rw_readers = 0, 1
    _hand_to_readers(k, view)


@export("int rw_read_held(krwlock_t *rw)", "sys/rwlock.h")
def rw_read_held(k: Kernel, rw: int) -> int:
    """Does anybody read?"""
    return int(_lock(k, rw, "rw_read_held").rw_readers > 0)


@export("int rw_write_held(krwlock_t *rw)", "sys/rwlock.h")
def rw_write_held(k: Kernel, rw: int) -> int:
    """Does the caller write?"""
    return int(_lock(k, rw, "rw_write_held").rw_owner == me(k))


@export("int rw_lock_held(krwlock_t *rw)", "sys/rwlock.h")
def rw_lock_held(k: Kernel, rw: int) -> int:
    """Does anybody hold the lock?"""
    view = _lock(k, rw, "rw_lock_held")
    return int(bool(view.rw_owner or view.rw_readers))
