/* A mutex of another lwp is released: "is held by pid" in leave(). */

#include "../crash.h"

static kmutex_t lock;

static void
worker(void *arg)
{
	mutex_enter(&lock);
	tsleep(&lock, PWAIT, "hold", 4);
	mutex_exit(&lock);
	kthread_exit(0);
}

static void
leave(void)
{
#ifdef FIXED
	mutex_enter(&lock);
#endif
	mutex_exit(&lock);	/* here */
}

static int
crash_load(struct lkm_table *lkmtp, int cmd)
{
	mutex_init(&lock, MUTEX_DEFAULT, IPL_NONE);
	kthread_create(PRI_NONE, 0, NULL, worker, NULL, NULL, "worker");
	tsleep(&lkmtp, PWAIT, "begin", 2);
	leave();
	return 0;
}

CRASH(crash_load, lkm_nofunc)
