"""Readers and writers: who gets in, in which order, what panics; on both machines."""

from __future__ import annotations

import pytest

from lkmtools.kern.status import processes
from support.lab import Lab

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
    [
        ("void twice(void)", "rw_enter: locking against myself: {lock}"),
        ("void leave(void)", "rw_exit: {lock} is not held"),
    ],
)
def test_misuse_of_a_rwlock_panics(rw: Lab, prototype: str, reason: str) -> None:
    """With the lock's symbol."""
    panic = rw.panics(lambda: rw.call(prototype))
    assert panic.reason.startswith(f"{reason.format(lock=the_lock(rw))}, called from ")


def the_lock(lab: Lab) -> str:
    return f"lock {lab.symbols['rw']:#x} (rw+0x0 [probe])"


@pytest.mark.parametrize(("op", "who"), [(READER, "has 1 reader"), (WRITER, "is held by pid ")])
def test_a_held_rwlock_is_not_destroyed(rw: Lab, op: int, who: str) -> None:
    """A panic that says who holds it."""
    rw.begin(HOLD, op)
    panic = rw.panics(lambda: rw.call("void destroy(void)"))
    assert panic.reason.startswith(f"rw_destroy: {the_lock(rw)} {who}")
