/* Nobody signals a condition: "has slept for 10 s for \"full\"" in take(). */

#include "../crash.h"

static kmutex_t lock;
static kcondvar_t cv;
static int items;

static void
worker(void *arg)
{
	mutex_enter(&lock);
	items++;
#ifdef FIXED
	cv_signal(&cv);
#endif
	mutex_exit(&lock);
	kthread_exit(0);
}

static void
take(void)
{
	mutex_enter(&lock);
	while (items == 0)
		cv_wait(&cv, &lock);	/* here */
	items--;
	mutex_exit(&lock);
}

static int
crash_load(struct lkm_table *lkmtp, int cmd)
{
	mutex_init(&lock, MUTEX_DEFAULT, IPL_NONE);
	cv_init(&cv, "full");
	kthread_create(PRI_NONE, 0, NULL, worker, NULL, NULL, "worker");
	take();
	return 0;
}

CRASH(crash_load, lkm_nofunc)
