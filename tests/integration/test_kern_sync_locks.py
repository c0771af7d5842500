"""Condition variables, rwlocks and lockmgr: who gets in, in which order, what panics; on both machines."""

from __future__ import annotations

import pytest

from lkmtools.abi.errno import EBUSY, EINTR, ENOLCK, EWOULDBLOCK
from lkmtools.kern.status import processes
from support.lab import Lab

CV = """
#include <sys/condvar.h>
#include <sys/mutex.h>
kcondvar_t cv;
static kmutex_t lock;
static int order;
void init(void);
void init(void) { mutex_init(&lock, MUTEX_DEFAULT, %(ipl)s); cv_init(&cv, "myevent"); }
static int out(int error) { int owned = mutex_owned(&lock); mutex_exit(&lock);
	return (error << 8) + owned * 128 + ++order; }
int wait(void);
int wait(void) { mutex_enter(&lock); cv_wait(&cv, &lock); return out(0); }
int wait_sig(void);
int wait_sig(void) { mutex_enter(&lock); return out(cv_wait_sig(&cv, &lock)); }
int timed(int timo);
int timed(int timo) { mutex_enter(&lock); return out(cv_timedwait(&cv, &lock, timo)); }
int timed_sig(int timo);
int timed_sig(int timo) { mutex_enter(&lock); return out(cv_timedwait_sig(&cv, &lock, timo)); }
void one(void);
void one(void) { mutex_enter(&lock); cv_signal(&cv); mutex_exit(&lock); }
void all(void);
void all(void) { mutex_enter(&lock); cv_broadcast(&cv); mutex_exit(&lock); }
int waiters(void);
int waiters(void) { return cv_has_waiters(&cv); }
void destroy(void);
void destroy(void) { cv_destroy(&cv); }
void unlocked(void);
void unlocked(void) { cv_wait(&cv, &lock); }
"""
OWNED = 128


@pytest.fixture(params=["IPL_NONE", "IPL_VM"])
def cv(request: pytest.FixtureRequest, lab: Lab) -> Lab:
    """A condition variable with an adaptive mutex, then with a spin mutex."""
    lab.load(CV % {"ipl": request.param})
    lab.call("void init(void)")
    return lab


def test_waiters_are_signalled_in_order_and_own_the_mutex(cv: Lab) -> None:
    """cv_signal wakes the first, cv_broadcast the rest; cv_has_waiters follows."""
    waits = [cv.begin("int wait(void)") for _ in range(4)]
    assert "myevent" in [entry["wmesg"] for entry in processes(cv.k)]
    assert cv.call("int waiters(void)") == 1
    cv.call("void one(void)")
    cv.settle()
    assert [wait.done for wait in waits] == [True, False, False, False]
    cv.call("void all(void)")
    assert [wait.result() for wait in waits] == [OWNED + n for n in range(1, 5)]
    assert cv.call("int waiters(void)") == 0


@pytest.mark.parametrize("function", ["timed", "timed_sig"])
def test_a_timed_wait_ends_with_ewouldblock(cv: Lab, function: str) -> None:
    """And the mutex is owned again; nobody waits any more."""
    assert cv.call(f"int {function}(int timo)", 2) == (EWOULDBLOCK << 8) + OWNED + 1
    cv.call("void destroy(void)")


def test_a_signal_ends_wait_sig_only(cv: Lab) -> None:
    """EINTR with the mutex owned; cv_wait sleeps on."""
    p, q = cv.kernel.process("worker"), cv.kernel.process("worker")
    wait_sig, wait = cv.begin("int wait_sig(void)", p=p), cv.begin("int wait(void)", p=q)
    cv.p.kill(p.pid, 2)
    cv.p.kill(q.pid, 2)
    assert wait_sig.result() == (EINTR << 8) + OWNED + 1
    cv.settle()
    assert not wait.done
    cv.call("void one(void)")
    assert wait.result() == OWNED + 2


def test_a_client_that_dies_in_wait_sig_leaves_no_waiter(cv: Lab) -> None:
    """Afterwards the condition variable can be destroyed."""
    p = cv.kernel.process("mortal")
    cv.begin("int wait_sig(void)", p=p)
    p.exit()
    cv.settle()
    assert p.pid not in cv.k.procs
    cv.call("void destroy(void)")


def test_a_condition_variable_with_waiters_is_not_destroyed(cv: Lab) -> None:
    """A panic that counts them."""
    cv.begin("int wait(void)")
    panic = cv.panics(lambda: cv.call("void destroy(void)"))
    assert panic.reason.startswith("cv_destroy: has 1 waiting: lock ")


