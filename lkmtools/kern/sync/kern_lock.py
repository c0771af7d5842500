"""lock(9): the shared and exclusive sleep lock before NetBSD 5 (kern_lock.c of NetBSD 4.0).

lk_flags holds the flags of lockinit() and the state bits below; the counts and the holder are in the struct.
Simple locks are macros: on one CPU they have nothing to exclude. Nor has the kernel lock, which is counted.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, NoReturn

from lkmtools.abi.errno import EBUSY, EDEADLK, ENOLCK
from lkmtools.abi.mutex import (
    LK_CANRECURSE,
    LK_DOWNGRADE,
    LK_DRAIN,
    LK_EXCLOTHER,
    LK_EXCLUPGRADE,
    LK_EXCLUSIVE,
    LK_INTERLOCK,
    LK_MAGIC,
    LK_NOWAIT,
    LK_RECURSEFAIL,
    LK_REENABLE,
    LK_RELEASE,
    LK_SETRECURSE,
    LK_SHARED,
    LK_SLEEPFAIL,
    LK_SPIN,
    LK_TYPE_MASK,
    LK_UPGRADE,
    lock,
    simplelock,
)
from lkmtools.errors import KernelError
from lkmtools.kern.base.export import export
from lkmtools.kern.sync.blocked import Blocked, Holders, taken_here
from lkmtools.kern.sync.kern_mutex import turnstile
from lkmtools.kern.sync.kern_sleep import wait_message
from lkmtools.kern.sync.subr_lockdebug import against_myself, holder, lock_name, lockdebug_abort, me, since

if TYPE_CHECKING:
    from lkmtools.kern.kernel import Kernel
    from lkmtools.machine.memory import View

# State, in lk_flags.
LK_WANT_UPGRADE, LK_WANT_EXCL, LK_HAVE_EXCL = 0x0100, 0x0200, 0x0400
LK_DRAINING, LK_DRAINED = 0x4000, 0x8000
LK_EXTFLG_MASK = LK_NOWAIT | LK_SLEEPFAIL | LK_CANRECURSE | LK_SETRECURSE | LK_RECURSEFAIL | LK_SPIN
_WRITERS = LK_HAVE_EXCL | LK_WANT_EXCL | LK_WANT_UPGRADE


def _lock(k: Kernel, lkp: int, function: str) -> View:
    """The lock at `lkp`, which has room for a magic number: a panic when it was never initialised."""
    view = k.umem.view(lock.layout(k.dm), lkp)
    if view.lk_magic != LK_MAGIC:
        lockdebug_abort(k, function, lkp, f"was never initialised (its magic is {view.lk_magic:#x})")
    return view


@export("void lockinit(struct lock *lkp, int prio, const char *wmesg, int timo, int flags)", "sys/lock.h")
def lockinit(k: Kernel, lkp: int, prio: int, wmesg: int, timo: int, flags: int) -> None:
    """Make a lock. `prio` (with PCATCH), `wmesg` and `timo` are those of its sleeps."""
    k.locks.nobody(lkp)
    k.umem.write(
        lkp,
        lock.layout(k.dm).pack(
            lk_magic=LK_MAGIC, lk_flags=flags & LK_EXTFLG_MASK, lk_prio=prio, lk_timo=timo, lk_wmesg=wmesg
        ),
    )


@export("int lockstatus(struct lock *lkp)", "sys/lock.h")
def lockstatus(k: Kernel, lkp: int) -> int:
    """LK_EXCLUSIVE, LK_EXCLOTHER when another lwp has it, LK_SHARED, or 0 when the lock is free."""
    view = _lock(k, lkp, "lockstatus")
    if view.lk_exclusivecount:
        return LK_EXCLUSIVE if view.lk_lockholder == me(k) else LK_EXCLOTHER
    return LK_SHARED if view.lk_sharecount else 0


@export("void lockmgr_printinfo(volatile struct lock *lkp)", "sys/lock.h")
def lockmgr_printinfo(k: Kernel, lkp: int) -> None:
    """Print the holder and the number of waiters of a lock on the current console line, as 4.0 does."""
    view = _lock(k, lkp, "lockmgr_printinfo")
    text = f" lock type {wait_message(k, view.lk_wmesg)}:"
    if view.lk_sharecount:
        text += f" SHARED (count {view.lk_sharecount})"
    elif view.lk_exclusivecount:
        text += f" EXCL (count {view.lk_exclusivecount}) by {holder(k, view.lk_lockholder)}"
    else:
        text += " not locked"
    k.console.write(text + (f" with {view.lk_waitcount} pending" if view.lk_waitcount > 0 else ""))


class LockRequest:
    """One lockmgr() call."""

    def __init__(self, k: Kernel, view: View, flags: int) -> None:
        self.k = k
        self.lk = view
        self.me = me(k)
        self.flags = flags | view.lk_flags & LK_EXTFLG_MASK

    def abort(self, what: str, also: str = "") -> NoReturn:
        """Panic."""
        lockdebug_abort(self.k, "lockmgr", self.lk.addr, what, also=also)

    def mine(self) -> bool:
        """Does the caller hold it exclusively?"""
        return bool(self.lk.lk_exclusivecount and self.lk.lk_lockholder == self.me)

    def set(self, on: int = 0, off: int = 0) -> None:
        """Change state bits."""
        self.lk.lk_flags = self.lk.lk_flags & ~off | on

    def acquire(self, busy: Callable[[], bool]) -> None:
        """Sleep while `busy` (ACQUIRE()). KernelError: EBUSY with LK_NOWAIT; the sleep's own; ENOLCK."""
        lk, k = self.lk, self.k
        while busy():
            if self.flags & LK_NOWAIT:
                raise KernelError(EBUSY, f"lock {lock_name(k, lk.addr)} is held by {self.by()}")
            if self.flags & LK_SPIN:
                self.abort(
                    f"would spin for ever: {self.by()} slept or was interrupted while holding it",
                    self.since(),
                )
            wmesg, timo = wait_message(k, lk.lk_wmesg), max(lk.lk_timo, 0)
            lk.lk_waitcount = lk.lk_waitcount + 1
            blocked = Blocked("lockmgr", "lock", lk.addr, self.holders)
            try:
                k.sched.tsleep(turnstile(lk.addr), lk.lk_prio, wmesg, timo, "lockmgr", blocked)
            except KernelError:
                lk.lk_waitcount = lk.lk_waitcount - 1
                self.wake()  # a drain may wait for the last waiter
                raise
            lk.lk_waitcount = lk.lk_waitcount - 1
            if self.flags & LK_SLEEPFAIL:
                self.wake()
                raise KernelError(ENOLCK, f"the caller slept for lock {lock_name(k, lk.addr)} (LK_SLEEPFAIL)")

    def holders(self) -> Holders:
        """Those that hold it and are known, and where each took it."""
        return dict(self.k.locks.holds(self.lk.addr))

    def note(self) -> None:
        """The caller has one hold more."""
        self.k.locks.hold(self.lk.addr, self.me, taken_here(self.k))

    def forget(self) -> None:
        """The caller has one hold less."""
        self.k.locks.release(self.lk.addr, self.me)

    def taken(self) -> int:
        """Where the caller took it, a return address."""
        return self.holders().get(self.me, 0)

    def by(self) -> str:
        """The holders of the lock, for a message."""
        lk = self.lk
        return holder(self.k, lk.lk_lockholder) if lk.lk_exclusivecount else f"{lk.lk_sharecount} others"

    def since(self) -> str:
        """Where its exclusive holder took it."""
        return since(self.k, self.holders().get(self.lk.lk_lockholder, 0))

    def wake(self) -> None:
        """Wake the lwps that wait for the lock."""
        if self.lk.lk_waitcount:
            self.k.sched.wakeup(turnstile(self.lk.addr))

    def own_after(self, want: int, busy: Callable[[], bool]) -> None:
        """Own it once it is not `busy`, as acquire(); meanwhile the bit `want` keeps newcomers out."""
        self.set(on=want)
        try:
            self.acquire(busy)
        except KernelError:
            self.set(off=want)
            self.wake()
            raise
        self.set(off=want)
        self.own()

    def own(self, also: int = 0) -> None:
        """The caller holds it exclusively from now on."""
        self.set(on=LK_HAVE_EXCL | also)
        self.lk.lk_lockholder, self.lk.lk_exclusivecount = self.me, 1
        self.note()
        self.set_recurse()

    def set_recurse(self) -> None:
        """With LK_SETRECURSE, the caller may take the lock again as long as it has the hold it took now."""
        if self.flags & LK_SETRECURSE and not self.lk.lk_recurselevel:
            self.lk.lk_recurselevel = self.lk.lk_exclusivecount


