"""Hangs and deadlocks: a sleep that does not end is reported once, a cycle of waits is a panic at once."""

from __future__ import annotations

import re
from types import SimpleNamespace

import pytest

from lkmtools.abi.mutex import RW_READER, RW_WRITER
from lkmtools.abi.proc import PCATCH
from lkmtools.evidence.record import REPORT, CrashRecord, loads
from lkmtools.kern.proc import hangs
from lkmtools.kern.proc.hangs import HANG
from lkmtools.kern.sync.blocked import Blocked, check_deadlock
from support.compiling import Compile
from support.lab import Lab

SOURCE = """
#include <sys/mutex.h>
#include <sys/rwlock.h>
#include <sys/condvar.h>
#include <sys/callout.h>
#include <sys/lock.h>
#include <sys/kthread.h>
#include <sys/proc.h>
kmutex_t a, b; krwlock_t rw, rw2; kcondvar_t cv; callout_t ch; struct lock lk, lk2; int chan;
void init(void);
void init(void)
{
	mutex_init(&a, MUTEX_DEFAULT, IPL_NONE);
	mutex_init(&b, MUTEX_DEFAULT, IPL_NONE);
	rw_init(&rw); rw_init(&rw2); cv_init(&cv, "empty"); callout_init(&ch, 0);
	lockinit(&lk, 0, "lk", 0, 0); lockinit(&lk2, 0, "lk2", 0, 0);
}
int nap(int pri, int timo); int nap(int pri, int timo) { return tsleep(&chan, pri, "nap", timo); }
void go(void); void go(void) { wakeup(&chan); }
int condition(void); int condition(void) { mutex_enter(&a); cv_wait(&cv, &a); mutex_exit(&a); return 0; }
int hold_a(void); int hold_a(void) { mutex_enter(&a); tsleep(&chan, 0, "hold", 0); mutex_exit(&a); return 0; }
int take_a(void); int take_a(void) { mutex_enter(&a); mutex_exit(&a); return 0; }
int a_then_b(void);
int a_then_b(void)
{
	mutex_enter(&a);
	tsleep(&chan, 0, "ab", 0);
	mutex_enter(&b);
	mutex_exit(&b);
	mutex_exit(&a);
	return 0;
}
int b_then_a(void);
int b_then_a(void) { mutex_enter(&b); mutex_enter(&a); mutex_exit(&a); mutex_exit(&b); return 0; }
int upgrade(void); int upgrade(void) { rw_enter(&rw, RW_READER); rw_enter(&rw, RW_WRITER); return 0; }
int read_twice(void);
int read_twice(void)
{
	rw_enter(&rw, RW_READER);
	tsleep(&chan, 0, "read", 0);
	rw_enter(&rw, RW_READER);
	rw_exit(&rw);
	rw_exit(&rw);
	return 0;
}
int rw_take(int op); int rw_take(int op) { rw_enter(&rw, op); rw_exit(&rw); return 0; }
int rw_and_a(void);
int rw_and_a(void) { rw_enter(&rw, RW_READER); mutex_enter(&a); mutex_exit(&a); rw_exit(&rw); return 0; }
int a_and_rw(void);
int a_and_rw(void)
{
	mutex_enter(&a);
	tsleep(&chan, 0, "ab", 0);
	rw_enter(&rw, RW_WRITER);
	rw_exit(&rw);
	mutex_exit(&a);
	return 0;
}
int lk_then(void);
int lk_then(void)
{
	lockmgr(&lk, LK_EXCLUSIVE, NULL);
	tsleep(&chan, 0, "lk", 0);
	lockmgr(&lk2, LK_EXCLUSIVE, NULL);
	lockmgr(&lk2, LK_RELEASE, NULL);
	lockmgr(&lk, LK_RELEASE, NULL);
	return 0;
}
int lk_back(void);
int lk_back(void)
{
	lockmgr(&lk2, LK_SHARED, NULL);
	lockmgr(&lk, LK_SHARED, NULL);
	lockmgr(&lk, LK_RELEASE, NULL);
	lockmgr(&lk2, LK_RELEASE, NULL);
	return 0;
}
int give(void);
int give(void)
{
	mutex_enter(&a);
	tsleep(&chan, 0, "give", 0);
	mutex_exit(&a);
	yield();
	mutex_enter(&a);
	mutex_enter(&b);
	mutex_exit(&b);
	mutex_exit(&a);
	return 0;
}
int a_before_b(void);
int a_before_b(void)
{
	mutex_enter(&a);
	mutex_exit(&a);
	mutex_enter(&b);
	yield();
	mutex_exit(&b);
	return 0;
}
static void due(void *arg) { mutex_enter(&a); mutex_exit(&a); }
int halt(void);
int halt(void)
{
	mutex_enter(&a);
	callout_reset(&ch, 1, due, NULL);
	tsleep(&chan, 0, "due", 3);
	callout_halt(&ch, NULL);
	mutex_exit(&a);
	return 0;
}
static void thread(void *arg)
{
	if (arg)
		mutex_enter(&a);
	for (;;)
		tsleep(&cv, 0, "work", 0);
}
int kthread(int locks);
int kthread(int locks) { return kthread_create(0, 0, NULL, thread, locks ? &a : NULL, NULL, "worker"); }
"""


