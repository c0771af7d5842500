/* A function is patched in place: "(read-only memory of module crash)" in patch(). */

#include "crash.h"

int	answer(int);

int __attribute__((__noinline__))
answer(int n)
{
	return n;
}
static char copy[16];

static void
patch(void *function)
{
	*(volatile char *)function = 0xc3;	/* here */
}

static int
crash_load(struct lkm_table *lkmtp, int cmd)
{
	int before = answer(0);

#ifdef FIXED
	patch(copy);
#else
	patch((void *)(uintptr_t)answer);
#endif
	return before;
}

CRASH(crash_load, lkm_nofunc)
