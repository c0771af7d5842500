/* The wakeup comes before the sleep: "hang: pid" in await(). */

#include "../crash.h"

static int done;

static void
worker(void *arg)
{
	done = 1;
	wakeup(&done);
	kthread_exit(0);
}

static void
await(void)
{
#ifdef FIXED
	if (done == 0)
#endif
	tsleep(&done, PWAIT, "done", 0);	/* here */
}

static int
crash_load(struct lkm_table *lkmtp, int cmd)
{
	kthread_create(PRI_NONE, 0, NULL, worker, NULL, NULL, "worker");
	tsleep(&lkmtp, PWAIT, "begin", 2);
	await();
	return 0;
}

CRASH(crash_load, lkm_nofunc)
