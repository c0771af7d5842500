/* A rate of nothing: "integer divide fault" in per_second(). */

#include "crash.h"

#ifdef FIXED
int seconds = 2, rate;
#else
int seconds, rate;
#endif

static void
per_second(int count)
{
	rate = 1000 * count / seconds;	/* here */
}

static int
crash_load(struct lkm_table *lkmtp, int cmd)
{
	per_second(cmd);
	return 0;
}

CRASH(crash_load, lkm_nofunc)
