"""kthread(9): threads of the kernel that run a module's function (kern_kthread.c of NetBSD 5.2).

Each is a process of its own with one lwp, as it was before NetBSD 5; there it is an lwp of process 0. A
thread ends when it calls kthread_exit(), or returns. The unload handler of its module has to end it: a thread
that still runs keeps the module's memory, and a line on the console names it.
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from typing import TYPE_CHECKING, NoReturn

from greenlet import greenlet

from lkmtools.abi import proc as abi
from lkmtools.abi.datamodel import C_TEXT
from lkmtools.kern.base.bound import MESSAGE
from lkmtools.kern.base.cred import Cred
from lkmtools.kern.base.export import export
from lkmtools.kern.lib.subr_prf import formatted
from lkmtools.kern.proc.kern_descrip import Filedesc, close_all
from lkmtools.kern.proc.kern_proc import free_proc, new_proc
from lkmtools.machine import Prototype

if TYPE_CHECKING:
    from lkmtools.kern.kernel import Kernel
    from lkmtools.kern.proc.kern_proc import Lwp, Proc
    from lkmtools.machine import VaList

_HEADER = "sys/kthread.h"
_FUNC = Prototype("void func(void *arg)")


class KthreadExit(BaseException):
    """Unwinds the lwp of a kernel thread that has called kthread_exit()."""


def make_system(k: Kernel, proc: Proc) -> None:
    """A process is the kernel's own (PK_SYSTEM, LW_SYSTEM): kill(2) of many leaves it out."""
    k.mem.view(abi.proc.layout(k.dm), proc.addr).p_flag = abi.PK_SYSTEM
    k.mem.view(abi.lwp.layout(k.dm), proc.lwp.addr).l_flag = abi.LW_SYSTEM


def start(k: Kernel, name: str, body: Callable[[], object]) -> Proc:
    """A new kernel thread that runs `body` from its first turn on; EAGAIN."""
    proc = new_proc(k, Cred(0, 0), name, 0)
    make_system(k, proc)
    proc.files = Filedesc()
    proc.lwp.kthread = proc.busy = True
    proc.lwp.greenlet = greenlet(lambda: _live(k, proc, body), parent=k.sched.hub)
    k.procs[proc.pid] = proc
    if _slept not in k.sched.on_switch:
        k.sched.on_switch.append(_slept)
    k.sched.runq.ready(proc.lwp)
    return proc


def _slept(lwp: Lwp) -> None:
    """A sleep ends what the watchdog counts as one entry: a thread may work for ever, a little at a time."""
    if lwp.kthread and lwp.wchan is not None:
        lwp.thread.started = 0


def _live(k: Kernel, proc: Proc, body: Callable[[], object]) -> None:
    with suppress(KthreadExit):  # which has unwound the module's frames
        body()
    close_all(k, proc.lwp)
    k.sched.userret()
    free_proc(k, proc)


@export(
    "int kthread_create(pri_t pri, int flag, struct cpu_info *ci, void (*func)(void *), void *arg,"
    " struct lwp **lp, const char *fmt, ...)",
    _HEADER,
    bound=MESSAGE,
)
def kthread_create(
    k: Kernel, pri: int, flag: int, ci: int, func: int, arg: int, lp: int, fmt: int, va: VaList
) -> int:
    """Run `func` with `arg` in a thread of its own, whose name is the text; *lp gets the lwp. EAGAIN."""
    name = formatted(k, fmt, va).decode(*C_TEXT)
    if not func:
        k.panic(f"kthread_create: the function of thread '{name}' is NULL")
    proc = start(k, name, lambda: k.engine.call(_FUNC, func, arg))
    if lp:
        k.umem.set_ptr(lp, proc.lwp.addr)
    return 0


@export("void kthread_exit(int ecode)", _HEADER)
def kthread_exit(k: Kernel, ecode: int) -> NoReturn:
    """End the calling thread; a status other than 0 is printed. In a process it is a panic."""
    lwp = k.sched.current
    assert lwp is not None
    if not lwp.kthread:
        k.panic(f"kthread_exit: pid {lwp.proc.pid} ({lwp.proc.comm}) is not a kernel thread")
    if ecode:
        k.console.write(f"WARNING: kthread '{lwp.proc.comm}' exits with status {ecode}\n")
    raise KthreadExit
