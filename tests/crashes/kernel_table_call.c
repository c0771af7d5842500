/* The table of system calls is called, not an entry: "the kernel's variable sysent+0x" in crash_load(). */

#include "crash.h"

static int
nothing(int n)
{
	return n - n;
}

static int
crash_load(struct lkm_table *lkmtp, int cmd)
{
#ifdef FIXED
	int (*volatile f)(int) = nothing;
#else
	int (*volatile f)(int) = (int (*)(int))(uintptr_t)sysent;
#endif
	int error;

	error = f(cmd);	/* here */
	return error;
}

CRASH(crash_load, lkm_nofunc)
