"""Callouts: they fire, stop, wait for locks, and panic when their module is gone. C on both machines."""

from __future__ import annotations

import re

import pytest

from lkmtools import modules
from lkmtools.errors import LkmtoolsError
from support.lab import Lab

SOURCE = """
#include <sys/callout.h>
#include <sys/intr.h>
#include <sys/mutex.h>
static callout_t ch;
static struct callout older = CALLOUT_INITIALIZER;
static kmutex_t lock;
static int fired, chan, invoking, level;
static void
on_time(void *arg)
{
	fired += (int)(long)arg;
	invoking = callout_invoking(&ch);
	callout_ack(&ch);
	level = curlwp == NULL;
	wakeup(&chan);
}
void init(void);
void init(void) { callout_init(&ch, 0); mutex_init(&lock, MUTEX_DEFAULT, IPL_SOFTCLOCK); }
void reset(int ticks);
void reset(int ticks) { callout_reset(&ch, ticks, on_time, (void *)7); }
int count(void);
int count(void) { return fired; }
int flags(void);
int flags(void) { return callout_pending(&ch) * 1000 + callout_expired(&ch) * 100 + callout_active(&ch) * 10
	+ callout_invoking(&ch); }
int seen(void);
int seen(void) { return invoking; }
int stop(void);
int stop(void) { return callout_stop(&ch); }
void destroy(void);
void destroy(void) { callout_destroy(&ch); }
void old(void);
void old(void) { callout_reset(&older, 1, on_time, (void *)3); }
int block(void);
int block(void) { int s = splsoftclock(); callout_reset(&ch, 1, on_time, (void *)7); DELAY(30000);
	s = fired * 10 + spl0(); return s; }
static void locking(void *arg) { mutex_enter(&lock); fired++; mutex_exit(&lock); }
int hold(void);
int hold(void)
{
	int inside;
	mutex_enter(&lock);
	callout_reset(&ch, 1, locking, NULL);
	tsleep(&chan, 0, "hold", 0);
	inside = fired;
	mutex_exit(&lock);
	return inside;
}
int busy(void);
int busy(void)
{
	int inside;
	mutex_enter(&lock);
	callout_reset(&ch, 1, locking, NULL);
	DELAY(40000);
	inside = fired;
	mutex_exit(&lock);
	return inside;
}
int interlocked(void);
int interlocked(void)
{
	int inside;
	mutex_enter(&lock);
	callout_reset(&ch, 1, locking, NULL);
	DELAY(40000);
	inside = fired;
	callout_halt(&ch, &lock);
	inside = inside * 10 + fired;
	mutex_exit(&lock);
	return inside;
}
void spin(void);
void spin(void)
{
	mutex_init(&lock, MUTEX_SPIN, IPL_NONE);
	busy();
}
int nap(void);
int nap(void) { callout_reset(&ch, 1, on_time, (void *)7); return tsleep(&chan, 0, "nap", 0) * 10 + fired; }
int halt(void);
int halt(void) { int expired = callout_halt(&ch, NULL); return expired * 10 + fired; }
void go(void);
void go(void) { wakeup(&chan); }
static void sleepy(void *arg) { tsleep(&chan, 0, "sleepy", 0); }
void bad(void);
void bad(void) { callout_reset(&ch, 1, sleepy, NULL); }
static void again(void *arg) { if (++fired < 5) callout_schedule(&ch, 1); }
void periodic(void);
void periodic(void) { callout_setfunc(&ch, again, NULL); callout_schedule(&ch, 0); }
static void spins(void *arg) { splhigh(); }
void leak(void);
void leak(void) { callout_reset(&ch, 1, spins, NULL); }
"""
COUNT = "int count(void)"


SOON = 50  # ticks: not before the next call, however busy the host is
LATER = 100_000  # ticks: not during a test


def loaded(lab: Lab) -> None:
    lab.load(SOURCE)
    lab.call("void init(void)")


def fired(lab: Lab, count: int) -> None:
    """Run until `fired` is `count` and the callout that made it so is through."""
    lab.until(lambda: lab.k.mem.i32(lab.symbols["fired"]) == count and not lab.k.callouts.running)


def test_a_callout_fires_once_with_its_argument(lab: Lab) -> None:
    """Flags before: pending and active; after: expired and active, and it was invoking until acknowledged."""
    loaded(lab)
    lab.call("void reset(int ticks)", SOON)
    assert lab.call("int flags(void)") == 1010
    fired(lab, 7)
    assert lab.call("int flags(void)") == 110
    assert lab.call("int seen(void)") == 1
    assert lab.call("int stop(void)") == 1
    assert lab.call("int flags(void)") == 0


