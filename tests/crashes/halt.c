/* The CPU is halted to wait: "privileged instruction fault: hlt" in pause_cpu(). */

#include "crash.h"

static void
pause_cpu(void)
{
#ifdef FIXED
	DELAY(10);
#else
	__asm__ __volatile__("hlt");	/* here */
#endif
}

static int
crash_load(struct lkm_table *lkmtp, int cmd)
{
	pause_cpu();
	return 0;
}

CRASH(crash_load, lkm_nofunc)
