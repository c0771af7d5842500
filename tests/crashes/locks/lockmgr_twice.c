/* A lock of lockmgr is taken twice: "lockmgr: locking against myself" in enter(). */

#include "../crash.h"

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

CRASH(crash_load, lkm_nofunc)
