"""softint(9): functions that run once no interrupt is served any more (kern_softint.c of NetBSD 5.2).

They run in the soft-interrupt lwp, as callouts do, in the order in which they were scheduled; the level given
to softint_establish() changes nothing on a machine without interrupts. One that a module left behind when it
was unloaded ends in a panic when it runs.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from lkmtools.kern.base.export import export
from lkmtools.kern.sync.blocked import Blocked
from lkmtools.kern.sync.kern_mutex import turnstile
from lkmtools.kern.sync.subr_lockdebug import lock_name, me
from lkmtools.machine import Prototype

if TYPE_CHECKING:
    from lkmtools.kern.kernel import Kernel

_HEADER = "sys/intr.h"
_HANDLER = Prototype("void func(void *arg)")
SOFTINT_COUNT, SOFTINT_MPSAFE = 4, 0x0100
MAX_SOFTINTS = 1024


class SoftInt:
    """A function with its argument: is it to run, and does it run now?"""

    __slots__ = ("arg", "func", "pending", "running")

    def __init__(self, func: int, arg: int) -> None:
        self.func = func
        self.arg = arg
        self.pending = False
        self.running = False


class SoftInts:
    """The soft interrupts of a kernel, by the cookie that softint_establish() returned."""

    def __init__(self, k: Kernel) -> None:
        self._k = k
        self.handlers: dict[int, SoftInt] = {}
        self.running = 0  # the function of the one that runs
        self._last = 0

    def cookie(self) -> int:
        """A number that stands for no handler: small, as the original's, which is an offset into a table."""
        step, most = 16, 16 * MAX_SOFTINTS
        while True:
            self._last = self._last % most + step
            if self._last not in self.handlers:
                return self._last

    def run(self, handler: SoftInt) -> None:
        """Call what was scheduled (softint_execute()), unless it was disestablished since."""
        if not handler.pending:
            return
        handler.pending, handler.running = False, True
        self.running = handler.func
        self._k.engine.call(_HANDLER, handler.func, handler.arg)
        self.running = 0
        handler.running = False
        self._k.sched.wakeup(turnstile(id(handler)))


def running_text(k: Kernel) -> str:
    """What the soft-interrupt lwp was asked for: "callout f() [module]"; "" for work of the kernel's own."""
    for what, func in (("callout", k.callouts.func), ("soft interrupt", k.sched.softints.running)):
        if func:
            return f"{what} {k.symbolize(func).replace('+0x0 ', '() ')}"
    return ""


def softint_text(k: Kernel) -> str:
    """What runs in the soft-interrupt lwp: "; f() [module] runs for callout 0x1000 (ch+0x0 [module])"."""
    levels = k.sched.softlwp.thread.levels
    if not levels:
        return ""
    whose = f" for callout {lock_name(k, k.callouts.running)}" if k.callouts.running else ""
    return f"; {k.symbolize(levels[0].addr).replace('+0x0 ', '() ')} runs{whose}"


def _handler(k: Kernel, cookie: int, function: str) -> SoftInt:
    handler = k.sched.softints.handlers.get(cookie)
    if handler is None:
        k.panic(f"{function}: {cookie:#x} is not a cookie that softint_establish() returned")
    return handler


@export("void *softint_establish(u_int flags, void (*func)(void *), void *arg)", _HEADER)
def softint_establish(k: Kernel, flags: int, func: int, arg: int) -> int:
    """A cookie for softint_schedule(), which makes `func` run with `arg`; NULL when there are too many."""
    if flags & ~SOFTINT_MPSAFE >= SOFTINT_COUNT:
        k.panic(f"softint_establish: unknown flags {flags:#x}")
    if not func:
        k.panic("softint_establish: the function is NULL")
    if len(k.sched.softints.handlers) == MAX_SOFTINTS:
        k.console.write(f"WARNING: softint_establish: all {MAX_SOFTINTS} soft interrupts are established\n")
        return 0
    cookie = k.sched.softints.cookie()
    k.sched.softints.handlers[cookie] = SoftInt(func, arg)
    return cookie


@export("void softint_disestablish(void *cookie)", _HEADER)
def softint_disestablish(k: Kernel, cookie: int) -> None:
    """Forget a soft interrupt, scheduled or not; waits while it runs. From inside itself it is a panic."""
    handler = _handler(k, cookie, "softint_disestablish")
    if handler.running and me(k) == k.sched.softlwp.addr:
        k.panic("softint_disestablish: called by the soft interrupt itself")
    handler.pending = False
    del k.sched.softints.handlers[cookie]
    runs = {k.sched.softlwp.addr: 0}
    blocked = Blocked("softint_disestablish", "soft interrupt", handler.func, lambda: runs, "runs")
    while handler.running:
        k.sched.block(turnstile(id(handler)), blocked)


@export("void softint_schedule(void *cookie)", _HEADER)
def softint_schedule(k: Kernel, cookie: int) -> None:
    """Make a soft interrupt run, once however often it is scheduled before that."""
    handler = _handler(k, cookie, "softint_schedule")
    if not handler.pending:
        handler.pending = True
        k.sched.softintr(lambda: k.sched.softints.run(handler))
