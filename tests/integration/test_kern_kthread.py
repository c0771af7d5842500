"""Kernel threads and work queues: they run, sleep, end, and outlast nothing; C on both machines."""

from __future__ import annotations

import re
from contextlib import closing

import pytest

from lkmtools import modules
from lkmtools.abi.errno import EAGAIN, ESRCH
from lkmtools.abi.signal import SIGTERM
from lkmtools.abi.syscall import SYS_kill
from lkmtools.errors import KernelError
from lkmtools.kern.status import processes
from support.compiling import Compile
from support.lab import HEAD, Lab

SOURCE = """
#include <sys/condvar.h>
#include <sys/kthread.h>
#include <sys/mutex.h>
#include <sys/workqueue.h>
static kmutex_t lock;
static kcondvar_t cv;
static volatile int count, chan, stop, order;
volatile int gone;
static struct lwp *thread, *seen;
static struct workqueue *wq;
static struct job { struct work wk; int number; } jobs[3] = { { { 0 }, 1 }, { { 0 }, 2 }, { { 0 }, 3 } };
static void
loop(void *arg)
{
	seen = curlwp;
	mutex_enter(&lock);
	while (!stop) {
		count += (int)(long)arg;
		cv_wait(&cv, &lock);
	}
	gone = 1;
	mutex_exit(&lock);
	kthread_exit(stop - 1);
}
static void leaf(void *arg) { count++; }
static void holder(void *arg) { mutex_init(&lock, MUTEX_SPIN, IPL_VM); mutex_enter(&lock); }
static void busy(void *arg) { while (!stop) { count++; DELAY(60000); tsleep(&cv, 0, "busy", 0); } }
static void (*funcs[])(void *) = { loop, leaf, holder, busy };
int start(int how);
int
start(int how)
{
	int error;

	mutex_init(&lock, MUTEX_DEFAULT, IPL_NONE);
	cv_init(&cv, "kloop");
	error = kthread_create(PRI_NONE, KTHREAD_MPSAFE, NULL, funcs[how], (void *)5, &thread, "worker/%d", 7);
	return error * 10 + (thread == curlwp);
}
void kick(void);
void kick(void) { mutex_enter(&lock); cv_broadcast(&cv); mutex_exit(&lock); }
void end(int status);
void end(int status) { mutex_enter(&lock); stop = status + 1; cv_broadcast(&cv); mutex_exit(&lock); }
int same(void);
int same(void) { return seen == thread && thread->l_proc != NULL; }
void wrong(void);
void wrong(void) { kthread_exit(0); }
static void
work(struct work *wk, void *arg)
{
	struct job *job = (struct job *)wk;

	if (job->number == 2)
		tsleep(&chan, 0, "job", 0);
	order = order * 10 + job->number;
	if (job->number == (int)(long)arg)
		workqueue_enqueue(wq, wk, NULL), job->number = 9;
}
int open(int again);
int open(int again) { return workqueue_create(&wq, "jobs", work, (void *)(long)again, PRI_NONE, IPL_SOFTNET,
	WQ_MPSAFE); }
void enqueue(int i);
void enqueue(int i) { workqueue_enqueue(wq, &jobs[i].wk, NULL); }
void twice(void);
void twice(void) { enqueue(0); enqueue(0); }
int close(void);
int close(void) { workqueue_destroy(wq); return order; }
void nowhere(void);
void nowhere(void) { workqueue_enqueue((struct workqueue *)&chan, &jobs[0].wk, NULL); }
void go(void);
void go(void) { wakeup(&chan); }
"""


@pytest.fixture
def kt(lab: Lab) -> Lab:
    """The module, without a thread yet."""
    lab.load(SOURCE)
    return lab


def comms(lab: Lab) -> list[str]:
    return [entry["comm"] for entry in processes(lab.k)]


def test_a_thread_runs_beside_its_creator_and_ends(kt: Lab) -> None:
    """It has its name in ps, its argument and its lwp; at the end nothing of it is left."""
    before = comms(kt)
    assert kt.call("int start(int how)", 0) == 0
    kt.settle()
    assert kt.value("count") == 5
    entry = next(entry for entry in processes(kt.k) if entry["comm"] == "worker/7")
    assert (entry["state"], entry["wmesg"], entry["uid"]) == ("sleep", "kloop", 0)
    kt.call("void kick(void)")
    kt.settle()
    assert kt.value("count") == 10
    assert kt.call("int same(void)") == 1
    kt.call("void end(int status)", 0)
    kt.settle()
    assert kt.value("gone") == 1
    assert comms(kt) == before


