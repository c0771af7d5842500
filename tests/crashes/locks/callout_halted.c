/* A callout wants the mutex of the one that waits for its end: "callout_halt: deadlock of 2 lwps" in stop(). */

#include "../crash.h"

static callout_t ch;
static kmutex_t lock;

static void
tick_tock(void *arg)
{
	mutex_enter(&lock);
	mutex_exit(&lock);
}

static void
stop(void)
{
	mutex_enter(&lock);
	tsleep(&ch, PWAIT, "due", 4);
#ifdef FIXED
	callout_halt(&ch, &lock);
#else
	callout_halt(&ch, NULL);	/* here */
#endif
	mutex_exit(&lock);
}

static int
crash_load(struct lkm_table *lkmtp, int cmd)
{
	mutex_init(&lock, MUTEX_DEFAULT, IPL_SOFTCLOCK);
	callout_init(&ch, 0);
	callout_reset(&ch, 1, tick_tock, NULL);
	stop();
	callout_destroy(&ch);
	return 0;
}

CRASH(crash_load, lkm_nofunc)
