/* A mutex is released twice: "is not held" in done(). */

#include "../crash.h"

static kmutex_t lock;

static void
done(void)
{
	mutex_exit(&lock);	/* here */
}

static int
crash_load(struct lkm_table *lkmtp, int cmd)
{
	mutex_init(&lock, MUTEX_DEFAULT, IPL_NONE);
	mutex_enter(&lock);
#ifndef FIXED
	mutex_exit(&lock);
#endif
	done();
	return 0;
}

CRASH(crash_load, lkm_nofunc)