def test_a_status_is_printed(kt: Lab) -> None:
    """With the thread's name."""
    kt.call("int start(int how)", 0)
    kt.settle()
    kt.call("void end(int status)", 3)
    kt.settle()
    assert "WARNING: kthread 'worker/7' exits with status 3" in kt.dmesg


def test_a_thread_that_returns_has_ended(kt: Lab) -> None:
    """And its memory is free."""
    kt.call("int start(int how)", 1)
    kt.settle()
    kt.remember()
    for n in range(2, 6):
        kt.call("int start(int how)", 1)
        kt.settle()
        assert kt.value("count") == n
    assert kt.same()


def test_a_thread_that_ends_with_a_spin_mutex_panics(kt: Lab) -> None:
    """As a system call does."""
    panic = kt.panics(lambda: (kt.call("int start(int how)", 2), kt.settle()))
    why = r"spin mutex lock\+0x0 \[probe\] is held at the end of the call; taken in \w+\+0x\w+ \[probe\]"
    assert re.fullmatch(why, panic.reason)


def test_a_process_that_is_not_a_thread_cannot_exit_so(kt: Lab) -> None:
    """A panic with the process."""
    pid = kt.p.pid
    panic = kt.panics(lambda: kt.call("void wrong(void)"))
    assert panic.reason == f"kthread_exit: pid {pid} (lab) is not a kernel thread"


def test_a_thread_does_not_keep_its_module_but_its_memory(kt: Lab) -> None:
    """The unload names it, and it goes on in memory that nobody else gets, until it ends."""
    kt.call("int start(int how)", 0)
    kt.settle()
    area = next(module.area for module in kt.k.modules.by_id.values() if module.name == "probe")
    modules.unload(kt.p, "probe")
    assert "LKM 'probe': kernel thread 'worker/7' (pid " in kt.dmesg
    assert kt.k.kmap.size_of(area) > 0
    kt.k.mem.set_u32(kt.symbols["stop"], 1)
    kt.k.sched.wakeup(~kt.symbols["cv"])
    kt.settle()
    assert "worker/7" not in comms(kt)
    assert kt.k.kmap.size_of(area) == 0


PATIENT = """
#include <sys/kthread.h>
#include <sys/proc.h>
int chan, ended, flags;
static void
sleeper(void *arg)
{
	flags = (curproc->p_flag & PK_SYSTEM) && (curlwp->l_flag & LW_SYSTEM) && (lwp0.l_flag & LW_SYSTEM) &&
		(proc0.p_flag & PK_SYSTEM);
	ended = tsleep(&chan, PWAIT | PCATCH, "patient", 0);
}
int start(void);
int start(void) { return kthread_create(PRI_NONE, 0, NULL, sleeper, NULL, NULL, "sleeper"); }
int ordinary(void);
int ordinary(void) { return (curproc->p_flag & PK_SYSTEM) == 0 && (curlwp->l_flag & LW_SYSTEM) == 0; }
"""


def test_kill_does_not_reach_the_threads_of_the_kernel(lab: Lab) -> None:
    """Neither that of all processes (-1) nor that of a group; they have PK_SYSTEM and LW_SYSTEM."""
    lab.load(PATIENT)
    assert lab.call("int start(void)") == 0
    lab.settle()
    assert lab.value("flags") == 1
    assert lab.call("int ordinary(void)") == 1
    thread = next(proc for proc in lab.k.procs.values() if proc.comm == "sleeper")
    for pid in (-1, -thread.pid):
        with pytest.raises(KernelError) as failed:
            lab.p.syscall(SYS_kill, pid, SIGTERM)
        assert failed.value.errno == ESRCH
    lab.settle()
    assert thread.lwp.wmesg == "patient"
    lab.kernel.process("other")
    lab.p.syscall(SYS_kill, -1, SIGTERM)
    lab.settle()
    assert thread.lwp.wmesg == "patient"
    lab.k.sched.wakeup(lab.symbols["chan"])
    lab.settle()
    assert lab.value("ended") == 0
    assert thread.pid not in lab.k.procs


