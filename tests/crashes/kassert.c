/* An assertion: "assertion \"n > 2\" failed" in check(). */

#include "crash.h"

static void
check(int n)
{
#ifdef FIXED
	KASSERT(n > 0);
#else
	KASSERT(n > 2);	/* here */
#endif
}

static int
crash_load(struct lkm_table *lkmtp, int cmd)
{
	check(cmd);
	return 0;
}

CRASH(crash_load, lkm_nofunc)
