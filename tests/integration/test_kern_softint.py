"""Soft interrupts, RUN_ONCE, cross calls and preemption; C on both machines."""

from __future__ import annotations

import re

import pytest

from lkmtools import modules
from support.lab import Lab

SOURCE = """
#include <sys/cpu.h>
#include <sys/intr.h>
#include <sys/mutex.h>
#include <sys/once.h>
#include <sys/xcall.h>
static void *cookie;
static kmutex_t lock;
static int ran, chan, mode, once_calls;
static ONCE_DECL(control);
static void
handler(void *arg)
{
	ran += (int)(long)arg;
	switch (mode) {
	case 1: mutex_enter(&lock); mutex_exit(&lock); break;
	case 2: tsleep(&chan, 0, "handler", 0); break;
	case 3: if (ran < 70) softint_schedule(cookie); break;
	case 4: softint_disestablish(cookie); break;
	case 5: assert_sleepable(); break;
	}
}
int init(int how);
int init(int how) { mode = how; mutex_init(&lock, MUTEX_DEFAULT, IPL_SOFTNET);
	cookie = softint_establish(SOFTINT_NET | SOFTINT_MPSAFE, handler, (void *)7); return cookie != NULL; }
int schedule(void);
int schedule(void) { int s = splsoftnet(), in; softint_schedule(cookie); softint_schedule(cookie); in = ran;
	splx(s); return in; }
int hold(void);
int hold(void) { mutex_enter(&lock); softint_schedule(cookie); tsleep(&chan, 0, "hold", 0);
	mutex_exit(&lock); return 0; }
int end(void);
int end(void) { softint_disestablish(cookie); return ran; }
void go(void);
void go(void) { wakeup(&chan); }
void forgotten(void);
void forgotten(void) { softint_schedule(cookie); softint_disestablish(cookie); }
void wrong(int which);
void
wrong(int which)
{
	switch (which) {
	case 0: softint_schedule((void *)48); break;
	case 1: softint_establish(4, handler, NULL); break;
	case 2: softint_establish(SOFTINT_CLOCK, NULL, NULL); break;
	case 3: kpreempt_enable(); break;
	case 4: KERNEL_UNLOCK_ONE(curlwp); KERNEL_UNLOCK_ONE(curlwp); break;
	case 5: KERNEL_LOCK(1, curlwp); KERNEL_UNLOCK_LAST(curlwp); break;
	case 6: { static kmutex_t s; mutex_init(&s, MUTEX_SPIN, IPL_VM); mutex_enter(&s); assert_sleepable(); }
	}
}
int many(void);
int many(void) { int n = 0; while (softint_establish(SOFTINT_BIO, handler, NULL) != NULL) n++; return n; }
static int first(void) { once_calls++; tsleep(&chan, 0, "first", 0); return 5; }
int once(void);
int once(void) { return RUN_ONCE(&control, first) * 10 + once_calls; }
static void cross(void *a, void *b) { ran = (int)((long)a - (long)b); }
int crosscall(void);
int crosscall(void) { xc_wait(xc_broadcast(0, cross, (void *)50, (void *)8)); return ran; }
int biglock(void);
int
biglock(void)
{
	int n = 9, all = 0;

	KERNEL_LOCK(2, NULL);
	_kernel_unlock(1, &n);		/* 3 */
	all = n;
	KERNEL_UNLOCK_ALL(NULL, &n);	/* 2 */
	all = all * 10 + n;
	KERNEL_UNLOCK_ALL(NULL, &n);	/* 0 */
	all = all * 10 + n;
	KERNEL_UNLOCK_LAST(NULL);
	_kernel_unlock(-1, &n);		/* 0 */
	all = all * 10 + n;
	KERNEL_LOCK(1, NULL);
	KERNEL_UNLOCK_LAST(NULL);
	KERNEL_LOCK(1, NULL);
	return all;
}
int preemption(void);
int preemption(void) { int out, n; kpreempt_disable(); kpreempt_disable(); kpreempt_enable();
	out = kpreempt_disabled(); kpreempt_enable(); assert_sleepable(); out = out * 10 + kpreempt_disabled();
	KERNEL_LOCK(2, curlwp); KERNEL_UNLOCK_ALL(curlwp, &n); KERNEL_LOCK(1, curlwp);
	return (out * 10 + n) * 10 + cpu_intr_p(); }
"""


@pytest.fixture
def soft(lab: Lab) -> Lab:
    """The module, without a soft interrupt yet."""
    lab.load(SOURCE)
    return lab


def ran(lab: Lab, count: int) -> None:
    """Run until `ran` is `count`."""
    lab.until(lambda: lab.value("ran") == count)


def test_a_soft_interrupt_runs_once_the_level_is_low(soft: Lab) -> None:
    """Scheduled twice it runs once, afterwards, with its argument; later again."""
    assert soft.call("int init(int how)", 0) == 1
    assert soft.call("int schedule(void)") == 0
    ran(soft, 7)
    assert soft.call("int schedule(void)") == 7
    ran(soft, 14)
    assert soft.call("int end(void)") == 14
    assert soft.k.sched.softints.handlers == {}


def test_a_soft_interrupt_waits_for_a_mutex(soft: Lab) -> None:
    """And softint_disestablish waits for the soft interrupt."""
    soft.call("int init(int how)", 1)
    hold = soft.begin("int hold(void)")
    soft.until(lambda: soft.k.sched.softlwp.wchan is not None)
    end = soft.begin("int end(void)")
    assert not end.done
    soft.call("void go(void)")
    assert (hold.result(), end.result()) == (0, 7)


