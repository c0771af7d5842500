/* A callout waits for a condition: "cv_timedwait: 'pause' cannot sleep in a soft interrupt" in tick_tock(). */

#include "../crash.h"

static callout_t ch;
static int rounds;
static kmutex_t lock;
static kcondvar_t cv;

static void
tick_tock(void *arg)
{
	mutex_enter(&lock);
#ifndef FIXED
	cv_timedwait(&cv, &lock, 1);	/* here */
#endif
	mutex_exit(&lock);
	rounds++;
	wakeup(&rounds);
}

static int
crash_load(struct lkm_table *lkmtp, int cmd)
{
	callout_init(&ch, 0);
	mutex_init(&lock, MUTEX_DEFAULT, IPL_SOFTCLOCK);
	cv_init(&cv, "pause");
	callout_reset(&ch, 1, tick_tock, NULL);
	while (rounds == 0)
		tsleep(&rounds, PWAIT, "round", 0);
	callout_destroy(&ch);
	return 0;
}

CRASH(crash_load, lkm_nofunc)
