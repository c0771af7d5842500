"""workqueue(9): work that a kernel thread does later, where it may sleep (subr_workqueue.c of NetBSD 5.2).

A queue that a module leaves behind ends when the module is unloaded, and what is queued is not done.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable
from typing import TYPE_CHECKING

from lkmtools.abi.datamodel import C_TEXT
from lkmtools.errors import KernelError
from lkmtools.kern.base.export import export
from lkmtools.kern.proc import kern_kthread
from lkmtools.kern.sync.blocked import Blocked
from lkmtools.kern.sync.kern_mutex import turnstile
from lkmtools.kern.sync.spl import check_ipl
from lkmtools.machine import Prototype

if TYPE_CHECKING:
    from lkmtools.kern.kernel import Kernel

_HEADER = "sys/workqueue.h"
_FUNC = Prototype("void func(struct work *wk, void *arg)")
_SIZE = 64  # of a struct workqueue, which is opaque


class WorkQueue:
    """One queue, and the thread that serves it."""

    def __init__(self, k: Kernel, addr: int, title: str, func: int, arg: int) -> None:
        self._k = k
        self.title = title
        self.ident = turnstile(addr)
        self.func = func
        self._arg = arg
        self.work: OrderedDict[int, None] = OrderedDict()  # addresses of struct work, the oldest first
        self.ending = False
        self.ended = False
        self.lwp = 0  # its thread

    def serve(self) -> None:
        """The thread: do what is queued, oldest first, until the queue is destroyed."""
        k = self._k
        while True:
            while self.work:
                wk, _ = self.work.popitem(last=False)
                k.engine.call(_FUNC, self.func, wk, self._arg)
                k.sched.userret()
            if self.ending:
                break
            k.sched.tsleep(self.ident, 0, "workq", 0)
        self.ended = True
        k.sched.wakeup(self.ident)

    def end(self) -> None:
        """Have the thread end when nothing is queued."""
        self.ending = True
        self._k.sched.wakeup(self.ident)


def forget(k: Kernel, holds: Callable[[int], bool]) -> list[str]:
    """End the queues of a module that gives its memory back, without what is queued: their names."""
    left = [(wq, queue) for wq, queue in k.workqueues.items() if holds(queue.func)]
    for wq, queue in left:
        queue.work.clear()
        if not queue.ending:  # otherwise workqueue_destroy() does the rest
            _drop(k, wq)
        queue.end()
    return [queue.title for _, queue in left]


def _drop(k: Kernel, wq: int) -> None:
    """The struct workqueue is gone."""
    del k.workqueues[wq]
    k.heap.free(wq)


def _queue(k: Kernel, wq: int, function: str) -> WorkQueue:
    queue = k.workqueues.get(wq)
    if queue is None:
        k.panic(f"{function}: {wq:#x} is not a struct workqueue")
    return queue


@export(
    "int workqueue_create(struct workqueue **wqp, const char *name, void (*func)(struct work *, void *),"
    " void *arg, pri_t pri, int ipl, int flags)",
    _HEADER,
)
def workqueue_create(
    k: Kernel, wqp: int, name: int, func: int, arg: int, pri: int, ipl: int, flags: int
) -> int:
    """A queue whose thread calls `func` for each piece of work; *wqp gets it. EAGAIN."""
    check_ipl(k, "workqueue_create", ipl)
    title = k.umem.cstr(name).decode(*C_TEXT)
    if not func:
        k.panic(f"workqueue_create: the function of '{title}' is NULL")
    wq = k.heap.alloc(_SIZE)
    if not wq:
        k.panic("workqueue_create: out of space in kernel map")
    queue = k.workqueues[wq] = WorkQueue(k, wq, title, func, arg)
    try:
        queue.lwp = kern_kthread.start(k, title, queue.serve).lwp.addr
    except KernelError:
        _drop(k, wq)
        raise
    k.umem.set_ptr(wqp, wq)
    return 0


@export("void workqueue_enqueue(struct workqueue *wq, struct work *wk, struct cpu_info *ci)", _HEADER)
def workqueue_enqueue(k: Kernel, wq: int, wk: int, ci: int) -> None:
    """Queue work; in a soft interrupt, too. What is in the queue already is a panic."""
    queue = _queue(k, wq, "workqueue_enqueue")
    k.umem.set_ptr(wk, 0)
    if wk in queue.work:
        k.panic(f"workqueue_enqueue: work {wk:#x} is already in the queue")
    queue.work[wk] = None
    k.sched.wakeup(queue.ident)


@export("void workqueue_destroy(struct workqueue *wq)", _HEADER)
def workqueue_destroy(k: Kernel, wq: int) -> None:
    """End a queue once all its work is done; waits for that."""
    queue = _queue(k, wq, "workqueue_destroy")
    queue.end()
    while not queue.ended:
        blocked = Blocked("workqueue_destroy", "workqueue", wq, lambda: {queue.lwp: 0}, "serves")
        k.sched.tsleep(queue.ident, 0, "wqjoin", 0, "workqueue_destroy", blocked)
    _drop(k, wq)
