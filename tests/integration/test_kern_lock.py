"""lockmgr: who gets in, in which order, what panics; on both machines."""

from __future__ import annotations

import pytest

from lkmtools.abi.errno import EBUSY, EDEADLK, EINTR, ENOLCK, EWOULDBLOCK
from support.lab import Lab

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
REENABLE, SETRECURSE, RECURSEFAIL, SPIN, EXCLOTHER = 0x80, 0x100000, 0x200000, 0x400000, 8


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
    assert lk.call("int status(void)") == EXCLOTHER
    go(lk)
    assert exclusive.result() == 0
    assert lk.call("int status(void)") == 0


def test_lockmgr_waits_are_what_lockinit_says(lk: Lab) -> None:
    """A timeout is EWOULDBLOCK, LK_SLEEPFAIL is ENOLCK, and PCATCH makes it interruptible."""
    lk.call("void init(int prio, int timo, int flags)", PCATCH, 2, 0)
    first = lk.begin(LHOLD, EXCLUSIVE)
    assert lk.call(MGR, EXCLUSIVE) == EWOULDBLOCK
    go(lk)
    assert first.result() == 0
    lk.call("void init(int prio, int timo, int flags)", PCATCH, 0, 0)
    first = lk.begin(LHOLD, EXCLUSIVE)
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
        assert panic.reason.startswith("lockmgr: lock ")
        assert "cannot be downgraded: the caller does not hold it exclusively, called from " in panic.reason
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
    assert panic.reason.startswith("lockmgr: lock ")
    assert "(lk+0x0 [probe]) was drained, called from mgr+0x" in panic.reason


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
        ([EXCLUSIVE, EXCLUSIVE], "locking against myself: {lock}"),
        ([EXCLUSIVE, DRAIN], "draining against myself: {lock}"),
        ([RELEASE], "{lock} cannot be released: it is not held"),
        ([UPGRADE], "{lock} cannot be upgraded: it is not held shared"),
        ([15], "{lock} was given the unknown request 15"),
    ],
)
def test_misuse_of_lockmgr_panics(lk: Lab, flags: list[int], reason: str) -> None:
    """As the original does with DIAGNOSTIC, and with the lock's symbol."""
    panic = lk.panics(lambda: [lk.call(MGR, flag) for flag in flags])
    lock = f"lock {lk.symbols['lk']:#x} (lk+0x0 [probe])"
    assert panic.reason.startswith(f"lockmgr: {reason.format(lock=lock)}, called from mgr+0x")


def test_a_drained_lock_may_be_enabled_again(lk: Lab) -> None:
    """LK_REENABLE with its release."""
    assert lk.call(MGR, DRAIN) == 0
    assert lk.call(MGR, RELEASE | REENABLE) == 0
    assert [lk.call(MGR, SHARED), lk.call(MGR, RELEASE)] == [0, 0]


def test_a_hold_may_allow_others_of_its_lwp(lk: Lab) -> None:
    """LK_SETRECURSE, until that hold is released; LK_RECURSEFAIL is EDEADLK otherwise."""
    assert lk.call(MGR, EXCLUSIVE) == 0
    assert lk.call(MGR, EXCLUSIVE | RECURSEFAIL) == EDEADLK
    assert lk.call(MGR, EXCLUSIVE | CANRECURSE | SETRECURSE) == 0
    assert lk.call(MGR, EXCLUSIVE) == 0
    assert [lk.call(MGR, RELEASE), lk.call(MGR, RELEASE)] == [0, 0]
    assert lk.call(MGR, EXCLUSIVE | RECURSEFAIL) == EDEADLK
    assert lk.call(MGR, RELEASE) == 0


def test_a_spin_lock_of_another_is_not_waited_for(lk: Lab) -> None:
    """LK_SPIN: on one CPU nobody would release it. lockstatus says that another has it."""
    p = lk.kernel.process("holder")
    lk.begin(LHOLD, EXCLUSIVE, p=p)
    assert lk.call("int status(void)") == EXCLOTHER
    panic = lk.panics(lambda: lk.call(MGR, EXCLUSIVE | SPIN))
    assert f"(lk+0x0 [probe]) would spin for ever: pid {p.pid} (holder) slept or was" in panic.reason
