/* A loop writes past an array on the stack: "its return address was overwritten" in collect(). */

#include "crash.h"

#ifdef FIXED
int count = 8;
#else
int count = 24;
#endif
unsigned long sum, seed = 0x1234567;
static volatile unsigned long *at, *end;

static void __attribute__((__noinline__))
collect(int n)
{
	volatile unsigned long values[8];

	for (at = values, end = values + n; at < end; at++)
		*at = seed;
	sum += values[3];
}	/* here */

static int
crash_load(struct lkm_table *lkmtp, int cmd)
{
	collect(count);
	return 0;
}

CRASH(crash_load, lkm_nofunc)
