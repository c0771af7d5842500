"""Deadlocks with the end of a work queue or of a soft interrupt, of vnodes, of a simple lock with itself."""

from __future__ import annotations

import re

import pytest

from lkmtools.evidence.record import loads
from support.lab import Lab

SOURCE = """
#include <sys/intr.h>
#include <sys/kthread.h>
#include <sys/lock.h>
#include <sys/mutex.h>
#include <sys/namei.h>
#include <sys/proc.h>
#include <sys/vnode.h>
#include <sys/workqueue.h>
kmutex_t a; int chan; struct vnode *one, *two; __cpu_simple_lock_t sl;
static void due(void *arg) { mutex_enter(&a); mutex_exit(&a); }
static void serve(struct work *wk, void *arg) { due(arg); }
int queue(void);
int queue(void)
{
	static struct work wk;
	struct workqueue *wq;

	mutex_init(&a, MUTEX_DEFAULT, IPL_NONE);
	workqueue_create(&wq, "probe", serve, NULL, PRI_NONE, IPL_NONE, 0);
	mutex_enter(&a);
	workqueue_enqueue(wq, &wk, NULL);
	tsleep(&chan, 0, "due", 2);
	workqueue_destroy(wq);
	return 0;
}
int soft(void);
int soft(void)
{
	void *cookie = softint_establish(SOFTINT_NET, due, NULL);

	mutex_init(&a, MUTEX_DEFAULT, IPL_NONE);
	mutex_enter(&a);
	softint_schedule(cookie);
	tsleep(&chan, 0, "due", 2);
	softint_disestablish(cookie);
	return 0;
}
static void back(void *arg)
{
	vn_lock(two, LK_EXCLUSIVE | LK_RETRY);
	vn_lock(one, LK_EXCLUSIVE | LK_RETRY);
	kthread_exit(0);
}
int vnodes(void);
int vnodes(void)
{
	namei_simple_kernel("/dev/null", NSM_FOLLOW_NOEMULROOT, &one);
	namei_simple_kernel("/dev/zero", NSM_FOLLOW_NOEMULROOT, &two);
	vn_lock(one, LK_EXCLUSIVE | LK_RETRY);
	kthread_create(PRI_NONE, 0, NULL, back, NULL, NULL, "back");
	tsleep(&chan, 0, "due", 2);
	vn_lock(two, LK_EXCLUSIVE | LK_RETRY);
	return 0;
}
int twice(void);
int twice(void)
{
	__cpu_simple_lock_init(&sl);
	__cpu_simple_lock(&sl);
	__cpu_simple_lock(&sl);
	return 0;
}
"""
TWO = "{}: deadlock of 2 lwps: .* waits for {} .*, held by .* which waits for {} .*, held by .*, called from "


@pytest.mark.parametrize(
    ("call", "reason"),
    [
        ("queue", TWO.format("workqueue_destroy", "workqueue", "mutex")),
        ("soft", TWO.format("softint_disestablish", "soft interrupt", "mutex")),
        ("vnodes", TWO.format("rw_enter", "rwlock", "rwlock")),
        ("twice", r"__cpu_simple_lock: .*sl\+0x0 \[probe\].* taken in twice\+0x"),
    ],
)
def test_it_is_a_panic_that_names_both(lab: Lab, call: str, reason: str) -> None:
    """At once, with what each holds and where it took that."""
    lab.load(SOURCE)
    panic = lab.panics(lambda: (lab.begin(f"int {call}(void)"), lab.until(lambda: False)))
    assert re.match(reason, panic.reason)
    record = loads(panic.record)
    assert record is not None
    assert call == "twice" or any("holds" in note and "waits for" in note for note in record.notes)
