/* The module gives up itself: "no device answers" in probe(). */

#include "crash.h"

static void
probe(int unit)
{
#ifdef FIXED
	printf("no device answers at unit %d\n", unit);
#else
	panic("no device answers at unit %d", unit);	/* here */
#endif
}

static int
crash_load(struct lkm_table *lkmtp, int cmd)
{
	probe(cmd);
	return 0;
}

CRASH(crash_load, lkm_nofunc)