def test_a_soft_interrupt_that_schedules_itself_keeps_nobody_out(soft: Lab) -> None:
    """Ten runs, and between them others run."""
    soft.call("int init(int how)", 3)
    soft.call("int schedule(void)")
    ran(soft, 70)
    assert soft.k.timeout() is None


def test_a_disestablished_soft_interrupt_does_not_run(soft: Lab) -> None:
    """Also not when it was scheduled before."""
    soft.call("int init(int how)", 0)
    soft.call("void forgotten(void)")
    soft.settle()
    assert soft.value("ran") == 0


@pytest.mark.parametrize(
    ("mode", "reason"),
    [
        (2, "tsleep: 'handler' cannot sleep in a soft interrupt; handler() [probe] runs"),
        (4, "softint_disestablish: called by the soft interrupt itself"),
        (5, "assert_sleepable: a soft interrupt cannot sleep; handler() [probe] runs"),
    ],
)
def test_what_a_soft_interrupt_may_not_do_panics(soft: Lab, mode: int, reason: str) -> None:
    """The backtrace has the handler."""
    soft.call("int init(int how)", mode)
    panic = soft.panics(lambda: (soft.call("int schedule(void)"), soft.until(lambda: False)))
    assert panic.reason == reason
    assert "handler+0x" in panic.report


def test_a_soft_interrupt_of_an_unloaded_module_panics(soft: Lab) -> None:
    """The one that is scheduled when its module goes, and was never disestablished."""
    soft.load(
        "#include <sys/intr.h>\nvoid kick(void *c);\nvoid kick(void *c) { softint_schedule(c); }",
        name="other",
    )
    soft.call("int init(int how)", 0)
    cookie = soft.k.mem.ptr(soft.symbols["cookie"])
    modules.unload(soft.p, "probe")
    soft.call("void kick(void *c)", cookie)
    panic = soft.panics(lambda: soft.until(lambda: False))
    assert panic.reason.startswith("page fault: instruction fetch at ")
    assert "(memory of module probe, which was unloaded)" in panic.reason


WRONG = {
    0: "softint_schedule: 0x30 is not a cookie that softint_establish() returned",
    1: "softint_establish: unknown flags 0x4",
    2: "softint_establish: the function is NULL",
    3: "kpreempt_enable: preemption is not disabled",
    4: "_kernel_unlock: the kernel lock is held 0 times, and not 1",
    5: "_kernel_unlock: the kernel lock is held 2 times, not once",
}


@pytest.mark.parametrize("which", WRONG)
def test_misuse_panics_with_what_was_given(soft: Lab, which: int) -> None:
    """Function, value and limit."""
    panic = soft.panics(lambda: soft.call("void wrong(int which)", which))
    assert panic.reason == WRONG[which]


def test_who_holds_a_spin_mutex_cannot_sleep(soft: Lab) -> None:
    """assert_sleepable names the mutex."""
    panic = soft.panics(lambda: soft.call("void wrong(int which)", 6))
    assert panic.reason.startswith("assert_sleepable: spin mutex s")
    assert re.search(r"\[probe\] is held; taken in \w+\+0x\w+ \[probe\]$", panic.reason)


def test_there_is_a_limit_of_soft_interrupts(soft: Lab) -> None:
    """NULL, and a warning with the number."""
    assert soft.call("int many(void)") == 1024
    assert "softint_establish: all 1024 soft interrupts are established" in soft.dmesg


def test_run_once_calls_once_and_others_wait(soft: Lab) -> None:
    """All get what the function returned."""
    calls = [soft.begin("int once(void)") for _ in range(3)]
    assert not any(call.done for call in calls)
    soft.call("void go(void)")
    assert [call.result() for call in calls] == [51, 51, 51]
    assert soft.call("int once(void)") == 51


def test_kernel_unlock_says_how_often_the_lock_was_held(soft: Lab) -> None:
    """Not how often it is released; all and the last time may be none."""
    assert soft.call("int biglock(void)") == 3200


def test_cross_calls_preemption_and_the_kernel_lock(soft: Lab) -> None:
    """Each does what its manual page says, on one CPU."""
    assert soft.call("int crosscall(void)") == 42
    assert soft.call("int preemption(void)") == 1030
    assert soft.call("int preemption(void)") == 1030


CALLOUT = """
#include <sys/callout.h>
#include <sys/intr.h>
static kmutex_t lock;
static kcondvar_t cv;
static callout_t ch;
static void *sih;
static int done, order, softs;

static void soft(void *arg) { softs = ++order; }
static void
fire(void *arg)
{
    softint_schedule(sih);
    mutex_enter(&lock);
    done = 1;
    cv_broadcast(&cv);
    mutex_exit(&lock);
}
int probe_run(void);
int
probe_run(void)
{
    int before;

    mutex_init(&lock, MUTEX_DEFAULT, IPL_NONE);
    cv_init(&cv, "fired");
    sih = softint_establish(SOFTINT_SERIAL | SOFTINT_MPSAFE, soft, NULL);
    callout_init(&ch, CALLOUT_MPSAFE);
    callout_reset(&ch, 1, fire, NULL);
    mutex_enter(&lock);
    while (!done)
        cv_wait(&cv, &lock);
    before = softs;
    mutex_exit(&lock);
    callout_destroy(&ch);
    softint_disestablish(sih);
    cv_destroy(&cv);
    mutex_destroy(&lock);
    return before;
}
"""


def test_one_that_a_callout_schedules_runs_before_the_thread_that_it_wakes(lab: Lab) -> None:
    lab.load(CALLOUT)
    assert lab.call("int probe_run(void)") == 1