def _shared(r: LockRequest) -> None:
    """LK_SHARED; the exclusive holder becomes a sharer."""
    if r.mine():
        r.lk.lk_sharecount = r.lk.lk_sharecount + 1
        r.note()
        _downgrade(r)
        return
    r.acquire(lambda: bool(r.lk.lk_flags & _WRITERS))
    r.lk.lk_sharecount = r.lk.lk_sharecount + 1
    r.note()


def _downgrade(r: LockRequest) -> None:
    """LK_DOWNGRADE: every exclusive hold becomes a shared one."""
    if not r.mine():
        r.abort("cannot be downgraded: the caller does not hold it exclusively")
    r.lk.lk_sharecount = r.lk.lk_sharecount + r.lk.lk_exclusivecount
    r.lk.lk_exclusivecount, r.lk.lk_lockholder, r.lk.lk_recurselevel = 0, 0, 0
    r.set(off=LK_HAVE_EXCL)
    r.wake()


def _exclusive(r: LockRequest) -> None:
    """LK_EXCLUSIVE: alone; again only with LK_CANRECURSE."""
    lk = r.lk
    if r.mine():
        if r.flags & LK_CANRECURSE or lk.lk_recurselevel:
            lk.lk_exclusivecount = lk.lk_exclusivecount + 1
            r.note()
            r.set_recurse()
            return
        if r.flags & LK_RECURSEFAIL:
            raise KernelError(EDEADLK, f"lock {lock_name(r.k, lk.addr)} is held by the caller itself")
        if r.flags & LK_NOWAIT:
            raise KernelError(EBUSY, f"lock {lock_name(r.k, lk.addr)} is held by the caller itself")
        against_myself(r.k, "lockmgr", lk.addr, r.taken())
    r.acquire(lambda: bool(lk.lk_flags & (LK_HAVE_EXCL | LK_WANT_EXCL)))
    r.own_after(LK_WANT_EXCL, lambda: bool(lk.lk_sharecount or lk.lk_flags & LK_WANT_UPGRADE))


