/* A breakpoint is set: "mov to a debug register" in set_up(). */

#include "crash.h"

struct table {
	char	bytes[10];
} table;
unsigned long cr0;

static void
set_up(void)
{
#ifdef FIXED
	__asm__ __volatile__("mov %%db7, %0" : "=r" (cr0));
#else
	__asm__ __volatile__("mov %0, %%db7" : : "r" (cr0));	/* here */
#endif
}

static int
crash_load(struct lkm_table *lkmtp, int cmd)
{
	set_up();
	return 0;
}

CRASH(crash_load, lkm_nofunc)
