/* Code in allocated memory is called: "the kernel's heap: memory that was allocated" in crash_load(). */

#include "crash.h"

static int
nothing(int n)
{
	return n - n;
}

static int
crash_load(struct lkm_table *lkmtp, int cmd)
{
	char *code = malloc(16, M_TEMP, M_WAITOK);
	int (*volatile f)(int) = nothing;
	int error;

	memset(code, 0xc3, 16);
#ifndef FIXED
	f = (int (*)(int))(uintptr_t)code;
#endif
	error = f(cmd);	/* here */
	free(code, M_TEMP);
	return error;
}

CRASH(crash_load, lkm_nofunc)
