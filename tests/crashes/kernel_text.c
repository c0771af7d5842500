/* A kernel function is patched in place: "the kernel's text, printf()" in patch(). */

#include "crash.h"

static char copy[16];

static void
patch(void *function)
{
	*(volatile char *)function = 0xc3;	/* here */
}

static int
crash_load(struct lkm_table *lkmtp, int cmd)
{
#ifdef FIXED
	patch(copy);
#else
	patch((void *)(uintptr_t)printf);
#endif
	return 0;
}

CRASH(crash_load, lkm_nofunc)