UNLOADING = """
#include <sys/kthread.h>
static int chan, stop;
static void nap(void *arg) { while (!stop) tsleep(&chan, 0, "nap", 0); stop = 2; wakeup(&stop);
	kthread_exit(0); }
static int start(struct lkm_table *t, int cmd) { return kthread_create(PRI_NONE, 0, NULL, nap, NULL, NULL,
	"napper"); }
static int end(struct lkm_table *t, int cmd) { stop = 1; wakeup(&chan); while (stop != 2)
	tsleep(&stop, 0, "napend", 0); return 0; }
MOD_MISC("napping");
int napping_lkmentry(struct lkm_table *, int, int);
int napping_lkmentry(struct lkm_table *lkmtp, int cmd, int ver) { DISPATCH(lkmtp, cmd, ver, start, end,
	lkm_nofunc); }
"""


def test_an_unload_handler_ends_its_thread(lab: Lab) -> None:
    """The usual way: told to stop, waited for, and nothing is printed."""
    lab.load(HEAD + UNLOADING, name="napping", whole=True)
    lab.settle()
    assert "napper" in comms(lab)
    modules.unload(lab.p, "napping")
    lab.settle()
    assert "napper" not in comms(lab)
    assert "still runs in it" not in lab.dmesg


def test_work_is_done_in_order_by_a_thread_that_may_sleep(kt: Lab) -> None:
    """Destroying the queue waits for all of it."""
    assert kt.call("int open(int again)", 0) == 0
    kt.settle()
    assert "jobs" in comms(kt)
    for i in range(3):
        kt.call("void enqueue(int i)", i)
    kt.settle()
    assert kt.value("order") == 1
    end = kt.begin("int close(void)")
    assert not end.done
    kt.call("void go(void)")
    assert end.result() == 123
    kt.settle()
    assert "jobs" not in comms(kt)
    assert kt.k.workqueues == {}


def test_work_may_queue_itself_again(kt: Lab) -> None:
    """It is not in the queue any more when its function runs."""
    kt.call("int open(int again)", 1)
    kt.call("void enqueue(int i)", 0)
    kt.settle()
    assert kt.call("int close(void)") == 19


def test_misuse_of_a_work_queue_panics(kt: Lab) -> None:
    """Work that is queued already; a queue that is none."""
    kt.call("int open(int again)", 0)
    panic = kt.panics(lambda: kt.call("void twice(void)"))
    assert panic.reason == f"workqueue_enqueue: work {kt.symbols['jobs']:#x} is already in the queue"
    kt.load(SOURCE)
    panic = kt.panics(lambda: kt.call("void nowhere(void)"))
    assert panic.reason == f"workqueue_enqueue: {kt.symbols['chan']:#x} is not a struct workqueue"


def test_a_queue_without_a_thread_leaves_nothing(kt: Lab, monkeypatch: pytest.MonkeyPatch) -> None:
    """EAGAIN: no number is free for the thread."""

    def none() -> int:
        raise KernelError(EAGAIN, "no process number is free")

    with monkeypatch.context() as patched:
        patched.setattr(kt.k.procs, "next_pid", none)
        assert kt.call("int open(int again)", 0) == EAGAIN  # the heap may have got a page
        kt.remember()
        assert kt.call("int open(int again)", 0) == EAGAIN
    assert kt.k.workqueues == {}
    assert kt.same()


@pytest.mark.parametrize("working", [False, True])
def test_a_queue_that_a_module_leaves_ends(kt: Lab, working: bool) -> None:
    """The unload names it, and nothing that is queued is done in memory which another may get."""
    kt.call("int open(int again)", 0)
    kt.settle()
    area = next(module.area for module in kt.k.modules.by_id.values() if module.name == "probe")
    for i in (1, 0, 2) if working else ():
        kt.call("void enqueue(int i)", i)
    kt.settle()
    modules.unload(kt.p, "probe")
    assert "LKM 'probe': work queue 'jobs' was not destroyed" in kt.dmesg
    assert kt.k.workqueues == {}
    assert ("kernel thread 'jobs'" in kt.dmesg) is working
    kt.k.sched.wakeup(kt.symbols["chan"])
    kt.settle()
    assert "jobs" not in comms(kt)
    assert kt.value("order") == (2 if working else 0)
    assert kt.k.kmap.size_of(area) == 0


def test_a_thread_may_work_for_ever_a_little_at_a_time(cc: Compile, machine: str) -> None:
    """Each sleep ends what the limit of an entry counts."""
    with closing(Lab(cc, machine, entry_limit=0.1)) as lab:
        lab.load(SOURCE)
        lab.call("int start(int how)", 3)
        for _ in range(5):
            lab.until(lambda: "busy" in [entry["wmesg"] for entry in processes(lab.k)])
            lab.k.sched.wakeup(lab.symbols["cv"])
        lab.settle()
        assert lab.value("count") == 6
