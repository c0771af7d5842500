"""Condition variables: who is woken, in which order, what panics; on both machines."""

from __future__ import annotations

import pytest

from lkmtools.abi.errno import EINTR, EWOULDBLOCK
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
    assert panic.reason.startswith("cv_destroy: lock ")
    assert "(cv+0x0 [probe]) has 1 waiter, called from " in panic.reason


def test_waiting_without_the_mutex_panics(cv: Lab) -> None:
    """The function is named as the one that was called."""
    panic = cv.panics(lambda: cv.call("void unlocked(void)"))
    assert panic.reason.startswith("cv_wait: lock ")
    assert "(lock+0x0 [probe]) is not held, called from " in panic.reason
    assert "unlocked+0x" in panic.reason
