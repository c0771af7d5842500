/* The CPU waits for a store: "privileged instruction fault: mwait" in pause_cpu(). */

#include "crash.h"

static void
pause_cpu(void)
{
#ifdef FIXED
	DELAY(10);
#else
	__asm__ __volatile__("mwait");	/* here */
#endif
}

static int
crash_load(struct lkm_table *lkmtp, int cmd)
{
	pause_cpu();
	return 0;
}

CRASH(crash_load, lkm_nofunc)