def test_waiting_without_the_mutex_panics(cv: Lab) -> None:
    """The function is named as the one that was called."""
    panic = cv.panics(lambda: cv.call("void unlocked(void)"))
    assert panic.reason.startswith("cv_wait: is not held: lock ")
    assert "unlocked+0x" in panic.reason


RW = """
#include <sys/rwlock.h>
krwlock_t rw;
static int chan, order;
void init(void);
void init(void) { rw_init(&rw); }
int hold(int op);
int hold(int op) { int n; rw_enter(&rw, op); n = ++order; tsleep(&chan, 0, "hold", 0);
	rw_exit(&rw); return n; }
int state(void);
int state(void) { return rw_lock_held(&rw) * 100 + rw_read_held(&rw) * 10 + rw_write_held(&rw); }
void go(void);
void go(void) { wakeup_one(&chan); }
int try(int op);
int try(int op) { int got = rw_tryenter(&rw, op); if (got) rw_exit(&rw); return got; }
int upgrade(void);
int upgrade(void) { int got; rw_enter(&rw, RW_READER); got = rw_tryupgrade(&rw) * 1000 + state();
	rw_exit(&rw); return got; }
int down(void);
int down(void) { int s; rw_enter(&rw, RW_WRITER); s = state() * 1000; rw_downgrade(&rw); s += state();
	tsleep(&chan, 0, "down", 0); rw_exit(&rw); return s; }
void twice(void);
void twice(void) { rw_enter(&rw, RW_WRITER); rw_enter(&rw, RW_READER); }
void leave(void);
void leave(void) { rw_exit(&rw); }
void destroy(void);
void destroy(void) { rw_destroy(&rw); }
"""
READER, WRITER = 0, 1
HOLD = "int hold(int op)"


@pytest.fixture
def rw(lab: Lab) -> Lab:
    """A rwlock."""
    lab.load(RW)
    lab.call("void init(void)")
    return lab


def holding(lab: Lab) -> int:
    """How many sleep while they hold the lock."""
    lab.settle()
    return [entry["wmesg"] for entry in processes(lab.k)].count("hold")


def test_readers_share_and_writers_do_not(rw: Lab) -> None:
    """A writer waits for all readers; readers that come later wait for it."""
    readers = [rw.begin(HOLD, READER) for _ in range(3)]
    assert holding(rw) == 3
    assert rw.call("int state(void)") == 110
    writer = rw.begin(HOLD, WRITER)
    late = [rw.begin(HOLD, READER) for _ in range(2)]
    assert (rw.call("int try(int op)", READER), rw.call("int try(int op)", WRITER)) == (0, 0)
    for _ in range(3):
        rw.call("void go(void)")
    assert holding(rw) == 1
    assert rw.call("int state(void)") == 100
    rw.call("void go(void)")
    assert holding(rw) == 2
    rw.call("void go(void)")
    rw.call("void go(void)")
    assert [hold.result() for hold in (*readers, writer, *late)] == [1, 2, 3, 4, 5, 6]
    assert rw.call("int state(void)") == 0


def test_a_writer_hands_over_to_readers_first(rw: Lab) -> None:
    """Then the last reader to the next writer: neither side starves."""
    first = rw.begin(HOLD, WRITER)
    second, reader = rw.begin(HOLD, WRITER), rw.begin(HOLD, READER)
    for _ in range(3):
        rw.call("void go(void)")
        rw.settle()
    assert [first.result(), reader.result(), second.result()] == [1, 2, 3]


def test_upgrade_and_downgrade(rw: Lab) -> None:
    """The only reader becomes the writer, one of two does not; a writer that downgrades lets readers in."""
    assert rw.call("int upgrade(void)") == 1101
    reader = rw.begin(HOLD, READER)
    assert rw.call("int upgrade(void)") == 110
    rw.call("void go(void)")
    reader.result()
    down = rw.begin("int down(void)")
    assert rw.call("int try(int op)", READER) == 1
    rw.call("void go(void)")
    assert down.result() == 101110


@pytest.mark.parametrize(
    ("prototype", "reason"),
    [("void twice(void)", "rw_enter: locking against myself"), ("void leave(void)", "rw_exit: is not held")],
)
def test_misuse_of_a_rwlock_panics(rw: Lab, prototype: str, reason: str) -> None:
    """With the lock's symbol."""
    panic = rw.panics(lambda: rw.call(prototype))
    assert panic.reason.startswith(f"{reason}: lock {rw_address(rw)} (rw+0x0 [probe]), called from ")


