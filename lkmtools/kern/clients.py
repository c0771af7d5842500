"""The life of a client's process: it comes, makes its system calls one after the other, and goes."""

from __future__ import annotations

from typing import TYPE_CHECKING

from greenlet import greenlet

from lkmtools.kern.base.cred import Cred
from lkmtools.kern.exec.kern_fork import hangup
from lkmtools.kern.proc.kern_descrip import Filedesc, close_all
from lkmtools.kern.proc.kern_kthread import make_system
from lkmtools.kern.proc.kern_proc import free_proc, new_proc
from lkmtools.kern.proc.kern_subr import doexithooks
from lkmtools.kern.uvm.uvm_map import Vmspace
from lkmtools.kern.vfs.hostfs_vfsops import leave_session

if TYPE_CHECKING:
    from lkmtools.kern.kernel import Kernel
    from lkmtools.kern.proc.kern_proc import Proc
    from lkmtools.kern.uvm.uvm_map import Sharer


def swapper(k: Kernel) -> None:
    """Process 0, which has no client: its lwp runs soft interrupts."""
    proc = new_proc(k, Cred(0, 0), "swapper", 0)
    make_system(k, proc)
    proc.files = Filedesc()
    k.sched.begin(proc.lwp)
    k.procs[0] = proc


def attach(k: Kernel, cred: Cred, comm: str, host_pid: int, mapper: Sharer | None) -> Proc:
    """A new process; EAGAIN."""
    proc = new_proc(k, cred, comm, host_pid)
    proc.vm = Vmspace(mapper, mapper)
    proc.files = Filedesc()
    proc.lwp.greenlet = greenlet(lambda: _live(k, proc), parent=k.sched.hub)
    k.procs[proc.pid] = proc
    k.sched.runq.answered()
    return proc


def detach(k: Kernel, proc: Proc) -> None:
    """Have it exit, after the call in progress if there is one. The programs it started get SIGHUP."""
    hangup(k, proc.pid)
    proc.exiting = True
    proc.work.clear()
    k.sched.kill(proc.lwp)
    if not proc.busy:
        proc.busy = True
        k.sched.ready(proc.lwp)


def _live(k: Kernel, proc: Proc) -> None:
    """System calls until it exits."""
    lwp, serve, sched, update = proc.lwp, k.system_calls.serve, k.sched, k.vitals.update
    while True:
        while proc.work:
            request, reply = proc.work.popleft()
            k.calls += 1
            answer = serve(lwp, request)
            if sched.spl or sched.spins:
                sched.userret()
            update()
            reply(answer)
            sched.runq.answered()
        if proc.exiting:
            break
        proc.busy = False
        sched.hub.switch()
    close_all(k, lwp)
    doexithooks(k, proc)
    proc.vm.exit(k)
    leave_session(k, lwp)
    sched.userret()
    free_proc(k, proc)