def test_a_stopped_callout_does_not_fire(lab: Lab) -> None:
    """callout_stop says that it had not fired; later ones still do."""
    loaded(lab)
    lab.call("void reset(int ticks)", LATER)
    assert lab.call("int stop(void)") == 0
    lab.call("void old(void)")
    fired(lab, 3)


def test_a_callout_that_is_scheduled_again_fires_once(lab: Lab) -> None:
    """The time given last counts, and the other one is forgotten."""
    loaded(lab)
    lab.call("void reset(int ticks)", LATER)
    lab.call("void reset(int ticks)", 1)
    fired(lab, 7)
    assert lab.k.timeout() is None


def test_a_callout_may_schedule_itself(lab: Lab) -> None:
    """Five times, here."""
    loaded(lab)
    lab.call("void periodic(void)")
    fired(lab, 5)
    assert lab.k.timeout() is None


def test_a_raised_level_keeps_callouts_off(lab: Lab) -> None:
    """While module code runs at splsoftclock none fires; afterwards it does."""
    loaded(lab)
    assert lab.call("int block(void)") == 2  # IPL_SOFTCLOCK, and none fired
    fired(lab, 7)


def test_a_callout_waits_for_a_mutex_that_a_sleeper_holds(lab: Lab) -> None:
    """Soft interrupts may take adaptive mutexes; callout_halt waits until the callout is through."""
    loaded(lab)
    hold = lab.begin("int hold(void)")
    lab.until(lambda: lab.k.sched.softlwp.wchan is not None)
    halt = lab.begin("int halt(void)")
    assert not halt.done
    assert lab.call(COUNT) == 0
    lab.call("void go(void)")
    assert hold.result() == 0
    assert halt.result() == 11
    assert lab.k.sched.softlwp.wchan is None


def test_a_callout_waits_for_a_mutex_whose_holder_it_interrupted(lab: Lab) -> None:
    """It fires between two instructions of the holder, and goes on when the mutex is free."""
    loaded(lab)
    assert lab.call("int busy(void)") == 0
    fired(lab, 1)


def test_callout_halt_lets_go_of_its_interlock_while_it_waits(lab: Lab) -> None:
    """The callout that waits for that mutex gets it, and is through when callout_halt returns."""
    loaded(lab)
    assert lab.call("int interlocked(void)") == 1


def test_many_schedulings_leave_no_timers(lab: Lab) -> None:
    """A timer forgotten a thousand times does not pile up."""
    loaded(lab)
    for _ in range(1000):
        lab.k.sched.at(1000, lambda: None).cancel()
    assert len(lab.k.sched._timers) < 100


def test_a_callout_that_takes_a_spin_mutex_of_the_interrupted_panics(lab: Lab) -> None:
    """A spin mutex whose level does not keep callouts off would spin for ever."""
    loaded(lab)
    panic = lab.panics(lambda: lab.call("void spin(void)"))
    assert panic.reason.startswith("mutex_enter: lock ")
    assert "(lock+0x0 [probe]) would spin for ever: pid " in panic.reason
    assert "was interrupted while it held the lock, called from " in panic.reason


def test_a_callout_wakes_a_process(lab: Lab) -> None:
    """The usual pair: tsleep here, wakeup there."""
    loaded(lab)
    assert lab.call("int nap(void)") == 7


def test_sleeping_in_a_callout_panics(lab: Lab) -> None:
    """The backtrace has the function that slept, and nobody's process."""
    loaded(lab)
    lab.call("void bad(void)")
    panic = lab.panics(lambda: lab.until(lambda: False))
    why = (
        r"tsleep: 'sleepy' cannot sleep in a soft interrupt; \w+\(\) \[probe\] runs for callout 0x\w+ \(.*\)"
    )
    assert re.fullmatch(why, panic.reason)
    assert "sleepy+0x" in panic.report
    assert "tsleep() [kernel]" in panic.report


def test_a_level_raised_in_a_callout_is_lowered(lab: Lab) -> None:
    """With a warning; further callouts run."""
    loaded(lab)
    lab.call("void leak(void)")
    lab.until(lambda: "SPL NOT LOWERED" in lab.dmesg)
    lab.call("void old(void)")
    fired(lab, 3)
    assert lab.dmesg.count("SPL NOT LOWERED") == 1


