"""Modules that sleep, wake each other and take mutexes; spl. Compiled C on both machines."""

from __future__ import annotations

import re

import pytest

from lkmtools import modules
from lkmtools.abi.errno import EBUSY, EINTR, EWOULDBLOCK
from lkmtools.errors import KernelError
from lkmtools.kern.status import processes
from lkmtools.machine import Prototype
from support.lab import Lab, Started

PCATCH, PNORELOCK = 0x100, 0x200

SLEEPER = """
#include <sys/lock.h>
static int chan, order;
static struct simplelock slock;
int nap(int pri, int timo);
int nap(int pri, int timo) { int error = tsleep(&chan, pri, "nap", timo); return error ? error : -(++order); }
int lnap(int pri, int timo);
int lnap(int pri, int timo)
{
	int error;
	simple_lock(&slock);
	error = ltsleep(&chan, pri, "lnap", timo, &slock);
	return error * 10 + (slock.lock_data != 0);
}
int locked(void);
int locked(void) { return slock.lock_data != 0; }
void all(void);
void all(void) { wakeup(&chan); }
void one(void);
void one(void) { wakeup_one(&chan); }
int turns(int n);
int turns(int n) { while (n-- > 0) { order = order * 10 + n + 1; yield(); } return order; }
int onbolt(void);
int onbolt(void) { return tsleep(&lbolt, PZERO, "lbolt", 0); }
int pause(bool intr, int timo);
int pause(bool intr, int timo) { return kpause("pause", intr, timo, NULL); }
"""
NAP = "int nap(int pri, int timo)"


def test_a_sleep_ends_with_the_wakeup_of_its_address(lab: Lab) -> None:
    """Only the caller sleeps; tsleep returns 0 when another process wakes it."""
    lab.load(SLEEPER)
    nap = lab.begin(NAP, 0, 0)
    assert not nap.done
    assert "nap" in [entry["wmesg"] for entry in processes(lab.k)]
    lab.call("void all(void)")
    assert nap.result() == -1


def test_a_timeout_is_ewouldblock(lab: Lab) -> None:
    """The sleep ends by itself after two ticks."""
    lab.load(SLEEPER)
    assert lab.call(NAP, 0, 2) == EWOULDBLOCK


def test_twenty_sleepers_wake_in_the_order_they_came(lab: Lab) -> None:
    """wakeup() wakes them all, first come first."""
    lab.load(SLEEPER)
    naps = [lab.begin(NAP, 0, 0) for _ in range(20)]
    assert not any(nap.done for nap in naps)
    lab.call("void all(void)")
    assert [nap.result() for nap in naps] == [-n for n in range(1, 21)]


def test_wakeup_one_wakes_the_longest_sleeper(lab: Lab) -> None:
    """The others sleep on."""
    lab.load(SLEEPER)
    naps = [lab.begin(NAP, 0, 0) for _ in range(3)]
    lab.call("void one(void)")
    lab.settle()
    assert [nap.done for nap in naps] == [True, False, False]
    lab.call("void one(void)")
    lab.settle()
    assert [nap.done for nap in naps] == [True, True, False]


def test_a_pcatch_sleep_ends_with_eintr_when_its_client_dies(lab: Lab) -> None:
    """The call is unwound by the module itself, then the process exits."""
    lab.load(SLEEPER + "static int seen; int saw(void); int saw(void) { return seen; }"
             "void note(void); void note(void) { seen = nap(PCATCH, 0); }")  # fmt: skip
    p = lab.kernel.process("mortal")
    lab.begin("void note(void)", p=p)
    p.exit()
    lab.settle()
    assert p.pid not in lab.k.procs
    assert lab.call("int saw(void)") == EINTR


def test_a_sleep_without_pcatch_outlives_its_client(lab: Lab) -> None:
    """The process stays until somebody wakes it, and then exits."""
    lab.load(SLEEPER)
    p = lab.kernel.process("zombie")
    lab.begin(NAP, 0, 0, p=p)
    p.exit()
    lab.settle()
    assert p.pid in lab.k.procs
    lab.call("void all(void)")
    lab.settle()
    assert p.pid not in lab.k.procs


