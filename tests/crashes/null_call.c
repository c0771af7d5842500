/* A handler that was never set is called: "instruction fetch at 0x0 (NULL pointer)" in crash_load(). */

#include "crash.h"

static int __attribute__((__unused__))
nothing(int n)
{
	return n - n;
}

#ifdef FIXED
int (*handler)(int) = nothing;
#else
int (*handler)(int);
#endif

static int
crash_load(struct lkm_table *lkmtp, int cmd)
{
	int error;

	error = handler(cmd);	/* here */
	return error;
}

CRASH(crash_load, lkm_nofunc)