def test_a_callout_that_was_never_initialised_panics(lab: Lab) -> None:
    """The reason names it by symbol, and the caller."""
    lab.load(SOURCE)
    panic = lab.panics(lambda: lab.call("void reset(int ticks)", 1))
    assert panic.reason.startswith("callout_reset: callout ")
    assert "(ch+0x0 [probe]) was never initialised (it holds 0x0), called from " in panic.reason
    assert "reset+0x" in panic.reason


def test_a_pending_callout_is_not_destroyed(lab: Lab) -> None:
    """A panic; stopped, it is destroyed."""
    loaded(lab)
    lab.call("void destroy(void)")
    lab.call("void init(void)")
    lab.call("void reset(int ticks)", 100)
    panic = lab.panics(lambda: lab.call("void destroy(void)"))
    assert panic.reason.startswith("callout_destroy: callout ")
    assert "(ch+0x0 [probe]) is pending, called from " in panic.reason


def test_a_callout_in_an_unloaded_module_panics_when_it_is_due(lab: Lab) -> None:
    """A module that forgot callout_stop: the reason names it, though it is gone."""
    loaded(lab)
    lab.call("void reset(int ticks)", SOON)
    modules.unload(lab.p, "probe")
    panic = lab.panics(lambda: lab.until(lambda: False))
    assert "(memory of module probe, which was unloaded); ch+0x0 was there; callout " in panic.reason
    assert "[probe, unloaded], is due" in panic.reason


def test_a_callout_of_a_module_whose_load_failed(lab: Lab) -> None:
    """It is no part of the module that was at the same place before."""
    lab.load("int other; int probe_run(int a); int probe_run(int a) { return other + a; }")
    modules.unload(lab.p, "probe")
    with pytest.raises(LkmtoolsError, match="ENXIO"):
        lab.load(
            """#include <sys/param.h>
            #include <sys/callout.h>
            #include <sys/conf.h>
            #include <sys/exec.h>
            #include <sys/lkm.h>
            MOD_MISC("probe");
            static callout_t left;
            static void on_time(void *arg) { }
            static int begin(struct lkm_table *t, int cmd)
            { callout_init(&left, 0); callout_reset(&left, 2, on_time, NULL); return ENXIO; }
            int probe_lkmentry(struct lkm_table *, int, int);
            int probe_lkmentry(struct lkm_table *t, int cmd, int ver)
            { DISPATCH(t, cmd, ver, begin, lkm_nofunc, lkm_nofunc) }
            """,
            whole=True,
        )
    panic = lab.panics(lambda: lab.until(lambda: False))
    assert "(memory of module probe, which was unloaded); left+0x0 was there; callout " in panic.reason
    assert panic.reason.endswith("is due, and was to call on_time+0x0 [probe, unloaded]")


def test_a_callout_into_an_unloaded_module_panics_when_it_is_called(lab: Lab) -> None:
    """Its struct is still there; the kernel jumps into memory that is not."""
    lab.load(
        """#include <sys/callout.h>
        static void on_time(void *arg) { }
        void arm(void *c);
        void arm(void *c) { callout_init(c, 0); callout_reset(c, 50, on_time, NULL); }"""
    )
    lab.call("void arm(void *c)", lab.k.heap.alloc(256))
    modules.unload(lab.p, "probe")
    panic = lab.panics(lambda: lab.until(lambda: False))
    assert panic.reason.startswith("page fault: instruction fetch at ")
    assert "(memory of module probe, which was unloaded), called from the kernel" in panic.reason


def test_a_backtrace_goes_through_callout_module_module_and_kernel(lab: Lab) -> None:
    """Every frame is named with its module, innermost first."""
    lab.load(
        """#include <sys/mutex.h>
        static kmutex_t never;
        int deep_call(int n);
        int deep_call(int n) { mutex_enter(&never); return n + 1; }""",
        name="deep",
        symbols=True,
    )
    lab.load(
        """#include <sys/callout.h>
        int deep_call(int);
        static callout_t ch;
        static void shallow_tick(void *arg) { deep_call(1); }
        void arm(void);
        void arm(void) { callout_init(&ch, 0); callout_reset(&ch, 1, shallow_tick, NULL); }""",
        name="shallow",
    )
    lab.call("void arm(void)")
    panic = lab.panics(lambda: lab.until(lambda: False))
    trace = panic.report.split("backtrace:\n")[1].split()
    names = [word.split("+")[0] for word in trace if "+" in word or "()" in word]
    assert names == ["mutex_enter()", "deep_call", "shallow_tick"]
    assert "deep_call+0x" in panic.reason
