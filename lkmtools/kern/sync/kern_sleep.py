"""The sleep functions for modules (the sleep functions of kern_synch.c).

kern_synch.py does the work. Errors are those of tsleep(9): EWOULDBLOCK when `timo` ticks have passed, EINTR
for a sleep with PCATCH whose process gets a signal or loses its client. An interlock is released when the
sleep begins and taken again when it ends, unless the priority has PNORELOCK.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from lkmtools.abi.datamodel import C_TEXT
from lkmtools.abi.mutex import simplelock
from lkmtools.abi.proc import PCATCH, PNORELOCK
from lkmtools.errors import KernelError
from lkmtools.kern.base.export import export
from lkmtools.kern.sync.kern_mutex import mutex_enter, mutex_exit, turnstile
from lkmtools.kern.sync.kern_softint import softint_text
from lkmtools.kern.sync.subr_lockdebug import me

if TYPE_CHECKING:
    from lkmtools.kern.kernel import Kernel

_WMESG = 64  # bytes of a wait message that anybody looks at


def wait_message(k: Kernel, wmesg: int) -> str:
    """The wait message a module gave; none is empty."""
    return k.umem.cstr(wmesg, _WMESG).decode(*C_TEXT) if wmesg else ""


def lbolt(k: Kernel, cv: int, ident: int) -> None:
    """If `cv` is lbolt, every lwp that sleeps on `ident` is woken with the next second."""
    if cv == k.symbol("lbolt"):
        k.sched.at(1 - k.now() % 1, lambda: k.sched.wakeup(ident))


def sleep(k: Kernel, ident: int, priority: int, wmesg: int, timo: int) -> None:
    """tsleep for a module: `wmesg` is in its memory, a negative `timo` is one tick. KernelError."""
    lbolt(k, ident, ident)
    k.sched.tsleep(ident, priority, wait_message(k, wmesg), 1 if timo < 0 else timo)


def _interlocked(
    k: Kernel, args: tuple[int, int, int, int], release: Callable[[], None], retake: Callable[[], None]
) -> None:
    """sleep(*args) between `release` and `retake`."""
    release()
    try:
        sleep(k, *args)
    except KernelError:
        if not args[1] & PNORELOCK:
            retake()
        raise
    if not args[1] & PNORELOCK:
        retake()


@export("int tsleep(wchan_t ident, pri_t pri, const char *wmesg, int timo)", "sys/proc.h")
def tsleep(k: Kernel, ident: int, priority: int, wmesg: int, timo: int) -> int:
    """Sleep on an address."""
    sleep(k, ident, priority, wmesg, timo)
    return 0


@export(
    "int ltsleep(wchan_t ident, pri_t pri, const char *wmesg, int timo,"
    " volatile struct simplelock *interlock)",
    "sys/proc.h",
)
def ltsleep(k: Kernel, ident: int, priority: int, wmesg: int, timo: int, interlock: int) -> int:
    """tsleep with a simple lock, as NetBSD 2.0 to 4.0 had it; without one when `interlock` is NULL."""
    if not interlock:
        sleep(k, ident, priority, wmesg, timo)
        return 0
    lock = k.umem.view(simplelock.layout(k.dm), interlock)
    _interlocked(
        k,
        (ident, priority, wmesg, timo),
        lambda: lock.put("lock_data", 0),
        lambda: lock.put("lock_data", 1),
    )
    return 0


@export(
    "int mtsleep(wchan_t ident, pri_t pri, const char *wmesg, int timo, struct kmutex *mtx)", "sys/proc.h"
)
def mtsleep(k: Kernel, ident: int, priority: int, wmesg: int, timo: int, mtx: int) -> int:
    """tsleep with a mutex, which the caller holds."""
    _interlocked(
        k,
        (ident, priority, wmesg, timo),
        lambda: mutex_exit(k, mtx, "mtsleep"),
        lambda: mutex_enter(k, mtx, "mtsleep"),
    )
    return 0


@export("int kpause(const char *wmesg, bool intr, int timo, struct kmutex *mtx)", "sys/proc.h")
def kpause(k: Kernel, wmesg: int, intr: int, timo: int, mtx: int) -> int:
    """Sleep for `timo` ticks: EWOULDBLOCK, or EINTR when `intr`. To sleep for ever without is a panic."""
    if timo == 0 and not intr:
        k.panic(f"kpause: '{wait_message(k, wmesg)}' would sleep for ever (timo 0, not interruptible)")
    args = (turnstile(me(k)), PCATCH if intr else 0, wmesg, timo)
    if mtx:
        _interlocked(
            k, args, lambda: mutex_exit(k, mtx, "kpause"), lambda: mutex_enter(k, mtx, "kpause")
        )  # fmt: skip
    else:
        sleep(k, *args)
    return 0


@export("void wakeup(wchan_t ident)", "sys/proc.h")
def wakeup(k: Kernel, ident: int) -> None:
    """Wake all lwps that sleep on an address, in order of arrival."""
    k.sched.wakeup(ident)


@export("void wakeup_one(wchan_t ident)", "sys/proc.h")
def wakeup_one(k: Kernel, ident: int) -> None:
    """Wake the lwp that has slept longest on an address."""
    k.sched.wakeup(ident, 1)


@export("void yield(void)", "sys/proc.h")
@export("void preempt(void)", "sys/proc.h")
def yield_(k: Kernel) -> None:
    """Let the other runnable lwps run first."""
    k.sched.yield_cpu()


@export("void kpreempt_disable(void)", "sys/systm.h")
def kpreempt_disable(k: Kernel) -> None:
    """Count: kernel mode is not preempted anyway."""
    k.lwp_at(me(k)).nopreempt += 1


@export("void kpreempt_enable(void)", "sys/systm.h")
def kpreempt_enable(k: Kernel) -> None:
    """The end of what kpreempt_disable() began; one without the other is a panic."""
    lwp = k.lwp_at(me(k))
    if not lwp.nopreempt:
        k.panic("kpreempt_enable: preemption is not disabled")
    lwp.nopreempt -= 1


@export("bool kpreempt_disabled(void)", "sys/systm.h")
def kpreempt_disabled(k: Kernel) -> bool:
    """Has the caller disabled preemption?"""
    return k.lwp_at(me(k)).nopreempt > 0


@export("bool kpreempt(uintptr_t where)", "sys/systm.h")
def kpreempt(k: Kernel, where: int) -> bool:
    """Kernel mode gives way to nobody: false."""
    return False


@export("void assert_sleepable(void)", "sys/systm.h")
def assert_sleepable(k: Kernel) -> None:
    """A panic in a soft interrupt, and while a spin mutex is held."""
    if me(k) == k.sched.softlwp.addr:
        k.panic(f"assert_sleepable: a soft interrupt cannot sleep{softint_text(k)}")
    if k.sched.spins:
        k.sched.panic_of_spin("assert_sleepable: ", " is held")