def _upgrade(r: LockRequest) -> None:
    """LK_UPGRADE: release the shared hold; exclusive before all others, or after an earlier upgrade."""
    lk = r.lk
    if r.mine() or lk.lk_sharecount <= 0:
        r.abort("cannot be upgraded: it is not held shared")
    lk.lk_sharecount = lk.lk_sharecount - 1
    r.forget()
    if lk.lk_flags & LK_WANT_UPGRADE:
        r.wake()
        _exclusive(r)
        return
    r.own_after(LK_WANT_UPGRADE, lambda: bool(lk.lk_sharecount))


def _exclupgrade(r: LockRequest) -> None:
    """LK_EXCLUPGRADE: LK_UPGRADE, but EBUSY, and no hold at all, when another asked before."""
    if r.lk.lk_sharecount > 0 and r.lk.lk_flags & LK_WANT_UPGRADE:
        r.lk.lk_sharecount = r.lk.lk_sharecount - 1
        r.forget()
        r.wake()
        raise KernelError(EBUSY, f"another process is upgrading lock {lock_name(r.k, r.lk.addr)}")
    _upgrade(r)


def _release(r: LockRequest) -> None:
    """LK_RELEASE: one hold less."""
    lk = r.lk
    if lk.lk_exclusivecount:
        if lk.lk_lockholder != r.me:
            r.abort(f"cannot be released: it is held by {r.by()}", r.since())
        if lk.lk_recurselevel == lk.lk_exclusivecount:
            lk.lk_recurselevel = 0
        lk.lk_exclusivecount = lk.lk_exclusivecount - 1
        if not lk.lk_exclusivecount:
            lk.lk_lockholder = 0
            drained = LK_DRAINED if lk.lk_flags & LK_DRAINING and not r.flags & LK_REENABLE else 0
            r.set(on=drained, off=LK_HAVE_EXCL | LK_DRAINING)
    elif lk.lk_sharecount:
        lk.lk_sharecount = lk.lk_sharecount - 1
    else:
        r.abort("cannot be released: it is not held")
    r.forget()
    r.wake()