@pytest.fixture
def hung(lab: Lab) -> Lab:
    """A lab with the module."""
    lab.load(SOURCE)
    lab.call("void init(void)")
    return lab


def passed(lab: Lab, seconds: float = HANG) -> list[CrashRecord]:
    """What is reported when that time has passed."""
    before = len(lab.reports)
    lab.k.sched.hangs.passed(seconds)
    found = [loads(record) for _, record in lab.reports[before:]]
    return [record for record in found if record is not None]


def test_a_sleep_that_only_a_wakeup_ends_is_reported_once(hung: Lab) -> None:
    """With its wait channel and its stack; then the kernel goes on, and the sleeper too."""
    begun = hung.begin("int nap(int pri, int timo)", 0, 0)
    assert passed(hung, HANG - 0.5) == []
    (record,) = passed(hung, 0.5)
    assert record.kind == REPORT
    assert re.fullmatch(
        r'hang: pid \d+ \(worker\) has slept for 10 s for "nap" '
        r"on wait channel 0x\w+ \(chan\+0x0 \[probe\]\) "
        r"without PCATCH and without a time-out in tsleep\(\), called from nap\+0x\w+ \[probe\]",
        record.reason,
    )
    assert [frame.text for frame in record.frames][:1] == ["tsleep() [kernel]"]
    assert record.frames[1].text.startswith("nap+0x")
    assert hung.reports[0][0] in hung.dmesg
    assert passed(hung) == []
    hung.call("void go(void)")
    assert begun.result() == 0


@pytest.mark.parametrize(("priority", "ticks"), [(PCATCH, 0), (0, 100000)])
def test_a_sleep_that_something_else_ends_is_none(hung: Lab, priority: int, ticks: int) -> None:
    """A signal, or the clock."""
    hung.begin("int nap(int pri, int timo)", priority, ticks)
    assert passed(hung, 1000) == []
    hung.call("void go(void)")


def test_a_condition_that_nobody_signals(hung: Lab) -> None:
    hung.begin("int condition(void)")
    (record,) = passed(hung)
    assert 'has slept for 10 s for "empty" on wait channel ' in record.reason
    assert "(cv+0x0 [probe])" in record.reason
    assert "in cv_wait(), called from condition+0x" in record.reason


def test_who_waits_for_a_lock_hears_who_has_it(hung: Lab) -> None:
    """And where that took it, what it does, and its stack."""
    holder = hung.begin("int hold_a(void)")
    waiter = hung.begin("int take_a(void)")
    first, second = passed(hung)
    assert "hold_a+0x" in first.reason
    assert re.search(
        r"has waited for 10 s for mutex 0x\w+ \(a\+0x0 \[probe\]\) in mutex_enter\(\), "
        r"called from take_a\+0x\w+ \[probe\]; "
        r"pid \d+ \(worker\) holds it, taken in hold_a\+0x\w+ \[probe\]$",
        second.reason,
    )
    assert 'and sleeps for "hold" in tsleep(), called from hold_a+0x' in second.notes[0]
    assert any(note.startswith("    hold_a+0x") for note in second.notes)
    hung.call("void go(void)")
    assert (holder.result(), waiter.result()) == (0, 0)


def test_a_kernel_thread_may_wait_for_work(hung: Lab) -> None:
    """Not for a lock."""
    hung.call("int kthread(int locks)", 0)
    hung.call("int kthread(int locks)", 1)
    hung.settle()
    assert passed(hung, 100) == []
    hung.call("int kthread(int locks)", 1)
    hung.settle()
    (record,) = passed(hung)
    assert "has waited for 10 s for mutex " in record.reason


def test_a_deadlock_of_two_is_a_panic_at_once(hung: Lab) -> None:
    """Who holds and wants what, where each took it, and the stack of the other."""
    hung.begin("int a_then_b(void)")
    hung.begin("int b_then_a(void)")
    panic = hung.panics(lambda: (hung.call("void go(void)"), hung.settle()))
    assert re.match(
        r"mutex_enter: deadlock of 2 lwps: pid (\d+) \(worker\) waits for mutex 0x\w+ \(b\+0x0 \[probe\]\), "
        r"held by pid (\d+) \(worker\), which waits for mutex 0x\w+ \(a\+0x0 \[probe\]\), "
        r"held by pid \1 \(worker\), called from a_then_b\+0x\w+ \[probe\]$",
        panic.reason,
    )
    record = loads(panic.record)
    assert record is not None
    assert re.search(r"holds mutex .*a\+0x0.*, taken in a_then_b\+.*waits for .*b\+0x0", record.notes[0])
    assert re.search(r"holds mutex .*b\+0x0.*, taken in b_then_a\+.*waits for .*a\+0x0", record.notes[1])
    assert any(note.startswith("    b_then_a+0x") for note in record.notes)
    assert set(record.notes) <= set(panic.report.splitlines())


