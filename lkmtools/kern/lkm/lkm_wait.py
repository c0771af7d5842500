"""lkmwait(): sleep until nobody needs a module any more. A system call of ours, for modunload -w.

It does not hold /dev/lkm, so that others can unload what is in the way. Whatever keeps a module is let go of
by some lwp that runs: it unloads, drops a reference, returns, closes, unmounts, ends. So who waits is woken
each time another lwp gives up the CPU, and looks again; nothing happens while nothing runs. That the module's
own handler would refuse is not known here.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from lkmtools.abi.errno import EINVAL, ENOENT, EWOULDBLOCK
from lkmtools.abi.proc import PCATCH, PWAIT
from lkmtools.abi.syscall import SYS_lkmwait
from lkmtools.errors import KernelError
from lkmtools.kern.lkm import lkm_query, lkm_refs
from lkmtools.kern.proc.syscall import syscall

if TYPE_CHECKING:
    from lkmtools.kern.kernel import Kernel
    from lkmtools.kern.proc.kern_proc import Lwp


class Waiters:
    """The lwps in lkmwait()."""

    def __init__(self, k: Kernel) -> None:
        self._k = k
        self.ident = k.symbol("lkmdispatch")
        self.lwps: set[Lwp] = set()

    def ran(self, lwp: Lwp) -> None:
        """An lwp gives up the CPU, and may have let go of a module: have all look again."""
        if lwp not in self.lwps:
            self._k.sched.wakeup(self.ident)


@syscall(SYS_lkmwait, "int id, const char *name, int ms")
def sys_lkmwait(k: Kernel, lwp: Lwp, ident: int, name: int, ms: int) -> int:
    """Wait at most `ms` milliseconds; 0 when nobody needed the module, 1 when it slept until then.

    The module is given as to LMUNLOAD, with its errors. EAGAIN and the reason when the time is over, ENOENT
    when the module is unloaded meanwhile, EINTR, EINVAL for a negative time.
    """
    if ms < 0:
        raise KernelError(EINVAL, f"invalid timeout: {ms} ms")
    module = k.lkm.find(ident, lambda: lkm_query.name_at(k, name))
    slept = 0
    deadline = k.sched.uptime() + ms / 1000
    k.lkm.waiters.lwps.add(lwp)
    try:
        while why := lkm_refs.in_use(k, module):
            left = deadline - k.sched.uptime()
            if left <= 0:
                raise KernelError(EWOULDBLOCK, why)
            _sleep(k, left)
            slept = 1
            if k.lkm.modules.get(module.id) is not module:
                raise KernelError(ENOENT, f"'{module.title}' was unloaded meanwhile")
    finally:
        k.lkm.waiters.lwps.remove(lwp)
    return slept


def _sleep(k: Kernel, seconds: float) -> None:
    """Until somebody else has run, or the time is over."""
    try:
        k.sched.tsleep(k.lkm.waiters.ident, PWAIT | PCATCH, "lkmwait", int(seconds * k.config.hz) + 1)
    except KernelError as error:
        if error.errno != EWOULDBLOCK:
            raise