def rw_address(lab: Lab) -> str:
    return f"{lab.symbols['rw']:#x}"


@pytest.mark.parametrize(("op", "who"), [(READER, "has 1 reading"), (WRITER, "is held by pid ")])
def test_a_held_rwlock_is_not_destroyed(rw: Lab, op: int, who: str) -> None:
    """A panic that says who holds it."""
    rw.begin(HOLD, op)
    panic = rw.panics(lambda: rw.call("void destroy(void)"))
    assert panic.reason.startswith(f"rw_destroy: {who}")


LOCKMGR = """
#include <sys/lock.h>
struct lock lk;
static struct simplelock slock;
static int chan;
void init(int prio, int timo, int flags);
void init(int prio, int timo, int flags) { lockinit(&lk, PZERO | prio, "mylock", timo, flags); }
int mgr(int flags);
int mgr(int flags) { return lockmgr(&lk, flags, NULL); }
int status(void);
int status(void) { return lockstatus(&lk); }
int hold(int flags);
int hold(int flags)
{
	int error = lockmgr(&lk, flags, NULL);
	if (error)
		return error;
	tsleep(&chan, 0, "hold", 0);
	return -lockmgr(&lk, LK_RELEASE, NULL);
}
int upgrade(int how);
int upgrade(int how)
{
	int error = lockmgr(&lk, LK_SHARED, NULL);
	tsleep(&chan, 0, "hold", 0);
	error = lockmgr(&lk, how, NULL);
	if (error)
		return error;
	error = lockstatus(&lk);
	lockmgr(&lk, LK_RELEASE, NULL);
	return error;
}
void info(void);
void info(void) { lockmgr_printinfo(&lk); printf("\\n"); }
void go(void);
void go(void) { wakeup_one(&chan); }
int inter(void);
int inter(void) { simple_lock(&slock); mgr(LK_SHARED); return lockmgr(&lk, LK_RELEASE | LK_INTERLOCK, &slock)
	+ (slock.lock_data != 0); }
"""
SHARED, EXCLUSIVE, UPGRADE, EXCLUPGRADE, DOWNGRADE, RELEASE, DRAIN = range(1, 8)
NOWAIT, SLEEPFAIL, CANRECURSE = 0x10, 0x20, 0x40
MGR, LHOLD = "int mgr(int flags)", "int hold(int flags)"
PCATCH = 0x100


@pytest.fixture
def lk(lab: Lab) -> Lab:
    """A lock of lockmgr, as lockinit(&lk, PZERO, "mylock", 0, 0) makes it."""
    lab.load(LOCKMGR)
    lab.call("void init(int prio, int timo, int flags)", 0, 0, 0)
    return lab


def go(lab: Lab) -> None:
    lab.call("void go(void)")
    lab.settle()


def test_lockmgr_shares_and_excludes(lk: Lab) -> None:
    """Two share, the exclusive one waits for both, and status says so."""
    shared = [lk.begin(LHOLD, SHARED) for _ in range(2)]
    assert lk.call("int status(void)") == SHARED
    assert lk.call(MGR, EXCLUSIVE | NOWAIT) == EBUSY
    exclusive = lk.begin(LHOLD, EXCLUSIVE)
    assert lk.call(MGR, SHARED | NOWAIT) == EBUSY
    go(lk)
    go(lk)
    assert [hold.result() for hold in shared] == [0, 0]
    assert lk.call("int status(void)") == EXCLUSIVE
    go(lk)
    assert exclusive.result() == 0
    assert lk.call("int status(void)") == 0


def test_lockmgr_waits_are_what_lockinit_says(lk: Lab) -> None:
    """A timeout is EWOULDBLOCK, LK_SLEEPFAIL is ENOLCK, and PCATCH makes it interruptible."""
    lk.call("void init(int prio, int timo, int flags)", PCATCH, 2, 0)
    first = lk.begin(LHOLD, EXCLUSIVE)
    assert lk.call(MGR, EXCLUSIVE) == EWOULDBLOCK
    p = lk.kernel.process("mortal")
    wait = lk.begin(LHOLD, SHARED, p=p)
    lk.p.kill(p.pid, 1)
    assert wait.result() == EINTR
    second = lk.begin(LHOLD, EXCLUSIVE | SLEEPFAIL)
    go(lk)
    assert (first.result(), second.result()) == (0, ENOLCK)