def test_a_reader_that_becomes_a_writer(hung: Lab) -> None:
    """It waits for itself."""
    panic = hung.panics(lambda: hung.call("int upgrade(void)"))
    assert re.fullmatch(
        r"rw_enter: deadlock: pid \d+ \(lab\) waits for rwlock 0x\w+ \(rw\+0x0 \[probe\]\), "
        r"which it already holds as a reader, taken in upgrade\+0x\w+ \[probe\], "
        r"called from upgrade\+0x\w+ \[probe\]",
        panic.reason,
    )


def test_a_reader_behind_a_writer_behind_itself(hung: Lab) -> None:
    """The second read queues behind a writer, which waits for the first."""
    hung.begin("int read_twice(void)")
    hung.begin("int rw_take(int op)", RW_WRITER)
    panic = hung.panics(lambda: (hung.call("void go(void)"), hung.settle()))
    assert "deadlock of 2 lwps" in panic.reason
    assert "called from read_twice+0x" in panic.reason


def test_a_deadlock_of_a_mutex_and_a_rwlock(hung: Lab) -> None:
    hung.begin("int a_and_rw(void)")
    hung.begin("int rw_and_a(void)")
    panic = hung.panics(lambda: (hung.call("void go(void)"), hung.settle()))
    assert re.search(r"deadlock of 2 lwps: .* waits for rwlock .* which waits for mutex ", panic.reason)


def test_a_deadlock_of_locks_of_lockmgr(hung: Lab) -> None:
    hung.begin("int lk_then(void)")
    hung.begin("int lk_back(void)")
    panic = hung.panics(lambda: (hung.call("void go(void)"), hung.settle()))
    assert panic.reason.startswith("lockmgr: deadlock of 2 lwps: ")
    assert re.search(r"\(lk2\+0x0 \[probe\]\), held by .* which waits for lock \S+ \(lk\+0x0", panic.reason)


def test_a_callout_that_wants_what_its_halter_holds(hung: Lab) -> None:
    """callout_halt() without the mutex as its interlock."""
    panic = hung.panics(lambda: (hung.begin("int halt(void)"), hung.until(lambda: False)))
    assert re.match(
        r"callout_halt: deadlock of 2 lwps: pid \d+ \(worker\) waits for callout .* which waits for mutex ",
        panic.reason,
    )


def test_nobody_is_in_the_way_of_readers(hung: Lab) -> None:
    """Two of one lwp, and one after a writer has gone."""
    begun = hung.begin("int read_twice(void)")
    other = hung.begin("int rw_take(int op)", RW_READER)
    hung.call("void go(void)")
    assert (begun.result(), other.result()) == (0, 0)
    assert passed(hung, 100) == []
    assert hung.reports == []


def test_who_has_waited_and_runs_again_waits_for_nothing(hung: Lab) -> None:
    """One has the first lock and waits for the second, whose holder has waited for the first: no deadlock."""
    giver = hung.begin("int give(void)")
    taker = hung.begin("int a_before_b(void)")
    hung.call("void go(void)")
    assert (giver.result(), taker.result()) == (0, 0)


def test_many_waits_one_behind_another(hung: Lab) -> None:
    """Each lwp waits for the next one: there may be more of them than Python's stack has room for."""
    k, addr = hung.k, 0x1000
    thread = k.engine.current
    for number in range(2000):
        waits = Blocked("mutex_enter", "mutex", addr, lambda n=number: {addr + n + 1: 0})  # type: ignore[misc]
        k.lwps[addr + number] = SimpleNamespace(blocked=waits, slept=0.0, thread=thread)  # type: ignore[assignment]
    k.sched.current = k.lwps[addr]
    k.sched.current.addr = addr
    check_deadlock(k, thread, k.lwps[addr].blocked)  # type: ignore[arg-type]


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """What the looks take for the time."""
    now = [1000.0]
    monkeypatch.setattr(hangs, "time", SimpleNamespace(monotonic=lambda: now[0]))
    return now


def test_time_in_which_the_process_was_stopped_does_not_count(hung: Lab, clock: list[float]) -> None:
    """A look that comes an hour late counts two seconds."""
    hung.begin("int nap(int pri, int timo)", 0, 0)
    sleeper = next(lwp for lwp in hung.k.lwps.values() if lwp.slept is not None)
    sleeper.asleep = clock[0]
    clock[0] += 3600
    hung.k.step()
    assert sleeper.slept == 2.0
    assert hung.reports == []
    for _ in range(8):
        clock[0] += 1
        hung.k.step()
    assert len(hung.reports) == 1
    assert hung.k.sched.hangs.timeout() is None
    hung.call("void go(void)")


def test_a_report_is_a_panic_where_that_is_asked_for(cc: Compile) -> None:
    """lkmd --panic-on-report."""
    lab = Lab(cc, "amd64", panic_on_report=True)
    lab.load(SOURCE)
    lab.call("void init(void)")
    lab.begin("int nap(int pri, int timo)", 0, 0)
    panic = lab.panics(lab.kernel.stuck)
    assert panic.reason.startswith("hang: ")
    assert panic.report.startswith("panic: hang: ")
    assert "nap+0x" in panic.report
    lab.close()
