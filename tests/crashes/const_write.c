/* A constant is written to: "(read-only memory of module crash)" in rename(). */

#include "crash.h"

#ifdef FIXED
#define	const
#endif
const char title[] = "a title";

static void
rename(const char *name)
{
	*(volatile char *)(uintptr_t)name = 'A';	/* here */
}

static int
crash_load(struct lkm_table *lkmtp, int cmd)
{
	rename(title);
	return 0;
}

CRASH(crash_load, lkm_nofunc)