def test_a_signal_ends_a_pcatch_sleep(lab: Lab) -> None:
    """kill(2) from another process: EINTR, and the process lives on."""
    lab.load(SLEEPER)
    p = lab.kernel.process("worker")
    nap = lab.begin(NAP, PCATCH, 0, p=p)
    lab.p.kill(p.pid, 15)
    assert nap.result() == EINTR
    assert p.getpid() == p.pid


@pytest.mark.parametrize("relock", [True, False])
def test_ltsleep_releases_its_interlock_and_takes_it_again(lab: Lab, relock: bool) -> None:
    """Unless PNORELOCK is given."""
    lab.load(SLEEPER)
    nap = lab.begin("int lnap(int pri, int timo)", 0 if relock else PNORELOCK, 0)
    assert lab.call("int locked(void)") == 0
    lab.call("void all(void)")
    assert int(relock) == nap.result()
    assert EWOULDBLOCK * 10 + relock == lab.call("int lnap(int pri, int timo)", 0 if relock else PNORELOCK, 1)


def test_kpause_sleeps_for_its_time(lab: Lab) -> None:
    """EWOULDBLOCK afterwards; for ever and uninterruptible is a panic."""
    lab.load(SLEEPER)
    assert lab.call("int pause(bool intr, int timo)", 0, 1) == EWOULDBLOCK
    panic = lab.panics(lambda: lab.call("int pause(bool intr, int timo)", 0, 0))
    assert "kpause: 'pause' would sleep for ever" in panic.reason


def test_yield_lets_others_run(lab: Lab) -> None:
    """Two processes take turns."""
    lab.load(SLEEPER)
    first, second = lab.kernel.process("first"), lab.kernel.process("second")
    with lab.hook(
        lambda: lab.k.engine.call(Prototype("int turns(int n)"), lab.symbols["turns"], 3)
    ) as number:
        calls = [Started(p.syscall, (number,)) for p in (first, second)]
        lab.settle()
    assert all(call.done for call in calls)
    assert lab.k.mem.i32(lab.symbols["order"]) == 332211


def test_lbolt_wakes_by_itself(lab: Lab) -> None:
    """A sleep on &lbolt ends with the next second."""
    lab.load(SLEEPER)
    assert lab.call("int onbolt(void)") == 0


def test_a_module_is_not_unloaded_while_somebody_sleeps_in_it(lab: Lab) -> None:
    """Nor while one who was woken has not run yet: EBUSY, and the reason names the sleeper."""
    lab.load(SLEEPER)
    nap = lab.begin(NAP, 0, 0)
    with pytest.raises(KernelError, match="worker") as caught:
        modules.unload(lab.p, "probe")
    assert caught.value.errno == EBUSY
    lab.call("void all(void)")
    assert nap.result() == -1
    modules.unload(lab.p, "probe")


MUTEX = """
#include <sys/mutex.h>
kmutex_t lock;
static int chan, order;
void make(int type, int ipl);
void make(int type, int ipl) { mutex_init(&lock, type, ipl); }
void enter(void);
void enter(void) { mutex_enter(&lock); }
void leave(void);
void leave(void) { mutex_exit(&lock); }
int try(void);
int try(void) { int got = mutex_tryenter(&lock); return got * 10 + mutex_owned(&lock); }
void destroy(void);
void destroy(void) { mutex_destroy(&lock); }
int hold(void);
int hold(void)
{
	mutex_enter(&lock);
	tsleep(&chan, 0, "hold", 0);
	mutex_exit(&lock);
	return ++order;
}
void go(void);
void go(void) { wakeup(&chan); }
int take(void);
int take(void) { int n; mutex_enter(&lock); n = ++order; mutex_exit(&lock); return n; }
void twice(void);
void twice(void) { mutex_enter(&lock); mutex_enter(&lock); }
int level(void);
int level(void) { int before, in; mutex_enter(&lock); in = splhigh(); splx(in); mutex_exit(&lock);
	before = splhigh(); splx(before); return in * 10 + before; }
void spinsleep(void);
void spinsleep(void) { mutex_enter(&lock); tsleep(&chan, 0, "bad", 0); }
int msleep(int pri, int timo);
int msleep(int pri, int timo)
{
	int error;
	mutex_enter(&lock);
	error = mtsleep(&chan, pri, "msleep", timo, &lock);
	error = error * 10 + mutex_owned(&lock);
	if (mutex_owned(&lock))
		mutex_exit(&lock);
	return error;
}
"""
SPIN, ADAPTIVE, DEFAULT, DRIVER, NODEBUG = range(5)
NONE, VM, HIGH = 0, 6, 8


