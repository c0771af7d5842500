"""Locks that were copied, freed, overwritten or made twice, and locks at odd places; on both machines."""

from __future__ import annotations

import re

import pytest

from lkmtools import modules
from support.lab import Lab

SOURCE = """
#include <sys/callout.h>
#include <sys/condvar.h>
#include <sys/malloc.h>
#include <sys/mutex.h>
#include <sys/rwlock.h>
static void nothing(void *arg) { }
static int chan;
char room[8192], other[8192];
enum { MUTEX, SPINMUTEX, RWLOCK, CONDVAR, CALLOUT };
void make(int kind, void *p);
void
make(int kind, void *p)
{
	switch (kind) {
	case MUTEX: mutex_init(p, MUTEX_DEFAULT, IPL_NONE); break;
	case SPINMUTEX: mutex_init(p, MUTEX_DEFAULT, IPL_VM); break;
	case RWLOCK: rw_init(p); break;
	case CONDVAR: cv_init(p, "wait"); break;
	case CALLOUT: callout_init(p, 0); callout_setfunc(p, nothing, p); break;
	}
}
void use(int kind, void *p);
void
use(int kind, void *p)
{
	switch (kind) {
	case MUTEX:
	case SPINMUTEX: mutex_enter(p); mutex_exit(p); break;
	case RWLOCK: rw_enter(p, RW_WRITER); rw_exit(p); break;
	case CONDVAR: cv_broadcast(p); break;
	case CALLOUT: callout_schedule(p, 100000); callout_stop(p); break;
	}
}
void unmake(int kind, void *p);
void
unmake(int kind, void *p)
{
	switch (kind) {
	case MUTEX:
	case SPINMUTEX: mutex_destroy(p); break;
	case RWLOCK: rw_destroy(p); break;
	case CONDVAR: cv_destroy(p); break;
	case CALLOUT: callout_destroy(p); break;
	}
}
void copy(void *to, void *from, int size);
void copy(void *to, void *from, int size) { memcpy(to, from, size); }
void *get(int size);
void *get(int size) { return malloc(size, M_TEMP, M_WAITOK | M_ZERO); }
void put(void *p);
void put(void *p) { free(p, M_TEMP); }
void hold(int kind, void *p);
void
hold(int kind, void *p)
{
	switch (kind) {
	case MUTEX: mutex_enter(p); break;
	case RWLOCK: rw_enter(p, RW_WRITER); break;
	case CONDVAR: mutex_enter((kmutex_t *)room); cv_wait(p, (kmutex_t *)room); break;
	}
	tsleep(&chan, 0, "hold", 0);
}
void read(void *p);
void read(void *p) { rw_enter(p, RW_READER); tsleep(&chan, 0, "hold", 0); }
void wipe(void *p, int size);
void wipe(void *p, int size) { mutex_enter(p); memset(p, 0x55, size); mutex_exit(p); }
"""
MUTEX, SPINMUTEX, RWLOCK, CONDVAR, CALLOUT = range(5)
KINDS = {MUTEX: "mutex_enter: lock", SPINMUTEX: "mutex_enter: lock", RWLOCK: "rw_enter: lock",
         CONDVAR: "cv_broadcast: lock", CALLOUT: "callout_schedule: callout"}  # fmt: skip
MAKE, USE, UNMAKE, HOLD = (f"void {name}(int kind, void *p)" for name in ("make", "use", "unmake", "hold"))
each_kind = pytest.mark.parametrize("kind", KINDS)


@pytest.fixture
def locks(lab: Lab) -> Lab:
    """A module that makes and uses locks of all kinds, anywhere."""
    lab.load(SOURCE)
    return lab


def refused(lab: Lab, kind: int, where: int, what: str) -> None:
    """Using a lock panics with its function, its address, `what`, and the caller."""
    panic = lab.panics(lambda: lab.call(USE, kind, where))
    assert panic.reason.startswith(f"{KINDS[kind]} {where:#x}")
    assert f" {what}, called from use+0x" in panic.reason


@each_kind
def test_a_copy_of_a_lock_is_not_a_lock(locks: Lab, kind: int) -> None:
    """The lock that was copied still is one."""
    room, other = locks.symbols["room"], locks.symbols["other"]
    locks.call(MAKE, kind, room)
    locks.call("void copy(void *to, void *from, int size)", other, room, 80)
    locks.call(USE, kind, room)
    found = locks.k.mem.ptr(other)
    refused(locks, kind, other, f"was never initialised (it holds {found:#x})")


@each_kind
def test_a_destroyed_lock_is_not_one_until_it_is_made_again(locks: Lab, kind: int) -> None:
    """The reason says that it was destroyed."""
    room = locks.symbols["room"]
    for _ in range(2):
        locks.call(MAKE, kind, room)
        locks.call(USE, kind, room)
        locks.call(UNMAKE, kind, room)
    refused(locks, kind, room, "was destroyed")


