/* Code on the stack is called: "(memory that is not executable), called from" in crash_load(). */

#include "crash.h"

static int
nothing(int n)
{
	return n - n;
}

static int
crash_load(struct lkm_table *lkmtp, int cmd)
{
	char code[16];
	int (*volatile f)(int) = nothing;
	int error;

	memset(code, 0xc3, sizeof(code));
#ifndef FIXED
	f = (int (*)(int))(uintptr_t)code;
#endif
	error = f(cmd);	/* here */
	return error;
}

CRASH(crash_load, lkm_nofunc)
