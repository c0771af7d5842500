"""Bad pointers and garbage given to every function of locks, callouts and sleeping: a panic that names it."""

from __future__ import annotations

import pytest

from support.lab import Lab

# The function, and how it is called with the pointer p.
CALLS = {
    "mutex_init": "mutex_init(p, MUTEX_DEFAULT, IPL_NONE)",
    "mutex_destroy": "mutex_destroy(p)",
    "mutex_enter": "mutex_enter(p)",
    "mutex_exit": "mutex_exit(p)",
    "mutex_spin_enter": "mutex_spin_enter(p)",
    "mutex_spin_exit": "mutex_spin_exit(p)",
    "mutex_tryenter": "mutex_tryenter(p)",
    "mutex_owned": "mutex_owned(p)",
    "rw_init": "rw_init(p)",
    "rw_destroy": "rw_destroy(p)",
    "rw_enter": "rw_enter(p, RW_READER)",
    "rw_exit": "rw_exit(p)",
    "rw_tryenter": "rw_tryenter(p, RW_WRITER)",
    "rw_tryupgrade": "rw_tryupgrade(p)",
    "rw_downgrade": "rw_downgrade(p)",
    "rw_read_held": "rw_read_held(p)",
    "rw_write_held": "rw_write_held(p)",
    "rw_lock_held": "rw_lock_held(p)",
    "cv_init": 'cv_init(p, "cv")',
    "cv_destroy": "cv_destroy(p)",
    "cv_wait": "cv_wait(p, p)",
    "cv_wait_sig": "cv_wait_sig(p, p)",
    "cv_timedwait": "cv_timedwait(p, p, 1)",
    "cv_timedwait_sig": "cv_timedwait_sig(p, p, 1)",
    "cv_signal": "cv_signal(p)",
    "cv_broadcast": "cv_broadcast(p)",
    "cv_has_waiters": "cv_has_waiters(p)",
    "lockinit": 'lockinit(p, PZERO, "lk", 0, 0)',
    "lockmgr": "lockmgr(p, LK_SHARED, NULL)",
    "lockstatus": "lockstatus(p)",
    "lockmgr_printinfo": "lockmgr_printinfo(p)",
    "callout_init": "callout_init(p, 0)",
    "callout_destroy": "callout_destroy(p)",
    "callout_setfunc": "callout_setfunc(p, nothing, NULL)",
    "callout_reset": "callout_reset(p, 1, nothing, NULL)",
    "callout_schedule": "callout_schedule(p, 1)",
    "callout_stop": "callout_stop(p)",
    "callout_halt": "callout_halt(p, NULL)",
    "callout_pending": "callout_pending(p)",
    "callout_active": "callout_active(p)",
    "callout_expired": "callout_expired(p)",
    "callout_invoking": "callout_invoking(p)",
    "callout_ack": "callout_ack(p)",
    "selinit": "selinit(p)",
    "seldestroy": "seldestroy(p)",
    "selnotify": "selnotify(p, 0, 0)",
    "tsleep": 'tsleep(p, 0, (const char *)1, 1)',
    "mtsleep": 'mtsleep(p, 0, "mt", 1, (kmutex_t *)1)',
    "ltsleep": 'ltsleep(p, 0, "lt", 1, (struct simplelock *)1)',
}  # fmt: skip
MAKERS = {"mutex_init", "rw_init", "cv_init", "lockinit", "callout_init", "selinit"}
NO_LOCKS = {"seldestroy", "selnotify", "tsleep", "mtsleep", "ltsleep"}
SOURCE = (
    """
#include <sys/callout.h>
#include <sys/condvar.h>
#include <sys/lock.h>
#include <sys/mutex.h>
#include <sys/rwlock.h>
#include <sys/select.h>
static void nothing(void *arg) { }
long garbage[16] = { 0x6261726b };
int bad(int which, void *p);
int
bad(int which, void *p)
{
	switch (which) {
"""
    + "".join(f"\tcase {i}:\n\t\t{call};\n\t\tbreak;\n" for i, call in enumerate(CALLS.values()))
    + "\t}\n\treturn 0;\n}\n"
)
BAD = "int bad(int which, void *p)"


@pytest.fixture
def hostile(lab: Lab) -> Lab:
    """A module that calls any of them with any pointer."""
    lab.load(SOURCE)
    return lab


@pytest.mark.parametrize("name", CALLS)
def test_a_null_pointer_panics_with_the_function_and_its_caller(hostile: Lab, name: str) -> None:
    """As a fault in the kernel function, called from the module."""
    panic = hostile.panics(lambda: hostile.call(BAD, list(CALLS).index(name), 0))
    assert panic.reason.startswith("page fault: ")
    assert "(NULL pointer)" in panic.reason
    assert f" in {name}() called from bad+0x" in panic.reason


@pytest.mark.parametrize("name", [name for name in CALLS if name not in MAKERS | NO_LOCKS])
def test_garbage_is_no_lock(hostile: Lab, name: str) -> None:
    """The reason has function, what was found, and the lock's address."""
    where = hostile.symbols["garbage"]
    found = "its magic is" if name.startswith("lock") else "it holds"
    panic = hostile.panics(lambda: hostile.call(BAD, list(CALLS).index(name), where))
    assert panic.reason.startswith(f"{name}: ")
    what = f"was never initialised ({found} 0x6261726b)"
    assert f" {where:#x} (garbage+0x0 [probe]) {what}, called from bad+0x" in panic.reason
