"""condvar(9): waiting for a condition that a mutex protects (kern_condvar.c of NetBSD 5.2).

The mutex is released when the wait begins and held again when it ends, however it ends. The waiting lwps are
in the sleep queues of kern_synch.py: cv_opaque, the original's queue, stays an empty one.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from lkmtools.abi.mutex import kcondvar
from lkmtools.abi.proc import PCATCH
from lkmtools.errors import KernelError
from lkmtools.kern.base.export import Data, export
from lkmtools.kern.sync.kern_mutex import mutex_enter, mutex_exit, turnstile
from lkmtools.kern.sync.kern_sleep import lbolt, wait_message
from lkmtools.kern.sync.subr_lockdebug import Lock, checked, lockdebug_abort, me

if TYPE_CHECKING:
    from lkmtools.kern.kernel import Kernel


class Condvar(Lock):
    """A condition variable."""

    __slots__ = ()
    kind = "condition variable"


def _waiters(k: Kernel, function: str, cv: int) -> None:
    """Panic when somebody waits on the condition variable at `cv`."""
    if count := len(k.sched.waiting(turnstile(cv))):
        lockdebug_abort(k, function, cv, f"has {count} waiter{'s' * (count > 1)}")


@export("void cv_init(kcondvar_t *cv, const char *wmesg)", "sys/condvar.h")
def cv_init(k: Kernel, cv: int, wmesg: int) -> None:
    """Initialise a condition variable; `wmesg` is what ps shows for its waiters."""
    if isinstance(k.locks.find(cv), Condvar):
        _waiters(k, "cv_init", cv)
    k.umem.write(cv, kcondvar.layout(k.dm).pack(cv_opaque=(0, cv), cv_wmesg=wmesg))
    k.locks.add(Condvar(cv, 0))


@export("void cv_destroy(kcondvar_t *cv)", "sys/condvar.h")
def cv_destroy(k: Kernel, cv: int) -> None:
    """Destroy a condition variable; a panic when an lwp waits on it."""
    checked(k, "cv_destroy", Condvar, cv)
    _waiters(k, "cv_destroy", cv)
    k.locks.destroy(cv)


def _wait(k: Kernel, function: str, cv: int, mtx: int, priority: int, timo: int) -> None:
    """Wait for a signal; KernelError EWOULDBLOCK after `timo` ticks (0: never), EINTR with PCATCH."""
    checked(k, function, Condvar, cv)
    wmesg = wait_message(k, k.umem.view(kcondvar.layout(k.dm), cv).cv_wmesg)
    if me(k) == k.sched.softlwp.addr:
        k.sched.check_sleepable(f"{function}: '{wmesg}'")
    lbolt(k, cv, turnstile(cv))
    mutex_exit(k, mtx, function)
    try:
        k.sched.tsleep(turnstile(cv), priority, wmesg, 1 if timo < 0 else timo, function)
    except KernelError:
        mutex_enter(k, mtx, function)
        raise
    mutex_enter(k, mtx, function)


@export("void cv_wait(kcondvar_t *cv, kmutex_t *mtx)", "sys/condvar.h")
def cv_wait(k: Kernel, cv: int, mtx: int) -> None:
    """Wait until signalled, whatever else happens."""
    _wait(k, "cv_wait", cv, mtx, 0, 0)


@export("int cv_wait_sig(kcondvar_t *cv, kmutex_t *mtx)", "sys/condvar.h")
def cv_wait_sig(k: Kernel, cv: int, mtx: int) -> int:
    """Wait until signalled; EINTR when the process gets a signal or loses its client."""
    _wait(k, "cv_wait_sig", cv, mtx, PCATCH, 0)
    return 0


@export("int cv_timedwait(kcondvar_t *cv, kmutex_t *mtx, int timo)", "sys/condvar.h")
def cv_timedwait(k: Kernel, cv: int, mtx: int, timo: int) -> int:
    """Wait until signalled; EWOULDBLOCK after `timo` ticks."""
    _wait(k, "cv_timedwait", cv, mtx, 0, timo)
    return 0


@export("int cv_timedwait_sig(kcondvar_t *cv, kmutex_t *mtx, int timo)", "sys/condvar.h")
def cv_timedwait_sig(k: Kernel, cv: int, mtx: int, timo: int) -> int:
    """Wait until signalled; EWOULDBLOCK or EINTR."""
    _wait(k, "cv_timedwait_sig", cv, mtx, PCATCH, timo)
    return 0


def _signal(k: Kernel, function: str, cv: int, most: int | None) -> None:
    checked(k, function, Condvar, cv)
    k.sched.wakeup(turnstile(cv), most)


@export("void cv_signal(kcondvar_t *cv)", "sys/condvar.h")
def cv_signal(k: Kernel, cv: int) -> None:
    """Wake the longest waiter."""
    _signal(k, "cv_signal", cv, 1)


@export("void cv_broadcast(kcondvar_t *cv)", "sys/condvar.h")
def cv_broadcast(k: Kernel, cv: int) -> None:
    """Wake all waiters."""
    _signal(k, "cv_broadcast", cv, None)


@export("void cv_wakeup(kcondvar_t *cv)", "sys/condvar.h")
def cv_wakeup(k: Kernel, cv: int) -> None:
    """cv_broadcast, and wakeup() of the lwps that sleep on the address of the condition variable."""
    _signal(k, "cv_wakeup", cv, None)
    k.sched.wakeup(cv)


@export("bool cv_is_valid(kcondvar_t *cv)", "sys/condvar.h")
def cv_is_valid(k: Kernel, cv: int) -> bool:
    """Is it a condition variable that was initialised, and not destroyed since?"""
    k.umem.ptr(cv)  # a fault when there is no memory
    return isinstance(k.locks.find(cv), Condvar)


@export("bool cv_has_waiters(kcondvar_t *cv)", "sys/condvar.h")
def cv_has_waiters(k: Kernel, cv: int) -> bool:
    """Does anybody wait?"""
    checked(k, "cv_has_waiters", Condvar, cv)
    return bool(k.sched.waiting(turnstile(cv)))


DATA = (
    Data(
        "lbolt",
        "kcondvar_t lbolt",
        lambda dm: kcondvar.layout(dm).size,
        lambda k, addr: cv_init(k, addr, k.string("lbolt")),
        "sys/condvar.h",
    ),
)
