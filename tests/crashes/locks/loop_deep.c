/* A loop runs through small functions: "seconds without a kernel call in sum" in sum(). */

#include "../crash.h"

static volatile int values[4] = { 1, 2, 3, 4 };

static __noinline int
twice(int i)
{
	return values[i & 3] * 2;
}

static __noinline int
sum(int n)
{
	int i, all = 0;

#ifdef FIXED
	for (i = 0; i < n; i++)
#else
	for (i = 0; i != -n; i = (i + 1) & 0xffff)	/* here */
#endif
		all += twice(i) + twice(i + 1);	/* here */
	return all;
}

static int
crash_load(struct lkm_table *lkmtp, int cmd)
{
	return sum(4) == 0;
}

CRASH(crash_load, lkm_nofunc)
