/* A variable of the module is freed: "is table+0x0 [crash], and was never allocated" in crash_load(). */

#include "crash.h"

char table[64];

static int
crash_load(struct lkm_table *lkmtp, int cmd)
{
#ifndef FIXED
	free(table, M_TEMP);	/* here */
#endif
	return 0;
}

CRASH(crash_load, lkm_nofunc)
