"""lkmwait(): sleep until nobody needs a module any more. A system call of ours, for modunload -w.

It does not hold /dev/lkm, so that others can unload what is in the way. Who waits is woken when a module is
unloaded, when the last reference of a holder is dropped, and when a call in progress sleeps again or ends;
then it looks again. Devices that are closed and file systems that are unmounted wake nobody, so it looks now
and then as well. That the module's own handler would refuse is not known here.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from lkmtools.abi.errno import EINVAL, ENOENT, EWOULDBLOCK
from lkmtools.abi.lkm import MAXLKMNAME
from lkmtools.abi.proc import PCATCH, PWAIT
from lkmtools.abi.syscall import SYS_lkmwait
from lkmtools.errors import KernelError
from lkmtools.kern import lkm_refs
from lkmtools.kern.kern_copy import user_string
from lkmtools.kern.syscall import syscall

if TYPE_CHECKING:
    from lkmtools.kern.kern_proc import Lwp
    from lkmtools.kern.kernel import Kernel


_LOOK = 0.1  # seconds between two looks when nobody wakes us


class Waiters:
    """Who sleeps in lkmwait(), and on which lwps' calls."""

    def __init__(self, k: Kernel) -> None:
        self._k = k
        self.ident = k.symbol("lkmdispatch")
        self.watched: set[Lwp] = set()

    def changed(self) -> None:
        """A module may have become unused: have all look again."""
        self.watched.clear()
        self._k.sched.wakeup(self.ident)


@syscall(SYS_lkmwait, "int id, const char *name, int ms")
def sys_lkmwait(k: Kernel, lwp: Lwp, ident: int, name: int, ms: int) -> int:
    """Wait at most `ms` milliseconds; 0 when nobody needed the module, 1 when it slept until then.

    The module is given as to LMUNLOAD, with its errors. EAGAIN and the reason when the time is over, ENOENT
    when the module is unloaded meanwhile, EINTR, EINVAL for a negative time.
    """
    if ms < 0:
        raise KernelError(EINVAL, f"{ms} milliseconds")
    module = k.lkm.find(ident, lambda: user_string(k, name, MAXLKMNAME - 1).decode("latin-1"))
    waiters, slept = k.lkm.waiters, 0
    deadline = k.sched.uptime() + ms / 1000
    while why := lkm_refs.in_use(k, module):
        left = deadline - k.sched.uptime()
        if left <= 0:
            raise KernelError(EWOULDBLOCK, why)
        waiters.watched.update(call.lwp for call in lkm_refs.calls(k, module))
        try:
            k.sched.tsleep(waiters.ident, PWAIT | PCATCH, "lkmwait", int(min(left, _LOOK) * k.config.hz) + 1)
        except KernelError as error:
            if error.errno != EWOULDBLOCK:
                raise
        slept = 1
        if k.lkm.modules.get(module.id) is not module:
            raise KernelError(ENOENT, f"'{module.title}' was unloaded meanwhile")
    return slept
