"""callout(9): functions called once, some ticks from now (kern_timeout.c of NetBSD 5.2).

The state of a callout is in its struct, as the original keeps it there (struct callout_impl); the clock's
list of pending ones is class Callouts. Due callouts run in the soft-interrupt lwp, one after the other. What
is called is read from the struct when it fires: a callout that a module left behind when it was unloaded, or
freed, ends in a panic, as it would.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, NoReturn

from lkmtools.abi.mutex import (
    CALLOUT_FIRED,
    CALLOUT_INVOKING,
    CALLOUT_MAGIC,
    CALLOUT_MPSAFE,
    CALLOUT_PENDING,
    CALLOUT_STATIC,
    callout,
    callout_impl,
)
from lkmtools.kern.base.cause import explain
from lkmtools.kern.base.export import export
from lkmtools.kern.base.place import caller_pc
from lkmtools.kern.sync.blocked import Blocked
from lkmtools.kern.sync.kern_mutex import mutex_enter, mutex_exit, turnstile
from lkmtools.kern.sync.subr_lockdebug import Lock, checked, damage, lock_name, lockdebug_abort, me
from lkmtools.machine import MemFault, Prototype

if TYPE_CHECKING:
    from lkmtools.kern.kernel import Kernel
    from lkmtools.machine.memory import View

C_FUNC = Prototype("void c_func(void *arg)")


class Timer:
    """A function to be called at a time; cancel() forgets it."""

    __slots__ = ("action", "when")

    def __init__(self, when: float, action: Callable[[], object]) -> None:
        self.when = when
        self.action: Callable[[], object] | None = action

    def cancel(self) -> bool:
        """Forget it; False when it has run already."""
        pending = self.action is not None
        self.action = None
        return pending


class Pending:
    """A callout that waits for its time: the clock's timer, who asked for it, what it calls."""

    __slots__ = ("caller", "func", "timer")

    def __init__(self, timer: Timer, caller: int, func: int) -> None:
        self.timer = timer
        self.caller = caller
        self.func = func


class Callouts:
    """The pending callouts of a kernel, by address, and the one that runs."""

    def __init__(self, k: Kernel) -> None:
        self._k = k
        self._pending: dict[int, Pending] = {}
        self.running = 0
        self.running_caller = 0  # who scheduled that
        self.func = 0  # what it calls

    def schedule(self, c: int, ticks: int, func: int) -> None:
        """Fire the callout at `c`, of `func`, after `ticks`, at least one; an earlier time is forgotten."""
        k = self._k
        self.cancel(c)
        timer = k.sched.at(max(ticks, 1) / k.config.hz, lambda: k.sched.softintr(lambda: self._fire(c, item)))
        item = self._pending[c] = Pending(timer, caller_pc(k, k.engine.current), func)

    def pending(self, c: int) -> Pending | None:
        """The callout at `c`, if it waits for its time."""
        return self._pending.get(c)

    def cancel(self, c: int) -> None:
        """Forget the callout at `c`, also one that is due and has not run."""
        item = self._pending.pop(c, None)
        if item is not None:
            item.timer.cancel()

    def _fire(self, c: int, item: Pending) -> None:
        """Call what is due (callout_softclock()), unless it was stopped or put off since."""
        if self._pending.get(c) is not item:
            return
        del self._pending[c]
        k = self._k
        self.func = item.func
        try:
            if what := damage(k, Callout, c):
                by = k.symbolize(item.caller, returns=True)
                k.panic(f"callout_softclock: callout {lock_name(k, c)} {what}, scheduled in {by}")
            view = _view(k, c)
            view.c_flags = view.c_flags & ~CALLOUT_PENDING | CALLOUT_FIRED | CALLOUT_INVOKING
            func, arg = view.c_func, view.c_arg
        except MemFault as fault:
            why = explain(k, k.engine.current, fault, None)
            by = k.symbolize(item.caller, returns=True)
            what = f"callout {c:#x}, scheduled in {by}, is due, and was to call {k.symbolize(item.func)}"
            k.panic(f"{why}; {what}", place=item.func)
        self.running, self.running_caller, self.func = c, item.caller, func
        k.engine.call(C_FUNC, func, arg)
        self.running = self.running_caller = self.func = 0
        k.sched.wakeup(turnstile(c))


class Callout(Lock):
    """A callout: what tells it from garbage is its magic number."""

    __slots__ = ()
    kind = noun = "callout"


def _view(k: Kernel, c: int) -> View:
    return k.umem.view(callout_impl.layout(k.dm), c)


def _register(k: Kernel, c: int) -> None:
    k.locks.add(Callout(c, CALLOUT_MAGIC, callout_impl.layout(k.dm).offsetof("c_magic")))


def _callout(k: Kernel, c: int, function: str) -> View:
    """The callout at `c`: a panic when it was never initialised. A static one is from its first use on."""
    view = _view(k, c)
    if k.locks.find(c) is None and view.c_magic == CALLOUT_STATIC:
        view.c_magic = CALLOUT_MAGIC
        _register(k, c)
    checked(k, function, Callout, c)
    return view


def _abort(k: Kernel, function: str, c: int, what: str) -> NoReturn:
    lockdebug_abort(k, function, c, what, "callout")


