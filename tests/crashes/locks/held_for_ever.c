/* The holder of a mutex sleeps for ever: "has waited for 10 s for mutex" in count(). */

#include "../crash.h"

static kmutex_t lock;
static int counted;

static void
worker(void *arg)
{
	mutex_enter(&lock);
#ifndef FIXED
	tsleep(&counted, PWAIT | PCATCH, "never", 0);
#endif
	mutex_exit(&lock);
	kthread_exit(0);
}

static void
count(void)
{
	mutex_enter(&lock);	/* here */
	counted++;
	mutex_exit(&lock);
}

static int
crash_load(struct lkm_table *lkmtp, int cmd)
{
	mutex_init(&lock, MUTEX_DEFAULT, IPL_NONE);
	kthread_create(PRI_NONE, 0, NULL, worker, NULL, NULL, "worker");
	tsleep(&lkmtp, PWAIT, "begin", 2);
	count();
	return 0;
}

CRASH(crash_load, lkm_nofunc)
