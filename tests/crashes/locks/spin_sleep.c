/* A sleep with a spin mutex: "sleeping for 'drain' while holding spin mutex lock+0x0 [crash]; taken in " in drain(). */

#include "../crash.h"

static kmutex_t lock;

static void
drain(void)
{
	mutex_enter(&lock);
#ifdef FIXED
	mutex_exit(&lock);
#endif
	tsleep(&lock, PWAIT, "drain", 1);	/* here */
#ifndef FIXED
	mutex_exit(&lock);
#endif
}

static int
crash_load(struct lkm_table *lkmtp, int cmd)
{
	mutex_init(&lock, MUTEX_SPIN, IPL_VM);
	drain();
	mutex_destroy(&lock);
	return 0;
}

CRASH(crash_load, lkm_nofunc)
