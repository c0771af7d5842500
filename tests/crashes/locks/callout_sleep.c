/* A callout sleeps: "tsleep: 'pause' cannot sleep in a soft interrupt; tick_tock() [crash] runs" in tick_tock(). */

#include "../crash.h"

static callout_t ch;
static int rounds;

static void
tick_tock(void *arg)
{
#ifndef FIXED
	tsleep(&ch, PWAIT, "pause", 1);	/* here */
#endif
	rounds++;
	wakeup(&rounds);
}

static int
crash_load(struct lkm_table *lkmtp, int cmd)
{
	callout_init(&ch, 0);
	callout_reset(&ch, 1, tick_tock, NULL);
	while (rounds == 0)
		tsleep(&rounds, PWAIT, "round", 0);
	callout_destroy(&ch);
	return 0;
}

CRASH(crash_load, lkm_nofunc)
