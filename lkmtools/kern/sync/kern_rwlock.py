"""rwlock(9): many readers or one writer (kern_rwlock.c of NetBSD 5.2).

A release hands the lock over, as in the original: a writer's to all readers that wait, a reader's to the
writer that has waited longest; new readers queue behind a waiting writer.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from lkmtools.abi.mutex import (
    RW_HAS_WAITERS,
    RW_READ_INCR,
    RW_READER,
    RW_WRITE_LOCKED,
    RW_WRITE_WANTED,
    RW_WRITER,
)
from lkmtools.kern.base.export import export
from lkmtools.kern.base.place import caller_pc
from lkmtools.kern.sync.blocked import Blocked, Holders, held_by, taken_here
from lkmtools.kern.sync.kern_mutex import turnstile
from lkmtools.kern.sync.subr_lockdebug import Lock, against_myself, checked, lockdebug_abort, me

if TYPE_CHECKING:
    from lkmtools.kern.kernel import Kernel

_WAITS = {RW_READER: RW_HAS_WAITERS, RW_WRITER: RW_HAS_WAITERS | RW_WRITE_WANTED}


class Rwlock(Lock):
    """A rwlock: its writer's struct lwp or 0, where that took it, and how many read.

    `by` are the readers that are known, by struct lwp, and where each took it.
    """

    __slots__ = ("by", "owner", "readers", "taken")
    kind = "rwlock"

    def __init__(self, addr: int) -> None:
        super().__init__(addr, 0)
        self.owner = 0
        self.taken = 0
        self.readers = 0
        self.by: list[tuple[int, int]] = []

    def holders(self) -> Holders:
        """The holders, and where each took it."""
        return {self.owner: self.taken} if self.owner else dict(self.by)

    def left(self, lwp: int) -> None:
        """The lwp reads no more. When it is not known as a reader, all readers are forgotten."""
        by = self.by
        if by and by[-1][0] == lwp:
            by.pop()
            return
        found = next((row for row in by if row[0] == lwp), None)
        if found is None:
            by.clear()
        else:
            by.remove(found)


def _lock(k: Kernel, rw: int, function: str) -> Rwlock:
    return checked(k, function, Rwlock, rw)


def rw_holders(k: Kernel, rw: int, function: str) -> tuple[int, int]:
    """The struct lwp that writes (0: none does), and how many read; a panic as if `function` were called."""
    lock = _lock(k, rw, function)
    return lock.owner, lock.readers


def rw_writer(k: Kernel, rw: int) -> int:
    """The struct lwp that writes; 0 when none does, and when there is no lock at `rw`."""
    lock = k.locks.find(rw)
    return lock.owner if isinstance(lock, Rwlock) else 0


def _queue(rw: int, op: int) -> int:
    """What waiting readers, or writers, sleep on."""
    return turnstile(rw + op)


def _waits(k: Kernel, rw: int) -> int:
    """The bits for the lwps that wait for the lock."""
    if k.sched.waiting(_queue(rw, RW_WRITER)):
        return _WAITS[RW_WRITER]
    return _WAITS[RW_READER] if k.sched.waiting(_queue(rw, RW_READER)) else 0


def _set(k: Kernel, lock: Rwlock, waits: int) -> None:
    """Write down what the record says, and `waits`."""
    held = lock.owner | RW_WRITE_LOCKED if lock.owner else lock.readers * RW_READ_INCR
    lock.word = held | waits
    k.mem.set_ptr(lock.addr, lock.word)


@export("void rw_init(krwlock_t *rw)", "sys/rwlock.h")
def rw_init(k: Kernel, rw: int) -> None:
    """Initialise a lock as free."""
    old = k.locks.find(rw)
    if isinstance(old, Rwlock) and (old.readers or old.owner in k.lwps):
        lockdebug_abort(k, "rw_init", rw, _held(k, old))
    k.umem.set_ptr(rw, 0)
    k.locks.add(Rwlock(rw))


def _held(k: Kernel, lock: Rwlock) -> str:
    """What a lock that is held is: a verb and the holders."""
    if lock.owner:
        return held_by(k, lock.owner, lock.taken)
    return f"has {lock.readers} reader{'s' * (lock.readers > 1)}"


@export("void rw_destroy(krwlock_t *rw)", "sys/rwlock.h")
def rw_destroy(k: Kernel, rw: int) -> None:
    """Destroy a lock; a panic when it is held."""
    lock = _lock(k, rw, "rw_destroy")
    if lock.owner or lock.readers:
        lockdebug_abort(k, "rw_destroy", rw, _held(k, lock))
    k.locks.destroy(rw)


def _free(lock: Rwlock, op: int) -> bool:
    """Could `op` have the lock now?"""
    if lock.owner:
        return False
    if op == RW_READER:
        return not lock.word & RW_WRITE_WANTED
    return not lock.readers


def _take(k: Kernel, lock: Rwlock, op: int) -> None:
    pc = taken_here(k, "rw_enter")
    if op == RW_READER:
        lock.readers += 1
        lock.by.append((me(k), pc))
    else:
        lock.owner, lock.taken = me(k), pc
    _set(k, lock, lock.word & _WAITS[RW_WRITER])


def _check_op(k: Kernel, function: str, rw: int, op: int) -> None:
    if op not in (RW_READER, RW_WRITER):
        lockdebug_abort(
            k, function, rw, f"was given operation {op}, which is neither RW_READER nor RW_WRITER"
        )


@export("void rw_enter(krwlock_t *rw, const krw_t op)", "sys/rwlock.h")
def rw_enter(k: Kernel, rw: int, op: int) -> None:
    """Take a lock for reading or writing, waiting as long as it takes; a panic when the caller writes it."""
    lock = _lock(k, rw, "rw_enter")
    _check_op(k, "rw_enter", rw, op)
    if lock.owner:
        if lock.owner == me(k):
            against_myself(k, "rw_enter", rw, lock.taken)
        if lock.owner not in k.lwps:
            lockdebug_abort(k, "rw_enter", rw, _held(k, lock))
    if _free(lock, op):
        _take(k, lock, op)
        return
    _set(k, lock, lock.word & RW_WRITE_WANTED | _WAITS[op])
    k.sched.block(_queue(rw, op), _blocked(k, lock))  # rw_exit makes it ours


def _blocked(k: Kernel, lock: Rwlock) -> Blocked:
    """What one that has to wait waits for: also for the writers before it."""

    def holders() -> Holders:
        waiting = k.sched.waiting(_queue(lock.addr, RW_WRITER)) if lock.readers else ()
        return {lwp.addr: 0 for lwp in waiting} | lock.holders()

    return Blocked("rw_enter", "rwlock", lock.addr, holders, "holds" if lock.owner else "reads")


@export("int rw_tryenter(krwlock_t *rw, const krw_t op)", "sys/rwlock.h")
def rw_tryenter(k: Kernel, rw: int, op: int) -> int:
    """Take a lock if that needs no waiting: 1, otherwise 0."""
    lock = _lock(k, rw, "rw_tryenter")
    _check_op(k, "rw_tryenter", rw, op)
    if not _free(lock, op):
        return 0
    _take(k, lock, op)
    return 1


def _hand_to_readers(k: Kernel, lock: Rwlock) -> None:
    queue = _queue(lock.addr, RW_READER)
    lock.by += [(lwp.addr, caller_pc(k, lwp.thread)) for lwp in k.sched.waiting(queue)]
    lock.readers += k.sched.wakeup(queue)
    _set(k, lock, _waits(k, lock.addr))


@export("void rw_exit(krwlock_t *rw)", "sys/rwlock.h")
def rw_exit(k: Kernel, rw: int) -> None:
    """Release a lock; a panic when it has no readers and the caller is not its writer."""
    lock = _lock(k, rw, "rw_exit")
    writing = lock.owner == me(k)
    if writing:
        lock.owner = 0
    elif lock.owner:
        lockdebug_abort(k, "rw_exit", rw, _held(k, lock))
    elif not lock.readers:
        lockdebug_abort(k, "rw_exit", rw, "is not held")
    else:
        lock.readers -= 1
        lock.left(me(k))
    if lock.readers or not lock.word & RW_HAS_WAITERS:
        _set(k, lock, lock.word & _WAITS[RW_WRITER])
        return
    writers = k.sched.waiting(_queue(rw, RW_WRITER))
    if writers and not (writing and k.sched.waiting(_queue(rw, RW_READER))):
        lock.owner, lock.taken = writers[0].addr, caller_pc(k, writers[0].thread)
        k.sched.wakeup(_queue(rw, RW_WRITER), 1)
        _set(k, lock, _waits(k, rw))
    else:
        _hand_to_readers(k, lock)


@export("int rw_tryupgrade(krwlock_t *rw)", "sys/rwlock.h")
def rw_tryupgrade(k: Kernel, rw: int) -> int:
    """From the only reader to the writer: 1, or 0 when others read too."""
    lock = _lock(k, rw, "rw_tryupgrade")
    if not lock.readers:
        lockdebug_abort(k, "rw_tryupgrade", rw, "is not held for reading")
    if lock.readers > 1:
        return 0
    lock.readers, lock.owner, lock.taken = 0, me(k), taken_here(k)
    lock.by.clear()
    _set(k, lock, lock.word & _WAITS[RW_WRITER])
    return 1


@export("void rw_downgrade(krwlock_t *rw)", "sys/rwlock.h")
def rw_downgrade(k: Kernel, rw: int) -> None:
    """From the writer to a reader; readers that wait come in."""
    lock = _lock(k, rw, "rw_downgrade")
    if lock.owner != me(k):
        lockdebug_abort(k, "rw_downgrade", rw, "is not held for writing")
    lock.owner, lock.readers = 0, 1
    lock.by = [(me(k), lock.taken)]
    _hand_to_readers(k, lock)


@export("int rw_read_held(krwlock_t *rw)", "sys/rwlock.h")
def rw_read_held(k: Kernel, rw: int) -> int:
    """Does anybody read?"""
    return int(_lock(k, rw, "rw_read_held").readers > 0)


@export("int rw_write_held(krwlock_t *rw)", "sys/rwlock.h")
def rw_write_held(k: Kernel, rw: int) -> int:
    """Does the caller write?"""
    return int(_lock(k, rw, "rw_write_held").owner == me(k))


@export("int rw_lock_held(krwlock_t *rw)", "sys/rwlock.h")
def rw_lock_held(k: Kernel, rw: int) -> int:
    """Does anybody hold the lock?"""
    return int(any(rw_holders(k, rw, "rw_lock_held")))
