/* Two locks are taken in two orders: "deadlock of 2 lwps" in move(). */

#include "../crash.h"

static kmutex_t from, to;
static int moved;

static void
worker(void *arg)
{
	mutex_enter(&to);
	mutex_enter(&from);
	moved++;
	mutex_exit(&from);
	mutex_exit(&to);
	kthread_exit(0);
}

static void
move(void)
{
#ifdef FIXED
	mutex_enter(&to);
	mutex_enter(&from);
#else
	mutex_enter(&from);
	tsleep(&moved, PWAIT, "move", 1);
	mutex_enter(&to);	/* here */
#endif
	moved++;
	mutex_exit(&to);
	mutex_exit(&from);
}

static int
crash_load(struct lkm_table *lkmtp, int cmd)
{
	mutex_init(&from, MUTEX_DEFAULT, IPL_NONE);
	mutex_init(&to, MUTEX_DEFAULT, IPL_NONE);
	kthread_create(PRI_NONE, 0, NULL, worker, NULL, NULL, "worker");
	move();
	while (moved < 2)
		tsleep(&moved, PWAIT, "moved", 1);
	return 0;
}

CRASH(crash_load, lkm_nofunc)