def _drain(r: LockRequest) -> None:
    """LK_DRAIN: wait until nobody holds it or waits for it; after the release it cannot be used again."""
    lk = r.lk
    if r.mine():
        against_myself(r.k, "lockmgr", lk.addr, r.taken(), "draining")
    r.acquire(lambda: bool(lk.lk_flags & _WRITERS or lk.lk_sharecount or lk.lk_waitcount))
    r.own(LK_DRAINING)


_REQUESTS: dict[int, Callable[[LockRequest], None]] = {
    LK_SHARED: _shared,
    LK_EXCLUSIVE: _exclusive,
    LK_UPGRADE: _upgrade,
    LK_EXCLUPGRADE: _exclupgrade,
    LK_DOWNGRADE: _downgrade,
    LK_RELEASE: _release,
    LK_DRAIN: _drain,
}


@export(
    "int lockmgr(volatile struct lock *lkp, u_int flags, struct simplelock *interlock)", header="sys/lock.h"
)
def lockmgr(k: Kernel, lkp: int, flags: int, interlock: int) -> int:
    """Do what the low bits of `flags` ask for. EBUSY, ENOLCK, or what the lock's sleeps return.

    With LK_INTERLOCK the simple lock is released once the lock has been looked at.
    """
    view = _lock(k, lkp, "lockmgr")
    if flags & LK_INTERLOCK:
        k.umem.view(simplelock.layout(k.dm), interlock).lock_data = 0
    if view.lk_flags & LK_DRAINED:
        lockdebug_abort(k, "lockmgr", lkp, "was drained")
    run = _REQUESTS.get(flags & LK_TYPE_MASK)
    if run is None:
        lockdebug_abort(k, "lockmgr", lkp, f"was given the unknown request {flags & LK_TYPE_MASK}")
    run(LockRequest(k, view, flags))
    return 0


@export("void _kernel_lock(int nlocks)", header="sys/systm.h")
def kernel_lock(k: Kernel, nlocks: int) -> None:
    """Take the kernel lock `nlocks` times more."""
    lwp = k.sched.current
    assert lwp is not None
    lwp.biglocks += max(nlocks, 0)


@export("void _kernel_unlock(int nlocks, int *countp)", header="sys/systm.h")
def kernel_unlock(k: Kernel, nlocks: int, countp: int) -> None:
    """Release the kernel lock: `nlocks` times, all times (0), or the only time (-1).

    How often it was held goes to *countp unless that is NULL. It may be held not at all, except for `nlocks`
    times, which is a panic, as it is if the only time is not the only one.
    """
    lwp = k.sched.current
    assert lwp is not None
    held = lwp.biglocks
    if nlocks == -1 and held > 1:
        k.panic(f"_kernel_unlock: the kernel lock is held {held} times, not once")
    count = held if nlocks in (0, -1) else nlocks
    if not 0 <= count <= held:
        k.panic(f"_kernel_unlock: the kernel lock is held {held} times, and not {nlocks}")
    lwp.biglocks = held - count
    if countp:
        k.umem.set_u32(countp, held)
