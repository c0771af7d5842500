"""lkmwait(): sleep until a module is no longer needed. A system call of ours, for modunload -w.

It does not hold /dev/lkm, so that others can unload the modules that need it. Only an lwp that runs can
release a module: it unloads, drops a reference, returns, closes, unmounts, ends. So while anyone waits the
scheduler tells this file of each lwp that gives up the CPU (Scheduler.on_switch), and those who wait look
again; nothing happens while nothing runs. Whether the module's own handler would refuse is not known before
it is called.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from lkmtools.abi.errno import EINVAL, ENOENT, EWOULDBLOCK
from lkmtools.abi.proc import PCATCH, PWAIT
from lkmtools.abi.syscall import SYS_lkmwait
from lkmtools.errors import KernelError
from lkmtools.kern.lkm import lkm_busy, lkm_query
from lkmtools.kern.proc.syscall import syscall

if TYPE_CHECKING:
    from lkmtools.kern.kernel import Kernel
    from lkmtools.kern.proc.kern_proc import Lwp


@syscall(SYS_lkmwait, "int id, const char *name, int ms")
def sys_lkmwait(k: Kernel, lwp: Lwp, ident: int, name: int, ms: int) -> int:
    """Wait at most `ms` milliseconds; 0 when the module was not needed, 1 when it slept until then.

    The module is given as to LMUNLOAD, with its errors. EAGAIN and the reason when the time is over, ENOENT
    when the module is unloaded meanwhile, EINTR, EINVAL for a negative time.
    """
    if ms < 0:
        raise KernelError(EINVAL, f"invalid timeout: {ms} ms")
    module = k.lkm.find(ident, lambda: lkm_query.name_at(k, name))
    slept = 0
    deadline = k.sched.uptime() + ms / 1000
    with k.lkm.waiters.woken(lwp):
        while why := lkm_busy.in_use(k, module):
            left = deadline - k.sched.uptime()
            if left <= 0:
                raise KernelError(EWOULDBLOCK, why)
            _sleep(k, left)
            slept = 1
            if k.modules.by_id.get(module.id) is not module:
                raise KernelError(ENOENT, f"'{module.title}' was unloaded meanwhile")
    return slept


class Waiters:
    """The lwps that are in lkmwait()."""

    def __init__(self, k: Kernel) -> None:
        self._k = k
        self._lwps: set[Lwp] = set()

    def __len__(self) -> int:
        return len(self._lwps)

    @contextmanager
    def woken(self, lwp: Lwp) -> Iterator[None]:
        """While inside, an lwp that gives up the CPU wakes the waiters, unless it is one of them."""
        if not self._lwps:
            self._k.sched.on_switch.append(self._ran)
        self._lwps.add(lwp)
        try:
            yield
        finally:
            self._lwps.remove(lwp)
            if not self._lwps:
                self._k.sched.on_switch.remove(self._ran)

    def _ran(self, other: Lwp) -> None:
        if other not in self._lwps:
            self._k.sched.wakeup(_ident(self._k))


def _ident(k: Kernel) -> int:
    """What they sleep on."""
    return k.symbol("lkmdispatch")


def _sleep(k: Kernel, seconds: float) -> None:
    """Until somebody else has run, or the time is over."""
    try:
        k.sched.tsleep(_ident(k), PWAIT | PCATCH, "lkmwait", int(seconds * k.config.hz) + 1)
    except KernelError as error:
        if error.errno != EWOULDBLOCK:
            raise