@pytest.mark.parametrize(
    ("how", "others", "result"),
    [
        (UPGRADE, 0, EXCLUSIVE),
        (UPGRADE | NOWAIT, 1, EBUSY),
        (EXCLUPGRADE, 0, EXCLUSIVE),
        (DOWNGRADE, 0, None),
    ],
)
def test_lockmgr_upgrades(lk: Lab, how: int, others: int, result: int | None) -> None:
    """The only sharer becomes exclusive; a downgrade of a shared lock is a panic."""
    upgrade = lk.begin("int upgrade(int how)", how)
    holds = [lk.begin(LHOLD, SHARED) for _ in range(others)]
    if result is None:
        panic = lk.panics(lambda: [go(lk), upgrade.result()])
        assert panic.reason.startswith("lockmgr: not holding exclusive lock: lock ")
        return
    go(lk)
    assert upgrade.result() == result
    for hold in holds:
        go(lk)
        assert hold.result() == 0
    assert lk.call("int status(void)") == 0


def test_two_upgrades_at_once(lk: Lab) -> None:
    """The first waits for the second to let go; LK_EXCLUPGRADE of the second is EBUSY."""
    first, second = lk.begin("int upgrade(int how)", UPGRADE), lk.begin("int upgrade(int how)", EXCLUPGRADE)
    go(lk)
    assert not first.done
    go(lk)
    assert second.result() == EBUSY
    assert first.result() == EXCLUSIVE
    assert lk.call("int status(void)") == 0


def test_lockmgr_recurses_only_when_told(lk: Lab) -> None:
    """LK_CANRECURSE in the call; each hold is released; a downgrade makes them shared."""
    assert [lk.call(MGR, EXCLUSIVE), lk.call(MGR, EXCLUSIVE | CANRECURSE)] == [0, 0]
    assert lk.call(MGR, EXCLUSIVE | NOWAIT) == EBUSY
    assert lk.call(MGR, DOWNGRADE) == 0
    assert lk.call("int status(void)") == SHARED
    assert [lk.call(MGR, RELEASE), lk.call(MGR, RELEASE)] == [0, 0]
    assert lk.call("int status(void)") == 0


def test_draining_a_lock_ends_it(lk: Lab) -> None:
    """It waits for everybody; after the release any use is a panic."""
    hold, wait = lk.begin(LHOLD, SHARED), lk.begin(LHOLD, EXCLUSIVE)
    assert lk.call(MGR, DRAIN | NOWAIT) == EBUSY
    drain = lk.begin(LHOLD, DRAIN)
    go(lk)
    assert not drain.done
    go(lk)
    go(lk)
    assert [hold.result(), wait.result(), drain.result()] == [0, 0, 0]
    panic = lk.panics(lambda: lk.call(MGR, SHARED))
    assert panic.reason.startswith("lockmgr: was drained: lock ")


def test_lockmgr_printinfo_says_who_holds_it(lk: Lab) -> None:
    """Nobody, sharers, or one process; and how many wait."""
    lk.call("void info(void)")
    lk.begin(LHOLD, SHARED)
    lk.call("void info(void)")
    go(lk)
    p = lk.kernel.process("holder")
    lk.begin(LHOLD, EXCLUSIVE, p=p)
    lk.begin(LHOLD, SHARED)
    lk.call("void info(void)")
    assert lk.dmesg.splitlines()[-3:] == [
        " lock type mylock: not locked",
        " lock type mylock: SHARED (count 1)",
        f" lock type mylock: EXCL (count 1) by pid {p.pid} (holder) with 1 pending",
    ]


def test_lockmgr_releases_its_interlock(lk: Lab) -> None:
    """LK_INTERLOCK."""
    assert lk.call("int inter(void)") == 0


@pytest.mark.parametrize(
    ("flags", "reason"),
    [
        ([EXCLUSIVE, EXCLUSIVE], "locking against myself"),
        ([EXCLUSIVE, DRAIN], "draining against myself"),
        ([RELEASE], "release of a lock that is not held"),
        ([UPGRADE], "upgrade of a lock that is not held shared"),
        ([15], "unknown lock request: 15"),
    ],
)
def test_misuse_of_lockmgr_panics(lk: Lab, flags: list[int], reason: str) -> None:
    """As the original does with DIAGNOSTIC, and with the lock's symbol."""
    panic = lk.panics(lambda: [lk.call(MGR, flag) for flag in flags])
    assert panic.reason.startswith(f"lockmgr: {reason}: lock ")
    assert "(lk+0x0 [probe]), called from mgr+0x" in panic.reason
