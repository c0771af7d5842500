/* A list that only grows: "blocks of type 'hoard'" in grow(). */

#include "crash.h"

MALLOC_DEFINE(M_HOARD, "hoard", "a list that only grows");

static void *newest;

static void
grow(void)
{
	void **block;

	block = malloc(1 << 20, M_HOARD, M_WAITOK);	/* here */
	*block = newest;
	newest = block;
}

static int
crash_load(struct lkm_table *lkmtp, int cmd)
{
#ifdef FIXED
	if (cmd == LKM_E_LOAD)
#else
	for (;;)
#endif
		grow();
	return 0;
}

CRASH(crash_load, lkm_nofunc)
