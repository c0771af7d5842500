"""What a module that looks into a lock finds: the words of NetBSD 5.2, on both machines."""

from __future__ import annotations

import pytest

from support.lab import Lab

SOURCE = """
#include <sys/callout.h>
#include <sys/condvar.h>
#include <sys/mutex.h>
#include <sys/rwlock.h>
kmutex_t adaptive, spinning;
krwlock_t rw;
kcondvar_t cv;
callout_t ch;
static int chan;
static void nothing(void *arg) { }
void init(void);
void init(void)
{
	mutex_init(&adaptive, MUTEX_DEFAULT, IPL_NONE);
	mutex_init(&spinning, MUTEX_DEFAULT, IPL_SCHED);
	rw_init(&rw);
	cv_init(&cv, "words");
	callout_init(&ch, CALLOUT_MPSAFE);
}
void *me(void);
void *me(void) { return curlwp; }
int hold(void);
int hold(void) { mutex_enter(&adaptive); tsleep(&chan, 0, "hold", 0); mutex_exit(&adaptive); return 0; }
int take(void);
int take(void) { mutex_enter(&adaptive); mutex_exit(&adaptive); return 0; }
long spun(void);
long spun(void) { long in; mutex_spin_enter(&spinning); in = spinning.u.mtxa_owner;
	mutex_spin_exit(&spinning); return in; }
int guard(int op);
int guard(int op) { rw_enter(&rw, op); tsleep(&chan, 0, "guard", 0); rw_exit(&rw); return 0; }
void go(void);
void go(void) { wakeup_one(&chan); }
long promoted(void);
long promoted(void) { long word; rw_enter(&rw, RW_READER); rw_tryupgrade(&rw); word = rw.rw_owner;
	rw_downgrade(&rw); word ^= rw.rw_owner; rw_exit(&rw); return word; }
void destroy(void);
void destroy(void) { mutex_destroy(&adaptive); }
void arm(int ticks);
void arm(int ticks) { callout_reset(&ch, ticks, nothing, &cv); }
"""
READER, WRITER = 0, 1
GUARD = "int guard(int op)"
HAS_WAITERS, WRITE_WANTED, WRITE_LOCKED, READ_INCR = 1, 2, 4, 16


@pytest.fixture
def words(lab: Lab) -> Lab:
    """One lock of each kind."""
    lab.load(SOURCE)
    lab.call("void init(void)")
    return lab


def word(lab: Lab, name: str, index: int = 0) -> int:
    """One of the words of a lock."""
    return lab.k.mem.ptr(lab.symbols[name] + index * lab.k.dm.pointer)


def test_an_adaptive_mutex_holds_its_owner_and_whether_somebody_waits(words: Lab) -> None:
    """Free it is 0; bit 1 is set while an lwp waits."""
    assert word(words, "adaptive") == 0
    held = words.begin("int hold(void)")
    owner = word(words, "adaptive")
    assert words.k.lwp_at(owner).wmesg == "hold"
    taken = words.begin("int take(void)")
    assert word(words, "adaptive") == owner | 2
    words.call("void go(void)")
    assert (held.result(), taken.result()) == (0, 0)
    assert word(words, "adaptive") == 0


def test_a_spin_mutex_holds_its_level_and_whether_it_is_held(words: Lab) -> None:
    """Bit 0, IPL_SCHED (7) in the second byte, 1 in the third."""
    assert word(words, "spinning") == 0x0701
    assert words.call("long spun(void)") == 0x10701
    assert word(words, "spinning") == 0x0701


def test_a_destroyed_mutex_is_owned_by_nobody_that_exists(words: Lab) -> None:
    """All bits of an address."""
    words.call("void destroy(void)")
    assert word(words, "adaptive") == words.k.dm.mask - 15


def test_a_rwlock_counts_its_readers(words: Lab) -> None:
    """In units of 16, beside the bits for a writer that waits and readers behind it."""
    reads = [words.begin(GUARD, READER) for _ in range(3)]
    assert word(words, "rw") == 3 * READ_INCR
    write = words.begin(GUARD, WRITER)
    assert word(words, "rw") == 3 * READ_INCR | HAS_WAITERS | WRITE_WANTED
    late = words.begin(GUARD, READER)
    assert word(words, "rw") == 3 * READ_INCR | HAS_WAITERS | WRITE_WANTED
    for _ in range(3):
        words.call("void go(void)")
    words.settle()
    owner = word(words, "rw") & -16
    assert words.k.lwp_at(owner).wmesg == "guard"
    assert word(words, "rw") == owner | WRITE_LOCKED | HAS_WAITERS
    words.call("void go(void)")
    words.settle()
    assert word(words, "rw") == READ_INCR
    words.call("void go(void)")
    assert [guard.result() for guard in (*reads, write, late)] == [0] * 5
    assert word(words, "rw") == 0


def test_a_rwlock_that_changes_sides_shows_it(words: Lab) -> None:
    """The writer's address and bit 2, then one reader."""
    lwp = words.k.procs[words.p.pid].lwp.addr
    changed = words.call("long promoted(void)") & words.k.dm.mask
    assert changed == (lwp | WRITE_LOCKED) ^ READ_INCR
    assert word(words, "rw") == 0


def test_a_condition_variable_has_an_empty_queue_and_its_message(words: Lab) -> None:
    """The tail of an empty queue is its head's address."""
    assert (word(words, "cv", 0), word(words, "cv", 1)) == (0, words.symbols["cv"])
    assert words.k.mem.cstr(word(words, "cv", 2)) == b"words"


def test_a_callout_has_function_argument_and_flags(words: Lab) -> None:
    """Where 5.2's kern_timeout.c has them: MPSAFE, then PENDING too."""
    flags = words.symbols["ch"] + (44 if words.machine == "amd64" else 24)
    assert words.k.mem.u32(flags) == 0x100
    words.call("void arm(int ticks)", 100_000)
    assert words.k.mem.u32(flags) == 0x102
    assert word(words, "ch", 2) == words.symbols["nothing"]
    assert word(words, "ch", 3) == words.symbols["cv"]
    assert words.k.mem.u32(flags + 4) == 0x11DEEBA1
