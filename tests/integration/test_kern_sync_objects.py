"""What an object calls that was compiled with NetBSD 5.2's headers: it brings its own declarations here."""

from __future__ import annotations

import pytest

from support.lab import Lab

# No header of ours is included but for the module's entry.
NATIVE = """
typedef struct { volatile unsigned long w; } km_t;
typedef struct { void *q[2]; const char *m; } kc_t;
typedef struct { unsigned char ipl; } cookie_t;
void mutex_init(km_t *, int, int); void mutex_spin_enter(km_t *); void mutex_spin_exit(km_t *);
void mutex_enter(km_t *); void mutex_exit(km_t *); km_t *mutex_obj_alloc(int, int);
void mutex_obj_hold(km_t *); _Bool mutex_obj_free(km_t *); void *mutex_owner(km_t *);
int splraise(int); void spllower(int);
static inline int splraiseipl(cookie_t c) { return splraise(c.ipl); }
void __cpu_simple_lock_init(volatile unsigned char *); void __cpu_simple_lock(volatile unsigned char *);
int __cpu_simple_lock_try(volatile unsigned char *); void __cpu_simple_unlock(volatile unsigned char *);
void x86_lfence(void); void x86_sfence(void); void x86_mfence(void); void membar_sync(void);
extern kc_t lbolt;
int cv_timedwait(kc_t *, km_t *, int); void cv_wait(kc_t *, km_t *); _Bool cv_is_valid(kc_t *);
void cv_init(kc_t *, const char *); void cv_destroy(kc_t *); void cv_wakeup(kc_t *);
int tsleep(const void *, int, const char *, int);
struct { char before; km_t lock; char after; } odd;
kc_t cv;
unsigned char bytelock;
int levels(void);
int
levels(void)
{
	cookie_t c = { 8 };
	int a, b;

	mutex_init(&odd.lock, 2, 6);
	mutex_spin_enter(&odd.lock);
	a = splraiseipl(c);
	spllower(a);
	mutex_spin_exit(&odd.lock);
	b = splraise(0);
	return a * 10 + b;
}
int objects(void);
int
objects(void)
{
	km_t *m = mutex_obj_alloc(2, 0);
	int out;

	mutex_obj_hold(m);
	out = mutex_obj_free(m);
	mutex_enter(m);
	out = out * 10 + (mutex_owner(m) == (void *)m->w);
	mutex_exit(m);
	return out * 10 + mutex_obj_free(m);
}
void free_plain(void);
void free_plain(void) { mutex_init(&odd.lock, 2, 0); mutex_obj_free(&odd.lock); }
void owner_of_spin(void);
void owner_of_spin(void) { mutex_init(&odd.lock, 2, 7); mutex_owner(&odd.lock); }
int bytes(void);
int
bytes(void)
{
	int a, b;

	x86_lfence(); x86_sfence(); x86_mfence(); membar_sync();
	bytelock = 9;
	__cpu_simple_lock_init(&bytelock);
	__cpu_simple_lock(&bytelock);
	a = __cpu_simple_lock_try(&bytelock);
	__cpu_simple_unlock(&bytelock);
	b = __cpu_simple_lock_try(&bytelock);
	return a * 100 + b * 10 + bytelock;
}
void spin_forever(void);
void spin_forever(void) { __cpu_simple_lock_init(&bytelock); __cpu_simple_lock(&bytelock);
	__cpu_simple_lock(&bytelock); }
void *by_hand(void);
void *by_hand(void) { for (int i = 0; i < 9; i++) { __cpu_simple_lock(&bytelock); bytelock = 0; }
	__cpu_simple_lock(&bytelock); return (void *)&bytelock; }
void start(void);
void start(void) { mutex_init(&odd.lock, 2, 0); cv_init(&cv, "native"); }
int valid(void);
int valid(void) { int a = cv_is_valid(&cv); cv_init(&cv, "v"); a = a * 10 + cv_is_valid(&cv);
	cv_destroy(&cv); return a * 10 + cv_is_valid(&cv); }
int wait_cv(void);
int wait_cv(void) { mutex_enter(&odd.lock); cv_wait(&cv, &odd.lock); mutex_exit(&odd.lock); return 1; }
int sleep_on_cv(void);
int sleep_on_cv(void) { return tsleep(&cv, 0, "oncv", 0) + 2; }
void wake(void);
void wake(void) { cv_wakeup(&cv); }
int second(void);
int second(void) { mutex_init(&odd.lock, 2, 0); mutex_enter(&odd.lock); cv_wait(&lbolt, &odd.lock);
	mutex_exit(&odd.lock); return 3; }
"""


@pytest.fixture
def native(lab: Lab) -> Lab:
    """The object, joined with a module's entry that has our headers."""
    lab.join(NATIVE)
    return lab


def test_levels_and_spin_mutexes(native: Lab) -> None:
    """IPL_VM is 6; splraise and spllower are all that the inline functions need."""
    assert native.call("int levels(void)") == 60


def test_mutexes_with_references(native: Lab) -> None:
    """The last mutex_obj_free frees it, and says so."""
    assert native.call("int objects(void)") == 11
    native.remember()
    assert native.call("int objects(void)") == 11
    assert native.same()


def test_a_lock_that_is_set_free_by_hand_has_one_holder(native: Lab) -> None:
    """The one that took it last."""
    addr = native.call("void *by_hand(void)")
    assert len(native.k.locks.holds(addr)) == 1


@pytest.mark.parametrize(
    ("name", "reason"),
    [
        ("free_plain", "(odd+{at} [probe]) was not made by mutex_obj_alloc, called from free_plain+0x"),
        ("owner_of_spin", "(odd+{at} [probe]) is a spin mutex, called from owner_of_spin+0x"),
        (
            "spin_forever",
            "(bytelock+0x0 [probe]) is held: the CPU would spin for ever, called from spin_forever",
        ),
    ],
)
def test_misuse_panics(native: Lab, name: str, reason: str) -> None:
    """With the lock's symbol and the caller."""
    at = hex(native.k.dm.pointer)
    panic = native.panics(lambda: native.call(f"void {name}(void)"))
    assert reason.format(at=at) in panic.reason


def test_byte_locks_and_barriers(native: Lab) -> None:
    """Held it cannot be had again; released it can."""
    assert native.call("int bytes(void)") == 11


def test_cv_wakeup_and_cv_is_valid(native: Lab) -> None:
    """Waiters, and those that sleep on its address, are woken."""
    assert native.call("int valid(void)") == 10
    native.call("void start(void)")
    waits = [native.begin("int wait_cv(void)"), native.begin("int sleep_on_cv(void)")]
    native.call("void wake(void)")
    assert [wait.result() for wait in waits] == [1, 2]


def test_lbolt_is_a_condition_variable(native: Lab) -> None:
    """Broadcast with the next second."""
    wait = native.begin("int second(void)")
    native.until(lambda: wait.done)
    assert wait.result() == 3
