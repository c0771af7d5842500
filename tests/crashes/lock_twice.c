/* A mutex is entered twice: "mutex_enter" in account(). */

#include "crash.h"

static kmutex_t lock;

static void
account(void)
{
	mutex_enter(&lock);	/* here */
	mutex_exit(&lock);
}

static int
crash_load(struct lkm_table *lkmtp, int cmd)
{
	mutex_init(&lock, MUTEX_DEFAULT, IPL_NONE);
#ifndef FIXED
	mutex_enter(&lock);
#endif
	account();
#ifndef FIXED
	mutex_exit(&lock);
#endif
	mutex_destroy(&lock);
	return 0;
}

CRASH(crash_load, lkm_nofunc)
