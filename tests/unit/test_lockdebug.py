"""What the kernel knows of locks, without a kernel."""

from __future__ import annotations

from lkmtools.kern.sync.subr_lockdebug import Lock, Locks


def test_holds_are_released_by_their_lwps() -> None:
    """The last one first; when another lwp releases it, nobody knows the holders."""
    locks = Locks()
    for lwp, pc in ((1, 10), (2, 20), (1, 30)):
        locks.hold(0x1000, lwp, pc)
    locks.release(0x1000, 1)
    assert locks.holds(0x1000) == [(1, 10), (2, 20)]
    locks.release(0x1000, 3)
    assert locks.holds(0x1000) == []


def test_memory_that_is_given_back_has_no_locks() -> None:
    """Neither records nor holders; those beside it stay."""
    locks = Locks()
    for addr in (0x0FF8, 0x1000, 0x1FF8, 0x2000):
        locks.add(Lock(addr, 0))
        locks.hold(addr, 1, 2)
    locks.destroy(0x1FF8)
    locks.forget(0x1000, 0x1000)
    known = [(addr, locks.find(addr) is not None, locks.holds(addr)) for addr in (0x0FF8, 0x1000, 0x1FF8)]
    assert known == [(0x0FF8, True, [(1, 2)]), (0x1000, False, []), (0x1FF8, False, [])]
    assert not locks.was_destroyed(0x1FF8)
    assert locks.holds(0x2000) == [(1, 2)]