@each_kind
def test_a_lock_in_a_freed_block_is_gone(locks: Lab, kind: int) -> None:
    """Destroyed before or not: the reason has the pattern of freed memory, and says that it was freed."""
    for offset in (0, 16):
        block = locks.call("void *get(int size)", 128)
        locks.call(MAKE, kind, block + offset)
        locks.call(USE, kind, block + offset)
        locks.call("void put(void *p)", block)
        found = "0x" + "deadbeef" * (locks.k.dm.pointer // 4)
        what = f"was never initialised (it holds {found}): its memory was freed"
        refused(locks, kind, block + offset, what)
        locks.load(SOURCE)


@each_kind
def test_a_block_that_is_used_again_has_no_locks(locks: Lab, kind: int) -> None:
    """What was at an address before the free does not count."""
    block = locks.call("void *get(int size)", 128)
    locks.call(MAKE, kind, block)
    locks.call("void put(void *p)", block)
    assert locks.call("void *get(int size)", 128) == block
    refused(locks, kind, block, "was never initialised (it holds 0x0)")


@each_kind
def test_a_lock_in_freed_pages_is_a_fault(locks: Lab, kind: int) -> None:
    """They are not mapped any more; the reason names function and caller."""
    block = locks.call("void *get(int size)", 8192)
    locks.call(MAKE, kind, block)
    locks.call("void put(void *p)", block)
    panic = locks.panics(lambda: locks.call(USE, kind, block))
    assert re.match(rf"page fault: read of \d+ bytes at {block:#x}"[:-2], panic.reason)
    assert f" in {KINDS[kind].partition(':')[0]}() called from use+0x" in panic.reason


@each_kind
def test_a_lock_of_an_unloaded_module_is_a_fault(locks: Lab, kind: int) -> None:
    """The reason names the module, though it is gone."""
    locks.load("char theirs[128];", name="gone")
    theirs = locks.symbols["theirs"]
    locks.call(MAKE, kind, theirs)
    modules.unload(locks.p, "gone")
    panic = locks.panics(lambda: locks.call(USE, kind, theirs))
    assert "(memory of module gone, which was unloaded) in " in panic.reason
    assert "() called from use+0x" in panic.reason


@each_kind
def test_a_module_at_the_place_of_another_has_none_of_its_locks(locks: Lab, kind: int) -> None:
    """Loaded, initialised and unloaded; the next one at that address did not initialise its own."""
    locks.load("char theirs[128];", name="first")
    theirs = locks.symbols["theirs"]
    locks.call(MAKE, kind, theirs)
    modules.unload(locks.p, "first")
    locks.load("char theirs[128];", name="second")
    assert locks.symbols["theirs"] == theirs
    refused(locks, kind, theirs, "was never initialised (it holds 0x0)")


def test_a_callout_that_takes_a_mutex_of_an_unloaded_module(locks: Lab) -> None:
    """It is called, and faults in mutex_enter()."""
    locks.load("#include <sys/mutex.h>\nkmutex_t theirs;", name="gone")
    locks.load(
        """#include <sys/callout.h>
        #include <sys/mutex.h>
        static callout_t ch;
        static void due(void *arg) { mutex_enter(arg); mutex_exit(arg); }
        void arm(void *mtx);
        void arm(void *mtx) { callout_init(&ch, 0); callout_reset(&ch, 50, due, mtx); }""",
        name="user",
    )
    locks.call(MAKE, MUTEX, locks.symbols["theirs"])
    locks.call("void arm(void *mtx)", locks.symbols["theirs"])
    modules.unload(locks.p, "gone")
    panic = locks.panics(lambda: locks.until(lambda: False))
    assert "(memory of module gone, which was unloaded) in mutex_enter() called from due+0x" in panic.reason


@pytest.mark.parametrize(("kind", "function"), [(MUTEX, "mutex_init"), (RWLOCK, "rw_init")])
def test_a_held_lock_is_not_made_again(locks: Lab, kind: int, function: str) -> None:
    """A panic that names the holder; free, it may be."""
    other = locks.symbols["other"]
    locks.call(MAKE, kind, other)
    locks.call(MAKE, kind, other)
    locks.begin(HOLD, kind, other)
    panic = locks.panics(lambda: locks.call(MAKE, kind, other))
    assert panic.reason.startswith(f"{function}: lock {other:#x} (other+0x0 [probe]) is held by pid ")


def test_a_rwlock_with_readers_is_not_made_again(locks: Lab) -> None:
    """A panic that counts them."""
    other = locks.symbols["other"]
    locks.call(MAKE, RWLOCK, other)
    for _ in range(2):
        locks.begin("void read(void *p)", other)
    panic = locks.panics(lambda: locks.call(MAKE, RWLOCK, other))
    assert panic.reason.startswith(
        f"rw_init: lock {other:#x} (other+0x0 [probe]) has 2 readers, called from "
    )


@pytest.mark.parametrize(("prototype", "function"), [(MAKE, "cv_init"), (UNMAKE, "cv_destroy")])
def test_a_condition_variable_with_a_waiter_stays(locks: Lab, prototype: str, function: str) -> None:
    """It is not made again, and not destroyed."""
    other = locks.symbols["other"]
    locks.call(MAKE, MUTEX, locks.symbols["room"])
    locks.call(MAKE, CONDVAR, other)
    locks.begin(HOLD, CONDVAR, other)
    panic = locks.panics(lambda: locks.call(prototype, CONDVAR, other))
    assert panic.reason.startswith(
        f"{function}: lock {other:#x} (other+0x0 [probe]) has 1 waiter, called from "
    )


def test_a_lock_of_another_kind_is_named_as_what_it_is(locks: Lab) -> None:
    """The last one that was made there."""
    room = locks.symbols["room"]
    locks.call(MAKE, MUTEX, room)
    locks.call(MAKE, RWLOCK, room)
    refused(locks, MUTEX, room, "is a rwlock, not a mutex")


def test_locks_that_overlap_are_found(locks: Lab) -> None:
    """The second is made over the first's last bytes, and the first has changed when it is used."""
    room = locks.symbols["room"]
    locks.call(MAKE, SPINMUTEX, room + 1)
    locks.call(MAKE, SPINMUTEX, room)
    locks.call(USE, SPINMUTEX, room)
    refused(locks, SPINMUTEX, room + 1, "was overwritten: 0x6 is where the kernel wrote 0x601")


def test_a_callout_over_a_condition_variable(locks: Lab) -> None:
    """A callout that was wiped is noticed by its magic number."""
    room = locks.symbols["room"]
    locks.call(MAKE, CALLOUT, room)
    locks.call(MAKE, CONDVAR, room + 5 * locks.k.dm.pointer)
    panic = locks.panics(lambda: locks.call(USE, CALLOUT, room))
    assert panic.reason.startswith(
        f"callout_schedule: callout {room:#x} (room+0x0 [probe]) was overwritten: "
    )


def test_a_held_mutex_that_is_wiped_is_not_released(locks: Lab) -> None:
    """mutex_exit says what it found, and what was there before."""
    room = locks.symbols["room"]
    locks.call(MAKE, MUTEX, room)
    panic = locks.panics(lambda: locks.call("void wipe(void *p, int size)", room, 16))
    found = "0x" + "55" * locks.k.dm.pointer
    assert panic.reason.startswith(
        f"mutex_exit: lock {room:#x} (room+0x0 [probe]) was overwritten: {found} is where the kernel wrote 0x"
    )


@each_kind
@pytest.mark.parametrize("offset", [1, 3, 4093])
def test_a_lock_may_be_at_an_odd_address(locks: Lab, kind: int, offset: int) -> None:
    """As on the machine; across two pages, too."""
    room = locks.symbols["room"] + (-locks.symbols["room"] & 4095) + offset
    locks.call(MAKE, kind, room)
    locks.call(USE, kind, room)
    locks.call(UNMAKE, kind, room)
    refused(locks, kind, room, "was destroyed")


@each_kind
def test_a_lock_in_user_memory_is_a_fault(locks: Lab, kind: int) -> None:
    """The kernel does not touch a program's memory for it."""
    panic = locks.panics(lambda: locks.call(MAKE, kind, 0x100000))
    assert re.match(r"page fault: write of \d+ bytes at 0x1000", panic.reason)
    assert "_init() called from make+0x" in panic.reason
    locks.load(SOURCE)
    panic = locks.panics(lambda: locks.call(USE, kind, 0x100000))
    assert re.match(r"page fault: read of \d+ bytes at 0x1000", panic.reason)


def test_records_go_with_the_memory(locks: Lab) -> None:
    """250 locks in blocks that come and go leave nothing, half of them destroyed before."""

    def count() -> tuple[int, int, int]:
        table = locks.k.locks
        return len(table._records), len(table._destroyed), len(table._pages)

    before = count()
    for kind in KINDS:
        blocks = [locks.call("void *get(int size)", 100) for _ in range(50)]
        for block in blocks:
            locks.call(MAKE, kind, block)
        for block in blocks[::2]:
            locks.call(UNMAKE, kind, block)
        assert count() > before
        for block in blocks:
            locks.call("void put(void *p)", block)
    assert count() == before


@pytest.mark.parametrize(
    ("spoil", "what"),
    [
        ("void put(void *p)", ": its memory was freed"),
        ("void erase(void *p)", "was overwritten: 0x0 is where the kernel wrote 0x11deeba1"),
    ],
)
def test_a_pending_callout_that_is_spoilt_panics_when_it_is_due(locks: Lab, spoil: str, what: str) -> None:
    """The reason says where it was scheduled, for nobody calls it."""
    locks.load(
        """#include <sys/callout.h>
        static void due(void *arg) { }
        void arm(void *c);
        void arm(void *c) { callout_init(c, 0); callout_reset(c, 50, due, NULL); }
        void erase(void *p);
        void erase(void *p) { memset(p, 0, sizeof(callout_t)); }""",
        name="user",
    )
    block = locks.call("void *get(int size)", 128)
    locks.call("void arm(void *c)", block)
    locks.call(spoil, block)
    panic = locks.panics(lambda: locks.until(lambda: False))
    assert panic.reason.startswith(f"callout_softclock: callout {block:#x} was ")
    assert f"{what}, scheduled in arm+0x" in panic.reason
