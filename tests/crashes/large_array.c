/* An array whose size the caller says: "an array whose size is computed on the stack" in summary(). */

#include "crash.h"

#ifdef FIXED
int size = 400;
#else
int size = 100000;
#endif

static int __attribute__((__noinline__))
summary(int n)
{
	char text[n];	/* here */

	memset(text, 1, n);	/* here */
	return text[n / 2];
}

static int
crash_load(struct lkm_table *lkmtp, int cmd)
{
	return summary(size) & 0;
}

CRASH(crash_load, lkm_nofunc)
