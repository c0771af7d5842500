/* A function calls itself for ever: "(kernel stack overflow)" in factorial(). */

#include "crash.h"

int (*volatile itself)(int, int);

static int
factorial(int n, int so_far)	/* here */
{	/* here */
	char copy[64];	/* here */

#ifdef FIXED
	if (n > 10)
		return 0;
#endif
	snprintf(copy, sizeof(copy), "%d", n);	/* here */
	return itself(n + 1, so_far * n) + copy[0];	/* here */
}

static int
crash_load(struct lkm_table *lkmtp, int cmd)
{
	itself = factorial;
	return factorial(cmd, 1) & 0;
}

CRASH(crash_load, lkm_nofunc)
