/* An instruction that does not exist: "privileged or undefined instruction fault" in unreachable(). */

#include "crash.h"

static void
unreachable(void)
{
#ifndef FIXED
	__builtin_trap();	/* here */
#endif
}

static int
crash_load(struct lkm_table *lkmtp, int cmd)
{
	unreachable();
	return 0;
}

CRASH(crash_load, lkm_nofunc)
