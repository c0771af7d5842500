/* A mutex is destroyed while it is held: "mutex_destroy: lock" in finish(). */

#include "../crash.h"

static kmutex_t lock;

static void
finish(void)
{
	mutex_enter(&lock);
#ifdef FIXED
	mutex_exit(&lock);
#endif
	mutex_destroy(&lock);	/* here */
}

static int
crash_load(struct lkm_table *lkmtp, int cmd)
{
	mutex_init(&lock, MUTEX_DEFAULT, IPL_NONE);
	finish();
	return 0;
}

CRASH(crash_load, lkm_nofunc)
