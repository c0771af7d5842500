/* The error path frees what the caller frees, too: "is already free" in cleanup(). */

#include "crash.h"

static void
cleanup(void *block)
{
	free(block, M_TEMP);	/* here */
}

static int
crash_load(struct lkm_table *lkmtp, int cmd)
{
	void *block = malloc(100, M_TEMP, M_WAITOK);

#ifndef FIXED
	free(block, M_TEMP);
#endif
	cleanup(block);
	return 0;
}

CRASH(crash_load, lkm_nofunc)
