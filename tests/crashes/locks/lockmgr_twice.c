/* A lock of lockmgr is taken twice: "lockmgr: locking against myself" in enter(). */

#include <sys/param.h>
#include <sys/systm.h>
#include <sys/callout.h>
#include <sys/condvar.h>
#include <sys/intr.h>
#include <sys/kthread.h>
#include <sys/lock.h>
#include <sys/malloc.h>
#include <sys/mutex.h>
#include <sys/proc.h>
#include <sys/rwlock.h>
#include <sys/conf.h>
#include <sys/exec.h>
#include <sys/lkm.h>

MOD_MISC("crash");

static struct lock lock;

static void
enter(int flags)
{
	lockmgr(&lock, flags, NULL);	/* here */
}

static int
crash_load(struct lkm_table *lkmtp, int cmd)
{
	lockinit(&lock, PWAIT, "lock", 0, 0);
	enter(LK_EXCLUSIVE);
#ifndef FIXED
	enter(LK_EXCLUSIVE);
#endif
	enter(LK_RELEASE);
	return 0;
}

int crash_lkmentry(struct lkm_table *, int, int);

int
crash_lkmentry(struct lkm_table *lkmtp, int cmd, int ver)
{
	DISPATCH(lkmtp, cmd, ver, crash_load, lkm_nofunc, lkm_nofunc)
}
