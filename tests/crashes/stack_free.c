/* An array on the stack is freed: "is on the kernel stack" in crash_load(). */

#include "crash.h"

static int
crash_load(struct lkm_table *lkmtp, int cmd)
{
	char buf[64];

	memset(buf, cmd, sizeof(buf));
#ifndef FIXED
	free(buf, M_TEMP);	/* here */
#endif
	return 0;
}

CRASH(crash_load, lkm_nofunc)