@export("void callout_init(callout_t *c, u_int flags)", "sys/callout.h")
def callout_init(k: Kernel, c: int, flags: int) -> None:
    """Make a callout; CALLOUT_MPSAFE changes nothing on one CPU."""
    if flags & ~CALLOUT_MPSAFE:
        _abort(k, "callout_init", c, f"has no flag {flags & ~CALLOUT_MPSAFE:#x}")
    if item := k.callouts.pending(c):
        by = k.symbolize(item.caller, returns=True)
        _abort(k, "callout_init", c, f"is pending, scheduled in {by}")
    state = callout_impl.layout(k.dm).pack(c_magic=CALLOUT_MAGIC, c_flags=flags)
    k.umem.write(c, state.ljust(callout.layout(k.dm).size, b"\0"))
    _register(k, c)


@export("void callout_destroy(callout_t *c)", "sys/callout.h")
def callout_destroy(k: Kernel, c: int) -> None:
    """End a callout; a panic while it is pending, or runs elsewhere."""
    view = _callout(k, c, "callout_destroy")
    if view.c_flags & CALLOUT_PENDING:
        _abort(k, "callout_destroy", c, "is pending")
    if k.callouts.running == c and me(k) != k.sched.softlwp.addr:
        _abort(k, "callout_destroy", c, "is running")
    view.c_magic = 0
    k.locks.destroy(c)


@export("void callout_setfunc(callout_t *c, void (*func)(void *), void *arg)", "sys/callout.h")
def callout_setfunc(k: Kernel, c: int, func: int, arg: int) -> None:
    """What callout_schedule will call."""
    view = _callout(k, c, "callout_setfunc")
    if not func:
        _abort(k, "callout_setfunc", c, "was given a NULL function")
    view.c_func, view.c_arg = func, arg


@export("void callout_schedule(callout_t *c, int ticks)", "sys/callout.h")
def callout_schedule(k: Kernel, c: int, ticks: int) -> None:
    """Schedule a callout in `ticks`, at least one; a pending one is put off or brought forward."""
    view = _callout(k, c, "callout_schedule")
    if not view.c_func:
        _abort(k, "callout_schedule", c, "has no function: call callout_setfunc first")
    view.c_time = k.sched.ticks() + max(ticks, 1)
    view.c_flags = view.c_flags & ~(CALLOUT_FIRED | CALLOUT_INVOKING) | CALLOUT_PENDING
    k.callouts.schedule(c, ticks, view.c_func)


@export("void callout_reset(callout_t *c, int ticks, void (*func)(void *), void *arg)", "sys/callout.h")
def callout_reset(k: Kernel, c: int, ticks: int, func: int, arg: int) -> None:
    """callout_setfunc and callout_schedule."""
    _callout(k, c, "callout_reset")
    callout_setfunc(k, c, func, arg)
    callout_schedule(k, c, ticks)


def _stop(k: Kernel, view: View) -> bool:
    expired = bool(view.c_flags & CALLOUT_FIRED)
    view.c_flags = view.c_flags & ~(CALLOUT_PENDING | CALLOUT_FIRED)
    k.callouts.cancel(view.addr)
    return expired


@export("bool callout_stop(callout_t *c)", "sys/callout.h")
def callout_stop(k: Kernel, c: int) -> bool:
    """Cancel a callout; true when it had fired since it was scheduled. It may still be running."""
    return _stop(k, _callout(k, c, "callout_stop"))


@export("bool callout_halt(callout_t *c, void *interlock)", "sys/callout.h")
def callout_halt(k: Kernel, c: int, interlock: int) -> bool:
    """callout_stop, and wait while it runs; the mutex `interlock` is released for that time."""
    expired = _stop(k, _callout(k, c, "callout_halt"))
    if k.callouts.running != c or me(k) == k.sched.softlwp.addr:
        return expired
    if interlock:
        mutex_exit(k, interlock, "callout_halt")
    runs = {k.sched.softlwp.addr: 0}
    while k.callouts.running == c:
        k.sched.block(turnstile(c), Blocked("callout_halt", "callout", c, lambda: runs, "runs"))
    if interlock:
        mutex_enter(k, interlock, "callout_halt")
    return expired


@export("bool callout_pending(callout_t *c)", "sys/callout.h")
def callout_pending(k: Kernel, c: int) -> bool:
    """Is a callout scheduled, and has not fired?"""
    return bool(_callout(k, c, "callout_pending").c_flags & CALLOUT_PENDING)


@export("bool callout_expired(callout_t *c)", "sys/callout.h")
def callout_expired(k: Kernel, c: int) -> bool:
    """Has a callout fired since it was scheduled?"""
    return bool(_callout(k, c, "callout_expired").c_flags & CALLOUT_FIRED)


@export("bool callout_active(callout_t *c)", "sys/callout.h")
def callout_active(k: Kernel, c: int) -> bool:
    """Is a callout pending, or has it fired since?"""
    return bool(_callout(k, c, "callout_active").c_flags & (CALLOUT_PENDING | CALLOUT_FIRED))


@export("bool callout_invoking(callout_t *c)", "sys/callout.h")
def callout_invoking(k: Kernel, c: int) -> bool:
    """Was a callout called, and neither acknowledged nor scheduled since?"""
    return bool(_callout(k, c, "callout_invoking").c_flags & CALLOUT_INVOKING)


@export("void callout_ack(callout_t *c)", "sys/callout.h")
def callout_ack(k: Kernel, c: int) -> None:
    """Acknowledge a call: callout_invoking is false from now on."""
    view = _callout(k, c, "callout_ack")
    view.c_flags = view.c_flags & ~CALLOUT_INVOKING