def made(lab: Lab, kind: int = DEFAULT, ipl: int = NONE) -> None:
    lab.load(MUTEX)
    lab.call("void make(int type, int ipl)", kind, ipl)


def test_a_held_mutex_is_waited_for(lab: Lab) -> None:
    """Those who wait get it in the order they came, when its holder releases it."""
    made(lab)
    holder = lab.begin("int hold(void)")
    takers = [lab.begin("int take(void)") for _ in range(3)]
    assert not any(taker.done for taker in takers)
    assert "tstile" in [entry["wmesg"] for entry in processes(lab.k)]
    assert lab.call("int try(void)") == 0
    lab.call("void go(void)")
    assert [holder.result(), *[taker.result() for taker in takers]] == [1, 2, 3, 4]


def test_tryenter_and_owned(lab: Lab) -> None:
    """A free mutex is got and then owned; one's own is not got again, and that is no error."""
    made(lab)
    assert lab.call("int try(void)") == 11
    assert lab.call("int try(void)") == 1


def test_mtsleep_releases_and_retakes_its_mutex(lab: Lab) -> None:
    """While it sleeps others take the mutex; with PNORELOCK it comes back without."""
    made(lab)
    nap = lab.begin("int msleep(int pri, int timo)", 0, 0)
    assert lab.call("int take(void)") == 1
    lab.call("void go(void)")
    assert nap.result() == 1
    assert lab.call("int msleep(int pri, int timo)", PNORELOCK, 1) == EWOULDBLOCK * 10


MISUSE = {
    "one's own": ("void twice(void)", "mutex_enter: locking against myself: {lock}", "twice+0x"),
    "not held": ("void leave(void)", "mutex_exit: {lock} is not held", "leave+0x"),
}


@pytest.mark.parametrize("case", MISUSE)
@pytest.mark.parametrize("kind", [ADAPTIVE, SPIN])
def test_misuse_of_a_mutex_panics_with_the_lock_and_the_caller(lab: Lab, kind: int, case: str) -> None:
    """The reason names the mutex by address and symbol, and the function that called."""
    prototype, reason, caller = MISUSE[case]
    made(lab, kind, HIGH if kind == SPIN else NONE)
    lock = f"lock {lab.symbols['lock']:#x} (lock+0x0 [probe])"
    panic = lab.panics(lambda: lab.call(prototype))
    assert panic.reason.startswith(f"{reason.format(lock=lock)}, called from {caller}")


def test_a_mutex_that_was_never_initialised_panics(lab: Lab) -> None:
    """Zeroed memory is no mutex."""
    lab.load(MUTEX)
    panic = lab.panics(lambda: lab.call("void enter(void)"))
    assert panic.reason.startswith("mutex_enter: lock ")
    assert "(lock+0x0 [probe]) was never initialised (it holds 0x0), called from " in panic.reason


def test_a_destroyed_mutex_is_gone(lab: Lab) -> None:
    """Using it afterwards is a panic."""
    made(lab)
    lab.call("void destroy(void)")
    panic = lab.panics(lambda: lab.call("void enter(void)"))
    assert panic.reason.startswith("mutex_enter: lock ")
    assert "(lock+0x0 [probe]) was destroyed, called from " in panic.reason


