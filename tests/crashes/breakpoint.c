/* A breakpoint was left in the code: "breakpoint trap" in check(). */

#include "crash.h"

static void
check(int n)
{
#ifndef FIXED
	__asm__ __volatile__("int3");	/* here */
#endif
}

static int
crash_load(struct lkm_table *lkmtp, int cmd)
{
	check(cmd);
	return 0;
}

CRASH(crash_load, lkm_nofunc)
