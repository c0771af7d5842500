/* The table of segments is replaced: "privileged instruction fault: lgdt" in set_up(). */

#include "crash.h"

struct table {
	char	bytes[10];
} table;
unsigned long cr0;

static void
set_up(void)
{
#ifdef FIXED
	__asm__ __volatile__("sgdt %0" : "=m" (table));
#else
	__asm__ __volatile__("lgdt %0" : : "m" (table));	/* here */
#endif
}

static int
crash_load(struct lkm_table *lkmtp, int cmd)
{
	set_up();
	return 0;
}

CRASH(crash_load, lkm_nofunc)