def test_a_held_mutex_is_not_destroyed(lab: Lab) -> None:
    """A panic that names the holder."""
    made(lab)
    lab.begin("int hold(void)")
    panic = lab.panics(lambda: lab.call("void destroy(void)"))
    assert panic.reason.startswith("mutex_destroy: lock ")
    assert "(lock+0x0 [probe]) is held by pid " in panic.reason
    assert "(worker)" in panic.reason


def test_the_mutex_of_another_is_not_released(lab: Lab) -> None:
    """A panic that names the holder."""
    made(lab)
    lab.begin("int hold(void)")
    panic = lab.panics(lambda: lab.call("void leave(void)"))
    assert panic.reason.startswith("mutex_exit: lock ")
    assert "(lock+0x0 [probe]) is held by pid " in panic.reason


@pytest.mark.parametrize(
    ("kind", "ipl", "inside"),
    [(SPIN, VM, VM), (SPIN, HIGH, HIGH), (DEFAULT, VM, VM), (DRIVER, 7, 7), (NODEBUG, HIGH, HIGH),
     (DEFAULT, NONE, NONE), (DEFAULT, 5, NONE), (ADAPTIVE, NONE, NONE)],
)  # fmt: skip
def test_a_spin_mutex_raises_the_interrupt_level(lab: Lab, kind: int, ipl: int, inside: int) -> None:
    """By type and level: default mutexes spin from IPL_VM up. Afterwards the level is as before."""
    made(lab, kind, ipl)
    assert inside * 10 == lab.call("int level(void)")


def test_sleeping_with_a_spin_mutex_panics(lab: Lab) -> None:
    """The reason names wait message and mutex."""
    made(lab, SPIN, VM)
    panic = lab.panics(lambda: lab.call("void spinsleep(void)"))
    why = r"sleeping for 'bad' while holding spin mutex lock\+0x0 \[probe\]; taken in \w+\+0x\w+ \[probe\]"
    assert re.fullmatch(why, panic.reason)
    assert "spinsleep+0x" in panic.report


def test_leaving_the_kernel_with_a_spin_mutex_panics(lab: Lab) -> None:
    """At the end of the system call, before anything else runs."""
    made(lab, SPIN, VM)
    panic = lab.panics(lambda: lab.call("void enter(void)"))
    why = r"spin mutex lock\+0x0 \[probe\] is held at the end of the call; taken in \w+\+0x\w+ \[probe\]"
    assert re.fullmatch(why, panic.reason)


SPL = """
#include <sys/intr.h>
int raise(int ipl);
int raise(int ipl) { return splraise(ipl); }
int walk(void);
int walk(void)
{
	int a = splsoftclock(), b = splnet(), c = splhigh(), d = splbio(), e;
	splx(d);
	splx(c);
	spllower(IPL_SOFTCLOCK);
	e = spl0();
	return a * 10000 + b * 1000 + c * 100 + d * 10 + e;
}
"""


def test_spl_functions_raise_and_return_the_level_before(lab: Lab) -> None:
    """splbio after splhigh lowers nothing; spl0 ends at the level that spllower set."""
    lab.load(SPL)
    assert lab.call("int walk(void)") == 2682


def test_a_raised_level_does_not_leave_the_kernel(lab: Lab) -> None:
    """It is lowered with a warning, as the original does."""
    lab.load(SPL)
    assert lab.call("int raise(int ipl)", HIGH) == 0
    assert lab.call("int raise(int ipl)", NONE) == 0
    assert "WARNING: SPL NOT LOWERED ON EXIT: 8 in pid " in lab.dmesg


def test_a_level_that_does_not_exist_panics(lab: Lab) -> None:
    """The reason has value and limit."""
    lab.load(SPL)
    panic = lab.panics(lambda: lab.call("int raise(int ipl)", 99))
    assert panic.reason == "splraise: interrupt level 99 is not between 0 and 8"
