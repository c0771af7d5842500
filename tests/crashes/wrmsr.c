/* A machine register is written: "privileged instruction fault: wrmsr" in set_up(). */

#include "crash.h"

struct table {
	char	bytes[10];
} table;
unsigned long cr0;

static void
set_up(void)
{
#ifdef FIXED
	__asm__ __volatile__("rdmsr" : : "c" (0xc0000080) : "eax", "edx");
#else
	__asm__ __volatile__("wrmsr" : : "c" (0xc0000080), "a" (0), "d" (0));	/* here */
#endif
}

static int
crash_load(struct lkm_table *lkmtp, int cmd)
{
	set_up();
	return 0;
}

CRASH(crash_load, lkm_nofunc)
