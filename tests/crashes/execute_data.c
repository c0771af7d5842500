/* A table is called: "(memory of module crash that is not executable)" in crash_load(). */

#include "crash.h"

int table[4] = { 1, 2, 3, 4 };

static int
nothing(int n)
{
	return n - n;
}

static int
crash_load(struct lkm_table *lkmtp, int cmd)
{
#ifdef FIXED
	int (*volatile f)(int) = nothing;
#else
	int (*volatile f)(int) = (int (*)(int))(uintptr_t)table;
#endif
	int error;

	error = f(cmd);	/* here */
	return error;
}

CRASH(crash_load, lkm_nofunc)
