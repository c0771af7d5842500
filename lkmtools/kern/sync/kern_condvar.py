"""condvar(9): waiting for a condition that a mutex protects (kern_condvar.c of NetBSD 5.2).

The mutex is released when the wait begins and held again when it ends, however it ends. cv_waiters is the
number of waiting lwps; the sleep queue knows which.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from lkmtools.abi.mutex import CV_MAGIC, kcondvar
from lkmtools.abi.proc import PCATCH
from lkmtools.errors import KernelError
from lkmtools.kern.base.export import export
from lkmtools.kern.sync.kern_mutex import mutex_enter, mutex_exit, turnstile
from lkmtools.kern.sync.kern_sleep import wait_message
from lkmtools.kern.sync.subr_lockdebug import DESTROYED, checked, lockdebug_abort

if TYPE_CHECKING:
    from lkmtools.kern.kernel import Kernel
    from lkmtools.machine.memory import View


def _cv(k: Kernel, cv: int, function: str) -> View:
    return checked(k, function, kcondvar, cv, "cv_magic", CV_MAGIC)


@export("void cv_init(kcondvar_t *cv, const char *wmesg)", "sys/condvar.h")
def cv_init(k: Kernel, cv: int, wmesg: int) -> None:
    """Initialise a condition variable; `wmesg` is what ps shows for its waiters."""
    k.umem.write(cv, kcondvar.layout(k.dm).pack(cv_magic=CV_MAGIC, cv_wmesg=wmesg))


@export("void cv_destroy(kcondvar_t *cv)", "sys/condvar.h")
def cv_destroy(k: Kernel, cv: int) -> None:
    """Destroy a condition variable; a panic when an lwp waits on it."""
    view = _cv(k, cv, "cv_destroy")
    if view.cv_waiters:
        lockdebug_abort(k, "cv_destroy", cv, f"has {view.cv_waiters} waiter{'s' * (view.cv_waiters > 1)}")
    view.cv_magic = DESTROYED


def _wait(k: Kernel, function: str, cv: int, mtx: int, priority: int, timo: int) -> None:
    """Wait for a signal; KernelError EWOULDBLOCK after `timo` ticks (0: never), EINTR with PCATCH."""
    view = _cv(k, cv, function)
    wmesg = wait_message(k, view.cv_wmesg)
    mutex_exit(k, mtx, function)
    view.cv_waiters = view.cv_waiters + 1
    try:
        k.sched.tsleep(turnstile(cv), priority, wmesg, 1 if timo < 0 else timo)
    except KernelError:
        view = _cv(k, cv, function)
        view.cv_waiters = view.cv_waiters - 1
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
    view = _cv(k, cv, function)
    woken = k.sched.wakeup(turnstile(cv), most)
    view.cv_waiters = view.cv_waiters - woken


@export("void cv_signal(kcondvar_t *cv)", "sys/condvar.h")
def cv_signal(k: Kernel, cv: int) -> None:
    """Wake the longest waiter."""
    _signal(k, "cv_signal", cv, 1)


@export("void cv_broadcast(kcondvar_t *cv)", "sys/condvar.h")
def cv_broadcast(k: Kernel, cv: int) -> None:
    """Wake all waiters."""
    _signal(k, "cv_broadcast", cv, None)


@export("bool cv_has_waiters(kcondvar_t *cv)", "sys/condvar.h")
def cv_has_waiters(k: Kernel, cv: int) -> bool:
    """Does anybody wait?"""
    return bool(_cv(k, cv, "cv_has_waiters").cv_waiters)
